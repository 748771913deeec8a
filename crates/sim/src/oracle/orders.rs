//! Placing an order: "Place" of the rules, its ten checks in their order.

use openmart_model::limits::{
    ORDERS_OPEN_MAX, ORDERS_OPEN_PER_ACCOUNT_MAX, PRICE_LEVELS_PER_SIDE_MAX, SUPPLY_MAX,
};
use openmart_model::{
    Amount, AssetId, CloseReason, CommandResult, Event, FullReason, Market, MarketStatus, NewOrder,
    Order, OrderId, OrderKind, Outcome, Price, Quantity, Reject, SelfTradePolicy, Side,
    TimeInForce,
};

use super::matching::{Meeting, Step};
use super::{Oracle, Remembered};

impl Oracle {
    pub(super) fn place(&mut self, wish: &NewOrder, events: &mut Vec<Event>) -> CommandResult {
        // 1
        self.account_known(wish.account)?;
        self.market_listed(wish.market)?;
        // 2
        if let Some(known) = self.remembered(wish) {
            let order = known.order;
            let same =
                (known.market, known.side, known.kind) == (wish.market, wish.side, wish.kind);
            let duplicate = Outcome::Placed { order, duplicate: true };
            return if same { Ok(duplicate) } else { Err(Reject::ClientIdTaken { order }) };
        }
        // 3
        let market = &self.markets[wish.market.index()].market;
        if market.status == MarketStatus::Halted {
            return Err(Reject::MarketHalted);
        }
        // 4 to 6
        check_size(market, wish)?;
        // 7
        self.check_band(wish)?;
        // 8
        let meeting = self.meeting(wish);
        self.check_meeting(wish, &meeting)?;
        // 9
        let (asset, needed) = self.needed(wish, &meeting);
        let available = self.balance(wish.account, asset).available;
        if needed.is_none_or(|needed| needed > available) {
            return Err(Reject::InsufficientFunds);
        }
        // 10
        self.check_room(wish)?;

        let id = self.accept(wish, events);
        self.match_and_finish(id, wish, meeting, events);
        Ok(Outcome::Placed { order: id, duplicate: false })
    }

    fn remembered(&self, wish: &NewOrder) -> Option<Remembered> {
        self.accounts[wish.account.index()].client_ids.get(&wish.client_id?).copied()
    }

    fn check_band(&self, wish: &NewOrder) -> Result<(), Reject> {
        let Some(price) = wish.kind.price() else { return Ok(()) };
        let multiple = self.markets[wish.market.index()].market.spec.price_band_multiple;
        if multiple == 0 {
            return Ok(());
        }
        let own_best = self.best_price(wish.market, wish.side);
        let reference = own_best.or(self.last_price(wish.market));
        match reference.and_then(|reference| reference.checked_mul(u64::from(multiple))) {
            Some(max) if price > max => Err(Reject::PriceAboveBand { max }),
            _ => Ok(()),
        }
    }

    fn check_meeting(&self, wish: &NewOrder, meeting: &Meeting) -> Result<(), Reject> {
        let market = &self.markets[wish.market.index()].market;
        if let OrderKind::Limit { price, time_in_force, .. } = wish.kind
            && time_in_force == (TimeInForce::GoodTillCanceled { post_only: true })
        {
            let best = self.best_price(wish.market, wish.side.opposite());
            if best.is_some_and(|best| crosses(wish.side, price, best)) {
                return Err(Reject::WouldTake);
            }
        }
        if market.spec.self_trade == SelfTradePolicy::RefuseTaker && meeting.ends_at_own {
            return Err(Reject::SelfTrade);
        }
        if let OrderKind::Limit { quantity, time_in_force: TimeInForce::FillOrKill, .. } = wish.kind
            && meeting.quantity() < u128::from(quantity.lots())
        {
            return Err(Reject::NotFillable);
        }
        Ok(())
    }

    /// Which asset must be available, and how much; nothing when it is more than can be counted.
    fn needed(&self, wish: &NewOrder, meeting: &Meeting) -> (AssetId, Option<Amount>) {
        let market = &self.markets[wish.market.index()].market;
        let amount = match (wish.side, wish.kind) {
            (Side::Sell, OrderKind::Limit { quantity, .. } | OrderKind::Market { quantity }) => {
                Some(market.base_amount(quantity))
            }
            (Side::Sell, OrderKind::MarketNotional { .. }) => {
                meeting.trades().map(|(_, quantity)| market.base_amount(quantity)).sum_checked()
            }
            (Side::Buy, OrderKind::Limit { price, quantity, .. }) => {
                market.notional(price, quantity)
            }
            (Side::Buy, OrderKind::Market { .. }) => {
                let notional = |(price, quantity)| {
                    market.notional(price, quantity).expect("the resting order was checked")
                };
                meeting.trades().map(notional).sum_checked()
            }
            (Side::Buy, OrderKind::MarketNotional { notional }) => Some(notional),
        };
        match wish.side {
            Side::Sell => (market.spec.base, amount),
            Side::Buy => (market.spec.quote, amount),
        }
    }

    fn check_room(&self, wish: &NewOrder) -> Result<(), Reject> {
        let OrderKind::Limit { price, time_in_force, .. } = wish.kind else { return Ok(()) };
        if !matches!(time_in_force, TimeInForce::GoodTillCanceled { .. }) {
            return Ok(());
        }
        let of_account = self.open.values().filter(|order| order.account == wish.account).count();
        if of_account >= ORDERS_OPEN_PER_ACCOUNT_MAX {
            return Err(Reject::Full(FullReason::AccountOrders));
        }
        if self.open.len() >= ORDERS_OPEN_MAX {
            return Err(Reject::Full(FullReason::Orders));
        }
        let mut levels = self.prices(wish.market, wish.side);
        levels.dedup();
        if !levels.contains(&price) && levels.len() >= PRICE_LEVELS_PER_SIDE_MAX {
            return Err(Reject::Full(FullReason::PriceLevels));
        }
        Ok(())
    }

