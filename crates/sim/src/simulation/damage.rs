//! Damage that no crash explains: a bit that rots, a write that lands elsewhere. The next start must
//! refuse, or put aside, or cut what looks like a torn batch, and say so; whatever it serves must be
//! true. The simulation then goes on with a disk that is sound.

use std::sync::Arc;

use openmart_exchange::{Location, RecoveryReport, Stepped};
use openmart_journal::{MemoryStorage, check_acknowledged_bytes, verify};

use super::life::{Armed, Life};
use super::restart::read_from;
use super::time::Start;

/// The file that tells what was acknowledged.
const MARK: &str = "acknowledged";

impl Life<'_> {
    /// Lets a bit of a copy of the folder rot, and looks what a start makes of it.
    pub(super) fn let_rot(&mut self) -> Result<(), String> {
        let files = self.storage.files();
        let written = |bytes: &Vec<u8>| bytes.iter().any(|byte| *byte != 0);
        let names: Vec<&String> =
            files.iter().filter(|(_, bytes)| written(bytes)).map(|(name, _)| name).collect();
        if names.is_empty() {
            return Ok(());
        }
        let name = names[self.random.index(names.len())].clone();
        let bytes = &files[&name];
        // Most of a segment is blank: begin anywhere and go to the next byte that is not.
        let begin = self.random.index(bytes.len());
        let offset = (begin..bytes.len()).chain(0..begin).find(|at| bytes[*at] != 0).unwrap_or(0);
        let bit = 1 << self.random.below(8);
        let image = MemoryStorage::with_files(files);
        image.rot(&name, offset, bit).map_err(|error| format!("rot: {error}"))?;
        self.tally.rotted += 1;
        self.trace.note(&[30, offset as u64], || format!("byte {offset} of {name} rots in a copy"));
        self.judge(&image)
    }

    /// Ends the life of a process a write of which went astray, looks what a start makes of what it
    /// left, and goes on with what it should have left.
    pub(super) fn end_misdirected(&mut self) -> Result<(), String> {
        self.trace.note(&[31], || "a write went astray, and the process dies".to_owned());
        self.tally.misdirected += 1;
        self.check_state(true)?;
        let history = self.running().status().history;
        self.past.follow(&history)?;
        self.die();
        let damaged = MemoryStorage::with_files(self.storage.files());
        self.bury()?;
        self.judge(&damaged)?;
        let Some(sound) = self.storage.intended() else {
            return Err("the simulation itself lost the sound disk".to_owned());
        };
        self.storage = sound;
        self.storage.set_capacity(None);
        (self.armed, self.broken, self.full) = (Armed::Nothing, false, false);
        self.time.pass_for_start(Start::Process, &self.storage);
        self.start()
    }

    /// Starts from a damaged folder. It may refuse; it must not serve anything else than what is true.
    fn judge(&mut self, damaged: &MemoryStorage) -> Result<(), String> {
        let marked = damaged.files().get(MARK).is_some_and(|mark| check_acknowledged_bytes(mark));
        let location = Location::Nowhere { applied: self.past.applied() };
        let storage = Arc::new(damaged.clone());
        let opened = Stepped::open(storage.clone(), location, self.plan.options.clone());
        let (exchange, report) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.tally.damage_refused += 1;
                self.trace.note(&[32], || format!("refused: {error}"));
                return Ok(());
            }
        };
        self.trace.note(&[33, report.last_sequence], || format!("served: {report}"));
        self.judge_state(&exchange, &report, marked)?;
        drop(exchange);
        let told = !report.damaged_snapshots.is_empty();
        // What lies before the snapshot is read by whoever reads all of it.
        let read = verify(storage.clone()).map_err(|error| error.to_string());
        let read =
            read.and_then(|found| read_from(storage, found.first_sequence, found.last_sequence));
        let Ok(entries) = read else {
            self.tally.damage_read += 1;
            return Ok(());
        };
        for (sequence, time, command) in &entries {
            let known = self.model.entry(*sequence).map(|known| (known.time, &known.command));
            let doubtful = sequence.checked_sub(self.model.last() + 1);
            let doubtful = doubtful.and_then(|at| self.doubtful.get(at as usize));
            let known = known.or(doubtful.map(|(time, command)| (*time, command)));
            if known != Some((*time, command)) {
                return Err(format!("damage made entry {sequence} into {command:?}"));
            }
        }
        if told {
            self.tally.damage_put_aside += 1;
        } else if report.torn_tail.is_some() {
            self.tally.damage_cut += 1;
        } else {
            self.tally.damage_harmless += 1;
        }
        Ok(())
    }

    /// Whether the state that a damaged folder led to is that of its last entry, and none is lost
    /// without a word.
    fn judge_state(
        &self,
        exchange: &Stepped,
        report: &RecoveryReport,
        marked: bool,
    ) -> Result<(), String> {
        let (last, acknowledged) = (report.last_sequence, self.model.last());
        // A damaged last batch looks like one that was cut short, unless the mark of what was
        // acknowledged tells otherwise. It is cut, and the report says so. Only a folder that has lost
        // both the last batch and the mark looks like an older copy of itself, and is one.
        if last < acknowledged && report.torn_tail.is_none() && marked {
            return Err(format!("damage took entries after {last} of {acknowledged}: {report}"));
        }
        let (found, sequence) = exchange.view(|state| (state.engine().digest(), state.sequence()));
        if sequence != last || found != self.model.digest_after(last, &self.doubtful) {
            return Err(format!("damage made another state of sequence {last}: {report}"));
        }
        Ok(())
    }
}
