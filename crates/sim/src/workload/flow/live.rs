//! An engine that is fed with the flow as a pipeline feeds it, and timed.

use std::time::{Duration, Instant};

use openmart_engine::{Engine, LOOK_AHEAD_MAX};
use openmart_model::{Command, Event, Timestamp};

use super::{Totals, TradeDigest};

const NOW: Timestamp = Timestamp(1_600_000_000_000);

/// An engine alone, and what came out of it.
#[derive(Debug, Default)]
pub struct LiveEngine {
    engine: Engine,
    events: Vec<Event>,
    refused: u64,
    trades: u64,
    digest: TradeDigest,
}

impl LiveEngine {
    /// An engine without anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies commands in batches, looking ahead over each, and reads the events after every one.
    /// How long that took.
    pub fn apply(&mut self, commands: &[Command]) -> Duration {
        let begun = Instant::now();
        for batch in commands.chunks(LOOK_AHEAD_MAX) {
            self.engine.look_ahead(batch.iter());
            for command in batch {
                let sequence = self.engine.sequence() + 1;
                let result = self.engine.apply(sequence, NOW, command, &mut self.events);
                self.refused += u64::from(result.is_err());
                self.fold_events();
            }
        }
        begun.elapsed()
    }

    fn fold_events(&mut self) {
        for event in self.events.drain(..) {
            let Event::Traded(trade) = event else { continue };
            let (price, quantity) = (trade.price.ticks(), trade.quantity.lots());
            self.trades += 1;
            self.digest.trade(trade.maker_order.0, trade.taker_order.0, price, quantity);
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether everything came out as the flow says, none of it refused.
    ///
    /// # Errors
    /// What did not.
    pub fn verify(&self, totals: &Totals) -> Result<(), String> {
        let found = (self.refused, self.trades, self.digest.value());
        let expected = (0, totals.trades, totals.trade_digest);
        if found != expected {
            return Err(format!("refused, trades, digest: {found:?}, not {expected:?}"));
        }
        self.engine.check().map_err(|violation| format!("the engine is broken: {violation}"))
    }
}
