//! The past: finished orders and fills, folded from events, the latest of each up to a limit.
//!
//! Events enter, pages leave. Knows neither the engine nor the journal: what is asked of it here is
//! all that a store on disk in its place would have to answer. What is dropped is always the oldest:
//! of the orders by the moment of closing, of the fills by the moment of trading.

mod fills;
mod ids;
mod orders;
mod stored;

pub use fills::{Fill, Role};

use openmart_model::{
    AccountId, CloseReason, Event, MarketId, Order, OrderId, OrderStatus, Timestamp,
};

use crate::page::{Page, PageRequest};
use fills::Fills;
pub(crate) use ids::SortedIds;
use orders::Orders;

/// Finished orders that are kept unless configured otherwise: about 130 MB when full.
pub const ORDERS_FINISHED_MAX: usize = 500_000;

/// Fills that are kept unless configured otherwise: about 100 MB when full.
pub const FILLS_MAX: usize = 500_000;

/// How much of the past is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArchiveLimits {
    /// Finished orders of all accounts. Default [`ORDERS_FINISHED_MAX`].
    pub orders_finished_max: usize,
    /// Fills of all accounts. Default [`FILLS_MAX`].
    pub fills_max: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { orders_finished_max: ORDERS_FINISHED_MAX, fills_max: FILLS_MAX }
    }
}

/// An order that is finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FinishedOrder {
    pub(crate) order: Order,
    pub(crate) reason: CloseReason,
    pub(crate) time: Timestamp,
}

impl FinishedOrder {
    pub(crate) fn status(&self) -> OrderStatus {
        match self.reason {
            CloseReason::Filled => OrderStatus::Filled,
            CloseReason::Canceled | CloseReason::Expired | CloseReason::SelfTrade => {
                OrderStatus::Canceled
            }
        }
    }
}

/// Finished orders and fills.
#[derive(Debug)]
pub(crate) struct Archive {
    orders: Orders,
    fills: Fills,
}

impl Archive {
    pub(crate) fn new(limits: ArchiveLimits) -> Self {
        Self {
            orders: Orders::new(limits.orders_finished_max),
            fills: Fills::new(limits.fills_max),
        }
    }

    /// Folds the events of one command.
    pub(crate) fn apply(&mut self, time: Timestamp, events: &[Event]) {
        for event in events {
            match event {
                Event::Traded(trade) => self.fills.add(time, trade),
                Event::Closed { order, reason, .. } => {
                    let finished = FinishedOrder { order: *order, reason: *reason, time };
                    self.orders.add(finished);
                }
                _ => {}
            }
        }
    }

    /// A finished order, whoever owns it.
    pub(crate) fn order(&self, order: OrderId) -> Option<&FinishedOrder> {
        self.orders.get(order)
    }

    /// Ids of an account's finished orders on a market that have this status.
    pub(crate) fn order_ids(
        &self,
        account: AccountId,
        market: MarketId,
        status: OrderStatus,
    ) -> Option<&SortedIds> {
        self.orders.ids(account, market, status)
    }

    /// Fills of an account on a market, of one order if it is named.
    pub(crate) fn fills(
        &self,
        account: AccountId,
        market: MarketId,
        order: Option<OrderId>,
        page: PageRequest,
    ) -> Page<Fill> {
        self.fills.page(account, market, order, page)
    }
}
