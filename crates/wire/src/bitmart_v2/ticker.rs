//! The ticker: a market's last 24 hours and best prices.

use serde::{Deserialize, Serialize};

/// Answer of `GET /v2/ticker` for one symbol; without a symbol the answer is an array of these.
///
/// A value that does not exist (an empty side, no trade yet) is `0` with the usual decimals, since
/// clients fail on empty texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticker {
    /// The symbol.
    pub symbol_id: String,
    /// Address of a trade page. Must end in `symbol=BASE_QUOTE`: a client reads the pair there.
    pub url: String,
    /// Volume of 24 hours in the base asset.
    pub volume: String,
    /// Despite its name the turnover of 24 hours in the **quote** asset.
    pub base_volume: String,
    /// Highest price of 24 hours.
    pub highest_price: String,
    /// Lowest price of 24 hours.
    pub lowest_price: String,
    /// Price of the last trade.
    pub current_price: String,
    /// Best ask.
    pub ask_1: String,
    /// Base quantity at the best ask.
    pub ask_1_amount: String,
    /// Best bid.
    pub bid_1: String,
    /// Base quantity at the best bid.
    pub bid_1_amount: String,
    /// Price change over 24 hours as a fraction, always with a sign, four decimals: `+0.0121`.
    pub fluctuation: String,
}
