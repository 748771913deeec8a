//! Public trades.

use openmart_model::{MarketId, Trade};
use serde_json::{Value, json};

use super::decimal::decimal_half_up;
use super::{Model, side_text, tick_lots};

/// How many trades the API shows.
const TRADES_MAX: usize = 50;

/// How many trades the stream begins with.
const STREAM_TRADES_FIRST: usize = 15;

impl Model<'_> {
    /// The last trades, newest first.
    pub(crate) fn trades(self, market: MarketId) -> Value {
        let newest = self.trades_of(market).into_iter().rev().take(TRADES_MAX);
        let text = |(time_ms, trade): (u64, Trade)| {
            json!({
                "amount": self.quote_text(&trade), "order_time": time_ms,
                "price": self.price_text(market, trade.price.ticks()),
                "count": self.lots_text(market, u128::from(trade.quantity.lots())),
                "type": side_text(trade.taker_side),
            })
        };
        newest.map(text).collect()
    }

    /// The first push of the trade channel: the last trades.
    pub(crate) fn first_trade_push(self, market: MarketId, precision: u16) -> Value {
        let before = self.trades_of(market).len().saturating_sub(STREAM_TRADES_FIRST);
        self.trade_push(market, precision, before)
    }

    /// A push of the trade channel: all trades of a market but so many, newest first.
    pub(crate) fn trade_push(self, market: MarketId, precision: u16, before: usize) -> Value {
        let trades = self.trades_of(market);
        let mut texts = Vec::new();
        for (time_ms, trade) in trades[before..].iter().rev() {
            texts.push(self.stream_trade(*time_ms, trade));
        }
        json!({
            "subscribe": "trade", "precision": precision, "symbol": self.symbol(market),
            "data": { "trades": texts },
        })
    }

    fn stream_trade(self, time_ms: u64, trade: &Trade) -> Value {
        json!({
            "side": side_text(trade.taker_side), "amount": self.quote_text(trade),
            "price": self.price_text(trade.market, trade.price.ticks()),
            "count": self.lots_text(trade.market, u128::from(trade.quantity.lots())),
            "time": time_ms,
        })
    }

    /// Eight decimals, half up.
    fn quote_text(self, trade: &Trade) -> String {
        let spec = self.spec(trade.market);
        decimal_half_up(tick_lots(trade), spec.price_decimals + spec.quantity_decimals, 8)
    }
}
