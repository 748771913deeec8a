//! The sequencing thread over the local journal: whatever waits becomes one durable batch.
//!
//! It decides order and time of entries, and passes them on once they are on disk. Another source of
//! ordered entries takes this module's place by doing the same: take from the intake, make durable,
//! hand to [`Pipeline::apply`] in order, and answer what cannot be.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use openmart_journal::{AppendError, CommitError, Journal, Space};
use openmart_model::Timestamp;

use crate::clock::Clock;
use crate::error::SubmitError;
use crate::intake::{Lane, Waiting};
use crate::options::Options;
use crate::pipeline::{Entry, Pipeline};

/// Pause for each command of a batch while history is as far behind as it may be; in proportion from
/// half of that on. Several times what writing a row takes, so that history catches up before
/// everybody has to wait for it.
const PAUSE_PER_COMMAND: Duration = Duration::from_micros(100);

/// Longest pause after a batch.
const PAUSE_MAX: Duration = Duration::from_millis(20);

pub(crate) struct Sequencer {
    journal: Journal,
    pipeline: Arc<Pipeline>,
    clock: Arc<dyn Clock>,
    batch_entries_max: usize,
    snapshot_entries: u64,
    /// Rows that history may be behind.
    lag_rows_max: usize,
    /// Whether the journal looks for space in a thread of its own.
    background: bool,
    /// Time of the last entry.
    time: Timestamp,
    /// Entries in the journal's batch that are not durable yet.
    staged: Vec<Entry>,
    /// The command that was to be staged when the journal broke.
    unstaged: Option<Waiting>,
    /// Where the last snapshot was asked for.
    snapshot_asked: u64,
}

/// The journal broke: nothing more can be made durable.
struct Broken {
    reason: Arc<str>,
    /// Whether what was staged may be on disk all the same.
    in_doubt: bool,
}

impl Sequencer {
    pub(crate) fn new(journal: Journal, pipeline: Arc<Pipeline>, options: &Options) -> Self {
        let time = pipeline.view(|state| state.time());
        let snapshot_asked = pipeline.gauges.snapshot_sequence.load(Ordering::Relaxed);
        pipeline.gauges.set_space(journal.space());
        Self {
            journal,
            pipeline,
            clock: options.clock.clone(),
            batch_entries_max: options.batch_entries_max,
            snapshot_entries: options.snapshot_entries,
            lag_rows_max: options.history.lag_rows_max,
            background: options.journal.background,
            time,
            staged: Vec::new(),
            unstaged: None,
            snapshot_asked,
        }
    }

    /// Runs until the intake is closed and empty, or the journal breaks. Gives the journal back.
    pub(crate) fn run(mut self) -> Journal {
        let _guard = FailOnPanic(self.pipeline.clone());
        let mut batch = Vec::with_capacity(self.batch_entries_max);
        while self.pipeline.intake.take(self.batch_entries_max, &mut batch) {
            let commands = batch.len();
            if !self.carry_out(&mut batch) {
                break;
            }
            self.pace(commands);
        }
        self.journal
    }

    /// Leaves history some time once it is far behind, a little after each batch instead of a whole
    /// transaction's time when it can take no more.
    fn pace(&self, commands: usize) {
        let half = (self.lag_rows_max / 2).max(1);
        // What is behind is in the tail too, which counts a trade as two rows where history has three.
        let tail_rows = self.pipeline.gauges.tail_rows.load(Ordering::Relaxed);
        if tail_rows.saturating_mul(2) <= half as u64 {
            return;
        }
        let over = self.pipeline.history.status().lag_rows.saturating_sub(half);
        if over > 0 {
            let share = (over as f64 / half as f64).min(1.0);
            let pause = PAUSE_PER_COMMAND.mul_f64(commands as f64 * share);
            std::thread::sleep(pause.min(PAUSE_MAX));
        }
    }

