//! Placing an order: every check, in the order of `docs/rules.md`, before anything changes.

use alloc::vec::Vec;

use openmart_model::limits::{
    ORDERS_OPEN_MAX, ORDERS_OPEN_PER_ACCOUNT_MAX, PRICE_LEVELS_PER_SIDE_MAX, SUPPLY_MAX,
};
use openmart_model::{
    Amount, CommandResult, Event, FullReason, MarketStatus, NewOrder, OrderKind, Outcome, Price,
    Quantity, Reject, SelfTradePolicy, Side, TimeInForce,
};

use crate::Engine;
use crate::listing::{Listing, crosses};
use crate::previewing::Preview;

impl Engine {
    pub(crate) fn place(&mut self, order: &NewOrder, events: &mut Vec<Event>) -> CommandResult {
        if order.account.index() >= self.accounts.len() {
            return Err(Reject::UnknownAccount);
        }
        let listing = self.listings.get(order.market).ok_or(Reject::UnknownMarket)?;
        if let Some(id) = &order.client_id
            && let Some(known) = self.accounts.get(order.account).and_then(|a| a.client_ids.get(id))
        {
            if known.asks_the_same(order) {
                return Ok(Outcome::Placed { order: known.order, duplicate: true });
            }
            return Err(Reject::ClientIdTaken { order: known.order });
        }
        check_terms(listing, order)?;
        self.check_band(listing, order)?;
        let preview = self.check_meeting(listing, order)?;
        self.check_funds(listing, order, &preview)?;
        self.check_room(listing, order)?;
        Ok(Outcome::Placed { order: self.accept(order, events), duplicate: false })
    }

    fn check_band(&self, listing: &Listing, order: &NewOrder) -> Result<(), Reject> {
        let multiple = u64::from(listing.market.spec.price_band_multiple);
        let Some(price) = order.kind.price().filter(|_| multiple > 0) else {
            return Ok(());
        };
        let best = self.listings.best_price(order.market, order.side);
        let max = best.or(listing.last_price).and_then(|reference| reference.checked_mul(multiple));
        match max {
            Some(max) if price > max => Err(Reject::PriceAboveBand { max }),
            _ => Ok(()),
        }
    }

    /// Looks ahead at what the order would meet, where its kind or the market's policy asks.
    fn check_meeting(&self, listing: &Listing, order: &NewOrder) -> Result<Preview, Reject> {
        if let OrderKind::Limit { price, time_in_force, .. } = order.kind
            && time_in_force == (TimeInForce::GoodTillCanceled { post_only: true })
        {
            let best = self.listings.best_price(order.market, order.side.opposite());
            if best.is_some_and(|best| crosses(order.side, Some(price), best)) {
                return Err(Reject::WouldTake);
            }
            return Ok(Preview::default());
        }
        if !self.needs_preview(listing, order) {
            return Ok(Preview::default());
        }
        let preview = self.preview(listing, order);
        if preview.meets_own && listing.market.spec.self_trade == SelfTradePolicy::RefuseTaker {
            return Err(Reject::SelfTrade);
        }
        if let OrderKind::Limit { quantity, time_in_force: TimeInForce::FillOrKill, .. } =
            order.kind
            && preview.quantity < quantity.lots()
        {
            return Err(Reject::NotFillable);
        }
        Ok(preview)
    }

    fn needs_preview(&self, listing: &Listing, order: &NewOrder) -> bool {
        let asked_by_kind = match order.kind {
            OrderKind::Limit { time_in_force, .. } => time_in_force == TimeInForce::FillOrKill,
            OrderKind::Market { .. } => order.side == Side::Buy,
            OrderKind::MarketNotional { .. } => order.side == Side::Sell,
        };
        let refuses = listing.market.spec.self_trade == SelfTradePolicy::RefuseTaker;
        let has_orders = self.accounts.trading(order.account).is_some_and(|a| a.open.len() > 0);
        asked_by_kind || refuses && has_orders
    }

    fn check_funds(
        &self,
        listing: &Listing,
        order: &NewOrder,
        preview: &Preview,
    ) -> Result<(), Reject> {
        let market = &listing.market;
        let (asset, needed) = match (order.side, order.kind) {
            (Side::Buy, OrderKind::Limit { price, quantity, .. }) => {
                (market.spec.quote, listing.notional(price, quantity))
            }
            (Side::Buy, OrderKind::MarketNotional { notional }) => (market.spec.quote, notional),
            (Side::Buy, OrderKind::Market { .. }) => {
                (market.spec.quote, Amount::new(preview.notional))
            }
            (Side::Sell, OrderKind::MarketNotional { .. }) => {
                (market.spec.base, market.base_amount(Quantity::new(preview.quantity)))
            }
            (Side::Sell, OrderKind::Limit { quantity, .. } | OrderKind::Market { quantity }) => {
                (market.spec.base, market.base_amount(quantity))
            }
        };
        if needed > self.accounts.available(order.account, asset) {
            return Err(Reject::InsufficientFunds);
        }
        Ok(())
    }

    fn check_room(&self, listing: &Listing, order: &NewOrder) -> Result<(), Reject> {
        let OrderKind::Limit { price, time_in_force: TimeInForce::GoodTillCanceled { .. }, .. } =
            order.kind
        else {
            return Ok(());
        };
        let open = self.accounts.trading(order.account).map_or(0, |account| account.open.len());
        if open >= ORDERS_OPEN_PER_ACCOUNT_MAX {
            return Err(Reject::Full(FullReason::AccountOrders));
        }
        if self.orders.len() >= ORDERS_OPEN_MAX {
            return Err(Reject::Full(FullReason::Orders));
        }
        let ladder = &listing.ladders[order.side.index()];
        let full = ladder.len() >= PRICE_LEVELS_PER_SIDE_MAX;
        if full && self.listings.levels.find(ladder, price).is_none() {
            return Err(Reject::Full(FullReason::PriceLevels));
        }
        Ok(())
    }
}

/// The checks that need nothing but the market's rules.
fn check_terms(listing: &Listing, order: &NewOrder) -> Result<(), Reject> {
    let spec = &listing.market.spec;
    if listing.market.status == MarketStatus::Halted {
        return Err(Reject::MarketHalted);
    }
    if let Some(quantity) = order.kind.quantity() {
        check_quantity(quantity, spec.quantity_min, spec.quantity_max)?;
    }
    let notional = match order.kind {
        OrderKind::Market { .. } => return Ok(()),
        OrderKind::MarketNotional { notional } if notional.is_zero() => {
            return Err(Reject::ZeroAmount);
        }
        OrderKind::MarketNotional { notional } => Some(notional),
        OrderKind::Limit { price, .. } if price == Price::new(0) => return Err(Reject::ZeroPrice),
        OrderKind::Limit { price, quantity, .. } => listing.market.notional(price, quantity),
    };
    let min = match order.side {
        Side::Buy => spec.notional_min_buy,
        Side::Sell => spec.notional_min_sell,
    };
    match notional {
        Some(notional) if notional < min => Err(Reject::NotionalTooSmall { min }),
        Some(notional) if notional <= SUPPLY_MAX => Ok(()),
        _ => Err(Reject::NotionalTooLarge),
    }
}

fn check_quantity(quantity: Quantity, min: Quantity, max: Quantity) -> Result<(), Reject> {
    if quantity.is_zero() {
        Err(Reject::ZeroQuantity)
    } else if quantity < min {
        Err(Reject::QuantityTooSmall { min })
    } else if quantity > max {
        Err(Reject::QuantityTooLarge { max })
    } else {
        Ok(())
    }
}
