//! Open orders: found by id without hashing, linked in their price level without searching.
//!
//! An order is one [`Slot`] of exactly one cache line, known by its number everywhere inside the
//! engine; a canceled order is told about in full, so that splitting it into a hot and a cold part
//! would only make two lines to wait for out of one. What few orders have, because they were partly
//! filled or bear a client order id, lies apart ([`Rare`]).

use alloc::vec::Vec;

use openmart_model::{
    AccountId, Amount, ClientOrderId, MarketId, Order, OrderId, OrderKind, Price, Quantity, Side,
    TimeInForce, Timestamp,
};

use crate::order_index::OrderIndex;

/// No slot: the end of a list.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct Orders {
    slots: Vec<Slot>,
    free: Vec<u32>,
    rare: Vec<Rare>,
    rare_free: Vec<u32>,
    index: OrderIndex,
}

/// An open order. Price, market and side are those of its level, so that a cancel need not wait for
/// the level to know them.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Slot {
    pub(crate) id: OrderId,
    pub(crate) remaining: Quantity,
    pub(crate) price: Price,
    pub(crate) time: Timestamp,
    pub(crate) account: AccountId,
    /// The price level.
    pub(crate) level: u32,
    /// Neighbours in the level, newer and older.
    pub(crate) next: u32,
    pub(crate) previous: u32,
    /// Where the account's list of open orders has it.
    pub(crate) place: u32,
    /// Its [`Rare`] part; without one, nothing of it is filled and it has no client order id.
    rare: u32,
    pub(crate) market: MarketId,
    pub(crate) side: Side,
    pub(crate) post_only: bool,
}

/// What only some orders have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rare {
    pub(crate) quantity: Quantity,
    pub(crate) notional: Amount,
    pub(crate) fees: Amount,
    pub(crate) client_id: Option<ClientOrderId>,
}

impl Slot {
    /// An order that is on no list yet and of which nothing is filled.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "they are the fields, each of a type of its own")]
    pub(crate) fn resting(
        id: OrderId,
        account: AccountId,
        market: MarketId,
        side: Side,
        price: Price,
        remaining: Quantity,
        time: Timestamp,
        post_only: bool,
    ) -> Self {
        let (level, next, previous, place, rare) = (NONE, NONE, NONE, NONE, NONE);
        Self {
            id,
            remaining,
            price,
            time,
            account,
            level,
            next,
            previous,
            place,
            rare,
            market,
            side,
            post_only,
        }
    }

    /// The order of a slot without a [`Rare`] part.
    #[inline(always)]
    pub(crate) fn plain_order(&self) -> Order {
        let (quantity, notional, fees) = (self.remaining, Amount::ZERO, Amount::ZERO);
        self.order_with(&Rare { quantity, notional, fees, client_id: None })
    }

    /// The order of a slot and its [`Rare`] part.
    #[inline(always)]
    pub(crate) fn order_with(&self, rare: &Rare) -> Order {
        let filled = rare.quantity.checked_sub(self.remaining);
        Order {
            id: self.id,
            account: self.account,
            market: self.market,
            side: self.side,
            kind: OrderKind::Limit {
                price: self.price,
                quantity: rare.quantity,
                time_in_force: TimeInForce::GoodTillCanceled { post_only: self.post_only },
            },
            client_id: rare.client_id,
            time: self.time,
            filled: filled.expect("no more remains than was asked for"),
            notional: rare.notional,
            fees: rare.fees,
        }
    }
}

impl Orders {
    /// Open orders.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Where an open order is.
    #[inline]
    pub(crate) fn find(&self, id: OrderId) -> Option<u32> {
        self.index.get(id)
    }

    /// A slot, free or not, by a number that might name none.
    #[inline]
    pub(crate) fn get(&self, at: u32) -> Option<&Slot> {
        self.slots.get(at as usize)
    }

    /// The slot of an open order by a number that might name none.
    pub(crate) fn open_slot(&self, at: u32) -> Option<&Slot> {
        self.slots.get(at as usize).filter(|slot| self.find(slot.id) == Some(at))
    }

    #[inline]
    pub(crate) fn slot(&self, at: u32) -> &Slot {
        &self.slots[at as usize]
    }

    #[inline]
    pub(crate) fn slot_mut(&mut self, at: u32) -> &mut Slot {
        &mut self.slots[at as usize]
    }

    /// The order in a slot as the rest of the exchange knows it.
    pub(crate) fn order(&self, slot: &Slot) -> Order {
        if self.has_rare(slot) {
            slot.order_with(&self.rare[slot.rare as usize])
        } else {
            slot.plain_order()
        }
    }

    /// Whether there is more to an order than its slot.
    #[inline]
    pub(crate) fn has_rare(&self, slot: &Slot) -> bool {
        slot.rare != NONE
    }

    /// A slot for an order that is about to be inserted.
    #[inline(always)]
    pub(crate) fn vacate(&mut self) -> u32 {
        self.free.pop().unwrap_or(self.slots.len() as u32)
    }

    /// Takes in an order that rests, in the slot that was vacated for it.
    #[inline(always)]
    pub(crate) fn insert(&mut self, at: u32, mut slot: Slot, rare: Rare) {
        if rare.quantity != slot.remaining || rare.client_id.is_some() {
            slot.rare = self.enter_rare(rare);
        }
        self.index.insert(slot.id, at);
        match self.slots.get_mut(at as usize) {
            Some(place) => *place = slot,
            None => self.slots.push(slot),
        }
    }

    /// Counts a fill of a resting order; what remains is told.
    pub(crate) fn fill(
        &mut self,
        at: u32,
        quantity: Quantity,
        notional: Amount,
        fee: Amount,
    ) -> Quantity {
        let mut slot = self.slots[at as usize];
        if slot.rare == NONE {
            slot.rare = self.enter_rare(Rare {
                quantity: slot.remaining,
                notional: Amount::ZERO,
                fees: Amount::ZERO,
                client_id: None,
            });
            self.slots[at as usize].rare = slot.rare;
        }
        let rare = &mut self.rare[slot.rare as usize];
        rare.notional = rare.notional.checked_add(notional).expect("fills are within the supply");
        rare.fees = rare.fees.checked_add(fee).expect("fees are within the supply");
        let remaining = slot.remaining.checked_sub(quantity).expect("a fill fits its order");
        self.slots[at as usize].remaining = remaining;
        remaining
    }

    fn enter_rare(&mut self, rare: Rare) -> u32 {
        enter(&mut self.rare, &mut self.rare_free, rare)
    }

    /// Frees a slot that is already unlinked.
    pub(crate) fn remove(&mut self, at: u32) {
        let slot = &self.slots[at as usize];
        self.index.remove(slot.id);
        if slot.rare != NONE {
            self.rare_free.push(slot.rare);
        }
        self.free.push(at);
    }

    /// Slots of all open orders by ascending id.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = u32> + '_ {
        self.index.ascending()
    }
}

/// Puts a value where one is free, or at the end.
#[inline(always)]
fn enter<T>(all: &mut Vec<T>, free: &mut Vec<u32>, value: T) -> u32 {
    match free.pop() {
        Some(at) => {
            all[at as usize] = value;
            at
        }
        None => {
            all.push(value);
            (all.len() - 1) as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_one_cache_line() {
        assert_eq!((size_of::<Slot>(), align_of::<Slot>()), (64, 64));
    }
}
