//! The scheduler: what a run consists of, and who acts next.

use openmart_exchange::{Condition, Stepped};
use openmart_journal::MemoryStorage;
use openmart_model::{Command, Timestamp};

use super::lanes::Lanes;
use super::model::Model;
use super::past::Past;
use super::plan::Plan;
use super::subscriber::Subscriber;
use super::tally::Tally;
use super::time::Time;
use super::trace::Trace;
use crate::random::Random;
use crate::workload::random::RandomCommands;

/// Steps after which a run that does not end is a defect: many times what any takes.
const STEPS_MAX: u64 = 20_000;

/// A fault that is set and has not struck.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Armed {
    Nothing,
    /// The power goes when the disk has done so many changes.
    Cut {
        operations: u64,
    },
    /// The write of this number fails.
    Write {
        number: u64,
    },
    /// The sync of this number fails.
    Sync {
        number: u64,
    },
    /// The write of this number lands elsewhere; some steps later the process dies.
    Misdirected {
        number: u64,
        steps_left: u64,
    },
}

/// What becomes of the running exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Only the process dies.
    Death,
    /// The machine loses power.
    Cut,
    /// It is closed.
    Close,
}

pub(super) struct Life<'t> {
    pub(super) trace: &'t mut Trace,
    pub(super) random: Random,
    pub(super) workload: RandomCommands,
    pub(super) plan: Plan,
    pub(super) time: Time,
    pub(super) storage: MemoryStorage,
    /// Nothing only between an end and the next start.
    pub(super) exchange: Option<Stepped>,
    pub(super) model: Model,
    pub(super) lanes: Lanes,
    pub(super) past: Past,
    pub(super) subscribers: Vec<Subscriber>,
    pub(super) armed: Armed,
    /// Whether the disk is full.
    pub(super) full: bool,
    /// Whether the exchange has stopped after a failure.
    pub(super) broken: bool,
    /// A snapshot was made since the sequencing thread looked: what it removed may have made room.
    pub(super) room_unknown: bool,
    /// No entry is earlier than this.
    pub(super) time_floor: Timestamp,
    /// Entries of which it is not known whether they are in the journal, in order.
    pub(super) doubtful: Vec<(Timestamp, Command)>,
    /// Orders whose senders were not told what became of them, and ask again.
    pub(super) unanswered: Vec<Command>,
    pub(super) tally: Tally,
}

impl<'t> Life<'t> {
    pub(super) fn new(seed: u64, trace: &'t mut Trace) -> Result<Self, String> {
        let mut random = Random::new(seed);
        let workload = RandomCommands::new(random.bits());
        let time = Time::new();
        let plan = Plan::new(&mut random, time.clock());
        let lanes = Lanes::new(plan.queue_cancels_max, plan.queue_orders_max);
        let past = Past::new(plan.rows)?;
        trace.note(&[seed], || format!("seed {seed}: {plan:?}"));
        Ok(Self {
            trace,
            random,
            workload,
            plan,
            time,
            storage: MemoryStorage::new(),
            exchange: None,
            model: Model::default(),
            lanes,
            past,
            subscribers: Vec::new(),
            armed: Armed::Nothing,
            full: false,
            broken: false,
            room_unknown: false,
            time_floor: Timestamp(0),
            doubtful: Vec::new(),
            unanswered: Vec::new(),
            tally: Tally::default(),
        })
    }

    /// Runs to the end of the plan, then calms down and compares everything.
    pub(super) fn live(mut self) -> Result<Tally, String> {
        self.start()?;
        while self.tally.submitted < self.plan.commands || self.lanes.len() > 0 {
            self.act()?;
            self.tally.steps += 1;
            if self.tally.steps > STEPS_MAX {
                return Err("the run does not come to its end".to_owned());
            }
            self.follow_faults()?;
        }
        self.finish()?;
        self.tally.simulated_us = self.time.now_us();
        Ok(self.tally)
    }

