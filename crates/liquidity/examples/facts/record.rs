//! What is written down while a flow runs: of one market, once a second and at every order.

use openmart_liquidity::{Flow, Settings};
use openmart_model::{Command, Event, NewOrder, OrderKind, Side, TimeInForce};

use crate::venue::{BTC_USDT, Venue};

/// Distance from the middle by which depth is summed, in hundredths of a percent.
pub(crate) const DEPTH_BINS: usize = 80;

const SECOND_US: u64 = 1_000_000;

/// How often depth is looked at.
const DEPTH_EVERY_S: u64 = 30;

#[derive(Default)]
pub(crate) struct Record {
    /// Middle of the best prices, every second, in ticks.
    pub(crate) middles: Vec<f64>,
    /// Spread every second, as a part of the middle, in hundredths of a percent.
    pub(crate) spreads: Vec<f64>,
    /// Coins by distance from the middle, one of a hundredth of a percent each, summed over all looks.
    pub(crate) depth: Vec<f64>,
    /// Quantities of quotes and of takes, in coins.
    pub(crate) quotes: Vec<f64>,
    pub(crate) takes: Vec<f64>,
    /// Takes of each second.
    pub(crate) takes_per_s: Vec<f64>,
    /// Signs of takes, one after the other.
    pub(crate) signs: Vec<f64>,
    pub(crate) trades: u64,
    pub(crate) open_orders: Vec<f64>,
    pub(crate) commands: u64,
    pub(crate) refused: u64,
    /// Seconds in which a side was empty.
    pub(crate) one_sided_s: u64,
}

/// Runs a flow for so many seconds of its own time.
pub(crate) fn run(settings: Settings, seconds: u64) -> Record {
    let mut venue = Venue::new();
    let mut flow = Flow::new(settings, &Venue::values(), &venue.engine).expect("markets");
    let mut record = Record { depth: vec![0.0; DEPTH_BINS], ..Record::default() };
    let (mut second, mut takes) = (1, 0.0);
    while second <= seconds {
        let Some((batch, events)) = venue.step(&mut flow) else { break };
        while batch.due_us >= second * SECOND_US && second <= seconds {
            record.look(&venue, second);
            record.takes_per_s.push(std::mem::take(&mut takes));
            second += 1;
        }
        takes += batch.commands.iter().map(|command| record.note(command)).sum::<f64>();
        let traded =
            |event: &&Event| matches!(event, Event::Traded(trade) if trade.market == BTC_USDT);
        record.trades += events.iter().filter(traded).count() as u64;
    }
    (record.commands, record.refused) = (venue.commands, venue.refused);
    record
}

impl Record {
    /// 1 if it is a take on the market.
    fn note(&mut self, command: &Command) -> f64 {
        let Command::Place(NewOrder { market: BTC_USDT, side, kind, .. }) = command else {
            return 0.0;
        };
        let OrderKind::Limit { quantity, time_in_force, .. } = kind else { return 0.0 };
        let coins = quantity.lots() as f64 / 1e5;
        if *time_in_force == TimeInForce::ImmediateOrCancel {
            self.takes.push(coins);
            self.signs.push(if *side == Side::Buy { 1.0 } else { -1.0 });
            1.0
        } else {
            self.quotes.push(coins);
            0.0
        }
    }

    fn look(&mut self, venue: &Venue, second: u64) {
        let best = |side| venue.engine.best_price(BTC_USDT, side).map(|price| price.ticks() as f64);
        let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) else {
            self.one_sided_s += 1;
            return;
        };
        let middle = (bid + ask) / 2.0;
        self.middles.push(middle);
        self.spreads.push((ask - bid) / middle * 1e4);
        if second.is_multiple_of(DEPTH_EVERY_S) {
            self.open_orders.push(venue.engine.orders_open() as f64);
            self.add_depth(venue, middle);
        }
    }

    fn add_depth(&mut self, venue: &Venue, middle: f64) {
        let Some(feed) = venue.market_data.market(BTC_USDT) else { return };
        let depth = feed.depth(0, usize::MAX);
        for level in depth.bids.iter().chain(&depth.asks) {
            let distance = (level.price.units() as f64 / middle - 1.0).abs() * 1e4;
            if let Some(bin) = self.depth.get_mut(distance as usize) {
                *bin += level.lots as f64 / 1e5;
            }
        }
    }
}
