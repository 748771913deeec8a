//! A history that follows, so that nobody waits for SQLite.
//!
//! Batches enter by [`History::push`] in order, wait in the [backlog](crate::backlog), and are written by a
//! [thread](crate::writer). What waits is bounded: beyond that, whoever pushes waits.
//!
//! For simulation there is a follower without threads: its owner takes each step, and whoever would
//! wait takes steps instead.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::backlog::{Backlog, Shared};
use crate::checkpoints::checkpoints;
use crate::error::HistoryError;
use crate::facts::Batch;
use crate::readers::Readers;
use crate::reading::Reading;
use crate::schema;
use crate::store::Store;
use crate::writer::Writer;

/// Rows that may wait to be written unless configured otherwise: about 100 MB with what the tail has
/// of them, some seconds of work. A burst is absorbed; an exchange that stays faster than SQLite
/// is slowed down to its pace.
pub const LAG_ROWS_MAX: usize = 250_000;

/// While the disk is full nobody is made to wait, so that cancels still work, until so many times
/// [`FollowerLimits::lag_rows_max`] wait. The journal's own reserve is used up long before.
const DISK_FULL_LAG_FACTOR: usize = 4;

/// What may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FollowerLimits {
    /// Rows that may wait to be written. Default [`LAG_ROWS_MAX`].
    pub lag_rows_max: usize,
}

impl Default for FollowerLimits {
    fn default() -> Self {
        Self { lag_rows_max: LAG_ROWS_MAX }
    }
}

/// How far history is. The figures are read one after the other.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct HistoryStatus {
    /// The last sequence whose rows are all in the file.
    pub applied: u64,
    /// The last sequence up to which a flush has made it survive a power cut; 0 before the first flush
    /// since it was started.
    pub flushed: u64,
    /// Rows that are not in the file yet.
    pub lag_rows: usize,
    /// Transactions since it was started.
    pub transactions: u64,
    /// What keeps it from writing at the moment.
    pub trouble: Option<Arc<str>>,
}

/// A history that follows.
pub struct History {
    shared: Arc<Shared>,
    readers: Readers,
    threads: Mutex<Option<Threads>>,
    /// In place of threads, if somebody takes the steps.
    steps: Option<Mutex<Writer>>,
    limits: FollowerLimits,
}

struct Threads {
    writer: JoinHandle<()>,
    checkpointer: JoinHandle<()>,
}

impl History {
    /// Starts to follow with a store.
    ///
    /// # Errors
    /// If the file cannot be opened once more, there is none, or a thread cannot be started.
    pub fn start(store: Store, limits: FollowerLimits) -> Result<Self, HistoryError> {
        if store.is_nowhere() {
            let reason = "history that is nowhere cannot be followed by a thread".into();
            return Err(HistoryError::Stopped { reason });
        }
        let shared = Shared::following(&store);
        let place = store.place.clone();
        let connection = schema::open_checkpointer(&place.path, &place.blame)?;
        let writer = Writer::new(store, shared.clone(), false);
        let writer = spawn("openmart-history", || writer.run())?;
        let beside = shared.clone();
        let checkpointer = spawn("openmart-hist-log", move || checkpoints(&connection, &beside));
        let checkpointer = match checkpointer {
            Ok(checkpointer) => checkpointer,
            Err(error) => {
                shared.lock().closing = true;
                shared.rung.notify_all();
                return Err(error);
            }
        };
        let threads = Mutex::new(Some(Threads { writer, checkpointer }));
        Ok(Self { shared, readers: Readers::new(place), threads, steps: None, limits })
    }

    /// As [`start`](Self::start), but without threads: what is pushed is written by
    /// [`step`](Self::step), and by whoever would otherwise wait for it. The log is copied into the
    /// file when the store is closed. Dropping it writes nothing more.
    pub fn stepped(store: Store, limits: FollowerLimits) -> Self {
        let shared = Shared::following(&store);
        let readers = Readers::new(store.place.clone());
        let steps = Some(Mutex::new(Writer::new(store, shared.clone(), true)));
        Self { shared, readers, threads: Mutex::new(None), steps, limits }
    }

    /// Writes one transaction, or does a flush that was asked for, if it is
    /// [`stepped`](Self::stepped) and there is something to do. Whether there was.
    pub fn step(&self) -> bool {
        let steps = self.steps.as_ref();
        steps.is_some_and(|steps| steps.lock().unwrap_or_else(PoisonError::into_inner).step())
    }