    /// As one turn of [`run`](Self::run), without waiting: up to so many commands of those that wait
    /// now. Whether the journal is whole.
    pub(crate) fn step(&mut self, entries_max: usize) -> bool {
        let mut batch = Vec::new();
        self.pipeline.intake.take_now(entries_max.min(self.batch_entries_max), &mut batch);
        batch.is_empty() || self.carry_out(&mut batch)
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Makes a batch durable, applies it and answers. False: the journal broke.
    fn carry_out(&mut self, batch: &mut Vec<Waiting>) -> bool {
        self.look_for_space();
        self.time = self.time.max(self.clock.now());
        let mut rest = batch.drain(..);
        let done = rest.try_for_each(|waiting| self.stage(waiting));
        if let Err(broken) = done.and_then(|()| self.commit()) {
            self.fail(&broken, rest);
            return false;
        }
        drop(rest);
        self.ask_for_snapshot();
        true
    }

    /// Adds a command to the journal's batch, or answers why not.
    fn stage(&mut self, waiting: Waiting) -> Result<(), Broken> {
        if !self.has_space(&waiting) {
            self.refuse_disk_full(waiting);
            return Ok(());
        }
        let mut appended = self.append(&waiting);
        if let Err(AppendError::BatchFull) = appended {
            if let Err(broken) = self.commit() {
                self.unstaged = Some(waiting);
                return Err(broken);
            }
            appended = self.append(&waiting);
        }
        match appended {
            Ok(sequence) => {
                let Waiting { command, answer } = waiting;
                self.staged.push(Entry { sequence, time: self.time, command, answer });
            }
            Err(AppendError::Full) => self.refuse_disk_full(waiting),
            Err(AppendError::PayloadTooLong { bytes, bytes_max }) => {
                let refusal = SubmitError::TooLong { bytes, limit: bytes_max };
                waiting.answer.send(Err(refusal));
            }
            Err(error) => {
                self.unstaged = Some(waiting);
                return Err(Broken { reason: Arc::from(error.to_string()), in_doubt: false });
            }
        }
        Ok(())
    }

    fn append(&mut self, waiting: &Waiting) -> Result<u64, AppendError> {
        self.journal.append_with(self.time.0, |buffer| waiting.command.encode(buffer))
    }

    /// Makes the batch durable and passes it on.
    fn commit(&mut self) -> Result<(), Broken> {
        if self.staged.is_empty() {
            return Ok(());
        }
        let committed = self.journal.commit();
        self.pipeline.gauges.set_space(self.journal.space());
        match committed {
            Ok(()) => {
                self.pipeline.gauges.batches.fetch_add(1, Ordering::Relaxed);
                self.pipeline.apply(&mut self.staged);
                Ok(())
            }
            // Nothing was written, and the sequences are free again.
            Err(CommitError::Full) => {
                for entry in std::mem::take(&mut self.staged) {
                    self.refuse_disk_full(entry.into());
                }
                Ok(())
            }
            Err(error) => Err(Broken { reason: Arc::from(error.to_string()), in_doubt: true }),
        }
    }

    /// Stops the pipeline, then tells everybody who waits.
    fn fail(&mut self, broken: &Broken, rest: impl Iterator<Item = Waiting>) {
        let Broken { reason, in_doubt } = broken;
        let mut staged = std::mem::take(&mut self.staged);
        let doubtful = if *in_doubt { std::mem::take(&mut staged) } else { Vec::new() };
        let unstaged = self.unstaged.take();
        self.pipeline
            .fail(reason, staged.into_iter().map(Waiting::from).chain(unstaged).chain(rest));
        for entry in doubtful {
            entry.answer.send(Err(SubmitError::InDoubt { reason: reason.clone() }));
        }
    }

    /// Whether the disk leaves room for this command: what is left in the end is for cancels.
    fn has_space(&self, waiting: &Waiting) -> bool {
        match self.journal.space() {
            Space::Ample => true,
            Space::Reserve => Lane::of(&waiting.command) == Lane::Cancels,
            Space::Exhausted => false,
        }
    }

    fn look_for_space(&mut self) {
        if self.journal.space() != Space::Ample && !self.background {
            self.journal.retry_space();
        }
        self.pipeline.gauges.set_space(self.journal.space());
    }

    fn refuse_disk_full(&self, waiting: Waiting) {
        self.pipeline.gauges.disk_full.fetch_add(1, Ordering::Relaxed);
        waiting.answer.send(Err(SubmitError::DiskFull));
    }

    fn ask_for_snapshot(&mut self) {
        let sequence = self.journal.last_sequence();
        if self.snapshot_entries > 0 && sequence - self.snapshot_asked >= self.snapshot_entries {
            self.snapshot_asked = sequence;
            self.pipeline.snapshots.ask();
        }
    }
}

impl From<Entry> for Waiting {
    fn from(Entry { command, answer, .. }: Entry) -> Self {
        Self { command, answer }
    }
}

/// Stops the pipeline when its thread panics, so that nobody waits for ever.
struct FailOnPanic(Arc<Pipeline>);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let reason = Arc::from("a broken invariant stopped the sequencing thread, see the log");
            self.0.fail(&reason, std::iter::empty());
        }
    }
}
