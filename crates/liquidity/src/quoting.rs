//! How makers quote: on which side, at what distance, and how much.

use openmart_model::{
    AccountId, Amount, AssetId, Market, NewOrder, OrderKind, Price, Quantity, Side, TimeInForce,
};

use crate::chance::Chance;
use crate::market::{Moment, Scene, Trading};
use crate::settings::{Settings, ppm};

/// A quote, unless the market has no room for one. Post-only: a maker never takes.
///
/// `orders` is how many of each side stand, with those that are on their way.
pub(crate) fn quote(
    trading: &Trading,
    orders: [usize; 2],
    maker: AccountId,
    scene: Scene<'_>,
    chance: &mut Chance,
) -> Option<NewOrder> {
    let Scene { engine, reference, settings } = scene;
    let market = engine.market(trading.market)?;
    let moment = trading.moment(scene);
    // The thinner side is likelier, so that both stay about as deep.
    let [bids, asks] = orders.map(|orders| orders as f64 + 1.0);
    let side = if chance.happens(asks / (bids + asks)) { Side::Buy } else { Side::Sell };
    let price = price(side, moment, settings, chance);
    let ratio_max = settings.quote_value_max as f64 / settings.quote_value as f64;
    let size = chance.power_law(ppm(settings.quote_exponent_ppm), ratio_max.max(1.0));
    let lots = trading.lots(size * settings.quote_value as f64, reference);
    let price = beside(side, price?, engine.best_price(trading.market, side.opposite()))?;
    let quantity = fitting(market, side, price, lots)?;
    let time_in_force = TimeInForce::GoodTillCanceled { post_only: true };
    let kind = OrderKind::Limit { price, quantity, time_in_force };
    Some(NewOrder { account: maker, market: trading.market, side, kind, client_id: None })
}

/// What an order holds, and of which asset.
pub(crate) fn hold(market: &Market, order: &NewOrder) -> Option<(AssetId, Amount)> {
    let quantity = order.kind.quantity()?;
    match order.side {
        Side::Buy => Some((market.spec.quote, market.notional(order.kind.price()?, quantity)?)),
        Side::Sell => Some((market.spec.base, market.base_amount(quantity))),
    }
}

/// A quantity of about so many lots that the market takes at this price.
pub(crate) fn fitting(market: &Market, side: Side, price: Price, lots: u64) -> Option<Quantity> {
    let spec = &market.spec;
    let notional_min = match side {
        Side::Buy => spec.notional_min_buy,
        Side::Sell => spec.notional_min_sell,
    };
    // What the smallest notional pays, rounded down, and one lot more.
    let paid = market.quantity_for(notional_min, price).lots();
    let least = if notional_min.is_zero() { 1 } else { paid.checked_add(1)? };
    let quantity = Quantity::new(lots.max(least)).max(spec.quantity_min).min(spec.quantity_max);
    (quantity.lots() >= least).then_some(quantity)
}

fn price(side: Side, moment: Moment, settings: &Settings, chance: &mut Chance) -> Option<Price> {
    let drawn = chance.geometric(settings.depth_rungs_mean as f64);
    let rungs = drawn.min(settings.depth_rungs_max as f64);
    let distance = moment.half_spread + rungs * ppm(settings.rung_ppm);
    let rung = rung(moment.ticks * ppm(settings.rung_ppm));
    // Away from the value, so that rounding never narrows the spread.
    let ticks = match side {
        Side::Buy => libm::floor(moment.ticks * (1.0 - distance) / rung) * rung,
        Side::Sell => libm::ceil(moment.ticks * (1.0 + distance) / rung) * rung,
    };
    (ticks >= 1.0).then(|| Price::new(ticks as u64))
}

/// No rung is longer, however high the price: prices have 64 bits.
const RUNG_MAX: f64 = 1e18;

/// The distance between prices that are quoted: the largest power of ten ticks that is not above this.
fn rung(ticks: f64) -> f64 {
    let mut rung = 1.0;
    while rung * 10.0 <= ticks && rung < RUNG_MAX {
        rung *= 10.0;
    }
    rung
}

/// The price, or the nearest one that would not take.
fn beside(side: Side, price: Price, opposite: Option<Price>) -> Option<Price> {
    let Some(opposite) = opposite else { return Some(price) };
    match side {
        Side::Buy if price >= opposite => {
            opposite.ticks().checked_sub(1).filter(|ticks| *ticks > 0)
        }
        Side::Sell if price <= opposite => opposite.ticks().checked_add(1),
        _ => return Some(price),
    }
    .map(Price::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_keep_to_their_side() {
        let price = Price::new;
        assert_eq!(beside(Side::Buy, price(5), None), Some(price(5)));
        assert_eq!(beside(Side::Buy, price(5), Some(price(5))), Some(price(4)));
        assert_eq!(beside(Side::Buy, price(1), Some(price(1))), None);
        assert_eq!(beside(Side::Sell, price(5), Some(price(9))), Some(price(10)));
        assert_eq!(beside(Side::Sell, price(10), Some(price(9))), Some(price(10)));
    }

    #[test]
    fn rungs_are_powers_of_ten() {
        assert_eq!([0.2, 1.0, 9.9, 10.0, 240.0].map(rung), [1.0, 1.0, 1.0, 10.0, 100.0]);
        assert_eq!(rung(f64::INFINITY), RUNG_MAX);
    }
}
