//! Taking orders off the book: "Cancel" of the rules, and what every closing has in common.

use openmart_model::limits::CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX;
use openmart_model::{
    AccountId, Amount, AssetId, CloseReason, CommandResult, Event, MarketId, Order, OrderId,
    Outcome, Quantity, Reject, Side,
};

use super::Oracle;

impl Oracle {
    pub(super) fn cancel(
        &mut self,
        account: AccountId,
        id: OrderId,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.account_known(account)?;
        let order = self.open.get(&id).filter(|order| order.account == account);
        let remaining = order.ok_or(Reject::OrderNotOpen)?.remaining();
        self.take_off_book(id, CloseReason::Canceled, events);
        Ok(Outcome::Canceled { order: id, remaining })
    }

    pub(super) fn cancel_all(
        &mut self,
        account: AccountId,
        market: Option<MarketId>,
        side: Option<Side>,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.account_known(account)?;
        if let Some(market) = market {
            self.market_listed(market)?;
        }
        let orders = self.open.values().filter(|order| {
            order.account == account
                && market.is_none_or(|market| market == order.market)
                && side.is_none_or(|side| side == order.side)
        });
        let ids: Vec<OrderId> = orders.map(|order| order.id).collect();
        for id in &ids {
            self.take_off_book(*id, CloseReason::Canceled, events);
        }
        Ok(Outcome::CanceledAll { orders: ids.len() as u32 })
    }

    /// Takes an open order off the book and frees what is left of its hold.
    pub(super) fn take_off_book(
        &mut self,
        id: OrderId,
        reason: CloseReason,
        events: &mut Vec<Event>,
    ) {
        let order = self.open.remove(&id).expect("the order is open");
        let (asset, amount) = self.hold_of(&order, order.remaining());
        self.release(order.account, asset, amount);
        self.close(order, reason, true, events);
    }

    /// Tells that an order is finished and moves its client order id to the closed ones.
    pub(super) fn close(
        &mut self,
        order: Order,
        reason: CloseReason,
        rested: bool,
        events: &mut Vec<Event>,
    ) {
        events.push(Event::Closed { order, reason, rested });
        let Some(client_id) = order.client_id else { return };
        let account = &mut self.accounts[order.account.index()];
        account.closed.push_back(client_id);
        if account.closed.len() > CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX {
            let oldest = account.closed.pop_front().expect("it is not empty");
            account.client_ids.remove(&oldest);
        }
    }

    /// What a resting order holds for so much of its quantity.
    pub(super) fn hold_of(&self, order: &Order, quantity: Quantity) -> (AssetId, Amount) {
        let market = &self.markets[order.market.index()].market;
        match order.side {
            Side::Sell => (market.spec.base, market.base_amount(quantity)),
            Side::Buy => {
                let price = order.kind.price().expect("only limit orders rest");
                let notional = market.notional(price, quantity);
                (market.spec.quote, notional.expect("it was checked when the order was placed"))
            }
        }
    }
}
