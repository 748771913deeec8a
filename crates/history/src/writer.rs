//! The thread that writes: one transaction after the other, and what follows from each.
//!
//! Without a thread, its owner takes each step. It knows nothing of who handed over what it writes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::backlog::{Shared, Task};
use crate::error::HistoryError;
use crate::facts::Batch;
use crate::store::{Place, Store};

/// How long until a full disk is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Rows between two copies of the log into the file.
const CHECKPOINT_ROWS: usize = 50_000;

/// Length of the log at which the writing thread itself empties it, since copying beside it does not
/// keep up.
const LOG_BYTES_MAX: u64 = 512 << 20;

pub(crate) struct Writer {
    store: Store,
    shared: Arc<Shared>,
    /// Rows written since the log was last copied into the file.
    rows_unchecked: usize,
    /// Whether it has no thread: then it never waits.
    stepped: bool,
}

impl Writer {
    pub(crate) fn new(store: Store, shared: Arc<Shared>, stepped: bool) -> Self {
        Self { store, shared, rows_unchecked: 0, stepped }
    }

    /// Runs until closing and everything is written, or it can write no more.
    pub(crate) fn run(mut self) {
        let _guard = EndAtLast(self.shared.clone());
        while let Some(task) = self.next() {
            if !self.carry_out(task) {
                return;
            }
        }
        // Whoever copies the file after an orderly end has everything in it. SQLite would do so for the
        // last connection, but not for one that only reads.
        let _ = self.store.truncate_log();
    }

    /// Does the next thing without waiting. Whether there was one.
    pub(crate) fn step(&mut self) -> bool {
        let mut queue = self.shared.lock();
        if queue.broken.is_some() {
            return false;
        }
        // A step is taken when it is time, whatever a clock says.
        queue.pressed = true;
        let task = queue.task(self.store.applied());
        queue.pressed = false;
        drop(queue);
        match task {
            Task::Wait(_) | Task::End => false,
            task => {
                self.carry_out(task);
                true
            }
        }
    }

    /// Waits for something to do. Nothing: the end.
    fn next(&mut self) -> Option<Task> {
        let shared = self.shared.clone();
        let mut queue = shared.lock();
        loop {
            queue = match queue.task(self.store.applied()) {
                Task::Wait(Some(time)) => {
                    let waited = shared.rung.wait_timeout(queue, time);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                Task::Wait(None) => shared.rung.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Task::End => return None,
                task => return Some(task),
            }
        }
    }

    /// Whether it can go on.
    fn carry_out(&mut self, task: Task) -> bool {
        let written = match &task {
            Task::Write(batch) => self.write(batch),
            Task::Flush | Task::Wait(_) | Task::End => Ok(()),
        };
        match written.and_then(|()| self.flush_if_wanted()) {
            Ok(()) => true,
            Err(error) => {
                self.shared.lock().broken = Some(error);
                false
            }
        }
    }

    /// Writes a batch, again and again while the disk is full.
    fn write(&mut self, batch: &Batch) -> Result<(), HistoryError> {
        loop {
            match self.apply(batch) {
                Ok(()) => break,
                Err(error) if error.is_disk_full() => self.wait_for_space(error)?,
                Err(error) => return Err(error),
            }
        }
        let shared = &self.shared;
        let before = shared.applied.swap(self.store.applied(), Ordering::AcqRel);
        shared.applied_before.store(before, Ordering::Release);
        shared.transactions.fetch_add(1, Ordering::Relaxed);
        self.rows_unchecked += batch.rows();
        let checkpoint = self.rows_unchecked >= CHECKPOINT_ROWS;
        if checkpoint {
            self.rows_unchecked = 0;
        }
        let mut queue = shared.lock();
        queue.rows_lag -= batch.rows();
        shared.tell(&queue);
        queue.disk_full = None;
        queue.checkpoint_wanted |= checkpoint;
        drop(queue);
        shared.advanced.notify_all();
        if checkpoint {
            shared.checkpoint.notify_one();
            if log_bytes(&self.store.place) > LOG_BYTES_MAX {
                // What cannot be copied now is copied later.
                let _ = self.store.truncate_log();
            }
        }
        Ok(())
    }

    /// Writes a transaction, and lets other threads go first now and then: whoever wakes on a busy core
    /// would otherwise wait until the scheduler's slice has ended. No lock is held then but
    /// SQLite's for writing, which nobody else asks for.
    fn apply(&mut self, batch: &Batch) -> Result<(), HistoryError> {
        if self.stepped {
            return self.store.apply(batch);
        }
        let (shared, mut rows) = (&self.shared, 0);
        self.store.apply_in_turns(batch, &mut || {
            rows += 1;
            if rows >= shared.rows_between_turns() {
                rows = 0;
                std::thread::yield_now();
            }
        })
    }

    fn flush_if_wanted(&mut self) -> Result<(), HistoryError> {
        let applied = self.store.applied();
        let wanted = self.shared.lock().flush_wanted;
        if wanted > applied || wanted <= self.shared.lock().flushed {
            return Ok(());
        }
        loop {
            match self.store.sync() {
                Ok(()) => break,
                Err(error) if error.is_disk_full() => self.wait_for_space(error)?,
                Err(error) => return Err(error),
            }
        }
        let mut queue = self.shared.lock();
        queue.flushed = applied;
        self.shared.tell(&queue);
        queue.disk_full = None;
        drop(queue);
        self.shared.advanced.notify_all();
        Ok(())
    }

    /// Says that the disk is full and waits a while; when closing, or without a thread, gives up.
    fn wait_for_space(&self, error: HistoryError) -> Result<(), HistoryError> {
        let mut queue = self.shared.lock();
        if queue.closing || self.stepped {
            return Err(error);
        }
        // Whoever waits for a flush is told, and may ask again.
        queue.flush_wanted = queue.flushed;
        queue.disk_full = Some(error);
        self.shared.advanced.notify_all();
        let waited = self.shared.rung.wait_timeout_while(queue, RETRY, |queue| !queue.closing);
        drop(waited);
        Ok(())
    }
}

fn log_bytes(place: &Place) -> u64 {
    let mut log = place.path.clone().into_os_string();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |log| log.len())
}

/// Tells everybody when the thread ends, also by a panic, so that nobody waits for ever.
struct EndAtLast(Arc<Shared>);

impl Drop for EndAtLast {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        if std::thread::panicking() {
            let reason = Arc::from("a broken invariant stopped its thread, see the log");
            queue.broken = Some(HistoryError::Stopped { reason });
        }
        queue.ended = true;
        drop(queue);
        self.0.advanced.notify_all();
        self.0.checkpoint.notify_all();
    }
}
