//! The state that commands lead to, and the questions it answers.
//!
//! Engine, market data and the tail of history move together: whoever holds a [`State`] sees all three
//! as of the same entry.

use openmart_engine::Engine;
use openmart_history::{FinishedOrder, Statuses, Tail};
use openmart_marketdata::MarketData;
use openmart_model::{
    AccountId, CloseReason, Command, CommandResult, Event, MarketId, Order, OrderId, OrderStatus,
    Timestamp,
};

use crate::open_orders::OpenOrders;
use crate::page::Page;
use crate::sorted_ids::SortedIds;

/// Everything as of one entry.
#[derive(Debug)]
pub struct State {
    pub(crate) engine: Engine,
    pub(crate) market_data: MarketData,
    /// Empty but for the running pipeline: what history has not written yet.
    pub(crate) tail: Tail,
    pub(crate) open: OpenOrders,
}

/// An order, open or finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderView {
    /// The order, with its fills up to now.
    pub order: Order,
    /// What became of it.
    pub status: OrderStatus,
    /// Why and when it was finished; nothing while it is open.
    pub closed: Option<(CloseReason, Timestamp)>,
}

/// Which orders to list.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct OrderFilter {
    /// Open ones without a fill.
    pub open_untouched: bool,
    /// Open ones with a fill.
    pub open_partial: bool,
    /// Filled ones.
    pub filled: bool,
    /// Canceled ones, with or without a fill.
    pub canceled: bool,
}

impl OrderFilter {
    /// Every order.
    pub const ALL: Self =
        Self { open_untouched: true, open_partial: true, filled: true, canceled: true };

    /// Those in the book.
    pub const OPEN: Self =
        Self { open_untouched: true, open_partial: true, filled: false, canceled: false };

    /// Whether any of them may be in history only.
    pub fn reads_history(self) -> bool {
        !self.finished().is_empty()
    }

    /// Which finished ones.
    pub(crate) fn finished(self) -> Statuses {
        Statuses { filled: self.filled, canceled: self.canceled }
    }
}

impl State {
    /// An exchange before its first entry.
    pub(crate) fn new() -> Self {
        Self {
            engine: Engine::new(),
            market_data: MarketData::new(),
            tail: Tail::default(),
            open: OpenOrders::default(),
        }
    }

    /// Applies an entry to all parts but the tail, in order. Appends its events.
    pub(crate) fn apply(
        &mut self,
        sequence: u64,
        time: Timestamp,
        command: &Command,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        let first = events.len();
        let result = self.replay(sequence, time, command, events);
        self.open.apply(&events[first..]);
        result
    }

    /// As [`apply`](Self::apply), without the lists of open orders: for a state that nobody reads yet, or
    /// ever.
    pub(crate) fn replay(
        &mut self,
        sequence: u64,
        time: Timestamp,
        command: &Command,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        let first = events.len();
        let result = self.engine.apply(sequence, time, command, events);
        let time = self.engine.time();
        self.market_data.apply(sequence, time, &events[first..]);
        result
    }

