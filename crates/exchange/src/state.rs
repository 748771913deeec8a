//! The state that commands lead to, and the questions it answers.
//!
//! Engine, market data and archive move together: whoever holds a [`State`] sees all three as of the
//! same entry.

use openmart_engine::Engine;
use openmart_marketdata::MarketData;
use openmart_model::{
    AccountId, CloseReason, Command, CommandResult, Event, MarketId, Order, OrderId, OrderStatus,
    Timestamp,
};

use crate::archive::{Archive, ArchiveLimits, Fill, FinishedOrder};
use crate::open_orders::OpenOrders;
use crate::page::{Page, PageRequest};
use crate::sorted_ids::SortedIds;

/// Everything as of one entry.
#[derive(Debug)]
pub struct State {
    pub(crate) engine: Engine,
    pub(crate) market_data: MarketData,
    pub(crate) archive: Archive,
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
}

impl State {
    /// An exchange before its first entry.
    pub(crate) fn new(limits: ArchiveLimits) -> Self {
        Self {
            engine: Engine::new(),
            market_data: MarketData::new(),
            archive: Archive::new(limits),
            open: OpenOrders::default(),
        }
    }

    /// Applies an entry to all parts, in order. Appends its events.
    pub(crate) fn apply(
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
        self.archive.apply(time, &events[first..]);
        self.open.apply(&events[first..]);
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

    /// An order of this account, open or finished. Nothing if there is none, it is somebody else's,
    /// or it has been finished for so long that the archive has dropped it.
    pub fn find_order(&self, account: AccountId, order: OrderId) -> Option<OrderView> {
        self.order(order).filter(|view| view.order.account == account)
    }

    /// Orders of an account on a market, newest first.
    pub fn orders(
        &self,
        account: AccountId,
        market: MarketId,
        filter: OrderFilter,
        page: PageRequest,
    ) -> Page<OrderView> {
        let open = self.open.shelf(account, market);
        let finished = |status| self.archive.order_ids(account, market, status);
        let untouched = open.filter(|_| filter.open_untouched).map(|open| &open.untouched);
        let partial = open.filter(|_| filter.open_partial).map(|open| &open.partial);
        let filled = filter.filled.then(|| finished(OrderStatus::Filled)).flatten();
        let canceled = filter.canceled.then(|| finished(OrderStatus::Canceled)).flatten();
        let lists: Vec<&SortedIds> =
            [untouched, partial, filled, canceled].into_iter().flatten().collect();
        let ids = page_of_ids(&lists, page);
        let items = ids.filter_map(|id| self.order(OrderId(id))).collect();
        Page { items, total: lists.iter().map(|list| list.len()).sum() }
    }

    /// Fills of an account on a market, newest first; only those of one order if it is named.
    pub fn fills(
        &self,
        account: AccountId,
        market: MarketId,
        order: Option<OrderId>,
        page: PageRequest,
    ) -> Page<Fill> {
        self.archive.fills(account, market, order, page)
    }

    fn order(&self, order: OrderId) -> Option<OrderView> {
        let open = self.engine.order(order).map(OrderView::open);
        open.or_else(|| self.archive.order(order).map(OrderView::finished))
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

    fn finished(finished: &FinishedOrder) -> Self {
        let closed = Some((finished.reason, finished.time));
        Self { order: finished.order, status: finished.status(), closed }
    }
}

/// The ids of a page over several lists that share no id, newest first.
fn page_of_ids<'a>(
    lists: &[&'a SortedIds],
    page: PageRequest,
) -> impl Iterator<Item = u64> + use<'a> {
    let bound = bound_of_rank(lists, page.skipped());
    let mut rests: Vec<_> = lists.iter().map(|list| list.newest_below(bound)).collect();
    let mut heads: Vec<Option<u64>> = rests.iter_mut().map(Iterator::next).collect();
    let newest = move || {
        let at = (0..heads.len()).max_by_key(|at| heads[*at])?;
        std::mem::replace(&mut heads[at], rests[at].next())
    };
    std::iter::from_fn(newest).take(page.size())
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
                let page = PageRequest { index, size };
                let expected: Vec<u64> =
                    newest.iter().skip(index * size).take(size).copied().collect();
                let found: Vec<u64> = page_of_ids(&lists, page).collect();
                assert_eq!(found, expected, "page {index} of size {size}");
            }
        }
        let far = PageRequest { index: usize::MAX, size: 1_000 };
        assert_eq!(page_of_ids(&[&ids(1..9)], far).count(), 0);
        assert_eq!(page_of_ids(&[], PageRequest { index: 0, size: 5 }).count(), 0);
    }
}
