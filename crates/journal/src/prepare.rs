//! Prepares segments before they are needed: the next one, and a reserve for a full disk. Both
//! are zeroed and synced first, so that a commit never waits for the allocation of space.
//!
//! The work runs in a thread of its own, or, for repeatable tests, inside `open` and `commit`.
//! This is also where a full disk is noticed, a whole segment before it hurts.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::error::{Blame, FileError};
use crate::format::{SECTOR_BYTES, is_blank};
use crate::names;
use crate::options::Options;
use crate::storage::{Access, Storage, StorageFile};

/// How long a failed preparation rests before it is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Bytes zeroed between two syncs: short enough that a commit which waits for the same disk
/// waits little.
const ZERO_BYTES: usize = 1 << 20;

/// A zeroed segment file, ready for use.
pub(crate) struct Spare {
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) number: u64,
    pub(crate) bytes: u64,
}

/// What a rotation found.
pub(crate) enum Taken {
    Spare(Spare),
    /// Neither a next segment nor a reserve, and no way to make one.
    Nothing,
}

/// Shared by the writer and the preparing thread.
pub(crate) struct Preparer {
    storage: Arc<dyn Storage>,
    options: Options,
    state: Mutex<State>,
    changed: Condvar,
    /// Copies of parts of the state that the writer reads for each entry.
    failed: AtomicBool,
    ready: AtomicBool,
}

struct State {
    /// The next segment to prepare; `None` while the one before it has no committed batch yet.
    wanted: Option<u64>,
    next: Option<Spare>,
    reserve: Option<(Arc<dyn StorageFile>, u64)>,
    failure: Option<String>,
    busy: bool,
    stop: bool,
}

impl State {
    fn has_work(&self) -> bool {
        (self.wanted.is_some() && self.next.is_none()) || self.reserve.is_none()
    }

    fn has_spare(&self) -> bool {
        self.next.is_some() || self.reserve.is_some()
    }
}

