//! Matching an accepted order against the book, by price and then by time.

use alloc::vec::Vec;

use openmart_model::limits::ID_LIMIT;
use openmart_model::{
    Amount, ClientOrderId, CloseReason, Event, NewOrder, Order, OrderId, OrderKind, Price,
    Quantity, SelfTradePolicy, TimeInForce, Timestamp, Trade, TradeId,
};

use crate::Engine;
use crate::client_ids::Remembered;
use crate::orders::{Rare, Slot};
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

/// An arriving order while it is matched: what was wished, and what came of it so far. The order as
/// others know it is made of this for each event, and not kept, since copying it costs more.
struct Taker<'a> {
    id: OrderId,
    wish: &'a NewOrder,
    filled: Quantity,
    notional: Amount,
    fees: Amount,
}

impl Taker<'_> {
    #[inline(always)]
    fn order(&self, client_id: Option<ClientOrderId>, time: Timestamp) -> Order {
        Order {
            id: self.id,
            account: self.wish.account,
            market: self.wish.market,
            side: self.wish.side,
            kind: self.wish.kind,
            client_id,
            time,
            filled: self.filled,
            notional: self.notional,
            fees: self.fees,
        }
    }

    /// What is not filled of an order that names its quantity.
    fn left_of(&self, quantity: Quantity) -> Quantity {
        quantity.checked_sub(self.filled).expect("a fill fits its order")
    }
}

impl Engine {
    /// Carries out an order that passed every check.
    pub(crate) fn accept(&mut self, wish: &NewOrder, events: &mut Vec<Event>) -> OrderId {
        let id = self.next_order;
        assert!(id.0 < ID_LIMIT, "order ids are used up");
        self.next_order = OrderId(id.0 + 1);
        let (filled, notional, fees) = (Quantity::ZERO, Amount::ZERO, Amount::ZERO);
        let taker = Taker { id, wish, filled, notional, fees };
        if let OrderKind::Limit { price, quantity, time_in_force } = wish.kind
            && let TimeInForce::GoodTillCanceled { post_only } = time_in_force
            && wish.client_id.is_none()
            && self.opposite_best(wish).is_none()
        {
            // Most orders are of this kind, and there is nothing more to know of them.
            events.push(Event::Placed(taker.order(None, self.time)));
            self.rest(&taker, None, (price, quantity, post_only), events);
        } else {
            self.take(taker, events);
        }
        id
    }

    /// Matches an order, and rests or closes what is left.
    #[inline(never)]
    fn take(&mut self, mut taker: Taker<'_>, events: &mut Vec<Event>) {
        match taker.wish.client_id {
            None => events.push(Event::Placed(taker.order(None, self.time))),
            Some(client_id) => self.place_named(&taker, client_id, events),
        }
        let ended = self.run_match(&mut taker, events);
        self.finish(&taker, ended, events);
    }

    /// The best level that an order may trade with.
    #[inline(always)]
    fn opposite_best(&self, wish: &NewOrder) -> Option<(Price, u32)> {
        let listing = &self.listings.all()[wish.market.index()];
        listing.ladders[wish.side.opposite().index()].best_within(wish.kind.price())
    }

    #[inline(never)]
    fn place_named(&mut self, taker: &Taker<'_>, id: ClientOrderId, events: &mut Vec<Event>) {
        let NewOrder { account, market, side, kind, .. } = *taker.wish;
        let remembered = Remembered { order: taker.id, market, side, kind };
        self.accounts.get_mut(account).client_ids.remember(id, remembered);
        events.push(Event::Placed(taker.order(Some(id), self.time)));
    }

    fn run_match(&mut self, taker: &mut Taker<'_>, events: &mut Vec<Event>) -> Ended {
        let wish = taker.wish;
        loop {
            let Some((price, level)) = self.opposite_best(wish) else {
                return Ended::BookExhausted;
            };
            let listing = &self.listings.all()[wish.market.index()];
            let wanted = match wish.kind {
                OrderKind::Limit { quantity, .. } | OrderKind::Market { quantity } => {
                    taker.left_of(quantity)
                }
                OrderKind::MarketNotional { notional } => {
                    let left = less(notional, taker.notional);
                    listing.wanted_for(left, price, taker.filled)
                }
            };
            if wanted.is_zero() {
                return Ended::Satisfied;
            }
            let maker = self.listings.levels.get(level).head;
            if self.orders.slot(maker).account == wish.account {
                match listing.market.spec.self_trade {
                    SelfTradePolicy::Allow => {}
                    SelfTradePolicy::CancelMaker => {
                        self.close(maker, CloseReason::SelfTrade, events);
                        continue;
                    }
                    SelfTradePolicy::CancelTaker => return Ended::MetOwn,
                    SelfTradePolicy::CancelBoth => {
                        self.close(maker, CloseReason::SelfTrade, events);
                        return Ended::MetOwn;
                    }
                    SelfTradePolicy::RefuseTaker => {
                        panic!("order {} meets its own account, which was checked", taker.id)
                    }
                }
            }
            self.trade(taker, maker, price, wanted, events);
        }
    }

