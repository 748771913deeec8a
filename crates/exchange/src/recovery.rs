//! The way up: the newest snapshot, then the entries after it, checked before anybody sees them.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use openmart_engine::LOOK_AHEAD_MAX;
use openmart_history::{Location, Store, Tail};
use openmart_journal::{Damage, Journal, Recovery, SnapshotData, Storage, TornTail};
use openmart_model::{Command, Timestamp};

use crate::error::OpenError;
use crate::history::{CatchingUp, catch_up};
use crate::open_orders::OpenOrders;
use crate::options::Options;
use crate::state::State;

/// With fewer entries to replay, a thread that reads them costs more than it saves.
const READ_BESIDE_MIN: u64 = 16_384;

/// With fewer open orders, a thread that checks them costs more than it saves.
const CHECK_BESIDE_MIN: usize = 16_384;

/// Entries that go from the reading thread to the applying one together.
const CHUNK_ENTRIES: usize = 1_024;

/// Chunks that wait between the two: memory for some thousand entries.
const CHUNKS_AHEAD: usize = 8;

/// What was found in the data folder, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// Where the snapshot stands that the state was restored from; nothing if there was none.
    pub snapshot_sequence: Option<u64>,
    /// Entries applied after it.
    pub entries_replayed: u64,
    /// The last entry; 0 in a new folder.
    pub last_sequence: u64,
    /// Entries before the snapshot that were replayed for history alone, since its file was missing or
    /// too old: all of them, if any.
    pub history_entries: u64,
    /// Orders in the books.
    pub orders_open: usize,
    /// The batch that the last run had not finished writing, if there was one. Nobody was told that
    /// it was done; it was cut.
    pub torn_tail: Option<TornTail>,
    /// Newer snapshots that were damaged and put aside. The entries they covered were replayed.
    pub damaged_snapshots: Vec<Damage>,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.snapshot_sequence {
            Some(sequence) => write!(f, "restored the snapshot at sequence {sequence}")?,
            None => f.write_str("began without a snapshot")?,
        }
        let Self { entries_replayed, last_sequence, orders_open, elapsed, .. } = self;
        write!(f, ", replayed {entries_replayed} entries up to sequence {last_sequence}")?;
        write!(f, ", {orders_open} orders open, in {} ms", elapsed.as_millis())?;
        if self.history_entries > 0 {
            write!(f, "; rebuilt history from {} entries", self.history_entries)?;
        }
        if let Some(torn) = &self.torn_tail {
            write!(f, "; {torn}")?;
        }
        self.damaged_snapshots.iter().try_for_each(|damage| write!(f, "; put aside: {damage}"))
    }
}

/// A journal ready for writing, and the state it leads to.
pub(crate) struct Recovered {
    pub(crate) journal: Journal,
    pub(crate) state: State,
    /// History with everything up to the state.
    pub(crate) history: Store,
    pub(crate) report: RecoveryReport,
}

pub(crate) fn recover(
    storage: Arc<dyn Storage>,
    location: Location,
    options: &Options,
) -> Result<Recovered, OpenError> {
    let started = Instant::now();
    let (journal, mut recovery) = Journal::open(storage.clone(), options.journal.clone())?;
    // After the journal, which has taken the folder for this process.
    let mut history = Store::open(location)?;
    let snapshot_sequence = recovery.snapshot.as_ref().map(|snapshot| snapshot.sequence);
    let mut state = match recovery.snapshot.take() {
        Some(snapshot) => restore(&snapshot)?,
        None => State::new(),
    };
    let history_entries = catch_up(&storage, &recovery, &mut history, state.sequence())?;
    let entries_replayed = replay(&mut state, &mut recovery, &mut history)?;
    state.tail = Tail::after(state.sequence());
    // A state that was just read from a snapshot has been checked by that.
    check_and_list(&mut state, entries_replayed > 0)?;
    let report = RecoveryReport {
        snapshot_sequence,
        entries_replayed,
        last_sequence: state.sequence(),
        history_entries,
        orders_open: state.engine.orders_open(),
        torn_tail: recovery.torn_tail.take(),
        damaged_snapshots: std::mem::take(&mut recovery.damaged_snapshots),
        elapsed: started.elapsed(),
    };
    Ok(Recovered { journal, state, history, report })
}

