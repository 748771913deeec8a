//! One run of journal and engine, from a disk as it is to the end of its pace, and the start that
//! finds what it left.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openmart_engine::Engine;
use openmart_journal::{Journal, MemoryStorage, Options, Recovery, Storage};
use openmart_model::{Command, Reader, Timestamp, Writer};

use crate::script::Script;
use crate::watched::{Look, Step, Watched};

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Commands in a batch: 1, 2, and so on up to this, then 1 again.
    pub(crate) batch_max: u64,
    /// Batches between two snapshots.
    pub(crate) snapshot_every: usize,
    /// Batches after which it ends, besides those that fall into snapshots.
    pub(crate) batches: usize,
}

/// What the clients know.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Known {
    pub(crate) acknowledged: u64,
    /// Acknowledged, and the batch that is being written.
    pub(crate) attempted: u64,
}

pub(crate) struct Life {
    pub(crate) script: Arc<Script>,
    pub(crate) options: Options,
    pace: Pace,
    known: Mutex<Known>,
    running: Mutex<Option<Running>>,
}

struct Running {
    journal: Journal,
    engine: Engine,
}

impl Life {
    pub(crate) fn new(
        script: impl Into<Arc<Script>>,
        options: Options,
        pace: Pace,
        known: Known,
    ) -> Self {
        let (known, running) = (Mutex::new(known), Mutex::new(None));
        Self { script: script.into(), options, pace, known, running }
    }

    /// The life after this one was cut, when the clients knew that.
    pub(crate) fn after_cut(&self, pace: Pace, known: Known) -> Self {
        Self::new(self.script.clone(), self.options.clone(), pace, known)
    }

    pub(crate) fn known(&self) -> Known {
        *self.known.lock().expect("nobody panicked")
    }

    /// Looks at the disk before each step with what the clients know. While a snapshot is being
    /// written, commands go on: a batch before each of its steps.
    pub(crate) fn interleaved(
        self: &Arc<Self>,
        look: impl Fn(&MemoryStorage, Step, Known) + Send + Sync + 'static,
    ) -> Look {
        let life = self.clone();
        Box::new(move |disk, step| {
            if let Step::WriteSnapshot | Step::SyncSnapshot | Step::RenameSnapshot | Step::Remove =
                step
                && let Ok(mut running) = life.running.try_lock()
                && let Some(running) = running.as_mut()
            {
                life.commit(running);
            }
            look(disk, step, life.known());
        })
    }

    /// Starts from the disk, and carries out what the script has left.
    pub(crate) fn run(&self, disk: &Watched) {
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        let (journal, mut recovery) =
            Journal::open(storage, self.options.clone()).expect("a sound folder");
        let engine = rebuilt(&mut recovery, "a start");
        let found = engine.sequence();
        *self.known.lock().expect("nobody panicked") =
            Known { acknowledged: found, attempted: found };
        *self.running() = Some(Running { journal, engine });
        for batch in 1..=self.pace.batches {
            if !self.running().as_mut().is_some_and(|running| self.commit(running)) {
                break;
            }
            if batch % self.pace.snapshot_every == 0 {
                self.snapshot();
            }
        }
        disk.end();
        *self.running() = None;
    }

    /// Lets go of the disk after a kill.
    pub(crate) fn forget(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().expect("nobody panicked")
    }

    /// Commits the next batch; false at the end of the script.
    fn commit(&self, running: &mut Running) -> bool {
        let Running { journal, engine } = running;
        let first = journal.last_sequence();
        let left = self.script.commands.len() as u64 - first;
        let batch = (first % self.pace.batch_max + 1).min(left);
        let commands = &self.script.commands[first as usize..(first + batch) as usize];
        for (time, command) in commands {
            let appended = journal.append_with(time.0, |buffer| command.encode(buffer));
            let sequence = appended.expect("a batch of few commands has room");
            self.known.lock().expect("nobody panicked").attempted = sequence;
        }
        journal.commit().expect("a disk without faults");
        self.known.lock().expect("nobody panicked").acknowledged = journal.last_sequence();
        for (at, (time, command)) in commands.iter().enumerate() {
            let _ = engine.apply(first + 1 + at as u64, *time, command, &mut Vec::new());
        }
        batch > 0
    }

    fn snapshot(&self) {
        let (writer, sequence, chain, digest, bytes) = {
            let mut running = self.running();
            let Running { journal, engine } = running.as_mut().expect("it runs");
            let mut bytes = Vec::new();
            engine.snapshot(&mut Writer::new(&mut bytes));
            let sequence = journal.last_sequence();
            (journal.snapshot_writer(), sequence, journal.chain(), engine.digest(), bytes)
        };
        writer.write(sequence, &chain, digest, &bytes).expect("a disk without faults");
    }
}

/// What a start found.
pub(crate) struct Found {
    pub(crate) sequence: u64,
    pub(crate) torn_tail: bool,
    pub(crate) from_snapshot: bool,
}

/// Starts from what a cut left, and holds it against what the clients know and the oracle says.
pub(crate) fn recover(
    image: &MemoryStorage,
    options: &Options,
    script: &Script,
    known: Known,
    what: &str,
) -> Found {
    let opened = Journal::open(Arc::new(image.clone()), options.clone());
    let (_journal, mut recovery) = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
    let from_snapshot = recovery.snapshot.is_some();
    assert!(recovery.damaged_snapshots.is_empty(), "{what}: {recovery:?}");
    let engine = rebuilt(&mut recovery, what);
    let sequence = engine.sequence();
    let whole = sequence == known.acknowledged || sequence == known.attempted;
    assert!(whole, "{what}: found {sequence}");
    script.compare(&engine, what);
    Found { sequence, torn_tail: recovery.torn_tail.is_some(), from_snapshot }
}

/// The engine that snapshot and entries lead to.
fn rebuilt(recovery: &mut Recovery, what: &str) -> Engine {
    let mut engine = match recovery.snapshot.take() {
        Some(snapshot) => {
            let engine = Engine::restore(&mut Reader::new(&snapshot.bytes)).expect("a state");
            assert_eq!((engine.sequence(), engine.digest()), (snapshot.sequence, snapshot.digest));
            engine
        }
        None => Engine::new(),
    };
    let mut events = Vec::new();
    let replayed = recovery.replay(|entry| {
        let command = Command::decode(entry.payload).expect("a command");
        events.clear();
        let _ = engine.apply(entry.sequence, Timestamp(entry.time_ms), &command, &mut events);
    });
    replayed.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(engine.check(), Ok(()), "{what}");
    engine
}
