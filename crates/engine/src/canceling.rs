//! Taking orders off the book and freeing what they hold.

use alloc::vec::Vec;

use openmart_model::{
    AccountId, ClientOrderId, CloseReason, CommandResult, Event, MarketId, OrderId, Outcome,
    Reject, Side,
};

use crate::Engine;
use crate::orders::Slot;
use crate::settlement::held;

impl Engine {
    pub(crate) fn cancel(
        &mut self,
        account: AccountId,
        order: OrderId,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        if account.index() >= self.accounts.len() {
            return Err(Reject::UnknownAccount);
        }
        let at = self.orders.find(order).ok_or(Reject::OrderNotOpen)?;
        let slot = self.orders.slot(at);
        if slot.account != account {
            return Err(Reject::OrderNotOpen);
        }
        let remaining = slot.remaining;
        self.close(at, CloseReason::Canceled, events);
        Ok(Outcome::Canceled { order, remaining })
    }

    pub(crate) fn cancel_all(
        &mut self,
        account: AccountId,
        market: Option<MarketId>,
        side: Option<Side>,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        let open = &self.accounts.trading(account).ok_or(Reject::UnknownAccount)?.open;
        if market.is_some_and(|market| self.listings.get(market).is_none()) {
            return Err(Reject::UnknownMarket);
        }
        let slots = open.slots().map(|at| (at, self.orders.slot(at)));
        let chosen = slots.filter(|(_, slot)| {
            market.is_none_or(|m| m == slot.market) && side.is_none_or(|s| s == slot.side)
        });
        let mut chosen: Vec<(OrderId, u32)> = chosen.map(|(at, slot)| (slot.id, at)).collect();
        chosen.sort_unstable();
        events.reserve(chosen.len());
        for (_, at) in &chosen {
            self.close(*at, CloseReason::Canceled, events);
        }
        Ok(Outcome::CanceledAll { orders: chosen.len() as u32 })
    }

    /// Takes an order off the book, frees what it still holds and tells how it ended.
    pub(crate) fn close(&mut self, at: u32, reason: CloseReason, events: &mut Vec<Event>) {
        let slot = *self.orders.slot(at);
        let own = self.accounts.trading_mut(slot.account);
        if !slot.remaining.is_zero() {
            let market = &self.listings.all()[slot.market.index()].market;
            let (asset, amount) = held(market, slot.side, slot.price, slot.remaining);
            own.release(asset, amount);
        }
        own.open.remove(slot.place, &mut self.orders);
        self.listings.unlink(&mut self.orders, &slot);
        if self.orders.has_rare(&slot) {
            self.tell_closed(&slot, reason, events);
        } else {
            let order = slot.plain_order();
            events.push(Event::Closed { order, reason, rested: true });
        }
        self.orders.remove(at);
    }

    /// Tells the end of an order that is more than its slot. Apart, since copies are cheap only where
    /// it is known that there is no client order id.
    #[inline(never)]
    fn tell_closed(&mut self, slot: &Slot, reason: CloseReason, events: &mut Vec<Event>) {
        let order = self.orders.order(slot);
        events.push(Event::Closed { order, reason, rested: true });
        if let Some(id) = order.client_id {
            self.retire_client_id(order.account, id);
        }
    }

    /// Moves the client order id of a closed order to those that are remembered for a while.
    pub(crate) fn retire_client_id(&mut self, account: AccountId, id: ClientOrderId) {
        self.accounts.get_mut(account).client_ids.closed(id);
    }
}
