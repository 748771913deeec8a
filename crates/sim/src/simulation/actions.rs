//! What each of those who act does, and what must come of it.

use openmart_exchange::{Lane, Receipt, Space, SubmitError};
use openmart_model::Command;

use super::lanes::Ticket;
use super::life::{Armed, Life};
use super::subscriber::{Read, Subscriber};

/// Longest time between two arrivals.
const GAP_US_MAX: u64 = 600_000;
/// Changes of the disk within which a fault strikes.
const FAULT_WITHIN: u64 = 40;
/// Steps that a process lives on after a write of it landed elsewhere.
const MISDIRECTED_STEPS: u64 = 30;
/// Room that a disk has which is about to be full.
const ROOM_BYTES_MAX: u64 = 20_000;
/// Most subscribers at a time.
const SUBSCRIBERS_MAX: usize = 4;

impl Life<'_> {
    /// Some commands arrive.
    pub(super) fn submit(&mut self) -> Result<(), String> {
        let gap = self.random.below(GAP_US_MAX);
        self.time.pass(gap);
        for _ in 0..=self.random.below(self.plan.burst_max) {
            let again = !self.unanswered.is_empty() && self.random.percent(40);
            let command = match self.unanswered.pop_if(|_| again) {
                Some(command) => {
                    self.tally.asked_again += 1;
                    command
                }
                None => self.workload.command(&self.model.pair.oracle),
            };
            self.submit_one(command)?;
        }
        Ok(())
    }

    fn submit_one(&mut self, command: Command) -> Result<(), String> {
        self.tally.submitted += 1;
        let expected = self.lanes.refusal(&command);
        let submitted = self.running().submit(command.clone());
        let accepted = u64::from(submitted.is_ok());
        self.trace.note(&[1, accepted], || format!("submit {command:?}: accepted {accepted}"));
        match (submitted, expected) {
            (Ok(pending), None) => {
                let cancel = Lane::of(&command) == Lane::Cancels;
                let orders_full = self.lanes.refusal(&Command::SetRules { version: 1 }).is_some();
                self.tally.cancels_in_overload += u64::from(cancel && orders_full);
                self.lanes.push(Ticket { command, pending });
                Ok(())
            }
            (Err(found), Some(expected)) if found == expected => {
                self.tally.overloaded += 1;
                Ok(())
            }
            (found, expected) => Err(format!("submit gave {found:?}, expected {expected:?}")),
        }
    }

    /// The sequencing thread has its turn.
    pub(super) fn step_sequencer(&mut self) -> Result<(), String> {
        let entries_max = 1 + self.random.index(self.plan.batch_entries_max);
        let batch = self.lanes.take(entries_max);
        if batch.is_empty() {
            return Ok(());
        }
        let (space, used) = (self.running().status().journal_space, self.storage.used_bytes());
        self.time_floor = self.time_floor.max(self.time.shown());
        let whole = self.running_mut().step_sequencer(entries_max);
        let count = batch.len() as u64;
        self.trace.note(&[2, count, u64::from(whole)], || {
            format!("sequencer: batch of {count}, space {space:?}, whole {whole}")
        });
        if !whole && self.armed == Armed::Nothing {
            return Err("the journal broke though no fault was set".to_owned());
        }
        self.broken |= !whole;
        // Not if a segment was prepared meanwhile and is in use already, which a snapshot may have made
        // room for.
        let room_unknown = std::mem::take(&mut self.room_unknown);
        let only_reserve = [space, self.running().status().journal_space] == [Space::Reserve; 2]
            && used == self.storage.used_bytes()
            && !room_unknown;
        let mut answers = Answers { space, only_reserve, ..Answers::default() };
        for ticket in batch {
            self.settle(ticket, whole, &mut answers)?;
        }
        if !whole {
            for mut ticket in self.lanes.empty() {
                match ticket.pending.try_take() {
                    Some(Err(SubmitError::Stopped { .. })) => self.dropped(ticket.command),
                    other => return Err(format!("it broke, and one who waited got {other:?}")),
                }
            }
        }
        let whole_check = self.random.percent(5);
        self.check_state(whole_check)
    }

    /// Takes the answer to a command of the batch that just ran.
    fn settle(
        &mut self,
        mut ticket: Ticket,
        whole: bool,
        answers: &mut Answers,
    ) -> Result<(), String> {
        let answer = ticket.pending.try_take();
        let command = ticket.command;
        let cancel = Lane::of(&command) == Lane::Cancels;
        self.trace.note(&[], || format!("  {command:?}: {answer:?}"));
        match answer {
            Some(Ok(receipt)) => {
                if answers.cancel_refused && !cancel {
                    return Err("an order was taken where a cancel was refused".to_owned());
                }
                if answers.only_reserve && !cancel {
                    return Err("an order was taken from the reserve".to_owned());
                }
                let reserve = cancel && answers.space == Space::Reserve;
                self.tally.cancels_from_reserve += u64::from(reserve);
                self.acknowledge(command, receipt)
            }
            Some(Err(SubmitError::DiskFull)) => {
                if !self.full && self.armed == Armed::Nothing {
                    return Err("a full disk was told, and it is not full".to_owned());
                }
                let calm = self.armed == Armed::Nothing;
                if cancel && calm && answers.first && answers.space == Space::Reserve {
                    return Err("a cancel was refused though there is a reserve".to_owned());
                }
                answers.cancel_refused |= cancel;
                answers.first = false;
                self.tally.disk_full += 1;
                Ok(())
            }
            Some(Err(SubmitError::TooLong { bytes, limit })) if bytes > limit => {
                self.tally.too_long += 1;
                Ok(())
            }
            Some(Err(SubmitError::InDoubt { .. })) if !whole => {
                self.tally.in_doubt += 1;
                self.ask_again_later(&command);
                self.doubtful.push((self.time_floor, command));
                Ok(())
            }
            Some(Err(SubmitError::Stopped { .. })) if !whole => {
                self.dropped(command);
                Ok(())
            }
            other => Err(format!("{command:?} was answered with {other:?}")),
        }
    }

    fn acknowledge(&mut self, command: Command, receipt: Receipt) -> Result<(), String> {
        let Receipt { sequence, time, result } = receipt;
        let expected = (self.model.last() + 1, self.time_floor);
        if (sequence, time) != expected {
            return Err(format!("acknowledged as {:?}, expected {expected:?}", (sequence, time)));
        }
        let right = self.model.add(time, command)?;
        if result != right {
            return Err(format!("sequence {sequence} came to {result:?}, expected {right:?}"));
        }
        self.trace.note(&[3, sequence, time.0, u64::from(result.is_ok())], || {
            format!("  acknowledged {sequence}")
        });
        self.tally.acknowledged += 1;
        self.tally.rejected += u64::from(result.is_err());
        Ok(())
    }

    /// A command that was certainly not carried out, though its sender may not know.
    pub(super) fn dropped(&mut self, command: Command) {
        self.tally.dropped += 1;
        self.ask_again_later(&command);
    }

    /// Whoever named his order may safely ask for it again.
    fn ask_again_later(&mut self, command: &Command) {
        if matches!(command, Command::Place(order) if order.client_id.is_some()) {
            self.unanswered.push(command.clone());
        }
    }

    pub(super) fn step_history(&mut self) {
        let worked = self.running().step_history();
        self.trace.note(&[4, u64::from(worked)], || format!("history: worked {worked}"));
    }

    pub(super) fn ask_for_snapshot(&mut self) {
        drop(self.running().snapshot());
        self.trace.note(&[5], || "a snapshot is asked for".to_owned());
    }

    /// The snapshotting thread has its turn.
    pub(super) fn step_snapshot(&mut self) -> Result<(), String> {
        self.room_unknown = true;
        let before = self.running().status().counters;
        let asked = self.running_mut().step_snapshot();
        let status = self.running().status();
        let (made, failed) = (
            status.counters.snapshots - before.snapshots,
            status.counters.snapshots_failed - before.snapshots_failed,
        );
        self.trace.note(&[6, u64::from(asked), made, failed], || {
            format!("snapshots: asked {asked}, made {made}, failed {failed}")
        });
        self.past.follow(&status.history)?;
        self.tally.snapshots += made;
        self.tally.snapshots_failed += failed;
        if failed > 0 && self.armed == Armed::Nothing && !self.full {
            // Asked once more, so that it says why.
            let mut again = self.running().snapshot();
            self.running_mut().step_snapshot();
            let why = again.try_take();
            return Err(format!("a snapshot failed though no fault was set; then {why:?}"));
        }
        Ok(())
    }

    pub(super) fn jump(&mut self) {
        let jump_ms = self.time.jump(&mut self.random);
        self.tally.clock_jumps += 1;
        self.trace.note(&[7, jump_ms as u64], || format!("the clock jumps by {jump_ms} ms"));
    }

    pub(super) fn subscribe(&mut self) {
        if self.subscribers.len() < SUBSCRIBERS_MAX {
            let updates_max = self.random.pick(&[1, 5, 1_000]);
            let subscriber = Subscriber::new(self.running(), updates_max);
            self.subscribers.push(subscriber);
            self.tally.subscribed += 1;
            self.trace.note(&[8, updates_max as u64], || format!("subscribe for {updates_max}"));
        }
    }

    pub(super) fn read_updates(&mut self) -> Result<(), String> {
        if self.subscribers.is_empty() {
            return Ok(());
        }
        let at = self.random.index(self.subscribers.len());
        let updates_max = self.random.below(20);
        let read = self.subscribers[at].read(&self.model, updates_max)?;
        self.trace.note(&[9, at as u64], || format!("subscriber {at} reads {read:?}"));
        if read == Read::CutOff {
            self.tally.cut_off += 1;
            self.subscribers.swap_remove(at);
        }
        Ok(())
    }

    /// Sets a fault that will strike before long.
    pub(super) fn arm(&mut self) {
        if self.armed != Armed::Nothing {
            return;
        }
        let skip = self.random.below(FAULT_WITHIN);
        let storage = &self.storage;
        self.armed = match self.random.below(5) {
            0 | 1 => {
                let operations = storage.operations() + skip;
                storage.halt_after(operations);
                Armed::Cut { operations }
            }
            2 => {
                storage.fail_write_after(skip / 4);
                Armed::Write { number: storage.writes() + skip / 4 + 1 }
            }
            3 => {
                storage.fail_sync_after(skip / 4);
                Armed::Sync { number: storage.syncs() + skip / 4 + 1 }
            }
            _ => {
                storage.misdirect_write_after(skip / 4, self.random.bits());
                let number = storage.writes() + skip / 4 + 1;
                Armed::Misdirected { number, steps_left: self.random.below(MISDIRECTED_STEPS) }
            }
        };
        let armed = self.armed;
        self.trace.note(&[10, skip], || format!("set {armed:?}"));
    }

    pub(super) fn fill_or_free_disk(&mut self) {
        self.full = !self.full;
        let room = self.random.below(ROOM_BYTES_MAX);
        let capacity = self.full.then(|| self.storage.used_bytes() + room);
        self.storage.set_capacity(capacity);
        let full = self.full;
        self.trace.note(&[11, u64::from(full), room], || format!("disk: full {full} {capacity:?}"));
    }
}

/// What the answers to a batch were so far.
#[derive(Debug)]
struct Answers {
    /// What the disk left before it.
    space: Space,
    /// Whether there was nothing but the reserve all the time.
    only_reserve: bool,
    /// Whether none was refused for a full disk.
    first: bool,
    cancel_refused: bool,
}

impl Default for Answers {
    fn default() -> Self {
        Self { space: Space::Ample, only_reserve: false, first: true, cancel_refused: false }
    }
}
