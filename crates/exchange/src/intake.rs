//! The way in: two bounded queues, cancels and everything else, and the batch taken from both.
//!
//! Never blocks a caller. Knows nothing of the journal or the state.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use openmart_model::Command;

use crate::error::SubmitError;
use crate::inbox::Address;
use crate::pending::{Answer, Pending};

/// Which queue a command waits in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lane {
    /// Cancels and cancel-alls: sequenced before what waits in the other queue.
    Cancels,
    /// Everything else.
    Orders,
}

impl Lane {
    /// The queue that a command waits in.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::Cancel { .. } | Command::CancelAll { .. } => Self::Cancels,
            _ => Self::Orders,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancels => "cancels",
            Self::Orders => "orders and other commands",
        })
    }
}

/// One part in so many of a batch is kept for the other queue while cancels wait, so that a flood
/// of cancels slows everything else down and does not stop it.
const ORDERS_SHARE: usize = 8;

/// So many are taken without waiting for the bell: a batch of these is cheap enough per command.
const GATHERED_MAX: usize = 256;

/// A command that waits, and who waits for it.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) command: Command,
    pub(crate) answer: Answer,
}

#[derive(Debug)]
pub(crate) struct Intake {
    queues: Mutex<Queues>,
    filled: Condvar,
    cancels_max: usize,
    orders_max: usize,
}

#[derive(Debug, Default)]
struct Queues {
    cancels: VecDeque<Waiting>,
    orders: VecDeque<Waiting>,
    /// Set once no more is taken in.
    closed: Option<Arc<str>>,
    /// Whether the taker sleeps: waking it costs a system call, saved while it works.
    idle: bool,
    /// Whether the taker may take what there is. Otherwise somebody will ring soon, when more has
    /// come.
    rung: bool,
    overloaded: u64,
}

impl Intake {
    pub(crate) fn new(cancels_max: usize, orders_max: usize) -> Self {
        let queues = Mutex::default();
        Self { queues, filled: Condvar::new(), cancels_max, orders_max }
    }

    /// Queues a command, to be taken at once.
    pub(crate) fn submit(&self, command: Command) -> Result<Pending, SubmitError> {
        let (answer, pending) = Pending::new();
        self.queue(command, answer, Bell::Now).map(|()| pending).map_err(|(refused, _)| refused)
    }

    /// Queues a command, to be taken when somebody rings.
    pub(crate) fn submit_to(&self, address: Address, command: Command) -> Result<(), SubmitError> {
        let queued = self.queue(command, Answer::Inbox(address), Bell::Later);
        queued.map_err(|(refused, answer)| {
            if let Answer::Inbox(address) = answer {
                address.forget();
            }
            refused
        })
    }

    /// Lets the taker take what there is.
    pub(crate) fn ring(&self) {
        let mut queues = self.lock();
        if queues.is_empty() {
            return;
        }
        queues.rung = true;
        let wake = std::mem::take(&mut queues.idle);
        drop(queues);
        if wake {
            self.filled.notify_one();
        }
    }

    /// Commands that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Has what waits wait for the next bell, which is sure to come.
    pub(crate) fn hush(&self) {
        let mut queues = self.lock();
        if queues.len() < GATHERED_MAX {
            queues.rung = false;
        }
    }

    fn limit(&self, lane: Lane) -> usize {
        match lane {
            Lane::Cancels => self.cancels_max,
            Lane::Orders => self.orders_max,
        }
    }

