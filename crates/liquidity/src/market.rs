//! One market as its makers and takers see it: the value in its units, and the quotes that stand there.

use alloc::vec::Vec;

use openmart_engine::Engine;
use openmart_model::{AccountId, Market, MarketId, MarketStatus, OrderId, Price, Side};

use crate::reference::Reference;
use crate::settings::{Settings, ppm};

/// How far the spread follows the volatility: in a calm half of the usual, in a storm six times it.
const LIVELINESS_MIN: f64 = 0.5;
const LIVELINESS_MAX: f64 = 6.0;

/// A quote is stale once the value has come closer to it than this part of the half spread.
const STALE_PART: f64 = 0.3;

/// What everybody who decides something looks at.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) reference: &'a Reference,
    pub(crate) settings: &'a Settings,
}

#[derive(Debug)]
pub(crate) struct Trading {
    pub(crate) market: MarketId,
    /// Places of its assets in the reference.
    pub(crate) base: usize,
    pub(crate) quote: usize,
    ticks_per_coin: f64,
    lots_per_coin: f64,
    pub(crate) quotes: Vec<Quote>,
    /// By [`Side::index`] of the taker: takes a second that earlier takes have excited.
    pub(crate) excited: [f64; 2],
}

/// An order of a maker, as far as is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quote {
    pub(crate) order: OrderId,
    pub(crate) maker: AccountId,
    side: Side,
    ticks: f64,
}

/// What a market is worth at one moment, in its own units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The price that the values give, in ticks.
    pub(crate) ticks: f64,
    /// Distance of the best quotes from it, as a part of it.
    pub(crate) half_spread: f64,
}

impl Trading {
    pub(crate) fn new(id: MarketId, market: &Market, base: usize, quote: usize) -> Self {
        Self {
            market: id,
            base,
            quote,
            ticks_per_coin: power_of_ten(market.spec.price_decimals),
            lots_per_coin: power_of_ten(market.spec.quantity_decimals),
            quotes: Vec::new(),
            excited: [0.0; 2],
        }
    }

    pub(crate) fn moment(&self, scene: Scene<'_>) -> Moment {
        let liveliness = scene.reference.liveliness(self.base, self.quote);
        Moment {
            ticks: scene.reference.price(self.base, self.quote) * self.ticks_per_coin,
            half_spread: ppm(scene.settings.half_spread_ppm)
                * liveliness.clamp(LIVELINESS_MIN, LIVELINESS_MAX),
        }
    }

    /// Lots of a value, rounded down.
    pub(crate) fn lots(&self, value: f64, reference: &Reference) -> u64 {
        // Beyond what 64 bits hold, the largest there is.
        (value / reference.value(self.base) * self.lots_per_coin) as u64
    }

    pub(crate) fn is_open(&self, engine: &Engine) -> bool {
        let market = engine.market(self.market);
        market.is_some_and(|market| market.status == MarketStatus::Trading)
    }

    pub(crate) fn add(&mut self, order: OrderId, maker: AccountId, side: Side, price: Price) {
        self.quotes.push(Quote { order, maker, side, ticks: price.ticks() as f64 });
    }

    /// Forgets the quotes that are no longer open, whoever took them.
    pub(crate) fn forget_finished(&mut self, engine: &Engine) {
        self.quotes.retain(|quote| engine.order(quote.order).is_some());
    }

    /// Places of the quotes that the value has come too close to.
    pub(crate) fn stale(&self, moment: Moment) -> impl Iterator<Item = usize> + '_ {
        let close = moment.half_spread * STALE_PART;
        let (highest_bid, lowest_ask) =
            (moment.ticks * (1.0 - close), moment.ticks * (1.0 + close));
        let quotes = self.quotes.iter().enumerate();
        quotes.filter_map(move |(at, quote)| {
            let stale = match quote.side {
                Side::Buy => quote.ticks > highest_bid,
                Side::Sell => quote.ticks < lowest_ask,
            };
            stale.then_some(at)
        })
    }

    /// How many quotes stand on a side.
    pub(crate) fn standing(&self, side: Side) -> usize {
        self.quotes.iter().filter(|quote| quote.side == side).count()
    }
}

/// The side of the book on which an order stands that the value has passed, if there is one: bids above it, or
/// asks below it, by more than a tick.
pub(crate) fn passed(engine: &Engine, market: MarketId, moment: Moment) -> Option<Side> {
    let best = |side| engine.best_price(market, side).map(|price| price.ticks() as f64);
    if best(Side::Buy).is_some_and(|bid| bid > moment.ticks + 1.0) {
        Some(Side::Buy)
    } else if best(Side::Sell).is_some_and(|ask| ask < moment.ticks - 1.0) {
        Some(Side::Sell)
    } else {
        None
    }
}

fn power_of_ten(decimals: u8) -> f64 {
    // Exact: no market has more than 18 decimals, and doubles hold powers of ten up to 22.
    (0..decimals).fold(1.0, |power, _| power * 10.0)
}
