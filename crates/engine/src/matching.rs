//! Matching an accepted order against the book, by price and then by time.

use alloc::boxed::Box;
use alloc::vec::Vec;

use openmart_model::limits::ID_LIMIT;
use openmart_model::{
    Amount, CloseReason, Event, NewOrder, Order, OrderId, OrderKind, Price, Quantity,
    SelfTradePolicy, TimeInForce, Trade, TradeId,
};

use crate::Engine;
use crate::client_ids::Remembered;
use crate::listing::crosses;
use crate::orders::{Detail, NONE, Slot};
use crate::settlement::{Match, held, less, more};

/// Why matching ended.
enum Ended {
    /// Nothing remains to be traded.
    Satisfied,
    /// No resting order crosses.
    BookExhausted,
    /// It met an order of its own account.
    MetOwn,
}

impl Engine {
    /// Carries out an order that passed every check.
    pub(crate) fn accept(&mut self, wish: &NewOrder, events: &mut Vec<Event>) -> OrderId {
        let id = self.next_order;
        assert!(id.0 < ID_LIMIT, "order ids are used up");
        self.next_order = OrderId(id.0 + 1);
        let mut order = Order {
            id,
            account: wish.account,
            market: wish.market,
            side: wish.side,
            kind: wish.kind,
            client_id: wish.client_id,
            time: self.time,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fees: Amount::ZERO,
        };
        if let Some(client_id) = wish.client_id {
            let Order { market, side, kind, .. } = order;
            let remembered = Remembered { order: id, market, side, kind };
            self.accounts.get_mut(order.account).client_ids.remember(client_id, remembered);
        }
        events.push(Event::Placed(order));
        let ended = self.run_match(&mut order, events);
        self.finish(order, ended, events);
        id
    }

    fn run_match(&mut self, order: &mut Order, events: &mut Vec<Event>) -> Ended {
        let limit = order.kind.price();
        loop {
            let listing = &self.listings.all()[order.market.index()];
            let Some(best) = listing.ladders[order.side.opposite().index()].best() else {
                return Ended::BookExhausted;
            };
            let level = *self.listings.levels.get(best);
            if !crosses(order.side, limit, level.price) {
                return Ended::BookExhausted;
            }
            let wanted = match order.kind {
                OrderKind::Limit { .. } | OrderKind::Market { .. } => order.remaining(),
                OrderKind::MarketNotional { notional } => {
                    let left = less(notional, order.notional);
                    listing.wanted_for(left, level.price, order.filled)
                }
            };
            if wanted.is_zero() {
                return Ended::Satisfied;
            }
            if self.orders.slot(level.head).account == order.account {
                match listing.market.spec.self_trade {
                    SelfTradePolicy::Allow => {}
                    SelfTradePolicy::CancelMaker => {
                        self.close(level.head, CloseReason::SelfTrade, events);
                        continue;
                    }
                    SelfTradePolicy::CancelTaker => return Ended::MetOwn,
                    SelfTradePolicy::CancelBoth => {
                        self.close(level.head, CloseReason::SelfTrade, events);
                        return Ended::MetOwn;
                    }
                    SelfTradePolicy::RefuseTaker => {
                        panic!("order {} meets its own account, which was checked", order.id)
                    }
                }
            }
            self.trade(order, level.head, level.price, wanted, events);
        }
    }

