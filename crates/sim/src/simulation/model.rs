//! What is true: every entry that was acknowledged or was found after a crash, in order, with the result
//! that oracle and engine agree on.

use openmart_engine::Engine;
use openmart_history::Batch;
use openmart_model::{Command, CommandResult, Event, Timestamp, Writer};

use crate::pair::Pair;

/// An entry that is certain.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) command: Command,
    pub(super) time: Timestamp,
    pub(super) events: Vec<Event>,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) pair: Pair,
    entries: Vec<Known>,
}

impl Model {
    /// The last sequence.
    pub(super) fn last(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The time of the last entry.
    pub(super) fn time(&self) -> Timestamp {
        self.entries.last().map_or(Timestamp(0), |known| known.time)
    }

    pub(super) fn entry(&self, sequence: u64) -> Option<&Known> {
        self.entries.get(usize::try_from(sequence).ok()?.checked_sub(1)?)
    }

    pub(super) fn entries(&self) -> &[Known] {
        &self.entries
    }

    /// Adds the next entry, and gives the result that it must have had.
    pub(super) fn add(
        &mut self,
        time: Timestamp,
        command: Command,
    ) -> Result<CommandResult, String> {
        let result = self.pair.apply(time, &command)?;
        let events = self.pair.events().to_vec();
        self.entries.push(Known { command, time, events });
        Ok(result)
    }

    /// The digest after so many entries, and then some more, by an engine that has seen nothing else.
    pub(super) fn digest_after(&self, sequence: u64, more: &[(Timestamp, Command)]) -> u64 {
        let (mut engine, mut events) = (Engine::new(), Vec::new());
        let known = self.entries.iter().map(|known| (known.time, &known.command));
        let known = known.chain(more.iter().map(|(time, command)| (*time, command)));
        for (at, (time, command)) in known.enumerate().take(sequence as usize) {
            let _ = engine.apply(at as u64 + 1, time, command, &mut events);
        }
        engine.digest()
    }

    pub(super) fn market_data_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.pair.market_data.snapshot(&mut Writer::new(&mut bytes));
        bytes
    }

    /// Everything that history is to hold.
    pub(super) fn history(&self) -> Batch {
        let mut batch = Batch::default();
        for (at, known) in self.entries.iter().enumerate() {
            batch.add(at as u64 + 1, known.time, &known.events);
        }
        batch
    }
}
