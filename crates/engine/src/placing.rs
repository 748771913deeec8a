//! Placing an order: every check, in the order of `docs/rules.md`, before anything changes.

use alloc::vec::Vec;
use core::hint::select_unpredictable;

use openmart_model::limits::{
    ORDERS_OPEN_MAX, ORDERS_OPEN_PER_ACCOUNT_MAX, PRICE_LEVELS_PER_SIDE_MAX, SUPPLY_MAX,
};
use openmart_model::{
    Amount, AssetId, CommandResult, Event, FullReason, Market, MarketStatus, NewOrder, OrderKind,
    Outcome, Price, Quantity, Reject, SelfTradePolicy, Side, TimeInForce,
};

use crate::Engine;
use crate::accounts::Trading;
use crate::listing::Listing;
use crate::previewing::Preview;
use crate::settlement::held;

impl Engine {
    pub(crate) fn place(&mut self, order: &NewOrder, events: &mut Vec<Event>) -> CommandResult {
        let own = self.accounts.trading(order.account).ok_or(Reject::UnknownAccount)?;
        let listing = self.listings.get(order.market).ok_or(Reject::UnknownMarket)?;
        if order.client_id.is_some()
            && let Some(known) = self.known(order)
        {
            return known;
        }
        check_terms(listing, order)?;
        self.check_band(listing, order)?;
        let preview = self.check_meeting(listing, own, order)?;
        check_funds(listing, own, order, &preview)?;
        self.check_room(listing, own, order)?;
        Ok(Outcome::Placed { order: self.accept(order, events), duplicate: false })
    }

    /// What is said of an order under a client order id that its account used before.
    #[inline(never)]
    fn known(&self, order: &NewOrder) -> Option<CommandResult> {
        let known = self.accounts.get(order.account)?.client_ids.get(order.client_id.as_ref()?)?;
        Some(if known.asks_the_same(order) {
            Ok(Outcome::Placed { order: known.order, duplicate: true })
        } else {
            Err(Reject::ClientIdTaken { order: known.order })
        })
    }

    #[inline]
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
    #[inline]
    fn check_meeting(
        &self,
        listing: &Listing,
        own: &Trading,
        order: &NewOrder,
    ) -> Result<Preview, Reject> {
        if let OrderKind::Limit { price, time_in_force, .. } = order.kind
            && time_in_force == (TimeInForce::GoodTillCanceled { post_only: true })
        {
            let opposite = &listing.ladders[order.side.opposite().index()];
            return match opposite.best_within(Some(price)) {
                Some(_) => Err(Reject::WouldTake),
                None => Ok(Preview::default()),
            };
        }
        if !needs_preview(listing, own, order) {
            return Ok(Preview::default());
        }
        self.check_preview(listing, order)
    }

    #[inline(never)]
    fn check_preview(&self, listing: &Listing, order: &NewOrder) -> Result<Preview, Reject> {
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

    #[inline]
    fn check_room(&self, listing: &Listing, own: &Trading, order: &NewOrder) -> Result<(), Reject> {
        let OrderKind::Limit { price, time_in_force: TimeInForce::GoodTillCanceled { .. }, .. } =
            order.kind
        else {
            return Ok(());
        };
        if own.open.len() >= ORDERS_OPEN_PER_ACCOUNT_MAX {
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

/// Whether it must be known what an order would meet before it is accepted.
#[inline]
fn needs_preview(listing: &Listing, own: &Trading, order: &NewOrder) -> bool {
    let asked_by_kind = match order.kind {
        OrderKind::Limit { time_in_force, .. } => time_in_force == TimeInForce::FillOrKill,
        OrderKind::Market { .. } => order.side == Side::Buy,
        OrderKind::MarketNotional { .. } => order.side == Side::Sell,
    };
    let refuses = listing.market.spec.self_trade == SelfTradePolicy::RefuseTaker;
    asked_by_kind || refuses && own.open.len() > 0
}

#[inline]
fn check_funds(
    listing: &Listing,
    own: &Trading,
    order: &NewOrder,
    preview: &Preview,
) -> Result<(), Reject> {
    let (asset, needed) = match order.kind {
        OrderKind::Limit { price, quantity, .. } => {
            held(&listing.market, order.side, price, quantity)
        }
        OrderKind::Market { .. } | OrderKind::MarketNotional { .. } => {
            needed_at_any_price(&listing.market, order, preview)
        }
    };
    if needed > own.available(asset) {
        return Err(Reject::InsufficientFunds);
    }
    Ok(())
}

#[inline(never)]
fn needed_at_any_price(market: &Market, order: &NewOrder, preview: &Preview) -> (AssetId, Amount) {
    match (order.side, order.kind) {
        (Side::Buy, OrderKind::MarketNotional { notional }) => (market.spec.quote, notional),
        (Side::Buy, _) => (market.spec.quote, Amount::new(preview.notional)),
        (Side::Sell, OrderKind::Market { quantity }) => {
            (market.spec.base, market.base_amount(quantity))
        }
        (Side::Sell, _) => (market.spec.base, market.base_amount(Quantity::new(preview.quantity))),
    }
}

/// The checks that need nothing but the market's rules.
#[inline]
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
    let (min_buy, min_sell) = (&spec.notional_min_buy, &spec.notional_min_sell);
    let min = *select_unpredictable(order.side == Side::Buy, min_buy, min_sell);
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
