//! An engine with listed markets and funded accounts, fed with the flow.
//!
//! Commands enter; what leaves the engine is counted and folded.

use anyhow::{Result, bail, ensure};
use openmart_engine::Engine;
use openmart_model::{Command, Event, Timestamp};
use openmart_sim::workload::flow::{Flow, TradeDigest, opening};

const NOW: Timestamp = Timestamp(1_600_000_000_000);
/// The engine under measurement and what came out of it.
pub(crate) struct Exchange {
    engine: Engine,
    sequence: u64,
    events: Vec<Event>,
    seen: Seen,
}

/// What the flow's definition says must come out.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Seen {
    refused: u64,
    trades: u64,
    quantity: u64,
    notional: u64,
    digest: TradeDigest,
}

impl Exchange {
    /// Lists, funds and fills the books; none of it is timed.
    pub(crate) fn with_prefill(flow: &Flow) -> Result<Self> {
        let (engine, events) = (Engine::new(), Vec::new());
        let mut exchange = Self { engine, sequence: 0, events, seen: Seen::default() };
        for command in flow.profile.opening() {
            exchange.apply(&command);
        }
        for command in flow.commands().take(flow.prefill) {
            exchange.apply(&command);
            exchange.fold_events();
        }
        ensure!(exchange.seen == Seen::default(), "the prefill does not rest as a whole");
        Ok(exchange)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Fetches what the next commands will touch.
    #[inline]
    pub(crate) fn look_ahead(&self, commands: &[Command]) {
        self.engine.look_ahead(commands.iter());
    }

    /// Applies a command; its events stay until they are folded.
    #[inline]
    pub(crate) fn apply(&mut self, command: &Command) {
        self.sequence += 1;
        let result = self.engine.apply(self.sequence, NOW, command, &mut self.events);
        self.seen.refused += u64::from(result.is_err());
    }

    /// Reads the events since the last time, as the stage behind the engine does, and drops them.
    #[inline]
    pub(crate) fn fold_events(&mut self) {
        for event in self.events.drain(..) {
            let Event::Traded(trade) = event else { continue };
            let (price, quantity) = (trade.price.ticks(), trade.quantity.lots());
            self.seen.trades += 1;
            self.seen.quantity += quantity;
            self.seen.notional += price * quantity;
            self.seen.digest.trade(trade.maker_order.0, trade.taker_order.0, price, quantity);
        }
    }

    /// Compares what came out with what the flow says, and lets the engine check itself.
    pub(crate) fn verify(&self, flow: &Flow) -> Result<()> {
        let totals = &flow.totals;
        let found = (self.seen.trades, self.seen.quantity, self.seen.notional);
        let expected = (totals.trades, totals.quantity, totals.notional);
        ensure!(self.seen.refused == 0, "{} commands were refused", self.seen.refused);
        ensure!(found == expected, "trades, lots, notional: {found:?}, not {expected:?}");
        ensure!(self.engine.orders_open() as u64 == totals.live, "another number of live orders");
        let digest = self.seen.digest.value();
        ensure!(digest == totals.trade_digest, "trade digest {digest:016x}");
        match self.engine.check() {
            Ok(()) => Ok(()),
            Err(violation) => bail!("the engine is broken: {violation}"),
        }
    }
}

/// An engine with so many markets and two accounts, and nothing in the books.
pub(crate) fn listed(markets: u16) -> Engine {
    let (mut engine, mut events) = (Engine::new(), Vec::new());
    for (sequence, command) in (1..).zip(opening(markets, 2)) {
        engine.apply(sequence, NOW, &command, &mut events).expect("the opening is accepted");
    }
    engine
}