    fn queue(
        &self,
        command: Command,
        answer: Answer,
        bell: Bell,
    ) -> Result<(), (SubmitError, Answer)> {
        let lane = Lane::of(&command);
        let mut queues = self.lock();
        if let Some(reason) = &queues.closed {
            return Err((SubmitError::Stopped { reason: reason.clone() }, answer));
        }
        // Cancels first: nobody may open what somebody else could not cancel.
        for full in [Lane::Cancels, lane] {
            let limit = self.limit(full);
            if queues.of(full).len() >= limit {
                queues.overloaded += 1;
                return Err((SubmitError::Overloaded { lane: full, limit }, answer));
            }
        }
        queues.of(lane).push_back(Waiting { command, answer });
        queues.rung |= bell == Bell::Now || queues.len() >= GATHERED_MAX;
        let wake = queues.rung && std::mem::take(&mut queues.idle);
        drop(queues);
        if wake {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Moves up to `entries_max` commands into `batch`, cancels first, waiting for the first one.
    /// False: closed, and everything has been taken.
    pub(crate) fn take(&self, entries_max: usize, batch: &mut Vec<Waiting>) -> bool {
        let mut queues = self.lock();
        while queues.is_empty() || !queues.rung {
            if queues.closed.is_some() {
                if queues.is_empty() {
                    return false;
                }
                break;
            }
            queues.idle = true;
            queues = self.filled.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
        queues.idle = false;
        queues.share_out(entries_max, batch);
        true
    }

    /// As [`take`](Self::take), without waiting: what there is now, if anything.
    pub(crate) fn take_now(&self, entries_max: usize, batch: &mut Vec<Waiting>) {
        self.lock().share_out(entries_max, batch);
    }

    /// Takes no more in. What waits may still be taken out. The first reason stays.
    pub(crate) fn close(&self, reason: &Arc<str>) {
        self.lock().closed.get_or_insert_with(|| reason.clone());
        self.filled.notify_all();
    }

    /// Takes no more in and gives out all that waits.
    pub(crate) fn empty(&self, reason: &Arc<str>) -> Vec<Waiting> {
        let mut queues = self.lock();
        queues.closed = Some(reason.clone());
        let cancels = std::mem::take(&mut queues.cancels);
        let orders = std::mem::take(&mut queues.orders);
        cancels.into_iter().chain(orders).collect()
    }

    /// Commands waiting: cancels, everything else.
    pub(crate) fn depths(&self) -> (usize, usize) {
        let queues = self.lock();
        (queues.cancels.len(), queues.orders.len())
    }

    /// Commands turned away so far.
    pub(crate) fn overloaded(&self) -> u64 {
        self.lock().overloaded
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        // Nothing under this lock can leave the queues half changed.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    fn of(&mut self, lane: Lane) -> &mut VecDeque<Waiting> {
        match lane {
            Lane::Cancels => &mut self.cancels,
            Lane::Orders => &mut self.orders,
        }
    }

    fn len(&self) -> usize {
        self.cancels.len() + self.orders.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves up to `entries_max` commands into `batch`, cancels first.
    fn share_out(&mut self, entries_max: usize, batch: &mut Vec<Waiting>) {
        let orders_kept = self.orders.len().min(entries_max / ORDERS_SHARE);
        let cancels = self.cancels.len().min(entries_max - orders_kept);
        let orders = self.orders.len().min(entries_max - cancels);
        batch.extend(self.cancels.drain(..cancels));
        batch.extend(self.orders.drain(..orders));
        self.rung = !self.is_empty();
    }
}

/// When a command that is queued may be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bell {
    Now,
    Later,
}

#[cfg(test)]
mod tests {
    use super::*;
    use openmart_model::{AccountId, AssetId, OrderId};

    fn cancel(id: u64) -> Command {
        Command::Cancel { account: AccountId(0), order: OrderId(id) }
    }

    fn other(amount: u128) -> Command {
        let amount = openmart_model::Amount::new(amount);
        Command::Deposit { account: AccountId(0), asset: AssetId(0), amount }
    }

    fn taken(intake: &Intake, entries_max: usize) -> Vec<Command> {
        let mut batch = Vec::new();
        assert!(intake.take(entries_max, &mut batch));
        batch.into_iter().map(|waiting| waiting.command).collect()
    }

    #[test]
    fn cancels_come_first_and_leave_a_share() {
        let intake = Intake::new(100, 100);
        for n in 0..20 {
            drop(intake.submit(other(n)).unwrap());
            drop(intake.submit(cancel(n as u64)).unwrap());
        }
        let first = taken(&intake, 16);
        let expected: Vec<_> = (0..14).map(cancel).chain((0..2).map(other)).collect();
        assert_eq!(first, expected);
        let second = taken(&intake, 16);
        let expected: Vec<_> = (14..20).map(cancel).chain((2..12).map(other)).collect();
        assert_eq!(second, expected);
        assert_eq!(taken(&intake, 16), (12..20).map(other).collect::<Vec<_>>());
    }

    #[test]
    fn each_queue_has_its_own_limit() {
        let intake = Intake::new(2, 1);
        drop(intake.submit(other(0)).unwrap());
        let full = SubmitError::Overloaded { lane: Lane::Orders, limit: 1 };
        assert_eq!(intake.submit(other(1)).unwrap_err(), full);
        drop(intake.submit(cancel(0)).unwrap());
        drop(intake.submit(cancel(1)).unwrap());
        let full = SubmitError::Overloaded { lane: Lane::Cancels, limit: 2 };
        assert_eq!(intake.submit(cancel(2)).unwrap_err(), full);
        assert_eq!((intake.depths(), intake.overloaded()), ((2, 1), 2));
        assert_eq!(taken(&intake, 1), [cancel(0)]);
        drop(intake.submit(cancel(3)).unwrap());
    }

    #[test]
    fn closing_lets_what_waits_out_and_nothing_in() {
        let intake = Intake::new(10, 10);
        drop(intake.submit(other(0)).unwrap());
        intake.close(&Arc::from("closed"));
        intake.close(&Arc::from("again"));
        let stopped = SubmitError::Stopped { reason: Arc::from("closed") };
        assert_eq!(intake.submit(cancel(1)).unwrap_err(), stopped);
        assert_eq!(taken(&intake, 10), [other(0)]);
        assert!(!intake.take(10, &mut Vec::new()));
    }

    #[test]
    fn a_batch_of_one_takes_cancels_before_all_else() {
        let intake = Intake::new(10, 10);
        drop(intake.submit(other(0)).unwrap());
        drop(intake.submit(cancel(1)).unwrap());
        assert_eq!(taken(&intake, 1), [cancel(1)]);
        assert_eq!(taken(&intake, 1), [other(0)]);
    }
}
