//! Taking orders off the book and freeing what they hold.

use alloc::vec::Vec;

use openmart_model::{
    AccountId, CloseReason, CommandResult, Event, MarketId, Order, OrderId, OrderKind, Outcome,
    Reject, Side, TimeInForce,
};

use crate::Engine;
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
        let open = &self.accounts.get(account).ok_or(Reject::UnknownAccount)?.open;
        if market.is_some_and(|market| self.listings.get(market).is_none()) {
            return Err(Reject::UnknownMarket);
        }
        let chosen = open.listed().iter().filter_map(|id| self.orders.find(*id)).filter(|at| {
            let level = self.listings.levels.get(self.orders.slot(*at).level);
            market.is_none_or(|m| m == level.market) && side.is_none_or(|s| s == level.side)
        });
        let chosen: Vec<u32> = chosen.collect();
        for at in &chosen {
            self.close(*at, CloseReason::Canceled, events);
        }
        Ok(Outcome::CanceledAll { orders: chosen.len() as u32 })
    }

    /// Takes an order off the book, frees what it still holds and tells how it ended.
    pub(crate) fn close(&mut self, at: u32, reason: CloseReason, events: &mut Vec<Event>) {
        let order = self.order_at(at);
        let slot = *self.orders.slot(at);
        if !slot.remaining.is_zero() {
            let level = self.listings.levels.get(slot.level);
            let market = &self.listings.all()[level.market.index()].market;
            let (asset, amount) = held(market, level.side, level.price, slot.remaining);
            self.release(slot.account, asset, amount);
        }
        self.listings.unlink(&mut self.orders, at);
        self.orders.remove(at);
        self.accounts.get_mut(slot.account).open.closed(&self.orders);
        self.retire_client_id(&order);
        events.push(Event::Closed { order, reason, rested: true });
    }

    /// Moves the client order id of a closed order to those that are remembered for a while.
    pub(crate) fn retire_client_id(&mut self, order: &Order) {
        if let Some(id) = order.client_id {
            self.accounts.get_mut(order.account).client_ids.closed(id);
        }
    }

    /// An open order as the rest of the exchange knows it.
    pub(crate) fn order_at(&self, at: u32) -> Order {
        let (slot, detail) = (self.orders.slot(at), self.orders.detail(at));
        let level = self.listings.levels.get(slot.level);
        let filled = detail.quantity.checked_sub(slot.remaining);
        Order {
            id: slot.id,
            account: slot.account,
            market: level.market,
            side: level.side,
            kind: OrderKind::Limit {
                price: level.price,
                quantity: detail.quantity,
                time_in_force: TimeInForce::GoodTillCanceled { post_only: detail.post_only },
            },
            client_id: detail.client_id.as_deref().copied(),
            time: detail.time,
            filled: filled.expect("no more remains than was asked for"),
            notional: detail.notional,
            fees: detail.fees,
        }
    }
}
