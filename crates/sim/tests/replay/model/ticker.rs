//! The last 24 hours.

use openmart_model::{MarketId, Side};
use serde_json::{Value, json};

use super::{Model, tick_lots};

const MINUTE_MS: u64 = 60_000;
const DAY_MINUTES: u64 = 1_440;

/// The last 24 hours of a market in ticks and lots; 0 for a price that there is not.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Day {
    open: u64,
    high: u64,
    low: u64,
    last: u64,
    lots: u128,
    tick_lots: u128,
}

impl Day {
    /// The change as a fraction, rounded to four decimals, halves away from zero.
    fn fluctuation(&self) -> String {
        if self.open == 0 {
            return "+0.0000".to_owned();
        }
        let (open, last) = (u128::from(self.open), u128::from(self.last));
        let mut parts = open.abs_diff(last) * 10_000 / open;
        if open.abs_diff(last) * 10_000 % open * 2 >= open {
            parts += 1;
        }
        let sign = if last < open && parts > 0 { '-' } else { '+' };
        format!("{sign}{}", super::decimal(parts, 4, 4))
    }
}

impl Model<'_> {
    /// The running minute and the 1,440 before it.
    pub(crate) fn day(self, market: MarketId) -> Day {
        let first_minute = (self.now_ms / MINUTE_MS).saturating_sub(DAY_MINUTES);
        let mut day = Day::default();
        let mut traded = false;
        for (time_ms, trade) in self.trades_of(market) {
            let ticks = trade.price.ticks();
            if time_ms / MINUTE_MS < first_minute {
                day.open = ticks;
            } else {
                if day.open == 0 {
                    day.open = ticks;
                }
                day.high = day.high.max(ticks);
                day.low = if traded { day.low.min(ticks) } else { ticks };
                traded = true;
                day.lots += u128::from(trade.quantity.lots());
                day.tick_lots += tick_lots(&trade);
            }
            day.last = ticks;
        }
        day
    }

    pub(crate) fn tickers(self) -> Value {
        self.market_ids().map(|market| self.ticker(market)).collect()
    }

    pub(crate) fn ticker(self, market: MarketId) -> Value {
        let (day, symbol) = (self.day(market), self.symbol(market));
        let price = |ticks| self.price_text(market, ticks);
        let (ask, ask_lots) = self.best(market, Side::Sell).unwrap_or_default();
        let (bid, bid_lots) = self.best(market, Side::Buy).unwrap_or_default();
        let quantity_decimals = self.spec(market).quantity_decimals;
        json!({
            "symbol_id": symbol, "url": format!("{}{symbol}", self.trade_page_url),
            "volume": self.lots_text(market, day.lots),
            "base_volume": self.value_text(market, day.tick_lots, quantity_decimals),
            "highest_price": price(day.high), "lowest_price": price(day.low),
            "current_price": price(day.last),
            "ask_1": price(ask), "ask_1_amount": self.lots_text(market, ask_lots),
            "bid_1": price(bid), "bid_1_amount": self.lots_text(market, bid_lots),
            "fluctuation": day.fluctuation(),
        })
    }

    /// A push of the price channel.
    pub(crate) fn price_push(self, market: MarketId) -> Value {
        let (day, symbol) = (self.day(market), self.symbol(market));
        let price = |ticks| self.price_text(market, ticks);
        let quote = symbol.split('_').next_back().unwrap();
        let price_decimals = self.spec(market).price_decimals;
        json!({
            "subscribe": "price", "symbol": symbol,
            "data": {
                "open_price": price(day.open), "highest_price": price(day.high),
                "lowest_price": price(day.low),
                "volume": self.value_text(market, day.tick_lots, price_decimals),
                "current_price": price(day.last), "fluctuation": day.fluctuation(),
                "rate": format!("{} {quote}", price(day.last)), "timestamp": self.now_ms,
            },
        })
    }
}