    /// Hands over what happened next. Waits while too much is waiting already.
    ///
    /// # Errors
    /// If it can write no more. What was handed over is in the journal and in the caller's tail.
    pub fn push(&self, batch: Batch) -> Result<(), HistoryError> {
        let mut queue = self.shared.lock();
        loop {
            if let Some(error) = &queue.broken {
                return Err(error.clone());
            }
            let lag_max = self.limits.lag_rows_max.max(1);
            match &queue.disk_full {
                None if queue.rows_lag < lag_max => break,
                Some(_) if queue.rows_lag < lag_max.saturating_mul(DISK_FULL_LAG_FACTOR) => break,
                Some(error) => return Err(error.clone()),
                None => {}
            }
            queue.pressed = true;
            self.shared.tell(&queue);
            self.shared.rung.notify_one();
            queue = self.wait(queue)?;
        }
        let ring = queue.add(batch);
        self.shared.tell(&queue);
        drop(queue);
        if ring {
            self.shared.rung.notify_one();
        }
        Ok(())
    }

    /// Waits until everything up to a sequence, which has been pushed or is about to be, is in the
    /// file and survives a power cut.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn flush(&self, through: u64) -> Result<(), HistoryError> {
        let mut queue = self.shared.lock();
        queue.flush_wanted = queue.flush_wanted.max(through);
        self.shared.tell(&queue);
        self.shared.rung.notify_one();
        loop {
            if queue.flushed >= through {
                return Ok(());
            }
            if let Some(error) = queue.broken.as_ref().or(queue.disk_full.as_ref()) {
                return Err(error.clone());
            }
            if queue.ended {
                return Err(HistoryError::Stopped { reason: "it was closed".into() });
            }
            queue = self.wait(queue)?;
        }
    }

    /// Waits until something got done, or does it.
    fn wait<'a>(
        &'a self,
        queue: MutexGuard<'a, Backlog>,
    ) -> Result<MutexGuard<'a, Backlog>, HistoryError> {
        if self.steps.is_none() {
            return Ok(self.shared.advanced.wait(queue).unwrap_or_else(PoisonError::into_inner));
        }
        drop(queue);
        if self.step() {
            return Ok(self.shared.lock());
        }
        Err(HistoryError::Stopped { reason: "it waits for what nobody will hand over".into() })
    }

    /// Up to where a tail may be trimmed.
    pub fn trim_through(&self) -> u64 {
        self.shared.applied_before.load(Ordering::Acquire)
    }

    /// Begins to read the file as it is now.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self) -> Result<Reading<'_>, HistoryError> {
        let written = self.shared.applied.load(Ordering::Acquire);
        let reading = Reading::begin(&self.readers)?;
        if reading.applied() < written {
            // Whoever waits for the rest to be there would wait for ever.
            return Err(reading.blame().damaged("how far it reaches"));
        }
        Ok(reading)
    }

    /// How far it is. Cheap.
    pub fn status(&self) -> HistoryStatus {
        let queue = self.shared.lock();
        let trouble = queue.broken.as_ref().or(queue.disk_full.as_ref());
        HistoryStatus {
            applied: self.shared.applied.load(Ordering::Acquire),
            flushed: queue.flushed,
            lag_rows: queue.rows_lag,
            transactions: self.shared.transactions.load(Ordering::Relaxed),
            trouble: trouble.map(|error| Arc::from(error.to_string())),
        }
    }

    /// Writes what waits and ends both threads. Reads still work.
    pub fn close(&self) {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Threads { writer, checkpointer }) = threads else {
            return;
        };
        let mut queue = self.shared.lock();
        queue.closing = true;
        self.shared.tell(&queue);
        drop(queue);
        self.shared.rung.notify_all();
        // A panic has been reported by the panic itself.
        let _ = writer.join();
        self.shared.checkpoint.notify_all();
        let _ = checkpointer.join();
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History").field("status", &self.status()).finish_non_exhaustive()
    }
}

fn spawn<F: FnOnce() + Send + 'static>(name: &str, run: F) -> Result<JoinHandle<()>, HistoryError> {
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(|error| {
        HistoryError::Stopped { reason: format!("cannot start a thread: {error}").into() }
    })
}