/// Makes the lists of open orders, and checks every invariant at the same time if need be.
fn check_and_list(state: &mut State, check: bool) -> Result<(), OpenError> {
    let engine = &state.engine;
    let beside = check && engine.orders_open() >= CHECK_BESIDE_MIN;
    let at_once = if check && !beside { engine.check() } else { Ok(()) };
    let (checked, open) = thread::scope(|scope| {
        let checking = beside.then(|| scope.spawn(|| engine.check()));
        let open = OpenOrders::of(engine);
        // A panic of the check is that of the start.
        let checked = checking.map(|thread| thread.join().unwrap_or_else(|why| resume_unwind(why)));
        (checked.unwrap_or(at_once), open)
    });
    state.open = open;
    checked.map_err(|violation| OpenError::Invariant {
        sequence: state.sequence(),
        what: violation.to_string(),
    })
}

/// Restores a snapshot and holds it against what was written about it.
fn restore(snapshot: &SnapshotData) -> Result<State, OpenError> {
    let sequence = snapshot.sequence;
    let state = State::from_image(&snapshot.bytes)
        .map_err(|source| OpenError::SnapshotForm { sequence, source })?;
    if state.sequence() != sequence {
        return Err(OpenError::SnapshotSequence { sequence, found: state.sequence() });
    }
    let (expected, found) = (snapshot.digest, state.engine.digest());
    if found != expected {
        return Err(OpenError::SnapshotDigest { sequence, expected, found });
    }
    Ok(state)
}

/// Applies what comes after the snapshot. Much of it is read and checked by a thread beside this one:
/// hashing an entry takes about as long as carrying it out.
fn replay(
    state: &mut State,
    recovery: &mut Recovery,
    history: &mut Store,
) -> Result<u64, OpenError> {
    let before = state.sequence();
    let much = recovery.last_sequence - before >= READ_BESIDE_MIN;
    let (mut events, mut history) = (Vec::new(), CatchingUp::new(history));
    let mut apply = |chunk: &mut Chunk| {
        for batch in chunk.chunks(LOOK_AHEAD_MAX) {
            state.engine.look_ahead(batch.iter().map(|(_, _, command)| command));
            for (sequence, time, command) in batch {
                events.clear();
                // A refusal was an outcome then and is the same one now.
                let _ = state.replay(*sequence, *time, command, &mut events);
                history.add(*sequence, state.time(), &events)?;
            }
        }
        chunk.clear();
        Ok(())
    };
    match much {
        true => read_beside(recovery, apply)?,
        false => {
            let mut chunk = Chunk::new();
            while read(recovery, &mut chunk)? {
                apply(&mut chunk)?;
            }
        }
    }
    history.finish()?;
    Ok(state.sequence() - before)
}

/// Entries read and not yet applied.
type Chunk = Vec<(u64, Timestamp, Command)>;

/// Reads the next entries into an empty chunk. Whether there were any.
fn read(recovery: &mut Recovery, chunk: &mut Chunk) -> Result<bool, OpenError> {
    while chunk.len() < CHUNK_ENTRIES
        && let Some(entry) = recovery.next_entry()?
    {
        let sequence = entry.sequence;
        let command = Command::decode(entry.payload)
            .map_err(|source| OpenError::Entry { sequence, source })?;
        chunk.push((sequence, Timestamp(entry.time_ms), command));
    }
    Ok(!chunk.is_empty())
}

/// Applies chunk after chunk while a thread reads the next ones.
fn read_beside(
    recovery: &mut Recovery,
    mut apply: impl FnMut(&mut Chunk) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let (read_ones, to_apply) = sync_channel(CHUNKS_AHEAD);
    // Applied ones go back, so that their memory is used again.
    let (applied, to_fill) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            loop {
                let mut chunk: Chunk = to_fill.try_recv().unwrap_or_default();
                let more = read(recovery, &mut chunk);
                let last = !matches!(more, Ok(true));
                // Nobody is there any more if applying failed.
                if read_ones.send(more.map(|_| chunk)).is_err() || last {
                    return;
                }
            }
        });
        for chunk in to_apply {
            let mut chunk = chunk?;
            apply(&mut chunk)?;
            let _ = applied.send(chunk);
        }
        Ok(())
    })
}
