//! Snapshots made beside the running pipeline: the newest snapshot and the entries since, replayed
//! by a thread of its own into a state of its own. The live state is never touched or waited for.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use openmart_journal::{Journal, Reader, SnapshotWriter, Storage};
use openmart_model::{Command, Timestamp};

use crate::error::SnapshotError;
use crate::pending::{PendingSnapshot, SnapshotAnswer};
use crate::pipeline::Pipeline;
use crate::state::State;

/// Entries that are replayed before other threads may go first: half a millisecond or so. On a core that
/// all share, nobody should wait for a snapshot longer than for a slice of it.
const ENTRIES_BETWEEN_TURNS: u64 = 1024;

/// Where snapshots are asked for.
#[derive(Default, Debug)]
pub(crate) struct SnapshotDesk {
    asked: Mutex<Asked>,
    rung: Condvar,
}

#[derive(Default, Debug)]
struct Asked {
    one: bool,
    answers: Vec<SnapshotAnswer>,
    /// Why there are no more, once there are none.
    closed: Option<&'static str>,
}

impl SnapshotDesk {
    /// Asks for a snapshot that nobody waits for.
    pub(crate) fn ask(&self) {
        self.lock().one = true;
        self.rung.notify_all();
    }

    /// Asks for a snapshot and waits for it elsewhere.
    pub(crate) fn request(&self) -> PendingSnapshot {
        let (answer, pending) = PendingSnapshot::new();
        let mut asked = self.lock();
        if let Some(reason) = asked.closed {
            let _ = answer.send(Err(stopped(reason)));
        } else {
            asked.one = true;
            asked.answers.push(answer);
            drop(asked);
            self.rung.notify_all();
        }
        pending
    }

    /// Lets the thread end, now if it is at work. The first reason stays.
    pub(crate) fn close(&self, reason: &'static str) {
        let mut asked = self.lock();
        asked.closed.get_or_insert(reason);
        for answer in asked.answers.drain(..) {
            let _ = answer.send(Err(stopped(reason)));
        }
        self.rung.notify_all();
    }

    /// Waits until a snapshot is asked for. Nothing: closed.
    fn take(&self) -> Option<Vec<SnapshotAnswer>> {
        let mut asked = self.lock();
        while !asked.one && asked.closed.is_none() {
            asked = self.rung.wait(asked).unwrap_or_else(PoisonError::into_inner);
        }
        asked.one = false;
        asked.closed.is_none().then(|| std::mem::take(&mut asked.answers))
    }

    /// Takes what is asked for now, if anything is.
    fn take_now(&self) -> Option<Vec<SnapshotAnswer>> {
        let mut asked = self.lock();
        let wanted = std::mem::take(&mut asked.one) && asked.closed.is_none();
        wanted.then(|| std::mem::take(&mut asked.answers))
    }

    fn closed(&self) -> Option<&'static str> {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        // Nothing under this lock can leave it half changed.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of a core that all want, this thread gets a tenth of what another gets, and is put aside as soon as
/// another wakes up. A snapshot may take longer; whoever waits for an answer should not.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lets the thread that calls it go behind all others. Where that cannot be, it is only slower for them.
fn step_back() {
    // Elsewhere priorities are those of whole processes.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// The thread that makes snapshots.
pub(crate) struct Snapshotter {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) writer: SnapshotWriter,
}

impl Snapshotter {
    /// Runs until the desk is closed.
    pub(crate) fn run(self) {
        step_back();
        let _guard = CloseAtEnd(self.pipeline.clone());
        while let Some(answers) = self.pipeline.snapshots.take() {
            self.answer(answers);
        }
    }

    /// As one turn of [`run`](Self::run), without waiting. Whether a snapshot had been asked for.
    pub(crate) fn step(&self) -> bool {
        let asked = self.pipeline.snapshots.take_now();
        asked.map(|answers| self.answer(answers)).is_some()
    }

    fn answer(&self, answers: Vec<SnapshotAnswer>) {
        let made = self.make();
        if made.is_err() {
            self.pipeline.gauges.snapshots_failed.fetch_add(1, Ordering::Relaxed);
        }
        for answer in answers {
            let _ = answer.send(made.clone());
        }
    }

