//! The thread that follows with a store, so that nobody waits for SQLite.
//!
//! Batches enter by [`History::push`] in order. They wait until there are enough of them or the oldest
//! has waited long enough, and are then written in one transaction. What waits is bounded: beyond
//! that, whoever pushes waits. A second thread copies the write-ahead log into the file, so that no
//! commit waits for that either.
//!
//! For simulation there is a follower without threads: its owner takes each step, and whoever would
//! wait takes steps instead.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::HistoryError;
use crate::facts::Batch;
use crate::readers::Readers;
use crate::reading::Reading;
use crate::schema;
use crate::store::{Place, Store, TRANSACTION_ROWS_MAX};

/// Rows that may wait to be written unless configured otherwise: about 100 MB with what the tail has
/// of them, some seconds of work. A burst is absorbed; an exchange that stays faster than SQLite
/// is slowed down to its pace.
pub const LAG_ROWS_MAX: usize = 250_000;

/// While the disk is full nobody is made to wait, so that cancels still work, until so many times
/// [`FollowerLimits::lag_rows_max`] wait. The journal's own reserve is used up long before.
const DISK_FULL_LAG_FACTOR: usize = 4;

/// How long a batch waits for others. Longer makes fewer and larger transactions, and a longer tail.
const GATHER: Duration = Duration::from_millis(50);

/// How long until a full disk is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Rows between two copies of the log into the file.
const CHECKPOINT_ROWS: usize = 50_000;

/// Length of the log at which the writing thread itself empties it, since copying beside it does not
/// keep up.
const LOG_BYTES_MAX: u64 = 512 << 20;

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
    steps: Option<Mutex<Follower>>,
    limits: FollowerLimits,
}

struct Threads {
    follower: JoinHandle<()>,
    checkpointer: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something for the follower to do.
    rung: Condvar,
    /// Something for the checkpointer to do.
    checkpoint: Condvar,
    /// Something got done.
    advanced: Condvar,
    applied: AtomicU64,
    /// What was applied one transaction before. A reader that began just before the last one still
    /// finds in the tail what it does not see in the file.
    applied_before: AtomicU64,
    transactions: AtomicU64,
}

#[derive(Default)]
struct Queue {
    batches: VecDeque<Batch>,
    rows_waiting: usize,
    /// Waiting ones and those being written.
    rows_lag: usize,
    /// Whether somebody is made to wait, so that nothing is gained by gathering more.
    pressed: bool,
    /// Since when the oldest waits.
    since: Option<Instant>,
    flush_wanted: u64,
    flushed: u64,
    checkpoint_wanted: bool,
    closing: bool,
    ended: bool,
    disk_full: Option<HistoryError>,
    broken: Option<HistoryError>,
}

impl Shared {
    fn following(store: &Store) -> Arc<Self> {
        let shared = Self::default();
        shared.applied.store(store.applied(), Ordering::Release);
        shared.applied_before.store(store.applied(), Ordering::Release);
        Arc::new(shared)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing under this lock can leave it half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let follower =
            Follower { store, shared: shared.clone(), rows_unchecked: 0, stepped: false };
        let follower = spawn("openmart-history", || follower.run())?;
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
        let threads = Mutex::new(Some(Threads { follower, checkpointer }));
        Ok(Self { shared, readers: Readers::new(place), threads, steps: None, limits })
    }

