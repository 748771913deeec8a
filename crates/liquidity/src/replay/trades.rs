//! Recorded trades: for each, one account offers the quantity at the price, and another takes it.
//!
//! What others have in the book at that price or better is met first, as if the market had traded through it:
//! bids above a recorded sale are hit, asks below a recorded purchase are lifted. What then is left of the offer
//! is taken back before the next trade.

use alloc::vec::Vec;

use openmart_engine::Engine;
use openmart_model::{Command, CommandResult, MarketId, OrderId, Outcome, TimeInForce};

use super::{Pair, funded};
use crate::recording::Record;
use crate::setup::SetupError;
use crate::{Batch, Source};

/// Who offers, who takes.
const NAMES: [&str; 2] = ["recorded-maker", "recorded-taker"];

/// Trades on one market.
#[derive(Debug)]
pub struct ReplayTrades<R> {
    records: R,
    pair: Pair,
    begin_us: u64,
    now_us: u64,
    /// Place among the last commands of the offer.
    offer_at: Option<usize>,
    offer: Option<OrderId>,
}

impl<R: Iterator<Item = Record>> ReplayTrades<R> {
    /// Records in the units of the market, the first of which is due at once.
    ///
    /// # Errors
    /// If there is no such market, or one of the two accounts is somebody's.
    pub fn new(
        records: R,
        market: MarketId,
        begin_us: u64,
        engine: &Engine,
    ) -> Result<Self, SetupError> {
        let pair = Pair::new(market, NAMES, engine)?;
        Ok(Self { records, pair, begin_us, now_us: 0, offer_at: None, offer: None })
    }

    fn trade(&mut self, record: Record, engine: &Engine) -> Vec<Command> {
        let Some([maker, taker]) = self.pair.accounts else { return Vec::new() };
        let Record { side, price, quantity, .. } = record;
        let (rests, takes) = (TimeInForce::GTC, TimeInForce::ImmediateOrCancel);
        let offer = self.pair.order(maker, side.opposite(), price, quantity, rests);
        let take = self.pair.order(taker, side, price, quantity, takes);
        let commands = funded([offer, take].into(), engine);
        self.offer_at = commands.iter().position(|command| *command == Command::Place(offer));
        commands
    }
}

impl<R: Iterator<Item = Record>> Source for ReplayTrades<R> {
    fn next(&mut self, engine: &Engine) -> Option<Batch> {
        if self.pair.accounts.is_none() {
            let commands = self.pair.open(engine);
            return Some(Batch { due_us: self.now_us, commands });
        }
        let left = self.offer.take().and_then(|order| engine.order(order));
        if let Some(left) = left {
            let cancel = Command::Cancel { account: left.account, order: left.id };
            return Some(Batch { due_us: self.now_us, commands: [cancel].into() });
        }
        let record = self.records.next()?;
        self.now_us = record.time_us.saturating_sub(self.begin_us);
        let commands = self.trade(record, engine);
        Some(Batch { due_us: self.now_us, commands })
    }

    fn answered(&mut self, answers: &[Option<CommandResult>]) {
        let answer = self.offer_at.take().and_then(|at| answers.get(at).copied().flatten());
        if let Some(Ok(Outcome::Placed { order, .. })) = answer {
            self.offer = Some(order);
        }
    }
}
