//! The two queues as documented, beside those of the exchange: who waits, and who goes next.

use std::collections::VecDeque;

use openmart_exchange::{Lane, Pending, SubmitError};
use openmart_model::Command;

/// Of a batch, one part in so many is for orders while cancels wait.
const ORDERS_SHARE: usize = 8;

/// A command that was taken in and is not answered.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) command: Command,
    pub(super) pending: Pending,
}

#[derive(Debug)]
pub(super) struct Lanes {
    cancels: VecDeque<Ticket>,
    orders: VecDeque<Ticket>,
    cancels_max: usize,
    orders_max: usize,
}

impl Lanes {
    pub(super) fn new(cancels_max: usize, orders_max: usize) -> Self {
        Self { cancels: VecDeque::new(), orders: VecDeque::new(), cancels_max, orders_max }
    }

    /// How a command must be turned away, if it must. A full queue of orders is none of a cancel's
    /// business, but nothing is let in while no cancel would be.
    pub(super) fn refusal(&self, command: &Command) -> Option<SubmitError> {
        if self.cancels.len() >= self.cancels_max {
            return Some(SubmitError::Overloaded { lane: Lane::Cancels, limit: self.cancels_max });
        }
        let cancels = matches!(command, Command::Cancel { .. } | Command::CancelAll { .. });
        (!cancels && self.orders.len() >= self.orders_max)
            .then_some(SubmitError::Overloaded { lane: Lane::Orders, limit: self.orders_max })
    }

    pub(super) fn push(&mut self, ticket: Ticket) {
        match Lane::of(&ticket.command) {
            Lane::Cancels => self.cancels.push_back(ticket),
            Lane::Orders => self.orders.push_back(ticket),
        }
    }

    /// The next batch: cancels first, in the order they came, then the others, which have their share.
    pub(super) fn take(&mut self, entries_max: usize) -> Vec<Ticket> {
        let kept = self.orders.len().min(entries_max / ORDERS_SHARE);
        let cancels = self.cancels.len().min(entries_max - kept);
        let orders = self.orders.len().min(entries_max - cancels);
        self.cancels.drain(..cancels).chain(self.orders.drain(..orders)).collect()
    }

    /// Everything that waits.
    pub(super) fn empty(&mut self) -> Vec<Ticket> {
        self.cancels.drain(..).chain(self.orders.drain(..)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.cancels.len() + self.orders.len()
    }
}
