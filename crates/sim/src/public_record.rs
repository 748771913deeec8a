//! What the public should be shown, worked out anew each time from the list of all trades and from
//! the oracle's open orders, without any state in between.
//!
//! Where candles begin is taken from [`Step`], whose calendar has tests of its own; what is in them is
//! not.

use openmart_marketdata::{KlineRow, MarketFeed, PublicTrade, Step, TRADES_KEPT, Ticker};
use openmart_model::{Amount, Event, MarketId, Price, Side, Timestamp, Trade};

use crate::oracle::Oracle;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 1_440 * MINUTE_MS;
/// Candles that are asked for at a time.
const ROWS_MAX: usize = 24;

/// Every trade there ever was, by market.
#[derive(Debug, Default)]
pub(crate) struct PublicRecord {
    trades: Vec<Vec<(Timestamp, Trade)>>,
}

impl PublicRecord {
    /// Takes in the events of a command.
    pub(crate) fn apply(&mut self, time: Timestamp, events: &[Event]) {
        for event in events {
            match event {
                Event::MarketAdded(_) => self.trades.push(Vec::new()),
                Event::Traded(trade) => self.trades[trade.market.index()].push((time, *trade)),
                _ => {}
            }
        }
    }

    /// Compares all that a feed shows, at `now` and later; `turn` chooses what is different each time:
    /// the step of the klines, where they begin, how much the depth is grouped.
    pub(crate) fn compare(
        &self,
        market: MarketId,
        feed: &MarketFeed,
        oracle: &Oracle,
        now: Timestamp,
        turn: u64,
    ) -> Result<(), String> {
        let trades = &self.trades[market.index()];
        let shown: Vec<PublicTrade> = feed.trades().copied().collect();
        let expected: Vec<_> = trades.iter().rev().take(TRADES_KEPT).map(public).collect();
        same("public trades", &shown, &expected)?;
        for later in [0, turn % DAY_MS, DAY_MS - MINUTE_MS * (turn % 2)] {
            let at = Timestamp(now.0 + later);
            same("ticker", &feed.ticker(at), &ticker(trades, feed, at))?;
        }
        compare_depth(market, feed, oracle, (turn % 4) as u8)?;
        let step = Step::ALL[(turn % Step::ALL.len() as u64) as usize];
        compare_klines(trades, feed, step, now, turn)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what} differ\n  found    {found:?}\n  expected {expected:?}")),
    }
}

fn public((time, trade): &(Timestamp, Trade)) -> PublicTrade {
    PublicTrade {
        id: trade.id,
        time: *time,
        price: trade.price,
        quantity: trade.quantity,
        notional: trade.notional,
        taker_side: trade.taker_side,
    }
}

/// A trade is in the window until the end of the minute in which it becomes 24 hours old.
fn ticker(trades: &[(Timestamp, Trade)], feed: &MarketFeed, now: Timestamp) -> Ticker {
    let is_in = |time: Timestamp| (time.0 + DAY_MS) / MINUTE_MS >= now.0 / MINUTE_MS;
    let first = trades.iter().position(|(time, _)| is_in(*time)).unwrap_or(trades.len());
    let (before, within) = trades.split_at(first);
    let prices = within.iter().map(|(_, trade)| trade.price);
    let price = |trade: &(Timestamp, Trade)| trade.1.price;
    Ticker {
        last: trades.last().map(price),
        open: before.last().or(within.first()).map(price),
        high: prices.clone().max(),
        low: prices.min(),
        volume_lots: within.iter().map(|(_, trade)| u128::from(trade.quantity.lots())).sum(),
        turnover: turnover(within),
        // The depth is compared as a whole.
        bid: feed.best(Side::Buy),
        ask: feed.best(Side::Sell),
    }
}

fn turnover(trades: &[(Timestamp, Trade)]) -> Amount {
    let notionals = trades.iter().map(|(_, trade)| trade.notional.units());
    Amount::new(notionals.fold(0, u128::wrapping_add))
}

fn compare_depth(
    market: MarketId,
    feed: &MarketFeed,
    oracle: &Oracle,
    digits_dropped: u8,
) -> Result<(), String> {
    let depth = feed.depth(digits_dropped, usize::MAX);
    let unit = 10u64.pow(u32::from(digits_dropped));
    for (side, levels) in [(Side::Buy, depth.bids), (Side::Sell, depth.asks)] {
        let mut expected: Vec<(u64, u128, u128, u32)> = Vec::new();
        for (price, lots, orders) in oracle.levels(market, side) {
            let grouped = match side {
                Side::Buy => price.ticks() / unit,
                Side::Sell => price.ticks().div_ceil(unit),
            };
            let total = expected.last().map_or(0, |level| level.2);
            match expected.last_mut().filter(|level| level.0 == grouped) {
                Some(level) => {
                    *level = (grouped, level.1 + lots, total + lots, level.3 + orders);
                }
                None => expected.push((grouped, lots, total + lots, orders)),
            }
        }
        let shown = levels.iter().map(|l| (l.price.units(), l.lots, l.lots_total, l.orders));
        same("depth", &shown.collect::<Vec<_>>(), &expected)?;
        let best = feed.best(side).map(|best| (best.price.ticks(), best.lots));
        let first = oracle.levels(market, side).first().map(|(price, l, _)| (price.ticks(), *l));
        same("best level", &best, &first)?;
    }
    Ok(())
}

fn compare_klines(
    trades: &[(Timestamp, Trade)],
    feed: &MarketFeed,
    step: Step,
    now: Timestamp,
    turn: u64,
) -> Result<(), String> {
    let Some((first, _)) = trades.first() else {
        return same("running kline", &feed.running_kline(step, now), &None);
    };
    // From the first trade, or from somewhere around one of the others.
    let near = trades[(turn % trades.len() as u64) as usize].0;
    let from =
        if turn.is_multiple_of(5) { Timestamp(0) } else { Timestamp(near.0 - turn % 90_000) };
    let mut expected = Vec::new();
    let mut open = Some(step.open_time(*first).max(from));
    if let Some(start) = open.filter(|start| step.open_time(*start) != *start) {
        open = step.next_open_time(start);
    }
    while let Some(start) = open.filter(|open| *open <= now && expected.len() < ROWS_MAX) {
        expected.push(candle(trades, step, start));
        open = step.next_open_time(start);
    }
    let klines = feed.klines(step, from..=Timestamp(u64::MAX), now, ROWS_MAX);
    same("klines", &klines.rows, &expected)?;
    same("what klines are known from", &klines.known_from, &Timestamp(0))?;
    let running = candle(trades, step, step.open_time(now));
    same("running kline", &feed.running_kline(step, now), &Some(running))
}

/// The candle that begins then, a trade being in it or before it.
fn candle(trades: &[(Timestamp, Trade)], step: Step, open_time: Timestamp) -> KlineRow {
    let start = trades.partition_point(|(time, _)| *time < open_time);
    let rest = &trades[start..];
    let end = rest.partition_point(|(time, _)| step.open_time(*time) == open_time);
    let within = &rest[..end];
    let prices = || within.iter().map(|(_, trade)| trade.price);
    let or_before = |price: Option<Price>| {
        let before = trades[..start].last().map(|(_, trade)| trade.price);
        price.or(before).expect("a trade in the candle or before it")
    };
    KlineRow {
        open_time,
        open: or_before(prices().next()),
        high: or_before(prices().max()),
        low: or_before(prices().min()),
        close: or_before(prices().next_back()),
        volume_lots: within.iter().map(|(_, trade)| u128::from(trade.quantity.lots())).sum(),
        turnover: turnover(within),
    }
}
