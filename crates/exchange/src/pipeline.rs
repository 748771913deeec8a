//! What every part of the pipeline shares, and its last stage: durable entries become state,
//! updates and answers.
//!
//! Ordered, durable entries enter by [`Pipeline::apply`], from whichever sequencer there is.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, RwLock};
use std::task::Waker;

use openmart_history::{Batch, History};
use openmart_journal::Space;
use openmart_model::{Command, Event, Timestamp};

use crate::error::SubmitError;
use crate::intake::{Intake, Waiting};
use crate::pending::{Answer, Receipt};
use crate::rounds::Rounds;
use crate::snapshots::SnapshotDesk;
use crate::state::State;
use crate::status::{Condition, Counters, Status};
use crate::subscription::{Publisher, Update};

/// Entries applied before readers get their turn again.
const ENTRIES_PER_TURN: usize = 64;

/// Rows of the tail dropped in each turn, and twice as many as the turn added: the tail shrinks faster
/// than it grows, and no turn takes much longer than others.
const TAIL_ROWS_DROPPED: usize = 256;

/// Most commands have no more events.
const EVENTS_USUAL: usize = 16;

/// A durable entry that is to be applied.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) time: Timestamp,
    pub(crate) command: Command,
    pub(crate) answer: Answer,
}

#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) intake: Intake,
    pub(crate) rounds: Rounds,
    pub(crate) publisher: Publisher,
    pub(crate) snapshots: SnapshotDesk,
    pub(crate) gauges: Gauges,
    pub(crate) history: History,
    state: RwLock<State>,
    /// Why it broke, once it has.
    failure: OnceLock<Arc<str>>,
    /// Why it takes no more commands: the failure, or that it was closed.
    stopped: OnceLock<Arc<str>>,
}

/// Figures for the status. Each is right, or was a moment ago.
#[derive(Default, Debug)]
pub(crate) struct Gauges {
    pub(crate) sequence: AtomicU64,
    pub(crate) orders_open: AtomicU64,
    pub(crate) tail_rows: AtomicU64,
    pub(crate) snapshot_sequence: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) disk_full: AtomicU64,
    pub(crate) snapshots: AtomicU64,
    pub(crate) snapshots_failed: AtomicU64,
    space: AtomicU8,
}

impl Pipeline {
    pub(crate) fn new(
        state: State,
        history: History,
        intake: Intake,
        snapshot_sequence: u64,
    ) -> Self {
        let gauges = Gauges::default();
        gauges.sequence.store(state.sequence(), Ordering::Relaxed);
        gauges.orders_open.store(state.engine.orders_open() as u64, Ordering::Relaxed);
        gauges.snapshot_sequence.store(snapshot_sequence, Ordering::Relaxed);
        Self {
            intake,
            rounds: Rounds::default(),
            publisher: Publisher::default(),
            snapshots: SnapshotDesk::default(),
            gauges,
            history,
            state: RwLock::new(state),
            failure: OnceLock::new(),
            stopped: OnceLock::new(),
        }
    }