    fn trade(
        &mut self,
        taker: &mut Taker<'_>,
        maker_at: u32,
        price: Price,
        wanted: Quantity,
        events: &mut Vec<Event>,
    ) {
        let wish = taker.wish;
        let Slot { id: maker_order, account: maker, level, remaining, .. } =
            *self.orders.slot(maker_at);
        let quantity = wanted.min(remaining);
        let settled = self.settle(Match {
            market: wish.market,
            price,
            quantity,
            taker_side: wish.side,
            taker: wish.account,
            maker,
        });
        let id = self.next_trade;
        assert!(id.0 < ID_LIMIT, "trade ids are used up");
        self.next_trade = TradeId(id.0 + 1);
        self.listings.get_mut(wish.market).last_price = Some(price);

        taker.filled = taker.filled.checked_add(quantity).expect("a fill fits its order");
        taker.notional = more(taker.notional, settled.notional);
        taker.fees = more(taker.fees, settled.taker_fee);
        events.push(Event::Traded(Trade {
            id,
            market: wish.market,
            price,
            quantity,
            notional: settled.notional,
            taker_side: wish.side,
            taker_order: taker.id,
            taker_account: wish.account,
            taker_fee: settled.taker_fee,
            maker_order,
            maker_account: maker,
            maker_fee: settled.maker_fee,
        }));
        let (notional, fee) = (settled.notional, settled.maker_fee);
        self.listings.levels.fill(level, quantity);
        if self.orders.fill(maker_at, quantity, notional, fee).is_zero() {
            self.close(maker_at, CloseReason::Filled, events);
        }
    }

    /// Rests or closes what matching left of an order.
    fn finish(&mut self, taker: &Taker<'_>, ended: Ended, events: &mut Vec<Event>) {
        let filled =
            |quantity| if taker.filled == quantity { Some(CloseReason::Filled) } else { None };
        let reason = match (ended, taker.wish.kind) {
            (Ended::MetOwn, _) => CloseReason::SelfTrade,
            (_, OrderKind::MarketNotional { notional }) => {
                if self.is_filled(taker, notional) {
                    CloseReason::Filled
                } else {
                    CloseReason::Expired
                }
            }
            (_, OrderKind::Limit { price, quantity, time_in_force }) => {
                let waits = match time_in_force {
                    TimeInForce::GoodTillCanceled { post_only } => Some(post_only),
                    TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => None,
                };
                match (filled(quantity), waits) {
                    (Some(reason), _) => reason,
                    (None, Some(post_only)) => {
                        let client_id = taker.wish.client_id;
                        return self.rest(taker, client_id, (price, quantity, post_only), events);
                    }
                    (None, None) => CloseReason::Expired,
                }
            }
            (_, OrderKind::Market { quantity }) => filled(quantity).unwrap_or(CloseReason::Expired),
        };
        match taker.wish.client_id {
            None => {
                let order = taker.order(None, self.time);
                events.push(Event::Closed { order, reason, rested: false });
            }
            Some(client_id) => self.close_named(taker, client_id, reason, events),
        }
    }

    #[inline(never)]
    fn close_named(
        &mut self,
        taker: &Taker<'_>,
        id: ClientOrderId,
        reason: CloseReason,
        events: &mut Vec<Event>,
    ) {
        self.retire_client_id(taker.wish.account, id);
        let order = taker.order(Some(id), self.time);
        events.push(Event::Closed { order, reason, rested: false });
    }

    /// Whether an order by notional got all that it asked for.
    fn is_filled(&self, taker: &Taker<'_>, notional: Amount) -> bool {
        let wish = taker.wish;
        let listing = &self.listings.all()[wish.market.index()];
        let left = less(notional, taker.notional);
        let best = self.listings.best_price(wish.market, wish.side.opposite());
        let pays_no_lot =
            best.is_some_and(|best| listing.market.quantity_for(left, best).is_zero());
        !taker.filled.is_zero() && (pays_no_lot || left.is_zero())
    }

    #[inline(always)]
    fn rest(
        &mut self,
        taker: &Taker<'_>,
        client_id: Option<ClientOrderId>,
        (price, quantity, post_only): (Price, Quantity, bool),
        events: &mut Vec<Event>,
    ) {
        let NewOrder { account, market, side, .. } = *taker.wish;
        let remaining = taker.left_of(quantity);
        let (asset, amount) =
            held(&self.listings.all()[market.index()].market, side, price, remaining);
        self.accounts.trading_mut(account).hold(asset, amount);
        let resting =
            Slot::resting(taker.id, account, market, side, price, remaining, self.time, post_only);
        let rare = Rare { quantity, notional: taker.notional, fees: taker.fees, client_id };
        self.enter(resting, rare);
        events.push(Event::Rested { order: taker.id, market, side, price, remaining });
    }

    /// Puts an order into the book and the indexes, without touching balances.
    #[inline(always)]
    pub(crate) fn enter(&mut self, mut resting: Slot, rare: Rare) {
        let at = self.orders.vacate();
        self.listings.link(&mut self.orders, at, &mut resting);
        resting.place = self.accounts.trading_mut(resting.account).open.add(at);
        self.orders.insert(at, resting, rare);
    }
}