    /// Makes a snapshot of what is applied now. Without anything new there is nothing to do.
    fn make(&self) -> Result<u64, SnapshotError> {
        let gauges = &self.pipeline.gauges;
        let target = gauges.sequence.load(Ordering::Acquire);
        if target == gauges.snapshot_sequence.load(Ordering::Relaxed) {
            return Ok(target);
        }
        let mut state = self.newest()?;
        let chain = self.replay(&mut state, target)?;
        check(&state)?;
        let (digest, image) = (state.engine.digest(), state.to_image());
        // Before the wait for history: two states and an image are all that a snapshot ever takes.
        drop(state);
        keep(&self.pipeline, &self.writer, target, &chain, digest, &image)?;
        Ok(target)
    }

    /// The state of the newest snapshot, which the disk has: in memory it would take nearly as much as
    /// the open orders themselves. Without one, the state before the first entry.
    fn newest(&self) -> Result<State, SnapshotError> {
        match self.writer.newest() {
            Some(snapshot) => State::from_image(&snapshot.bytes).map_err(failed),
            None => Ok(State::new()),
        }
    }

    /// Applies the entries up to `target`; gives the hash chain there.
    fn replay(&self, state: &mut State, target: u64) -> Result<[u8; 32], SnapshotError> {
        let from = state.sequence() + 1;
        let mut reader = Reader::open(self.storage.clone(), from).map_err(failed)?;
        let mut events = Vec::new();
        while let Some(entry) = reader.next_entry(target).map_err(failed)? {
            if let Some(reason) = self.pipeline.snapshots.closed() {
                return Err(stopped(reason));
            }
            let command = Command::decode(entry.payload).map_err(failed)?;
            events.clear();
            let time = Timestamp(entry.time_ms);
            let _ = state.replay(entry.sequence, time, &command, &mut events);
            if entry.sequence.is_multiple_of(ENTRIES_BETWEEN_TURNS) {
                std::thread::yield_now();
            }
        }
        Ok(reader.chain())
    }
}

/// Checks a state and writes it as a snapshot.
pub(crate) fn write(
    pipeline: &Pipeline,
    writer: &SnapshotWriter,
    state: &State,
    chain: &[u8; 32],
) -> Result<(), SnapshotError> {
    check(state)?;
    keep(pipeline, writer, state.sequence(), chain, state.engine.digest(), &state.to_image())
}

fn check(state: &State) -> Result<(), SnapshotError> {
    state.engine.check().map_err(failed)
}

/// Writes a snapshot.
///
/// A start replays only what comes after a snapshot, so history must have the rest before there is
/// one.
fn keep(
    pipeline: &Pipeline,
    writer: &SnapshotWriter,
    sequence: u64,
    chain: &[u8; 32],
    digest: u64,
    image: &[u8],
) -> Result<(), SnapshotError> {
    pipeline.history.flush(sequence).map_err(failed)?;
    writer.write(sequence, chain, digest, image).map_err(failed)?;
    pipeline.gauges.snapshot_sequence.store(sequence, Ordering::Relaxed);
    pipeline.gauges.snapshots.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Writes a snapshot of the live state, when nothing else runs any more.
pub(crate) fn write_last(pipeline: &Pipeline, journal: &Journal) -> Result<(), SnapshotError> {
    let sequence = journal.last_sequence();
    if sequence == pipeline.status().snapshot_sequence {
        return Ok(());
    }
    let writer = journal.snapshot_writer();
    pipeline.view(|state| {
        assert_eq!(state.sequence(), sequence, "everything durable has been applied");
        write(pipeline, &writer, state, &journal.chain())
    })?;
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> SnapshotError {
    SnapshotError::Failed { reason: Arc::from(error.to_string()) }
}

fn stopped(reason: &str) -> SnapshotError {
    SnapshotError::Stopped { reason: Arc::from(reason) }
}

/// Closes the desk when its thread ends, also by a panic, so that nobody waits for ever.
struct CloseAtEnd(Arc<Pipeline>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.snapshots.close("the snapshot thread has ended");
    }
}
