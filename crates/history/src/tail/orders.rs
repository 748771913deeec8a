//! The finished orders of the tail, found by id and listed by account and market.
//!
//! Whoever adds and trims keeps everybody else waiting. So nothing is searched for then, a row is not looked
//! at again when it is dropped, and no table of orders grows.

use std::collections::{HashMap, VecDeque};

use openmart_model::{AccountId, MarketId, OrderId};

use crate::facts::FinishedOrder;
use crate::queue::Queue;

/// Orders whose numbers share a table.
const TABLE_ORDERS: usize = 4_096;

/// Whose orders, and where.
pub(super) type Place = (AccountId, MarketId);

/// Orders in the order of closing, each with a number counted in that order.
#[derive(Default, Debug)]
pub(super) struct Orders {
    rows: Queue<FinishedOrder>,
    /// One for each row.
    links: Queue<Link>,
    /// How many were trimmed: the number of the first row.
    trimmed: u64,
    numbers: Numbers,
    /// The number of the newest order of each place.
    newest: HashMap<Place, u64>,
}

/// What is needed of an order to list it, and to drop it.
#[derive(Clone, Copy, Debug)]
struct Link {
    sequence: u64,
    place: Place,
    /// The number of the one of this place before it. That one may have been trimmed.
    before: Option<u64>,
}

impl Orders {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn add(&mut self, finished: &FinishedOrder) {
        let FinishedOrder { order, sequence, .. } = finished;
        let (number, place) = (self.trimmed + self.len() as u64, (order.account, order.market));
        let before = self.newest.insert(place, number);
        self.links.push_back(Link { sequence: *sequence, place, before });
        self.numbers.add(order.id, number);
        self.rows.push_back(*finished);
    }

    /// Drops the first one, if it came up to this sequence, and tells with which.
    pub(super) fn trim_first(&mut self, through: u64) -> Option<u64> {
        let Link { sequence, place, .. } = *self.links.front()?;
        if sequence > through {
            return None;
        }
        self.links.drop_front();
        self.rows.drop_front();
        if self.newest.get(&place) == Some(&self.trimmed) {
            self.newest.remove(&place);
        }
        self.trimmed += 1;
        self.numbers.forget_below(self.trimmed);
        Some(sequence)
    }

    pub(super) fn find(&self, order: OrderId) -> Option<&FinishedOrder> {
        self.row(self.numbers.find(order)?)
    }

    /// Those of a place, the latest first.
    pub(super) fn of(&self, place: Place) -> impl Iterator<Item = &FinishedOrder> {
        let newest = self.newest.get(&place).copied();
        let numbers = std::iter::successors(newest, |number| self.link(*number)?.before);
        numbers.map_while(|number| self.row(number))
    }

    fn row(&self, number: u64) -> Option<&FinishedOrder> {
        Some(&self.rows[number.checked_sub(self.trimmed)? as usize])
    }

    fn link(&self, number: u64) -> Option<&Link> {
        Some(&self.links[number.checked_sub(self.trimmed)? as usize])
    }
}

/// The number of each order, in tables that are made at their full size and dropped as a whole. The last
/// one is kept, so that it is not made again for every order where few are finished.
#[derive(Default, Debug)]
struct Numbers {
    tables: VecDeque<Table>,
}

#[derive(Debug)]
struct Table {
    numbers: HashMap<OrderId, u64>,
    /// The highest of them.
    last: u64,
}

impl Numbers {
    fn add(&mut self, order: OrderId, number: u64) {
        match self.tables.back_mut() {
            Some(table) if table.numbers.len() < TABLE_ORDERS => {
                table.numbers.insert(order, number);
                table.last = number;
            }
            _ => {
                let mut numbers = HashMap::with_capacity(TABLE_ORDERS);
                numbers.insert(order, number);
                self.tables.push_back(Table { numbers, last: number });
            }
        }
    }

    /// The number of an order. It may be one that was forgotten.
    fn find(&self, order: OrderId) -> Option<u64> {
        self.tables.iter().rev().find_map(|table| table.numbers.get(&order).copied())
    }

    /// Lower numbers need not be found any more.
    fn forget_below(&mut self, number: u64) {
        while self.tables.len() > 1 && self.tables[0].last < number {
            self.tables.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use openmart_model::{Amount, CloseReason, Order, OrderKind, Quantity, Side, Timestamp};

    use super::*;

    fn finished(id: u64, sequence: u64) -> FinishedOrder {
        let order = Order {
            id: OrderId(id),
            account: AccountId((id % 7) as u32),
            market: MarketId((id % 3) as u16),
            side: Side::Buy,
            kind: OrderKind::Market { quantity: Quantity::new(1) },
            client_id: None,
            time: Timestamp(1),
            filled: Quantity::ZERO,
            notional: Amount::new(0),
            fees: Amount::new(0),
        };
        FinishedOrder { order, reason: CloseReason::Canceled, time: Timestamp(1), sequence }
    }

    /// Through some tables' worth of orders, also with none left in between.
    #[test]
    fn finds_and_lists_what_was_not_trimmed() {
        let (mut orders, mut plain) = (Orders::default(), VecDeque::new());
        let id_of = |sequence: u64| (sequence * 7_919) % 1_000_003;
        let mut sequence = 0;
        for round in 0..12_u64 {
            for _ in 0..1 + round * 331 {
                sequence += 1;
                let row = finished(id_of(sequence), sequence);
                orders.add(&row);
                plain.push_back(row);
            }
            let through = if round % 4 == 3 { sequence } else { sequence - sequence / 9 };
            while let Some(dropped) = orders.trim_first(through) {
                assert_eq!(plain.pop_front().map(|row| row.sequence), Some(dropped));
            }
            assert!(plain.front().is_none_or(|row| row.sequence > through), "round {round}");
            assert_eq!(orders.len(), plain.len(), "round {round}");
            for asked in 1..=sequence + 1 {
                let found = plain.iter().find(|row| row.sequence == asked);
                assert_eq!(orders.find(OrderId(id_of(asked))), found, "round {round}: {asked}");
            }
            let mut places = 0;
            for (account, market) in (0..8).flat_map(|account| [0, 1, 2, 3].map(|m| (account, m))) {
                let place = (AccountId(account), MarketId(market));
                let of_place =
                    |row: &&FinishedOrder| (row.order.account, row.order.market) == place;
                let listed: Vec<_> = plain.iter().rev().filter(of_place).collect();
                assert!(orders.of(place).eq(listed.iter().copied()), "round {round}: {place:?}");
                places += usize::from(!listed.is_empty());
            }
            assert_eq!(orders.newest.len(), places, "round {round}: nothing is kept of the others");
            assert!(orders.numbers.tables.len() <= plain.len() / TABLE_ORDERS + 2);
        }
    }
}
