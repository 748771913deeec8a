//! New trades of the markets that somebody follows, complete and in order.
//!
//! Market data keeps the last 50 trades of a market; between two ticks there may be more. So this
//! follows the events, as long as anybody wants trades. Trades are kept for two ticks: whoever was
//! just given the last ones is not pushed to on the next tick.

use std::collections::HashMap;

use openmart_exchange::{Exchange, State, Subscription, SubscriptionEnd, Update};
use openmart_marketdata::PublicTrade;
use openmart_model::{Event, MarketId, Timestamp, Trade};
use openmart_wire::bitmart_v2::limits;

/// New trades were missed.
#[derive(Debug)]
pub(super) struct Missed;

#[derive(Debug)]
pub(super) struct NewTrades {
    /// Updates that may wait while the publisher is busy.
    updates_max: usize,
    updates: Option<Subscription>,
    markets: HashMap<MarketId, Recent>,
}

/// Trades of one market, oldest first.
#[derive(Debug, Default)]
struct Recent {
    trades: Vec<PublicTrade>,
    /// How many of them are from before the last tick.
    old: usize,
    /// Topics that want them.
    topics: usize,
}

impl NewTrades {
    pub(super) fn new(updates_max: usize) -> Self {
        Self { updates_max, updates: None, markets: HashMap::new() }
    }

    /// A topic wants the trades of a market from now on.
    pub(super) fn follow(&mut self, market: MarketId) {
        self.markets.entry(market).or_default().topics += 1;
    }

    /// A topic does not want them any more.
    pub(super) fn unfollow(&mut self, market: MarketId) {
        if let Some(recent) = self.markets.get_mut(&market) {
            recent.topics -= 1;
            if recent.topics == 0 {
                self.markets.remove(&market);
            }
        }
        if self.markets.is_empty() {
            self.updates = None;
        }
    }

    pub(super) fn is_following(&self) -> bool {
        self.updates.is_some()
    }

    /// The last trades of a market, newest first. Everything after them is found here later.
    pub(super) fn last(&mut self, exchange: &Exchange, market: MarketId) -> Vec<PublicTrade> {
        let read = |state: &State| {
            let feed = state.market_data().market(market);
            let trades = feed.into_iter().flat_map(|feed| feed.trades());
            trades.take(limits::STREAM_TRADES_FIRST).copied().collect()
        };
        if self.updates.is_some() {
            return exchange.view(read);
        }
        let (last, updates) = exchange.subscribe_with(self.updates_max, read);
        self.updates = Some(updates);
        last
    }

    /// Takes in what has happened.
    ///
    /// # Errors
    /// When updates were lost; they have to be followed anew then.
    pub(super) fn take_in(&mut self) -> Result<(), Missed> {
        let Some(updates) = &mut self.updates else { return Ok(()) };
        loop {
            match updates.try_next() {
                Ok(Some(Update { time, events, .. })) => {
                    for event in events.iter() {
                        if let Event::Traded(trade) = event
                            && let Some(recent) = self.markets.get_mut(&trade.market)
                        {
                            recent.trades.push(public(time, trade));
                        }
                    }
                }
                Ok(None) => return Ok(()),
                Err(SubscriptionEnd::Stopped) => {
                    self.updates = None;
                    return Ok(());
                }
                Err(SubscriptionEnd::CutOff) => {
                    self.updates = None;
                    self.markets.values_mut().for_each(|recent| {
                        recent.trades.clear();
                        recent.old = 0;
                    });
                    return Err(Missed);
                }
            }
        }
    }

    /// Trades of a market that are newer than a trade, oldest first.
    pub(super) fn after(&self, market: MarketId, seen: u64) -> &[PublicTrade] {
        let trades = self.markets.get(&market).map_or(&[][..], |recent| &recent.trades);
        &trades[trades.partition_point(|trade| trade.id.0 <= seen)..]
    }

    /// A tick is over: what was old on it is forgotten.
    pub(super) fn tick_over(&mut self) {
        for recent in self.markets.values_mut() {
            recent.trades.drain(..recent.old);
            recent.old = recent.trades.len();
        }
    }
}

fn public(time: Timestamp, trade: &Trade) -> PublicTrade {
    let Trade { id, price, quantity, notional, taker_side, .. } = *trade;
    PublicTrade { id, time, price, quantity, notional, taker_side }
}
