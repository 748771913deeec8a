//! Orders for an exchange on which nobody trades yet: of market makers and takers that a seed moves, or of
//! a market that was recorded.
//!
//! What enters: settings or records, the state of the exchange, and the answers to what was sent. What
//! leaves: commands, each with the time at which it is due. What it must not know: clocks, files, threads, or
//! how commands reach an exchange. Being `no_std`, it could not reach for any of them.
//!
//! Everything here is a function of what entered: the same seed on the same state gives the same commands.
//! `docs/liquidity.md` has the model, with what it was measured to do.
#![no_std]

extern crate alloc;

mod chance;
mod flow;
mod market;
mod quoting;
mod recording;
mod reference;
mod replay;
mod settings;
mod setup;
mod taking;
mod traders;

use alloc::vec::Vec;

use openmart_engine::Engine;
use openmart_model::{Command, CommandResult};

pub use flow::Flow;
pub use recording::{Columns, Fault, Kind, Record};
pub use replay::{ReplayBooks, ReplayTrades};
pub use settings::{Setting, SettingError, Settings};
pub use setup::{SetupError, VALUE_DECIMALS};

/// Commands that were decided together, and when they are due.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Batch {
    /// Microseconds after the begin of the flow. Never goes back.
    pub due_us: u64,
    /// To be submitted in this order, cancels first. None: nothing is to be done until then.
    pub commands: Vec<Command>,
}

/// Somebody who trades by a plan of his own.
///
/// Whoever carries the plan out asks for a batch, submits it when it is due, tells the answers, and asks
/// again. What stands in the books meanwhile, from whomever, is seen in the state.
pub trait Source {
    /// What is to be done next. Nothing: it is over.
    fn next(&mut self, engine: &Engine) -> Option<Batch>;

    /// What became of the commands of the last batch, in their order; none for one that had no outcome,
    /// as when the exchange was overloaded. One that the batch had and that is not told counts as such.
    fn answered(&mut self, answers: &[Option<CommandResult>]);
}
