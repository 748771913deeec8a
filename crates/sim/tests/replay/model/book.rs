//! The order book, grouped by decimals of the price.

use openmart_model::{MarketId, Side};
use serde_json::{Value, json};

use super::{Model, decimal};

/// Levels of a side that the stream shows.
const STREAM_LEVELS_MAX: usize = 20;

/// A price level: its price with the decimals asked for, lots, orders.
struct Level {
    units: u64,
    lots: u128,
    orders: u64,
}

impl Model<'_> {
    /// The book at a precision, with so many levels on each side at most.
    pub(crate) fn depth(self, market: MarketId, precision: u8, levels_max: usize) -> Value {
        let mut bids = self.levels(market, precision, Side::Buy);
        bids.sort_by_key(|level| std::cmp::Reverse(level.units));
        let mut asks = self.levels(market, precision, Side::Sell);
        asks.sort_by_key(|level| level.units);
        let texts = |levels: Vec<Level>| {
            let (mut total, mut texts) = (0, Vec::new());
            for level in levels.into_iter().take(levels_max) {
                total += level.lots;
                texts.push(json!({
                    "amount": self.lots_text(market, level.lots),
                    "total": self.lots_text(market, total),
                    "price": decimal(u128::from(level.units), precision, precision),
                    "count": level.orders.to_string(),
                }));
            }
            texts
        };
        json!({ "buys": texts(bids), "sells": texts(asks) })
    }

    /// A push of the depth channel.
    pub(crate) fn depth_push(self, market: MarketId, precision: u8) -> Value {
        json!({
            "subscribe": "depth", "symbol": self.symbol(market), "precision": precision,
            "data": self.depth(market, precision, STREAM_LEVELS_MAX),
        })
    }

    /// The best price of a side and the lots there.
    pub(super) fn best(self, market: MarketId, side: Side) -> Option<(u64, u128)> {
        let levels = self.levels(market, self.spec(market).price_decimals, side);
        let best = match side {
            Side::Buy => levels.iter().max_by_key(|level| level.units),
            Side::Sell => levels.iter().min_by_key(|level| level.units),
        };
        best.map(|level| (level.units, level.lots))
    }

    /// In any order. Bids are rounded down and asks up.
    fn levels(self, market: MarketId, precision: u8, side: Side) -> Vec<Level> {
        let group = 10u64.pow((self.spec(market).price_decimals - precision).into());
        let mut levels: Vec<Level> = Vec::new();
        for life in self.lives() {
            let order = life.placed;
            if !life.in_book() || (order.market, order.side) != (market, side) {
                continue;
            }
            let ticks = order.kind.price().unwrap().ticks();
            let up = u64::from(side == Side::Sell && ticks % group != 0);
            let units = ticks / group + up;
            let lots = u128::from(life.remaining());
            match levels.iter_mut().find(|level| level.units == units) {
                Some(level) => {
                    level.lots += lots;
                    level.orders += 1;
                }
                None => levels.push(Level { units, lots, orders: 1 }),
            }
        }
        levels
    }
}