    /// Reads the state.
    ///
    /// # Panics
    /// If applying an entry panicked: the state may be half changed, and nobody may see it.
    pub(crate) fn view<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        let state = self.state.read().expect("the state is whole: no entry failed half-way");
        read(&state)
    }

    /// Applies durable entries in order, tells subscribers, then answers. Leaves `entries` empty.
    pub(crate) fn apply(&self, entries: &mut Vec<Entry>) {
        let mut events = Vec::with_capacity(EVENTS_USUAL);
        let mut answers = Vec::with_capacity(entries.len().min(ENTRIES_PER_TURN));
        let (mut updates, mut readers) = (Vec::new(), Vec::with_capacity(entries.len()));
        let mut entries = entries.drain(..);
        while entries.len() > 0 {
            // This only reads, so that readers are not kept waiting for memory.
            let coming = entries.as_slice().iter().map(|entry| &entry.command);
            self.view(|state| state.engine.look_ahead(coming));
            let turn = entries.by_ref().take(ENTRIES_PER_TURN);
            let batch = self.apply_turn(turn, &mut events, &mut answers, &mut updates);
            self.hand_to_history(batch);
            if !updates.is_empty() {
                self.publisher.publish(updates.drain(..));
            }
            for (answer, receipt) in answers.drain(..) {
                readers.extend(answer.put(Ok(receipt)));
            }
        }
        self.deliver(&mut readers);
    }

    /// Has readers of inboxes woken. They will likely ask for more: the next batch waits for them.
    fn deliver(&self, readers: &mut Vec<Waker>) {
        if readers.is_empty() {
            return;
        }
        // Before the delivery, or a bell in between would be lost.
        self.intake.hush();
        if !self.rounds.deliver(readers) {
            self.intake.ring();
        }
    }

    fn apply_turn(
        &self,
        turn: impl ExactSizeIterator<Item = Entry>,
        events: &mut Vec<Event>,
        answers: &mut Vec<(Answer, Receipt)>,
        updates: &mut Vec<Update>,
    ) -> Batch {
        let gauges = &self.gauges;
        let commands = turn.len() as u64;
        let (mut rejected, mut batch) = (0, Batch::default());
        let mut state = self.state.write().expect("only this thread writes, and it has not failed");
        let wanted = self.publisher.has_subscribers();
        for Entry { sequence, time, command, answer } in turn {
            events.clear();
            let result = state.apply(sequence, time, &command, events);
            let time = state.time();
            if wanted && !events.is_empty() {
                updates.push(Update { sequence, time, events: Arc::from(events.as_slice()) });
            }
            batch.add(sequence, time, events);
            rejected += u64::from(result.is_err());
            answers.push((answer, Receipt { sequence, time, result }));
        }
        let dropped = TAIL_ROWS_DROPPED + 2 * batch.rows();
        state.tail.trim(self.history.trim_through(), dropped);
        state.tail.add(&batch);
        gauges.sequence.store(state.sequence(), Ordering::Release);
        gauges.orders_open.store(state.engine.orders_open() as u64, Ordering::Relaxed);
        gauges.tail_rows.store(state.tail.rows() as u64, Ordering::Relaxed);
        drop(state);
        gauges.commands.fetch_add(commands, Ordering::Relaxed);
        gauges.rejected.fetch_add(rejected, Ordering::Relaxed);
        batch
    }

    /// Waits when history is too far behind, so that memory stays bounded. When it can write no more,
    /// nothing more is taken either: what was applied stays readable in the tail.
    fn hand_to_history(&self, batch: Batch) {
        if let Err(error) = self.history.push(batch) {
            self.fail(&Arc::from(error.to_string()), std::iter::empty());
        }
    }

    /// Takes no more commands. What waits is still carried out.
    pub(crate) fn close(&self, reason: &str) {
        let reason = self.stopped.get_or_init(|| Arc::from(reason));
        self.intake.close(reason);
    }

    /// Takes no more commands, and answers all that wait that they were not carried out.
    pub(crate) fn fail(&self, reason: &Arc<str>, rest: impl Iterator<Item = Waiting>) {
        let _ = self.failure.set(reason.clone());
        let _ = self.stopped.set(reason.clone());
        let queued = self.intake.empty(reason);
        self.publisher.stop();
        for waiting in rest.chain(queued) {
            waiting.answer.send(Err(SubmitError::Stopped { reason: reason.clone() }));
        }
    }

    /// Why it broke, if it has.
    pub(crate) fn failure(&self) -> Option<&Arc<str>> {
        self.failure.get()
    }

    /// Why it takes no more commands, if it does not.
    pub(crate) fn stopped(&self) -> Option<&Arc<str>> {
        self.failure.get().or(self.stopped.get())
    }

    pub(crate) fn status(&self) -> Status {
        let gauges = &self.gauges;
        let read = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
        let (queued_cancels, queued_orders) = self.intake.depths();
        let journal_space = gauges.space();
        let condition = match (self.stopped(), journal_space) {
            (Some(reason), _) => Condition::Stopped { reason: reason.clone() },
            (None, Space::Ample) => Condition::Running,
            (None, Space::Reserve | Space::Exhausted) => Condition::DiskFull,
        };
        let history = self.history.status();
        let counters = Counters {
            commands: read(&gauges.commands),
            rejected: read(&gauges.rejected),
            batches: read(&gauges.batches),
            overloaded: self.intake.overloaded(),
            disk_full: read(&gauges.disk_full),
            subscriptions_cut: self.publisher.cut(),
            snapshots: read(&gauges.snapshots),
            snapshots_failed: read(&gauges.snapshots_failed),
        };
        Status {
            condition,
            sequence: read(&gauges.sequence),
            snapshot_sequence: read(&gauges.snapshot_sequence),
            queued_cancels,
            queued_orders,
            orders_open: read(&gauges.orders_open),
            journal_space,
            history,
            tail_rows: read(&gauges.tail_rows),
            counters,
        }
    }
}

impl Gauges {
    pub(crate) fn set_space(&self, space: Space) {
        let number = match space {
            Space::Ample => 0,
            Space::Reserve => 1,
            Space::Exhausted => 2,
        };
        self.space.store(number, Ordering::Relaxed);
    }

    fn space(&self) -> Space {
        match self.space.load(Ordering::Relaxed) {
            0 => Space::Ample,
            1 => Space::Reserve,
            _ => Space::Exhausted,
        }
    }
}
