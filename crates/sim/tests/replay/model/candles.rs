//! Candles of every step, and where they begin.

use openmart_model::MarketId;
use serde_json::{Value, json};

use super::{Model, decimal};

/// How many candles an answer has at most.
const CANDLES_MAX: usize = 5_000;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 1_440 * MINUTE_MS;
const WEEK: u64 = 10_080;
const MONTH: u64 = 43_200;

/// A candle in ticks and lots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Candle {
    open_ms: u64,
    open: u64,
    high: u64,
    low: u64,
    close: u64,
    lots: u128,
    tick_lots: u128,
}

impl Model<'_> {
    /// The candles that begin within both bounds.
    pub(crate) fn klines(self, market: MarketId, step: u64, from: u64, to: u64) -> Value {
        let mut rows = Vec::new();
        let (mut open_ms, mut next_ms) = span(step, from);
        if open_ms < from {
            (open_ms, next_ms) = span(step, next_ms);
        }
        if let Some((first_ms, _)) = self.trades_of(market).first() {
            if open_ms < span(step, *first_ms).0 {
                (open_ms, next_ms) = span(step, *first_ms);
            }
            while open_ms <= to && open_ms <= self.now_ms && rows.len() < CANDLES_MAX {
                let candle = self.candle(market, open_ms, next_ms).unwrap();
                let mut row = self.candle_text(market, &candle);
                row["timestamp"] = candle.open_ms.into();
                rows.push(row);
                (open_ms, next_ms) = span(step, next_ms);
            }
        }
        Value::Array(rows)
    }

    /// The candle that runs now; nothing before the first trade.
    pub(crate) fn running(self, market: MarketId, step: u64) -> Option<Candle> {
        let (open_ms, next_ms) = span(step, self.now_ms);
        self.candle(market, open_ms, next_ms)
    }

    /// A push of the kline channel.
    pub(crate) fn kline_push(self, market: MarketId, step: u64) -> Value {
        let none =
            || Candle { open_ms: 0, open: 0, high: 0, low: 0, close: 0, lots: 0, tick_lots: 0 };
        let candle = self.running(market, step).unwrap_or_else(none);
        let mut data = self.candle_text(market, &candle);
        data["timestamp"] = self.now_ms.into();
        json!({
            "subscribe": "kline", "symbol": self.symbol(market), "step": step.to_string(),
            "data": data,
        })
    }

    /// The candle of the trades in this time; flat without any, nothing before the first of all.
    fn candle(self, market: MarketId, open_ms: u64, next_ms: u64) -> Option<Candle> {
        let mut candle: Option<Candle> = None;
        for (time_ms, trade) in self.trades_of(market) {
            let price = trade.price.ticks();
            if time_ms >= next_ms {
                break;
            }
            let lots = u128::from(trade.quantity.lots());
            match &mut candle {
                Some(candle) if candle.lots > 0 => {
                    candle.high = candle.high.max(price);
                    candle.low = candle.low.min(price);
                    candle.close = price;
                    candle.lots += lots;
                    candle.tick_lots += super::tick_lots(&trade);
                }
                _ => {
                    let (lots, tick_lots) = match time_ms < open_ms {
                        true => (0, 0),
                        false => (lots, super::tick_lots(&trade)),
                    };
                    let (open, high, low, close) = (price, price, price, price);
                    candle = Some(Candle { open_ms, open, high, low, close, lots, tick_lots });
                }
            }
        }
        candle
    }

    fn candle_text(self, market: MarketId, candle: &Candle) -> Value {
        let price = |ticks| self.price_text(market, ticks);
        let spec = self.spec(market);
        json!({
            "open_price": price(candle.open), "highest_price": price(candle.high),
            "lowest_price": price(candle.low), "current_price": price(candle.close),
            "volume": decimal(candle.lots, spec.quantity_decimals, spec.price_decimals),
        })
    }
}

/// When the candle begins that a time lies in, and when the next one does.
fn span(step: u64, time_ms: u64) -> (u64, u64) {
    if step == MONTH {
        return month(time_ms);
    }
    let length_ms = step * MINUTE_MS;
    // 1970 began on a Thursday: the first Monday was its fifth day.
    let first_ms = if step == WEEK { 4 * DAY_MS } else { 0 };
    assert!(time_ms >= first_ms, "nobody asks for times before the first Monday of 1970");
    let open_ms = (time_ms - first_ms) / length_ms * length_ms + first_ms;
    (open_ms, open_ms + length_ms)
}

/// By the calendar, month by month from 1970 on.
fn month(time_ms: u64) -> (u64, u64) {
    let mut open_ms = 0;
    for year in 1970.. {
        let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
        let february = if leap { 29 } else { 28 };
        for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            let next_ms = open_ms + days * DAY_MS;
            if time_ms < next_ms {
                return (open_ms, next_ms);
            }
            open_ms = next_ms;
        }
    }
    unreachable!("years do not end")
}
