//! What the server says.

use serde::{Deserialize, Serialize};

use super::super::{depth::Depth, side::Side};

/// A message that a subscription leads to; in JSON told apart by the member `subscribe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "subscribe", rename_all = "lowercase")]
pub enum Push {
    /// Answer to a ping.
    Pong,
    /// The last 24 hours.
    Price {
        /// The symbol.
        symbol: String,
        /// What there is to say.
        data: PriceData,
    },
    /// The running candle.
    Kline {
        /// The symbol.
        symbol: String,
        /// Minutes, as text although the client sent a number.
        step: String,
        /// What there is to say.
        data: KlineData,
    },
    /// The top of the book, in place of what was pushed before. Asked for as `order` as well.
    Depth {
        /// The symbol.
        symbol: String,
        /// Decimals of the prices.
        precision: u16,
        /// Both sides.
        data: Depth,
    },
    /// Trades: the last ones in the first push, new ones in later pushes.
    Trade {
        /// As the client asked; the prices have all their decimals.
        precision: u16,
        /// The symbol.
        symbol: String,
        /// The trades.
        data: TradeData,
    },
}

/// Content of [`Push::Price`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceData {
    /// Price that the change is measured from.
    pub open_price: String,
    /// Highest price.
    pub highest_price: String,
    /// Lowest price.
    pub lowest_price: String,
    /// Turnover in the **quote** asset, as many decimals as the prices.
    pub volume: String,
    /// Price of the last trade.
    pub current_price: String,
    /// Price change as a fraction, always with a sign, four decimals.
    pub fluctuation: String,
    /// A price of the base asset for people, with its unit: `2.50 USD`.
    pub rate: String,
    /// Time of the push, milliseconds since 1970 UTC.
    pub timestamp: u64,
}

/// Content of [`Push::Kline`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KlineData {
    /// First price.
    pub open_price: String,
    /// Highest price.
    pub highest_price: String,
    /// Lowest price.
    pub lowest_price: String,
    /// Volume in the **base** asset, as many decimals as the prices.
    pub volume: String,
    /// Last price.
    pub current_price: String,
    /// Time of the push, not of the candle; milliseconds since 1970 UTC.
    pub timestamp: u64,
}

/// Content of [`Push::Trade`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeData {
    /// Newest first.
    pub trades: Vec<StreamTrade>,
}

/// One trade. The names differ from those of [`PublicTrade`](super::super::PublicTrade).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamTrade {
    /// Side of the taker.
    pub side: Side,
    /// **Quote** value of the trade (the notional), eight decimals.
    pub amount: String,
    /// Price of the trade.
    pub price: String,
    /// **Base** quantity of the trade, despite its name.
    pub count: String,
    /// Time of the trade, milliseconds since 1970 UTC.
    pub time: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitmart_v2::DepthLevel;

    /// The samples of the documents, byte for byte.
    #[test]
    fn pushes_are_written_as_documented_and_read_again() {
        let symbol = "ACX_USDT".to_owned();
        let level = |amount: &str, price: &str, count: &str| DepthLevel {
            amount: amount.into(),
            total: amount.into(),
            price: price.into(),
            count: count.into(),
        };
        let price = Push::Price {
            symbol: symbol.clone(),
            data: PriceData {
                open_price: "2.4713".into(),
                highest_price: "2.5300".into(),
                lowest_price: "2.4400".into(),
                volume: "376753.9088".into(),
                current_price: "2.5012".into(),
                fluctuation: "+0.0121".into(),
                rate: "2.50 USD".into(),
                timestamp: 1_600_000_512_500,
            },
        };
        let kline = Push::Kline {
            symbol: symbol.clone(),
            step: "5".into(),
            data: KlineData {
                open_price: "2.4990".into(),
                highest_price: "2.5012".into(),
                lowest_price: "2.4985".into(),
                volume: "812.3000".into(),
                current_price: "2.5012".into(),
                timestamp: 1_600_000_512_500,
            },
        };
        let depth = Push::Depth {
            symbol: symbol.clone(),
            precision: 4,
            data: Depth {
                buys: vec![level("75.25", "2.4990", "2")],
                sells: vec![level("40.00", "2.5012", "1")],
            },
        };
        let trade = StreamTrade {
            side: Side::Buy,
            amount: "46.02208000".into(),
            price: "2.5012".into(),
            count: "18.40".into(),
            time: 1_600_000_512_345,
        };
        let trade = Push::Trade { precision: 4, symbol, data: TradeData { trades: vec![trade] } };
        for (push, text) in [
            (Push::Pong, r#"{"subscribe":"pong"}"#),
            (
                price,
                concat!(
                    r#"{"subscribe":"price","symbol":"ACX_USDT","data":{"open_price":"2.4713","#,
                    r#""highest_price":"2.5300","lowest_price":"2.4400","volume":"376753.9088","#,
                    r#""current_price":"2.5012","fluctuation":"+0.0121","rate":"2.50 USD","#,
                    r#""timestamp":1600000512500}}"#
                ),
            ),
            (
                kline,
                concat!(
                    r#"{"subscribe":"kline","symbol":"ACX_USDT","step":"5","data":{"#,
                    r#""open_price":"2.4990","highest_price":"2.5012","lowest_price":"2.4985","#,
                    r#""volume":"812.3000","current_price":"2.5012","timestamp":1600000512500}}"#
                ),
            ),
            (
                depth,
                concat!(
                    r#"{"subscribe":"depth","symbol":"ACX_USDT","precision":4,"data":{"#,
                    r#""buys":[{"amount":"75.25","total":"75.25","price":"2.4990","count":"2"}],"#,
                    r#""sells":[{"amount":"40.00","total":"40.00","price":"2.5012","count":"1"}]}}"#
                ),
            ),
            (
                trade,
                concat!(
                    r#"{"subscribe":"trade","precision":4,"symbol":"ACX_USDT","data":{"trades":["#,
                    r#"{"side":"buy","amount":"46.02208000","price":"2.5012","count":"18.40","#,
                    r#""time":1600000512345}]}}"#
                ),
            ),
        ] {
            assert_eq!(serde_json::to_string(&push).unwrap(), text);
            assert_eq!(serde_json::from_str::<Push>(text).unwrap(), push);
        }
    }
}