    /// As [`start`](Self::start), but without threads: what is pushed is written by
    /// [`step`](Self::step), and by whoever would otherwise wait for it. The log is copied into the
    /// file when the store is closed. Dropping it writes nothing more.
    pub fn stepped(store: Store, limits: FollowerLimits) -> Self {
        let shared = Shared::following(&store);
        let readers = Readers::new(store.place.clone());
        let follower = Follower { store, shared: shared.clone(), rows_unchecked: 0, stepped: true };
        let steps = Some(Mutex::new(follower));
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
            self.shared.rung.notify_one();
            queue = self.wait(queue)?;
        }
        let rows = batch.rows();
        queue.rows_waiting += rows;
        queue.rows_lag += rows;
        let first = queue.since.is_none();
        if first {
            queue.since = Some(Instant::now());
        }
        // Batches are joined as they come, so that many small ones cost no more than a large one.
        match queue.batches.back_mut() {
            Some(last) if last.rows() + rows <= TRANSACTION_ROWS_MAX => last.append(batch),
            _ => queue.batches.push_back(batch),
        }
        let many = queue.rows_waiting >= TRANSACTION_ROWS_MAX;
        let flush = queue.flush_wanted > queue.flushed;
        drop(queue);
        if first || many || flush {
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
        queue: MutexGuard<'a, Queue>,
    ) -> Result<MutexGuard<'a, Queue>, HistoryError> {
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
        Reading::begin(&self.readers)
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
        let Some(Threads { follower, checkpointer }) = threads else {
            return;
        };
        self.shared.lock().closing = true;
        self.shared.rung.notify_all();
        // A panic has been reported by the panic itself.
        let _ = follower.join();
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

struct Follower {
    store: Store,
    shared: Arc<Shared>,
    /// Rows written since the log was last copied into the file.
    rows_unchecked: usize,
    /// Whether it has no thread: then it never waits.
    stepped: bool,
}

/// What there is to do.
enum Task {
    Write(Batch),
    Flush,
    /// Nothing before so long; nothing at all without a time.
    Wait(Option<Duration>),
    End,
}

impl Follower {
    /// Runs until closing and everything is written, or it can write no more.
    fn run(mut self) {
        let _guard = EndAtLast(self.shared.clone());
        while let Some(task) = self.next() {
            if !self.carry_out(task) {
                return;
            }
        }
    }

    /// Does the next thing without waiting. Whether there was one.
    fn step(&mut self) -> bool {
        let mut queue = self.shared.lock();
        if queue.broken.is_some() {
            return false;
        }
        // A step is taken when it is time, whatever a clock says.
        queue.pressed = true;
        let task = self.task(&mut queue);
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
            queue = match self.task(&mut queue) {
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

    /// What there is to do now.
    fn task(&self, queue: &mut Queue) -> Task {
        let flush = queue.flush_wanted > queue.flushed;
        if !queue.batches.is_empty() {
            let age = queue.since.map_or(GATHER, |since| since.elapsed());
            let due = age >= GATHER || queue.rows_waiting >= TRANSACTION_ROWS_MAX;
            if !(due || flush || queue.pressed || queue.closing) {
                return Task::Wait(Some(GATHER - age));
            }
            queue.pressed = false;
            let Some(batch) = queue.batches.pop_front() else {
                return Task::Wait(None);
            };
            queue.rows_waiting -= batch.rows();
            queue.since = (!queue.batches.is_empty()).then(Instant::now);
            return Task::Write(batch);
        }
        if flush && self.store.applied() >= queue.flush_wanted {
            return Task::Flush;
        }
        if queue.closing { Task::End } else { Task::Wait(None) }
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
            match self.store.apply(batch) {
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

/// Copies the log into the file whenever asked, until closing.
fn checkpoints(connection: &Connection, shared: &Shared) {
    let mut queue = shared.lock();
    loop {
        if queue.checkpoint_wanted {
            queue.checkpoint_wanted = false;
            drop(queue);
            // What it cannot copy now it copies the next time; a broken disk breaks the writer.
            let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
            queue = shared.lock();
        } else if queue.ended {
            return;
        } else {
            queue = shared.checkpoint.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn log_bytes(place: &Place) -> u64 {
    let mut log = place.path.clone().into_os_string();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |log| log.len())
}

fn spawn<F: FnOnce() + Send + 'static>(name: &str, run: F) -> Result<JoinHandle<()>, HistoryError> {
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(|error| {
        HistoryError::Stopped { reason: format!("cannot start a thread: {error}").into() }
    })
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