    fn trade(
        &mut self,
        order: &mut Order,
        maker_at: u32,
        price: Price,
        wanted: Quantity,
        events: &mut Vec<Event>,
    ) {
        let maker = *self.orders.slot(maker_at);
        let quantity = wanted.min(maker.remaining);
        let settled = self.settle(Match {
            market: order.market,
            price,
            quantity,
            taker_side: order.side,
            taker: order.account,
            maker: maker.account,
        });
        let id = self.next_trade;
        assert!(id.0 < ID_LIMIT, "trade ids are used up");
        self.next_trade = TradeId(id.0 + 1);
        self.listings.get_mut(order.market).last_price = Some(price);

        order.filled = order.filled.checked_add(quantity).expect("a fill fits its order");
        order.notional = more(order.notional, settled.notional);
        order.fees = more(order.fees, settled.taker_fee);
        let remaining = maker.remaining.checked_sub(quantity).expect("a fill fits its order");
        self.orders.slot_mut(maker_at).remaining = remaining;
        let detail = self.orders.detail_mut(maker_at);
        detail.notional = more(detail.notional, settled.notional);
        detail.fees = more(detail.fees, settled.maker_fee);

        events.push(Event::Traded(Trade {
            id,
            market: order.market,
            price,
            quantity,
            notional: settled.notional,
            taker_side: order.side,
            taker_order: order.id,
            taker_account: order.account,
            taker_fee: settled.taker_fee,
            maker_order: maker.id,
            maker_account: maker.account,
            maker_fee: settled.maker_fee,
        }));
        if remaining.is_zero() {
            self.close(maker_at, CloseReason::Filled, events);
        }
    }

    /// Rests or closes what matching left of an order.
    fn finish(&mut self, order: Order, ended: Ended, events: &mut Vec<Event>) {
        let reason = match (ended, order.kind) {
            (Ended::MetOwn, _) => CloseReason::SelfTrade,
            (_, OrderKind::MarketNotional { .. }) => {
                if self.is_filled(&order) {
                    CloseReason::Filled
                } else {
                    CloseReason::Expired
                }
            }
            _ if order.remaining().is_zero() => CloseReason::Filled,
            (_, OrderKind::Limit { price, quantity, time_in_force }) => match time_in_force {
                TimeInForce::GoodTillCanceled { post_only } => {
                    return self.rest(order, price, quantity, post_only, events);
                }
                TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => CloseReason::Expired,
            },
            (_, OrderKind::Market { .. }) => CloseReason::Expired,
        };
        self.retire_client_id(&order);
        events.push(Event::Closed { order, reason, rested: false });
    }

    /// Whether an arriving order got all that it asked for.
    fn is_filled(&self, order: &Order) -> bool {
        let OrderKind::MarketNotional { notional } = order.kind else {
            return order.remaining().is_zero();
        };
        let listing = &self.listings.all()[order.market.index()];
        let left = less(notional, order.notional);
        let best = self.listings.best_price(order.market, order.side.opposite());
        let pays_no_lot =
            best.is_some_and(|best| listing.market.quantity_for(left, best).is_zero());
        !order.filled.is_zero() && (pays_no_lot || left.is_zero())
    }

    fn rest(
        &mut self,
        order: Order,
        price: Price,
        quantity: Quantity,
        post_only: bool,
        events: &mut Vec<Event>,
    ) {
        let remaining = order.remaining();
        let listing = &self.listings.all()[order.market.index()];
        let (asset, amount) = held(&listing.market, order.side, price, remaining);
        self.hold(order.account, asset, amount);
        self.enter(&order, price, quantity, post_only);
        let Order { id, market, side, .. } = order;
        events.push(Event::Rested { order: id, market, side, price, remaining });
    }

    /// Puts an order into the book and the indexes, without touching balances.
    pub(crate) fn enter(
        &mut self,
        order: &Order,
        price: Price,
        quantity: Quantity,
        post_only: bool,
    ) {
        let slot = Slot {
            id: order.id,
            remaining: order.remaining(),
            account: order.account,
            level: NONE,
            next: NONE,
            previous: NONE,
        };
        let detail = Detail {
            notional: order.notional,
            fees: order.fees,
            quantity,
            time: order.time,
            client_id: order.client_id.map(Box::new),
            post_only,
        };
        let at = self.orders.insert(slot, detail);
        self.listings.link(&mut self.orders, at, order.market, order.side, price);
        self.accounts.get_mut(order.account).open.push(order.id);
    }
}
