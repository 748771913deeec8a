//! An exchange without threads, for simulation: the same parts as in [`Exchange`](crate::Exchange), and
//! whoever holds it says which of them does its next thing.
//!
//! What enters: commands, and turns. What leaves: what those of an exchange with threads leave, in an
//! order that depends on nothing but the turns, the storage and the clock. With
//! [`openmart_journal::Options::background`] off nothing else runs.
//!
//! ```
//! use std::sync::Arc;
//! use openmart_exchange::{Location, Options, Stepped};
//! use openmart_journal::MemoryStorage;
//! use openmart_model::{Asset, Command};
//!
//! let mut options = Options::default();
//! options.journal.background = false;
//! let storage = Arc::new(MemoryStorage::new());
//! let (mut exchange, _) = Stepped::open(storage, Location::Nowhere { applied: 0 }, options)?;
//! let asset = Asset { code: "BTC".into(), name: "Bitcoin".into(), decimals: 10 };
//! let mut pending = exchange.submit(Command::AddAsset(asset)).unwrap();
//! assert!(pending.try_take().is_none());
//! exchange.step_sequencer(1);
//! assert_eq!(pending.try_take().unwrap().unwrap().sequence, 1);
//! # Ok::<(), openmart_exchange::OpenError>(())
//! ```

use std::fmt;
use std::sync::Arc;

use openmart_history::{History, Location};
use openmart_journal::Storage;
use openmart_model::Command;

use crate::error::{CloseError, OpenError, SubmitError};
use crate::exchange::CLOSED;
use crate::options::Options;
use crate::parts::Parts;
use crate::pending::{Pending, PendingSnapshot};
use crate::pipeline::Pipeline;
use crate::recovery::RecoveryReport;
use crate::sequencer::Sequencer;
use crate::snapshots::{self, Snapshotter};
use crate::state::State;
use crate::status::Status;
use crate::subscription::Subscription;

/// An exchange that does nothing by itself.
///
/// Dropping it is the death of its process: what waits is not carried out, and no snapshot is written.
/// (The journal still syncs the file that tells what was acknowledged; a storage that is to see nothing
/// of the sort is halted first.)
pub struct Stepped {
    pipeline: Arc<Pipeline>,
    sequencer: Sequencer,
    snapshotter: Snapshotter,
    /// Whether the journal takes more.
    whole: bool,
}

impl Stepped {
    /// Recovers what the storage holds.
    ///
    /// # Errors
    /// As [`Exchange::open`](crate::Exchange::open).
    pub fn open(
        storage: Arc<dyn Storage>,
        location: Location,
        options: Options,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        let follow = |store, limits| Ok(History::stepped(store, limits));
        let Parts { pipeline, sequencer, snapshotter, report } =
            Parts::assemble(storage, location, &options, follow)?;
        Ok((Self { pipeline, sequencer, snapshotter, whole: true }, report))
    }

    /// Queues a command.
    ///
    /// # Errors
    /// As [`Exchange::submit`](crate::Exchange::submit).
    pub fn submit(&self, command: Command) -> Result<Pending, SubmitError> {
        self.pipeline.intake.submit(command)
    }

    /// One turn of the sequencing thread: up to so many of the commands that wait become one durable
    /// batch, are applied and answered. Whether the journal takes more.
    pub fn step_sequencer(&mut self, entries_max: usize) -> bool {
        self.whole = self.whole && self.sequencer.step(entries_max);
        self.whole
    }

    /// One turn of history: one transaction, or one flush. Whether there was something to do.
    pub fn step_history(&self) -> bool {
        self.pipeline.history.step()
    }

    /// One turn of the snapshotting thread. Whether a snapshot had been asked for.
    pub fn step_snapshot(&mut self) -> bool {
        self.snapshotter.step()
    }

    /// Asks for a snapshot, which the next [`step_snapshot`](Self::step_snapshot) makes.
    pub fn snapshot(&self) -> PendingSnapshot {
        self.pipeline.snapshots.request()
    }

    /// As [`Exchange::view`](crate::Exchange::view).
    pub fn view<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.pipeline.view(read)
    }

    /// As [`Exchange::subscribe`](crate::Exchange::subscribe).
    pub fn subscribe(&self, updates_max: usize) -> Subscription {
        let mut subscription = self.pipeline.publisher.subscribe(updates_max);
        subscription.begin_after(self.view(State::sequence));
        subscription
    }

    /// How the exchange is doing.
    pub fn status(&self) -> Status {
        self.pipeline.status()
    }

    /// As [`Exchange::close`](crate::Exchange::close): carries out what waits, writes all of history
    /// and a last snapshot. Reads still work; the data folder is free when it is dropped.
    ///
    /// # Errors
    /// As [`Exchange::close`](crate::Exchange::close).
    pub fn close(&mut self) -> Result<(), CloseError> {
        self.pipeline.close(CLOSED);
        while self.step_sequencer(usize::MAX) && self.pipeline.intake.depths() != (0, 0) {}
        self.pipeline.snapshots.close(CLOSED);
        self.pipeline.publisher.stop();
        if let Some(reason) = self.pipeline.failure() {
            return Err(CloseError::Stopped { reason: reason.clone() });
        }
        while self.step_history() {}
        Ok(snapshots::write_last(&self.pipeline, self.sequencer.journal())?)
    }
}

impl fmt::Debug for Stepped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stepped").field("status", &self.status()).finish_non_exhaustive()
    }
}