    /// Gives the order its id and remembers its client order id.
    fn accept(&mut self, wish: &NewOrder, events: &mut Vec<Event>) -> OrderId {
        let id = OrderId(self.order_next);
        self.order_next += 1;
        let NewOrder { account, market, side, kind, client_id } = *wish;
        if let Some(client_id) = client_id {
            let remembered = Remembered { order: id, market, side, kind };
            self.accounts[account.index()].client_ids.insert(client_id, remembered);
        }
        events.push(Event::Placed(self.fresh_order(id, wish)));
        id
    }

    pub(super) fn fresh_order(&self, id: OrderId, wish: &NewOrder) -> Order {
        let NewOrder { account, market, side, kind, client_id } = *wish;
        let (filled, notional, fees) = (Quantity::ZERO, Amount::ZERO, Amount::ZERO);
        let time = self.time;
        Order { id, account, market, side, kind, client_id, time, filled, notional, fees }
    }

    /// Carries out what the order was found to meet, then rests or closes what is left.
    fn match_and_finish(
        &mut self,
        id: OrderId,
        wish: &NewOrder,
        meeting: Meeting,
        events: &mut Vec<Event>,
    ) {
        let mut order = self.fresh_order(id, wish);
        for step in &meeting.steps {
            match *step {
                Step::Trade { maker, quantity, .. } => {
                    self.trade(&mut order, maker, quantity, events);
                }
                Step::CloseOwn { maker } => {
                    self.take_off_book(maker, CloseReason::SelfTrade, events);
                }
            }
        }
        let filled = match order.kind {
            OrderKind::Limit { quantity, .. } | OrderKind::Market { quantity } => {
                order.filled == quantity
            }
            OrderKind::MarketNotional { notional } => self.notional_is_used_up(&order, notional),
        };
        let good_till_canceled = matches!(
            order.kind,
            OrderKind::Limit { time_in_force: TimeInForce::GoodTillCanceled { .. }, .. }
        );
        if meeting.ends_at_own {
            self.close(order, CloseReason::SelfTrade, false, events);
        } else if filled {
            self.close(order, CloseReason::Filled, false, events);
        } else if good_till_canceled {
            self.rest(order, events);
        } else {
            self.close(order, CloseReason::Expired, false, events);
        }
    }

    /// Whether an order by notional traded and its rest does not pay for one more lot.
    fn notional_is_used_up(&self, order: &Order, notional: Amount) -> bool {
        let market = &self.markets[order.market.index()].market;
        let rest = notional.checked_sub(order.notional).expect("it never spends more than it has");
        let pays_no_lot = match self.best_price(order.market, order.side.opposite()) {
            Some(best) => market.quantity_for(rest, best).is_zero(),
            None => rest.is_zero(),
        };
        !order.filled.is_zero() && pays_no_lot
    }

    fn rest(&mut self, order: Order, events: &mut Vec<Event>) {
        let (asset, amount) = self.hold_of(&order, order.remaining());
        self.hold(order.account, asset, amount);
        self.open.insert(order.id, order);
        events.push(Event::Rested {
            order: order.id,
            market: order.market,
            side: order.side,
            price: order.kind.price().expect("only limit orders rest"),
            remaining: order.remaining(),
        });
    }
}

/// Checks 4 to 6: quantity, price and notional by themselves.
fn check_size(market: &Market, wish: &NewOrder) -> Result<(), Reject> {
    let spec = &market.spec;
    if let Some(quantity) = wish.kind.quantity() {
        if quantity.is_zero() {
            return Err(Reject::ZeroQuantity);
        }
        if quantity < spec.quantity_min {
            return Err(Reject::QuantityTooSmall { min: spec.quantity_min });
        }
        if quantity > spec.quantity_max {
            return Err(Reject::QuantityTooLarge { max: spec.quantity_max });
        }
    }
    let notional = match wish.kind {
        OrderKind::Market { .. } => return Ok(()),
        OrderKind::Limit { price, .. } if price.ticks() == 0 => return Err(Reject::ZeroPrice),
        OrderKind::Limit { price, quantity, .. } => market.notional(price, quantity),
        OrderKind::MarketNotional { notional } if notional.is_zero() => {
            return Err(Reject::ZeroAmount);
        }
        OrderKind::MarketNotional { notional } => Some(notional),
    };
    let min = match wish.side {
        Side::Buy => spec.notional_min_buy,
        Side::Sell => spec.notional_min_sell,
    };
    match notional {
        Some(notional) if notional < min => Err(Reject::NotionalTooSmall { min }),
        Some(notional) if notional <= SUPPLY_MAX => Ok(()),
        _ => Err(Reject::NotionalTooLarge),
    }
}

/// Whether an order with this limit takes an opposite order at that price.
pub(super) fn crosses(side: Side, limit: Price, opposite: Price) -> bool {
    match side {
        Side::Buy => opposite <= limit,
        Side::Sell => opposite >= limit,
    }
}

trait SumChecked {
    fn sum_checked(self) -> Option<Amount>;
}

impl<I: Iterator<Item = Amount>> SumChecked for I {
    fn sum_checked(mut self) -> Option<Amount> {
        self.try_fold(Amount::ZERO, Amount::checked_add)
    }
}
