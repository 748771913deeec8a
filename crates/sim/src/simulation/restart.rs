//! Ends and starts: what a crash leaves, and that the next start finds exactly what was acknowledged.

use std::sync::Arc;

use openmart_exchange::{CloseError, RecoveryReport, Stepped};
use openmart_journal::{CrashPolicy, MemoryStorage, Reader, Storage, verify};
use openmart_model::{Command, Timestamp};

use super::life::{Armed, End, Life};
use super::subscriber::Read;
use super::time::Start;

/// Changes of the disk within which a power cut meets a start.
const CUT_WITHIN: u64 = 30;

impl Life<'_> {
    /// Ends the exchange in one of three ways and starts it again.
    pub(super) fn restart(&mut self, end: End) -> Result<(), String> {
        let misdirected = self.storage.intended().is_some();
        if misdirected {
            return self.end_misdirected();
        }
        self.end(end)?;
        if self.plan.faults_per_mille > 0 && self.random.percent(15) {
            self.let_rot()?;
        }
        self.start()
    }

    /// Ends the exchange. Afterwards the storage is what the next start will find.
    pub(super) fn end(&mut self, end: End) -> Result<(), String> {
        self.trace.note(&[20, end as u64], || format!("end: {end:?}"));
        self.check_state(true)?;
        let history = self.running().status().history;
        self.past.follow(&history)?;
        match end {
            End::Close => return self.close(),
            End::Death => {
                self.die();
                self.tally.deaths += 1;
                self.time.pass_for_start(Start::Process, &self.storage);
            }
            End::Cut => {
                self.cut_power();
                self.exchange = None;
                if self.random.percent(50) {
                    self.past.cut_to_flushed()?;
                    self.tally.history_cut_back += 1;
                }
            }
        }
        self.clear_faults();
        self.bury()
    }

    /// The process is gone; the disk sees nothing of it.
    pub(super) fn die(&mut self) {
        self.storage.halt_after(0);
        self.exchange = None;
        self.storage.clear_faults();
    }

    /// The storage becomes what a power cut leaves of it.
    fn cut_power(&mut self) {
        let policy = match self.random.below(4) {
            0 => CrashPolicy::Drop,
            1 => CrashPolicy::Keep,
            _ => CrashPolicy::Mixed(self.random.bits()),
        };
        self.trace.note(&[21], || format!("the power is cut: {policy:?}"));
        self.storage = self.storage.crash_image(policy);
        self.full = false;
        self.tally.cuts += 1;
        self.time.pass_for_start(Start::Machine, &self.storage);
    }

    fn clear_faults(&mut self) {
        self.storage.clear_faults();
        self.armed = Armed::Nothing;
        self.broken = false;
    }

    /// What those learn who waited for the exchange that is gone.
    pub(super) fn bury(&mut self) -> Result<(), String> {
        for ticket in self.lanes.empty() {
            self.dropped(ticket.command);
        }
        for subscriber in std::mem::take(&mut self.subscribers) {
            if subscriber.read_rest(&self.model)? == Read::CutOff {
                self.tally.cut_off += 1;
            }
        }
        Ok(())
    }

    /// Closes in order: what waits is carried out first.
    fn close(&mut self) -> Result<(), String> {
        if matches!(self.armed, Armed::Misdirected { .. }) {
            // A write that goes astray ends with the death of the process, so that it can be judged.
            self.clear_faults();
        }
        while self.lanes.len() > 0 && !self.broken {
            self.step_sequencer()?;
        }
        if self.broken {
            return self.end(End::Death);
        }
        let calm = self.armed == Armed::Nothing && !self.full;
        let mut exchange = self.exchange.take().expect("an exchange runs between start and end");
        let closed = exchange.close();
        self.trace.note(&[22, u64::from(closed.is_ok())], || format!("closed: {closed:?}"));
        match &closed {
            Ok(()) => {}
            Err(CloseError::Snapshot(_)) if !calm => {}
            Err(error) => return Err(format!("it did not close: {error}")),
        }
        let history = exchange.status().history;
        self.past.follow(&history)?;
        drop(exchange);
        self.tally.closes += 1;
        if matches!(self.armed, Armed::Cut { operations } if self.storage.operations() >= operations)
        {
            self.cut_power();
        }
        self.time.pass_for_start(Start::Process, &self.storage);
        self.clear_faults();
        self.bury()
    }

    /// Starts, again after each failure that the disk explains, and compares what was found.
    pub(super) fn start(&mut self) -> Result<(), String> {
        let mut faults = self.plan.faults_per_mille > 0 && self.random.percent(20);
        loop {
            if faults {
                let operations = self.storage.operations() + self.random.below(CUT_WITHIN);
                self.storage.halt_after(operations);
                self.armed = Armed::Cut { operations };
            }
            let storage = Arc::new(self.storage.clone());
            let options = self.plan.options.clone();
            match Stepped::open(storage, self.past.location(), options) {
                Ok((exchange, report)) => {
                    self.exchange = Some(exchange);
                    self.tally.starts += 1;
                    return self.compare(&report);
                }
                Err(error) => {
                    self.trace.note(&[23], || format!("it does not start: {error}"));
                    self.tally.starts_failed += 1;
                    if faults {
                        self.cut_power();
                    } else if self.full {
                        self.storage.set_capacity(None);
                        self.full = false;
                    } else {
                        return Err(format!("it does not start: {error}"));
                    }
                    self.clear_faults();
                    faults = self.random.percent(20) && faults;
                }
            }
        }
    }

    fn compare(&mut self, report: &RecoveryReport) -> Result<(), String> {
        let (last, snapshot) = (report.last_sequence, report.snapshot_sequence);
        self.trace.note(&[24, last, snapshot.unwrap_or(0)], || format!("started: {report}"));
        self.tally.snapshot_starts += u64::from(snapshot.is_some());
        self.tally.torn_tails += u64::from(report.torn_tail.is_some());
        if !report.damaged_snapshots.is_empty() {
            return Err(format!("a snapshot is damaged by nothing: {report}"));
        }
        if report.history_entries > 0 {
            return Err(format!("history is behind the snapshot: {report}"));
        }
        self.adopt(last)?;
        let entries = read_entries(&self.storage)?;
        self.compare_entries(&entries)?;
        self.time_floor = self.model.time();
        self.check_state(true)?;
        let digest = self.model.pair.engine.digest();
        self.trace.note(&[25, digest], || format!("state {digest:016x}"));
        Ok(())
    }

    /// Finds out what became of the entries in doubt: all of a batch are there, or none.
    fn adopt(&mut self, last: u64) -> Result<(), String> {
        let acknowledged = self.model.last();
        let doubtful = std::mem::take(&mut self.doubtful);
        let survived = last.checked_sub(acknowledged).ok_or_else(|| {
            format!("the journal ends at {last}, and {acknowledged} was acknowledged")
        })?;
        if survived != 0 && survived != doubtful.len() as u64 {
            return Err(format!("{survived} more than acknowledged, {} in doubt", doubtful.len()));
        }
        self.tally.in_doubt_survived += survived;
        for (time, command) in doubtful.into_iter().take(survived as usize) {
            // Nobody was told its result, so there is none to compare with.
            let _ = self.model.add(time, command)?;
        }
        Ok(())
    }

    /// Whether the journal has exactly the entries of the model, from its first one on.
    fn compare_entries(&self, entries: &[(u64, Timestamp, Command)]) -> Result<(), String> {
        let first = entries.first().map_or(self.model.last() + 1, |entry| entry.0);
        // Where a snapshot covers all of it, retention may have left none.
        if first > 1 && self.plan.keeps_all() && self.model.last() > 0 {
            return Err(format!("the journal begins at {first}"));
        }
        let kept = &self.model.entries()[first as usize - 1..];
        if kept.len() != entries.len() {
            return Err(format!(
                "{} entries in the journal, expected {}",
                entries.len(),
                kept.len()
            ));
        }
        for (known, (sequence, time, command)) in kept.iter().zip(entries) {
            if (known.time, &known.command) != (*time, command) {
                return Err(format!("entry {sequence} is {command:?}, expected {known:?}"));
            }
        }
        Ok(())
    }
}

/// All entries that the journal keeps.
fn read_entries(storage: &MemoryStorage) -> Result<Vec<(u64, Timestamp, Command)>, String> {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    let report = verify(storage.clone()).map_err(|error| format!("verify: {error}"))?;
    if !report.is_sound() {
        return Err(format!("verify: {report:?}"));
    }
    read_from(storage, report.first_sequence, report.last_sequence)
}

/// Entries from one sequence on.
pub(super) fn read_from(
    storage: Arc<dyn Storage>,
    first: u64,
    last: u64,
) -> Result<Vec<(u64, Timestamp, Command)>, String> {
    let told = |error| format!("reading the journal: {error}");
    let mut reader = Reader::open(storage, first).map_err(told)?;
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry(last).map_err(told)? {
        let command = Command::decode(entry.payload).map_err(|error| format!("entry: {error}"))?;
        entries.push((entry.sequence, Timestamp(entry.time_ms), command));
    }
    Ok(entries)
}
