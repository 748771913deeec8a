//! Entries in order, each applied to an engine as it was when the exchange ran.

use std::sync::Arc;

use anyhow::Context;
use openmart_engine::Engine;
use openmart_journal::{ReadError, Reader, Storage};
use openmart_model::{Command, CommandResult, Event, Timestamp};

/// A replay from the first entry on.
pub(super) struct History {
    reader: Reader,
    engine: Engine,
    events: Vec<Event>,
}

/// One entry, read and not yet applied.
pub(super) struct Pending {
    pub(super) sequence: u64,
    pub(super) time: Timestamp,
    pub(super) command: Command,
}

impl History {
    pub(super) fn open(storage: Arc<dyn Storage>) -> Result<Self, ReadError> {
        let reader = Reader::open(storage, 1)?;
        Ok(Self { reader, engine: Engine::new(), events: Vec::new() })
    }

    /// The state after the entries applied so far.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The next entry up to `until`; nothing at the end.
    pub(super) fn read(&mut self, until: u64) -> anyhow::Result<Option<Pending>> {
        let entry = match self.reader.next_entry(until) {
            Ok(Some(entry)) => entry,
            // Whoever does not know the end asks for more than there is.
            Ok(None) | Err(ReadError::BeyondEnd { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let command = Command::decode(entry.payload).with_context(|| {
            format!("the entry at sequence {} is not a command", entry.sequence)
        })?;
        let time = Timestamp(entry.time_ms);
        Ok(Some(Pending { sequence: entry.sequence, time, command }))
    }

    /// Applies what was read. Its events stand until the next one is applied.
    pub(super) fn apply(&mut self, entry: &Pending) -> (CommandResult, &[Event]) {
        self.events.clear();
        let Pending { sequence, time, command } = entry;
        let result = self.engine.apply(*sequence, *time, command, &mut self.events);
        (result, &self.events)
    }

    /// Applies all entries up to `until`.
    pub(super) fn advance(&mut self, until: u64) -> anyhow::Result<()> {
        while let Some(entry) = self.read(until)? {
            // A refusal was an outcome then and is the same one now.
            let _ = self.apply(&entry);
        }
        Ok(())
    }

    /// Checks conservation, holds, books and indexes of the state.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let sequence = self.engine.sequence();
        self.engine
            .check()
            .with_context(|| format!("the state at sequence {sequence} breaks an invariant"))
    }
}
