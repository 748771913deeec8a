//! Random flows: after every tick, what was pushed is what REST says, and trades are those of the
//! events, each once.

use std::collections::BTreeMap;

use openmart_model::*;
use openmart_wire::bitmart_v2::stream::{KlineData, PriceData, Push, StreamTrade};
use openmart_wire::bitmart_v2::{Depth, Kline, Ticker};

use super::client::Client;
use crate::venue::{NOW, Venue};

const MARKET: MarketId = MarketId(0);
const SYMBOL: &str = "ACX_USDT";

/// A small generator (xorshift); the seed is in every failure.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// One random command; refused ones are part of the flow.
fn step(venue: &Venue, random: &mut Random, orders: &mut Vec<(AccountId, OrderId)>) {
    let account = AccountId(random.below(2) as u32);
    let command = match random.below(10) {
        0..3 if !orders.is_empty() => {
            let place = random.below(orders.len() as u64) as usize;
            let (account, order) = orders.swap_remove(place);
            Command::Cancel { account, order }
        }
        _ => {
            let side = if random.below(2) == 0 { Side::Buy } else { Side::Sell };
            let price = Price::new(25_000 + random.below(60) * 7);
            let quantity = Quantity::new(300 + random.below(900));
            let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
            Command::Place(NewOrder { account, market: MARKET, side, kind, client_id: None })
        }
    };
    let receipt = venue.exchange.execute_blocking(command).unwrap();
    if let Ok(Outcome::Placed { order, .. }) = receipt.result {
        orders.push((account, order));
    }
}

fn book(venue: &Venue, precision: u16) -> Depth {
    let reply = venue.get(&format!("/v2/symbols/{SYMBOL}/orders?precision={precision}"));
    let mut depth: Depth = serde_json::from_slice(&reply.body).unwrap();
    depth.buys.truncate(20);
    depth.sells.truncate(20);
    depth
}

/// What a client knows from pushes alone.
#[derive(Default)]
struct Known {
    books: BTreeMap<u16, Depth>,
    /// Oldest first.
    trades: Vec<StreamTrade>,
    price: Option<PriceData>,
    kline: Option<KlineData>,
}

impl Known {
    fn learn(&mut self, push: &str) {
        match serde_json::from_str(push).unwrap() {
            Push::Depth { precision, data, .. } => {
                let before = self.books.insert(precision, data.clone());
                assert_ne!(before, Some(data), "a book without a change");
            }
            Push::Trade { data, .. } => self.trades.extend(data.trades.into_iter().rev()),
            Push::Price { data, .. } => self.price = Some(data),
            Push::Kline { data, .. } => self.kline = Some(data),
            Push::Pong => panic!("nobody pinged"),
        }
    }
}

fn replay(seed: u64) {
    let venue = Venue::new();
    let mut random = Random(seed);
    let mut orders = Vec::new();
    let mut events = venue.exchange.subscribe(100_000);
    for _ in 0..random.below(60) {
        step(&venue, &mut random, &mut orders);
    }
    let mut client = Client::new(&venue);
    let mut known = Known::default();
    for precision in [2, 3, 4] {
        let order = r#"{"subscribe":"order","symbol":"ACX_USDT","precision":"#;
        known.learn(&client.ask(&format!("{order}{precision}}}")));
    }
    known.learn(&client.ask(r#"{"subscribe":"price","symbol":"ACX_USDT"}"#));
    known.learn(&client.ask(r#"{"subscribe":"kline","symbol":"ACX_USDT","step":1}"#));
    known.learn(&client.ask(r#"{"subscribe":"trade","symbol":"ACX_USDT"}"#));
    let first_trades = known.trades.len();
    // The first pushes count as those of this tick.
    venue.tick();
    assert_eq!(client.pushes(), Vec::<String>::new(), "seed {seed}");
    for round in 1..=12 {
        venue.clock.set(Timestamp(NOW + round * 5_250));
        for _ in 0..random.below(40) {
            step(&venue, &mut random, &mut orders);
        }
        venue.tick();
        client.pushes().iter().for_each(|push| known.learn(push));
        for (precision, pushed) in &known.books {
            assert_eq!(pushed, &book(&venue, *precision), "seed {seed}, round {round}");
        }
        let reply = venue.get(&format!("/v2/ticker?symbol={SYMBOL}"));
        let ticker: Ticker = serde_json::from_slice(&reply.body).unwrap();
        let price = known.price.as_ref().unwrap();
        assert_eq!(
            (&price.highest_price, &price.lowest_price, &price.current_price, &price.fluctuation),
            (
                &ticker.highest_price,
                &ticker.lowest_price,
                &ticker.current_price,
                &ticker.fluctuation
            ),
            "seed {seed}, round {round}"
        );
        let now = NOW + round * 5_250;
        let span = format!("step=1&from={}&to={now}", now - 60_000);
        let reply = venue.get(&format!("/v2/symbols/{SYMBOL}/kline?{span}"));
        let candles: Vec<Kline> = serde_json::from_slice(&reply.body).unwrap();
        if let (Some(last), Some(pushed)) = (candles.last(), &known.kline) {
            assert_eq!(
                (&pushed.open_price, &pushed.highest_price, &pushed.lowest_price),
                (&last.open_price, &last.highest_price, &last.lowest_price),
                "seed {seed}, round {round}"
            );
            assert_eq!(
                (&pushed.current_price, &pushed.volume),
                (&last.current_price, &last.volume),
                "seed {seed}, round {round}"
            );
        }
    }
    let mut traded = Vec::new();
    while let Ok(Some(update)) = events.try_next() {
        for event in update.events.iter() {
            if let Event::Traded(trade) = event {
                traded.push((update.time.0, trade.price.ticks(), trade.quantity.lots()));
            }
        }
    }
    let digits = |text: &str| text.replace('.', "").parse::<u64>().unwrap();
    let pushed: Vec<_> = known
        .trades
        .iter()
        .map(|trade| (trade.time, digits(&trade.price), digits(&trade.count)))
        .collect();
    let before = traded.len() - (pushed.len() - first_trades);
    assert_eq!(first_trades, before.min(15), "seed {seed}");
    assert_eq!(pushed, traded[before - first_trades..], "seed {seed}");
}

#[test]
fn pushes_of_random_flows_are_what_rest_and_the_events_say() {
    for seed in 1..=20 {
        replay(seed);
    }
}
