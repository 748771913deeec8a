//! The past: finished orders and fills, folded from events, the latest of each up to a limit.
//!
//! Events enter, pages leave. Knows neither the engine nor the journal: what is asked of it here is
//! all that a store on disk in its place would have to answer. What is dropped is always the oldest:
//! of the orders by the moment of closing, of the fills by the moment of trading.

mod fills;
mod orders;
mod stored;

pub use fills::{Fill, Role};

use openmart_model::{
    AccountId, CloseReason, Event, MarketId, Order, OrderId, OrderStatus, Timestamp,
};

use crate::page::{Page, PageRequest};
use crate::sorted_ids::SortedIds;
use fills::Fills;
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

#[cfg(test)]
mod tests {
    use super::*;
    use openmart_model::{Amount, OrderKind, Price, Quantity, Reader, Side, TimeInForce, Writer};
    use openmart_model::{Trade, TradeId};

    fn order(id: u64) -> Order {
        let (price, quantity) = (Price::new(5), Quantity::new(6));
        Order {
            id: OrderId(id),
            account: AccountId(id as u32 % 2),
            market: MarketId(0),
            side: Side::Buy,
            kind: OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
            client_id: None,
            time: Timestamp(1),
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fees: Amount::ZERO,
        }
    }

    fn archive() -> Archive {
        let mut archive = Archive::new(ArchiveLimits::default());
        for id in 1..5 {
            let trade = Trade {
                id: TradeId(id),
                market: MarketId(0),
                price: Price::new(5),
                quantity: Quantity::new(1),
                notional: Amount::new(5),
                taker_side: Side::Sell,
                taker_order: OrderId(id),
                taker_account: AccountId(id as u32 % 2),
                taker_fee: Amount::ZERO,
                maker_order: OrderId(id + 100),
                maker_account: AccountId(1),
                maker_fee: Amount::ZERO,
            };
            let reason = CloseReason::Canceled;
            let closed = Event::Closed { order: order(id), reason, rested: false };
            archive.apply(Timestamp(id), &[Event::Traded(trade), closed]);
        }
        archive
    }

    fn bytes(archive: &Archive) -> Vec<u8> {
        let mut bytes = Vec::new();
        archive.snapshot(&mut Writer::new(&mut bytes));
        bytes
    }

    fn restored(bytes: &[u8]) -> Option<Archive> {
        let mut reader = Reader::new(bytes);
        let archive = Archive::restore(&mut reader, ArchiveLimits::default()).ok()?;
        reader.finish().ok().map(|()| archive)
    }

    #[test]
    fn an_archive_comes_back_as_it_went() {
        let written = bytes(&archive());
        assert_eq!(bytes(&restored(&written).unwrap()), written);
        for cut in 0..written.len() {
            assert!(restored(&written[..cut]).is_none(), "cut at {cut}");
        }
    }

    #[test]
    fn changed_bytes_are_an_error_or_another_archive_but_never_a_panic() {
        let written = bytes(&archive());
        let page = PageRequest { index: 0, size: 1_000 };
        for bit in 0..written.len() * 8 {
            let mut changed = written.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Some(archive) = restored(&changed) else {
                continue;
            };
            assert_ne!(bytes(&archive), written, "bit {bit}");
            for account in [AccountId(0), AccountId(1)] {
                let fills = archive.fills(account, MarketId(0), None, page);
                assert!(fills.items.iter().all(|fill| fill.account == account), "bit {bit}");
            }
        }
        let mut highest =
            FinishedOrder { order: order(1), reason: CloseReason::Filled, time: Timestamp(0) };
        highest.order.id = OrderId(u64::MAX);
        let mut archive = Archive::new(ArchiveLimits::default());
        archive.orders.add(highest);
        assert!(restored(&bytes(&archive)).is_none(), "an id that leaves no room for the next");
    }

    #[test]
    fn entries_are_as_large_as_the_limits_assume() {
        assert!(size_of::<FinishedOrder>() <= 192);
        assert!(size_of::<Fill>() <= 96);
    }
}
