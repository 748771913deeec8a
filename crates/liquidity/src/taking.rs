//! How takers take: at once or not at all, never far from the best price.

use openmart_model::{AccountId, NewOrder, OrderKind, Price, Side, TimeInForce};

use crate::chance::Chance;
use crate::market::{Moment, Scene, Trading};
use crate::quoting::fitting;
use crate::settings::ppm;

/// A take, and its size as a multiple of the smallest.
pub(crate) struct Take {
    pub(crate) order: NewOrder,
    pub(crate) ratio: f64,
}

/// Takes from the opposite side of the book, if there is anybody.
pub(crate) fn take(
    trading: &Trading,
    side: Side,
    taker: AccountId,
    scene: Scene<'_>,
    chance: &mut Chance,
) -> Option<Take> {
    let best = scene.engine.best_price(trading.market, side.opposite())?.ticks() as f64;
    let worst = match side {
        Side::Buy => libm::floor(best * (1.0 + ppm(scene.settings.slippage_ppm))),
        Side::Sell => libm::ceil(best * (1.0 - ppm(scene.settings.slippage_ppm))),
    };
    sized(trading, side, worst, taker, scene, chance)
}

/// Takes orders that the value has passed, and nothing else.
pub(crate) fn correct(
    trading: &Trading,
    passed: Side,
    moment: Moment,
    taker: AccountId,
    scene: Scene<'_>,
    chance: &mut Chance,
) -> Option<NewOrder> {
    let side = passed.opposite();
    let worst = match side {
        Side::Buy => libm::floor(moment.ticks),
        Side::Sell => libm::ceil(moment.ticks),
    };
    let take = sized(trading, side, worst, taker, scene, chance);
    take.map(|take| take.order)
}

fn sized(
    trading: &Trading,
    side: Side,
    worst_ticks: f64,
    taker: AccountId,
    scene: Scene<'_>,
    chance: &mut Chance,
) -> Option<Take> {
    let Scene { engine, reference, settings } = scene;
    let market = engine.market(trading.market)?;
    let ratio_max = settings.take_value_max as f64 / settings.take_value as f64;
    let ratio = chance.power_law(ppm(settings.take_exponent_ppm), ratio_max.max(1.0));
    let lots = trading.lots(ratio * settings.take_value as f64, reference);
    let price = (worst_ticks >= 1.0).then(|| Price::new(worst_ticks as u64))?;
    let quantity = fitting(market, side, price, lots)?;
    let time_in_force = TimeInForce::ImmediateOrCancel;
    let kind = OrderKind::Limit { price, quantity, time_in_force };
    let order = NewOrder { account: taker, market: trading.market, side, kind, client_id: None };
    Some(Take { order, ratio })
}