impl Preparer {
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        options: Options,
        wanted: Option<u64>,
        next: Option<Spare>,
        reserve: Option<(Arc<dyn StorageFile>, u64)>,
    ) -> Self {
        let state = State { wanted, next, reserve, failure: None, busy: false, stop: false };
        let ready = AtomicBool::new(state.has_spare());
        Self {
            storage,
            options,
            state: Mutex::new(state),
            changed: Condvar::new(),
            failed: AtomicBool::new(false),
            ready,
        }
    }

    /// Whether the last preparation failed; most likely the disk is full.
    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Whether a rotation would find a segment.
    pub(crate) fn ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// What the last preparation failed with.
    pub(crate) fn failure(&self) -> Option<String> {
        self.state().failure.clone()
    }

    /// Starts the preparing thread.
    pub(crate) fn start(self: &Arc<Self>) -> io::Result<JoinHandle<()>> {
        let preparer = self.clone();
        thread::Builder::new().name("journal-prepare".to_owned()).spawn(move || preparer.run())
    }

    /// Ends the thread after what it is doing now.
    pub(crate) fn stop(&self) {
        self.state().stop = true;
        self.changed.notify_all();
    }

    /// Asks for segment `number`, after the one before it holds a durable batch.
    pub(crate) fn want(&self, number: u64) {
        self.state().wanted = Some(number);
        self.after_change();
    }

    /// Tries again at once, because space may have been freed.
    pub(crate) fn retry(&self) {
        self.state().failure = None;
        self.after_change();
    }

    fn after_change(&self) {
        if self.options.background {
            self.changed.notify_all();
        } else {
            self.prepare_missing();
        }
    }

    /// Prepares the first segment of a new journal, without which there is nothing to write to.
    pub(crate) fn prepare_first(&self, number: u64) -> Result<(), FileError> {
        let spare = self.prepare_next(number)?;
        let mut state = self.state();
        state.next = Some(spare);
        self.publish(&state);
        Ok(())
    }

    /// Hands out segment `number` for use, waiting for it if it is being prepared.
    pub(crate) fn take(&self, number: u64) -> Result<Taken, FileError> {
        let mut state = self.state();
        loop {
            if let Some(spare) = state.next.take() {
                state.wanted = None;
                self.publish(&state);
                return Ok(Taken::Spare(spare));
            }
            if !state.busy && (state.failure.is_some() || !self.options.background) {
                return self.take_reserve(&mut state, number);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Turns the reserve into segment `number`. Under the lock, so that the thread cannot create
    /// the same segment meanwhile.
    fn take_reserve(&self, state: &mut State, number: u64) -> Result<Taken, FileError> {
        let Some((file, bytes)) = state.reserve.take() else {
            return Ok(Taken::Nothing);
        };
        state.wanted = None;
        self.publish(state);
        let name = names::segment(number);
        self.storage
            .rename(names::RESERVE, &name)
            .map_err(|source| self.storage.failed("create", &name, source))?;
        self.sync_folder()?;
        Ok(Taken::Spare(Spare { file, number, bytes }))
    }

    fn run(&self) {
        loop {
            let mut state = self.state();
            while !state.stop && (state.failure.is_some() || !state.has_work()) {
                let failed = state.failure.is_some();
                if !failed {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                let (woken, waited) =
                    self.changed.wait_timeout(state, RETRY).unwrap_or_else(PoisonError::into_inner);
                state = woken;
                if waited.timed_out() {
                    break;
                }
            }
            if state.stop {
                return;
            }
            drop(state);
            self.prepare_missing();
        }
    }

    /// Prepares whatever is missing.
    pub(crate) fn prepare_missing(&self) {
        let (reserve_missing, wanted) = {
            let mut state = self.state();
            state.busy = true;
            (state.reserve.is_none(), state.wanted.filter(|_| state.next.is_none()))
        };
        let mut failure = None;
        let next = wanted.map(|number| self.prepare_next(number));
        let reserve = reserve_missing.then(|| self.prepare_reserve());
        let mut state = self.state();
        match next {
            Some(Ok(spare)) => state.next = Some(spare),
            Some(Err(error)) => failure = Some(error.to_string()),
            None => {}
        }
        match reserve {
            Some(Ok(spare)) => state.reserve = Some(spare),
            Some(Err(error)) => failure = Some(error.to_string()),
            None => {}
        }
        state.busy = false;
        state.failure = failure;
        self.publish(&state);
        self.changed.notify_all();
    }

    fn prepare_next(&self, number: u64) -> Result<Spare, FileError> {
        let bytes = self.options.segment_bytes_of(number);
        let file = self.zeroed(&names::segment(number), bytes)?;
        Ok(Spare { file, number, bytes })
    }

    fn prepare_reserve(&self) -> Result<(Arc<dyn StorageFile>, u64), FileError> {
        let bytes = self.options.reserve_bytes;
        Ok((self.zeroed(names::RESERVE, bytes)?, bytes))
    }

    /// Creates a file of zeros under another name, and gives it its own once it is durable.
    fn zeroed(&self, name: &str, bytes: u64) -> Result<Arc<dyn StorageFile>, FileError> {
        let temporary = format!("{name}{}", names::TEMPORARY);
        let made = self.zero_file(&temporary, bytes).and_then(|file| {
            self.storage
                .rename(&temporary, name)
                .map_err(|source| self.storage.failed("create", name, source))?;
            self.sync_folder()?;
            Ok(file)
        });
        if made.is_err() {
            // Half a file would keep the space that others need.
            let _ = self.storage.remove(&temporary);
        }
        made
    }

    fn zero_file(&self, name: &str, bytes: u64) -> Result<Arc<dyn StorageFile>, FileError> {
        let failed = |action| move |source| self.storage.failed(action, name, source);
        let file = self.storage.create(name).map_err(failed("create"))?;
        let zeros = vec![0; ZERO_BYTES.min(bytes as usize)];
        let mut offset = 0;
        while offset < bytes {
            let step = zeros.len().min((bytes - offset) as usize);
            file.write_at(&zeros[..step], offset).map_err(failed("zero"))?;
            file.sync().map_err(failed("sync"))?;
            offset += step as u64;
        }
        Ok(file)
    }

    fn sync_folder(&self) -> Result<(), FileError> {
        self.storage
            .sync_folder()
            .map_err(|source| self.storage.failed("sync", "the folder", source))
    }

    fn publish(&self, state: &State) {
        self.failed.store(state.failure.is_some(), Ordering::Release);
        self.ready.store(state.has_spare(), Ordering::Release);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds this lock in a way that leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the reserve left by an earlier run, if it is long enough and still all zero.
pub(crate) fn existing_reserve(
    storage: &dyn Storage,
    bytes_min: u64,
) -> Option<(Arc<dyn StorageFile>, u64)> {
    let file = storage.open(names::RESERVE, Access::Write).ok()?;
    let bytes = file.size().ok()?;
    if bytes < bytes_min || !bytes.is_multiple_of(SECTOR_BYTES as u64) {
        return None;
    }
    let mut chunk = vec![0; ZERO_BYTES.min(bytes as usize)];
    let mut offset = 0;
    while offset < bytes {
        let read = file.read_at(&mut chunk, offset).ok()?;
        if read == 0 || !is_blank(&chunk[..read]) {
            return None;
        }
        offset += read as u64;
    }
    Some((file, bytes))
}
