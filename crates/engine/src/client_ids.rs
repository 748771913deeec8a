//! Client order ids that an account used: of all its open orders, and of its latest closed ones.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};

use openmart_model::limits::CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX;
use openmart_model::{ClientOrderId, MarketId, NewOrder, OrderId, OrderKind, Side};

/// Empty, and free of charge, for an account that never uses them.
#[derive(Debug, Default)]
pub(crate) struct ClientIds(Option<Box<Known>>);

#[derive(Debug, Default)]
struct Known {
    orders: BTreeMap<ClientOrderId, Remembered>,
    /// Those whose orders are closed, in order of closing.
    closed: VecDeque<ClientOrderId>,
}

/// The order that was placed under an id, and what it asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Remembered {
    pub(crate) order: OrderId,
    pub(crate) market: MarketId,
    pub(crate) side: Side,
    pub(crate) kind: OrderKind,
}

impl Remembered {
    pub(crate) fn asks_the_same(&self, order: &NewOrder) -> bool {
        (self.market, self.side, self.kind) == (order.market, order.side, order.kind)
    }
}

impl ClientIds {
    pub(crate) fn get(&self, id: &ClientOrderId) -> Option<&Remembered> {
        self.0.as_ref()?.orders.get(id)
    }

    pub(crate) fn remember(&mut self, id: ClientOrderId, order: Remembered) {
        self.0.get_or_insert_default().orders.insert(id, order);
    }

    /// Keeps the id of a closed order among the latest, and forgets the oldest beyond the limit.
    pub(crate) fn closed(&mut self, id: ClientOrderId) {
        let known = self.0.get_or_insert_default();
        known.closed.push_back(id);
        if known.closed.len() > CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX {
            let oldest = known.closed.pop_front().expect("the list is over its limit");
            known.orders.remove(&oldest);
        }
    }

    /// All ids, ascending.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = (&ClientOrderId, &Remembered)> {
        match &self.0 {
            Some(known) => known.orders.iter(),
            None => Default::default(),
        }
    }

    /// Ids of closed orders, in order of closing.
    pub(crate) fn all_closed(&self) -> impl ExactSizeIterator<Item = &ClientOrderId> {
        match &self.0 {
            Some(known) => known.closed.iter(),
            None => Default::default(),
        }
    }
}
