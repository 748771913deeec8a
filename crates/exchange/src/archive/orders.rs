//! Finished orders: the latest so many, found by id and listed by account, market and status.

use std::collections::{HashMap, VecDeque};

use openmart_model::{AccountId, MarketId, OrderId, OrderStatus};

use super::FinishedOrder;
use crate::sorted_ids::SortedIds;

#[derive(Debug)]
pub(super) struct Orders {
    orders_max: usize,
    /// In order of closing.
    closed: VecDeque<FinishedOrder>,
    /// How many were dropped from the front: the number of the first one.
    dropped: u64,
    /// The number of each, counted in order of closing.
    numbers: HashMap<OrderId, u64>,
    shelves: HashMap<(AccountId, MarketId), Shelf>,
}

/// The orders of one account on one market.
#[derive(Default, Debug)]
struct Shelf {
    filled: SortedIds,
    canceled: SortedIds,
}

impl Shelf {
    fn of(&mut self, status: OrderStatus) -> &mut SortedIds {
        match status {
            OrderStatus::Filled => &mut self.filled,
            _ => &mut self.canceled,
        }
    }
}

impl Orders {
    pub(super) fn new(orders_max: usize) -> Self {
        Self {
            orders_max,
            closed: VecDeque::new(),
            dropped: 0,
            numbers: HashMap::new(),
            shelves: HashMap::new(),
        }
    }

    /// Adds an order, dropping the oldest when there are too many. An id that is there already
    /// stays as it is, and gives false.
    pub(super) fn add(&mut self, finished: FinishedOrder) -> bool {
        let order = &finished.order;
        if self.numbers.contains_key(&order.id) {
            return false;
        }
        self.numbers.insert(order.id, self.dropped + self.closed.len() as u64);
        let shelf = self.shelves.entry((order.account, order.market)).or_default();
        shelf.of(finished.status()).insert(order.id.0);
        self.closed.push_back(finished);
        while self.closed.len() > self.orders_max {
            self.drop_oldest();
        }
        true
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.closed.pop_front() else {
            return;
        };
        self.dropped += 1;
        let order = &oldest.order;
        self.numbers.remove(&order.id);
        let place = (order.account, order.market);
        if let Some(shelf) = self.shelves.get_mut(&place) {
            shelf.of(oldest.status()).remove(order.id.0);
            if shelf.filled.is_empty() && shelf.canceled.is_empty() {
                self.shelves.remove(&place);
            }
        }
    }

    pub(super) fn get(&self, order: OrderId) -> Option<&FinishedOrder> {
        let number = self.numbers.get(&order)?;
        self.closed.get((number - self.dropped) as usize)
    }

    pub(super) fn ids(
        &self,
        account: AccountId,
        market: MarketId,
        status: OrderStatus,
    ) -> Option<&SortedIds> {
        let shelf = self.shelves.get(&(account, market))?;
        match status {
            OrderStatus::Filled => Some(&shelf.filled),
            OrderStatus::Canceled => Some(&shelf.canceled),
            OrderStatus::Open | OrderStatus::PartiallyFilled => None,
        }
    }

    /// All of them in order of closing.
    pub(super) fn all(&self) -> &VecDeque<FinishedOrder> {
        &self.closed
    }
}
