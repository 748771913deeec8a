//! Open orders of each account and market by whether they have traded, so that a page of them costs
//! the same however many there are.
//!
//! Folded from events; holds ids only. The orders themselves are the engine's.

use std::collections::HashMap;

use openmart_engine::Engine;
use openmart_model::{AccountId, Event, MarketId, Order, OrderId};

use crate::sorted_ids::SortedIds;

#[derive(Default, Debug)]
pub(crate) struct OpenOrders {
    shelves: HashMap<(AccountId, MarketId), Shelf>,
}

/// The open orders of one account on one market.
#[derive(Default, Debug)]
pub(crate) struct Shelf {
    pub(crate) untouched: SortedIds,
    pub(crate) partial: SortedIds,
}

/// The order that a command placed, until its fate is told.
struct Arriving {
    order: OrderId,
    account: AccountId,
    traded: bool,
}

impl OpenOrders {
    /// The open orders of an engine.
    pub(crate) fn of(engine: &Engine) -> Self {
        let mut open = Self::default();
        for account in 0..engine.accounts_len() {
            for Order { id, account, market, filled, .. } in
                engine.open_orders(AccountId(account as u32))
            {
                open.add((account, market), id, !filled.is_zero());
            }
        }
        open
    }

    /// Folds the events of one command.
    pub(crate) fn apply(&mut self, events: &[Event]) {
        let mut arriving: Option<Arriving> = None;
        for event in events {
            match event {
                Event::Placed(Order { id, account, .. }) => {
                    arriving = Some(Arriving { order: *id, account: *account, traded: false });
                }
                Event::Traded(trade) => {
                    self.touch((trade.maker_account, trade.market), trade.maker_order);
                    if let Some(placed) = &mut arriving {
                        placed.traded = true;
                    }
                }
                Event::Rested { order, market, .. } => {
                    let placed = arriving.take().filter(|placed| placed.order == *order);
                    let placed = placed.expect("an order rests in the command that placed it");
                    self.add((placed.account, *market), *order, placed.traded);
                }
                Event::Closed { order, rested: true, .. } => {
                    self.remove((order.account, order.market), order.id);
                }
                _ => {}
            }
        }
    }

    /// The open orders of an account on a market, if it has any.
    pub(crate) fn shelf(&self, account: AccountId, market: MarketId) -> Option<&Shelf> {
        self.shelves.get(&(account, market))
    }

    fn add(&mut self, place: (AccountId, MarketId), order: OrderId, traded: bool) {
        let shelf = self.shelves.entry(place).or_default();
        let ids = if traded { &mut shelf.partial } else { &mut shelf.untouched };
        ids.insert(order.0);
    }

    /// Notes that an order has traded.
    fn touch(&mut self, place: (AccountId, MarketId), order: OrderId) {
        if let Some(shelf) = self.shelves.get_mut(&place)
            && shelf.untouched.remove(order.0)
        {
            shelf.partial.insert(order.0);
        }
    }

    fn remove(&mut self, place: (AccountId, MarketId), order: OrderId) {
        let Some(shelf) = self.shelves.get_mut(&place) else {
            return;
        };
        if !shelf.untouched.remove(order.0) {
            shelf.partial.remove(order.0);
        }
        if shelf.untouched.is_empty() && shelf.partial.is_empty() {
            self.shelves.remove(&place);
        }
    }
}