    /// The last entry applied; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.engine.sequence()
    }

    /// The time of the last entry applied.
    pub fn time(&self) -> Timestamp {
        self.engine.time()
    }

    /// Accounts, balances, keys, markets, open orders.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Depth, last trades, tickers.
    pub fn market_data(&self) -> &MarketData {
        &self.market_data
    }

    /// An order that is open, or finished and still in memory. Any other is in history, or nowhere:
    /// [`Exchange::find_order`](crate::Exchange::find_order) looks there too. Mind whose it is.
    pub fn recent_order(&self, order: OrderId) -> Option<OrderView> {
        let open = self.engine.order(order).map(OrderView::open);
        open.or_else(|| self.tail.order(order).map(OrderView::finished))
    }

    /// Open orders of an account on a market, newest first, after so many of them.
    pub(crate) fn open_orders(
        &self,
        account: AccountId,
        market: MarketId,
        filter: OrderFilter,
        skipped: usize,
        count: usize,
    ) -> Page<OrderView> {
        let open = self.open.shelf(account, market);
        let untouched = open.filter(|_| filter.open_untouched).map(|open| &open.untouched);
        let partial = open.filter(|_| filter.open_partial).map(|open| &open.partial);
        let lists: Vec<&SortedIds> = [untouched, partial].into_iter().flatten().collect();
        let ids = newest_ids(&lists, skipped, count);
        let open = |id| self.engine.order(OrderId(id)).map(OrderView::open);
        let items = ids.filter_map(open).collect();
        Page { items, total: lists.iter().map(|list| list.len()).sum() }
    }

    /// The newest orders of an account on a market that are open, or were finished after a sequence,
    /// and how many there are.
    pub(crate) fn recent_orders(
        &self,
        account: AccountId,
        market: MarketId,
        filter: OrderFilter,
        after: u64,
        count: usize,
    ) -> Page<OrderView> {
        let Page { mut items, mut total } = self.open_orders(account, market, filter, 0, count);
        let finished = self.tail.orders((account, market), filter.finished(), after);
        total += finished.len();
        items.extend(finished.iter().map(OrderView::finished));
        items.sort_unstable_by_key(|view| std::cmp::Reverse(view.order.id));
        items.truncate(count);
        Page { items, total }
    }
}

impl OrderView {
    fn open(order: Order) -> Self {
        let status = match order.filled.is_zero() {
            true => OrderStatus::Open,
            false => OrderStatus::PartiallyFilled,
        };
        Self { order, status, closed: None }
    }

    pub(crate) fn finished(finished: &FinishedOrder) -> Self {
        let closed = Some((finished.reason, finished.time));
        Self { order: finished.order, status: finished.status(), closed }
    }
}

/// Ids over several lists that share no id, newest first, after so many of them.
fn newest_ids<'a>(
    lists: &[&'a SortedIds],
    skipped: usize,
    count: usize,
) -> impl Iterator<Item = u64> + use<'a> {
    let bound = bound_of_rank(lists, skipped);
    let mut rests: Vec<_> = lists.iter().map(|list| list.newest_below(bound)).collect();
    let mut heads: Vec<Option<u64>> = rests.iter_mut().map(Iterator::next).collect();
    let newest = move || {
        let at = (0..heads.len()).max_by_key(|at| heads[*at])?;
        std::mem::replace(&mut heads[at], rests[at].next())
    };
    std::iter::from_fn(newest).take(count)
}

/// The lowest bound that has no more than `skipped` ids at or above it; found by halving, so that a
/// page deep in a long list costs no more than the first.
fn bound_of_rank(lists: &[&SortedIds], skipped: usize) -> u64 {
    let newest = lists.iter().filter_map(|list| list.newest()).max();
    let (mut low, mut high) = (0, newest.map_or(0, |newest| newest + 1));
    while low < high {
        let middle = low + (high - low) / 2;
        let above: usize = lists.iter().map(|list| list.count_from(middle)).sum();
        if above <= skipped { high = middle } else { low = middle + 1 }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: impl IntoIterator<Item = u64>) -> SortedIds {
        let mut sorted = SortedIds::default();
        assert!(ids.into_iter().all(|id| sorted.insert(id)));
        sorted
    }

    #[test]
    fn pages_of_several_lists_are_those_of_their_union() {
        for size in [1, 2, 3, 7, 100] {
            let all: Vec<u64> = (1..=60).filter(|id| id % 7 != 0).collect();
            let part = |n| ids(all.iter().copied().filter(|id| id % 3 == n));
            let parts = [part(0), part(1), part(2)];
            let lists: Vec<&SortedIds> = parts.iter().collect();
            let newest: Vec<u64> = all.iter().rev().copied().collect();
            for index in 0..=all.len() / size + 2 {
                let expected: Vec<u64> =
                    newest.iter().skip(index * size).take(size).copied().collect();
                let found: Vec<u64> = newest_ids(&lists, index * size, size).collect();
                assert_eq!(found, expected, "page {index} of size {size}");
            }
        }
        assert_eq!(newest_ids(&[&ids(1..9)], usize::MAX, 1_000).count(), 0);
        assert_eq!(newest_ids(&[], 0, 5).count(), 0);
    }
}
