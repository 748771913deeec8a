//! What waits to be written, shared by those who hand it over and the threads that work on it.
//!
//! Batches enter in order and leave in order, joined into transactions, when there are enough of them or the
//! oldest has waited long enough. What got done, or went wrong, is noted here too. It knows
//! nothing of SQLite.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::HistoryError;
use crate::facts::Batch;
use crate::store::{Store, TRANSACTION_ROWS_MAX};

/// How long a batch waits for others. Longer makes fewer and larger transactions, which write fewer pages
/// for each row, and a longer tail.
const GATHER: Duration = Duration::from_millis(200);

/// Fewest rows that are written before the writer lets others go first: some 50 us, beside the
/// microsecond that asking costs.
const TURN_ROWS_MIN: usize = 32;

/// So many turns are what it is behind: the further behind, the longer it keeps the processor between
/// two turns, so that giving way never keeps it from catching up.
const TURNS_IN_LAG: usize = 64;

/// The backlog and the bells.
#[derive(Default)]
pub(crate) struct Shared {
    backlog: Mutex<Backlog>,
    /// Something for the writer to do.
    pub(crate) rung: Condvar,
    /// Something for the checkpointer to do.
    pub(crate) checkpoint: Condvar,
    /// Something got done.
    pub(crate) advanced: Condvar,
    pub(crate) applied: AtomicU64,
    /// What was applied one transaction before. A reader that began just before the last one still
    /// finds in the tail what it does not see in the file.
    pub(crate) applied_before: AtomicU64,
    pub(crate) transactions: AtomicU64,
    /// As [`Backlog::haste`], or a moment ago.
    haste: AtomicUsize,
}

/// What waits, and what was asked for.
#[derive(Default)]
pub(crate) struct Backlog {
    batches: VecDeque<Batch>,
    rows_waiting: usize,
    /// Waiting ones and those being written.
    pub(crate) rows_lag: usize,
    /// Whether somebody is made to wait, so that nothing is gained by gathering more.
    pub(crate) pressed: bool,
    /// Since when the oldest waits.
    since: Option<Instant>,
    pub(crate) flush_wanted: u64,
    pub(crate) flushed: u64,
    pub(crate) checkpoint_wanted: bool,
    pub(crate) closing: bool,
    pub(crate) ended: bool,
    pub(crate) disk_full: Option<HistoryError>,
    pub(crate) broken: Option<HistoryError>,
}

/// What there is to do.
pub(crate) enum Task {
    Write(Batch),
    Flush,
    /// Nothing before so long; nothing at all without a time.
    Wait(Option<Duration>),
    End,
}

impl Shared {
    pub(crate) fn following(store: &Store) -> Arc<Self> {
        let shared = Self::default();
        shared.applied.store(store.applied(), Ordering::Release);
        shared.applied_before.store(store.applied(), Ordering::Release);
        Arc::new(shared)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Backlog> {
        // Nothing under this lock can leave it half changed.
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the writer see how much there is to do while it writes.
    pub(crate) fn tell(&self, backlog: &Backlog) {
        self.haste.store(backlog.haste(), Ordering::Relaxed);
    }

    /// Rows to be written before the writer lets other threads go first.
    pub(crate) fn rows_between_turns(&self) -> usize {
        (self.haste.load(Ordering::Relaxed) / TURNS_IN_LAG).max(TURN_ROWS_MIN)
    }
}

impl Backlog {
    /// Adds what happened next. Whether the writer should be rung for.
    pub(crate) fn add(&mut self, batch: Batch) -> bool {
        let rows = batch.rows();
        self.rows_waiting += rows;
        self.rows_lag += rows;
        let first = self.since.is_none();
        if first {
            self.since = Some(Instant::now());
        }
        // Batches are joined as they come, so that many small ones cost no more than a large one.
        match self.batches.back_mut() {
            Some(last) if last.rows() + rows <= TRANSACTION_ROWS_MAX => last.append(batch),
            _ => self.batches.push_back(batch),
        }
        first || self.rows_waiting >= TRANSACTION_ROWS_MAX || self.flush_wanted > self.flushed
    }

    /// Rows that it is behind, or the most there is while somebody waits.
    fn haste(&self) -> usize {
        let awaited = self.pressed || self.closing || self.flush_wanted > self.flushed;
        if awaited { usize::MAX } else { self.rows_lag }
    }

    /// What there is to do now.
    pub(crate) fn task(&mut self, applied: u64) -> Task {
        let flush = self.flush_wanted > self.flushed;
        if !self.batches.is_empty() {
            let age = self.since.map_or(GATHER, |since| since.elapsed());
            let due = age >= GATHER || self.rows_waiting >= TRANSACTION_ROWS_MAX;
            if !(due || flush || self.pressed || self.closing) {
                return Task::Wait(Some(GATHER - age));
            }
            self.pressed = false;
            let Some(batch) = self.batches.pop_front() else {
                return Task::Wait(None);
            };
            self.rows_waiting -= batch.rows();
            self.since = (!self.batches.is_empty()).then(Instant::now);
            return Task::Write(batch);
        }
        if flush && applied >= self.flush_wanted {
            return Task::Flush;
        }
        if self.closing { Task::End } else { Task::Wait(None) }
    }
}