    /// Lets one of all those who can act do so.
    fn act(&mut self) -> Result<(), String> {
        let more = self.tally.submitted < self.plan.commands;
        let arrivals = if more { 300 } else { 0 };
        let faults = self.plan.faults_per_mille;
        let full = if faults > 0 { 8 } else { 0 };
        let ends = [faults / 4, faults / 4, 2];
        let weights =
            [arrivals, 350, 100, 15, 50, 20, 15, 80, 5, faults, full, ends[0], ends[1], ends[2]];
        match self.random.weighted(&weights) {
            0 => self.submit()?,
            1 => self.step_sequencer()?,
            2 => self.step_history(),
            3 => self.ask_for_snapshot(),
            4 => self.step_snapshot()?,
            5 => self.jump(),
            6 => self.subscribe(),
            7 => self.read_updates()?,
            8 => drop(self.subscribers.pop()),
            9 => self.arm(),
            10 => self.fill_or_free_disk(),
            11 => self.restart(End::Death)?,
            12 => self.restart(End::Cut)?,
            _ => self.restart(End::Close)?,
        }
        self.time.pass_for(&self.storage);
        Ok(())
    }

    /// Looks whether a fault has struck, and does what then happens.
    fn follow_faults(&mut self) -> Result<(), String> {
        match self.armed {
            Armed::Cut { operations } if self.storage.operations() >= operations => {
                self.restart(End::Cut)?;
            }
            Armed::Write { number } if self.storage.writes() >= number => {
                self.tally.writes_failed += 1;
                self.armed = Armed::Nothing;
            }
            Armed::Sync { number } if self.storage.syncs() >= number => {
                self.tally.syncs_failed += 1;
                self.armed = Armed::Nothing;
            }
            Armed::Misdirected { number, steps_left } if self.storage.writes() >= number => {
                if self.storage.intended().is_none() {
                    // There was no room for that write anyway.
                    self.armed = Armed::Nothing;
                } else if steps_left == 0 {
                    return self.end_misdirected();
                } else {
                    self.armed = Armed::Misdirected { number, steps_left: steps_left - 1 };
                }
            }
            _ => {}
        }
        if self.broken {
            let end = if self.random.percent(50) { End::Death } else { End::Cut };
            self.restart(end)?;
        }
        Ok(())
    }

    /// The end: no more faults, everything is written and compared, and once more after a restart.
    fn finish(&mut self) -> Result<(), String> {
        if matches!(self.armed, Armed::Misdirected { .. }) && self.storage.intended().is_some() {
            self.end_misdirected()?;
        }
        self.storage.clear_faults();
        self.storage.set_capacity(None);
        (self.armed, self.full) = (Armed::Nothing, false);
        self.step_snapshot()?;
        self.restart(End::Close)?;
        self.check_state(true)?;
        self.model.pair.compare_digests()?;
        self.model.pair.compare_reads()?;
        if self.model.digest_after(self.model.last(), &[]) != self.model.pair.engine.digest() {
            return Err("a fresh engine comes to another state".to_owned());
        }
        if self.past.has_file() {
            while self.running().step_history() {}
            self.past.compare_rows(&self.model)?;
            self.tally.rows_compared += 1;
        }
        Ok(())
    }

    pub(super) fn running(&self) -> &Stepped {
        self.exchange.as_ref().expect("an exchange runs between start and end")
    }

    pub(super) fn running_mut(&mut self) -> &mut Stepped {
        self.exchange.as_mut().expect("an exchange runs between start and end")
    }

    /// Everything that can be read, against the model; all of it or the quick part.
    pub(super) fn check_state(&self, whole: bool) -> Result<(), String> {
        let model = &self.model;
        let status = self.running().status();
        if !self.broken && matches!(status.condition, Condition::Stopped { .. }) {
            return Err(format!("it stopped: {:?}", status.condition));
        }
        self.running().view(|state| {
            let (found, expected) = (state.sequence(), model.last());
            if found != expected {
                return Err(format!("the state is at sequence {found}, expected {expected}"));
            }
            if !whole {
                return Ok(());
            }
            if state.time() != model.time() {
                return Err(format!(
                    "the state is of {:?}, expected {:?}",
                    state.time(),
                    model.time()
                ));
            }
            state.engine().check().map_err(|violation| format!("the state: {violation}"))?;
            if state.engine().digest() != model.pair.engine.digest() {
                return Err(format!("the state at sequence {found} is another one"));
            }
            let mut market_data = Vec::new();
            state.market_data().snapshot(&mut openmart_model::Writer::new(&mut market_data));
            if market_data != model.market_data_bytes() {
                return Err(format!("market data at sequence {found} are others"));
            }
            Ok(())
        })
    }
}
