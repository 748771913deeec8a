//! Klines: which candles are asked for, and one of them.

use serde::{Deserialize, Serialize};

use super::{STEPS_MINUTES, messages::ApiError, query::Query};

/// The step when the client does not say, in minutes.
const STEP_DEFAULT: u32 = 1;

/// One entry of `GET /v2/symbols/{symbol}/kline`, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kline {
    /// When the candle begins, milliseconds since 1970 UTC.
    pub timestamp: u64,
    /// Price of its first trade.
    pub open_price: String,
    /// Highest price in it.
    pub highest_price: String,
    /// Lowest price in it.
    pub lowest_price: String,
    /// Price of its last trade: the close.
    pub current_price: String,
    /// **Base** quantity traded in it, with as many decimals as the prices.
    pub volume: String,
}

/// Query of `GET /v2/symbols/{symbol}/kline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListKlines {
    /// The earliest beginning of a candle, milliseconds since 1970 UTC.
    pub from: u64,
    /// The latest one, included; below `from` it asks for nothing.
    pub to: u64,
    /// One of [`STEPS_MINUTES`].
    pub step: u32,
}

impl ListKlines {
    /// Reads the query string.
    ///
    /// # Errors
    /// A missing `from` or `to`, one that is not a time, a step that is not offered.
    pub fn from_query(query: &Query<'_>) -> Result<Self, ApiError> {
        let (from, to) = (query.required_time_ms("from")?, query.required_time_ms("to")?);
        let minutes = query.unsigned("step", u64::MAX)?.unwrap_or(u64::from(STEP_DEFAULT));
        let step = STEPS_MINUTES.into_iter().find(|step| u64::from(*step) == minutes);
        Ok(Self { from, to, step: step.ok_or(ApiError::invalid("step"))? })
    }

    /// Writes the query string, for a client.
    pub fn to_query(&self) -> String {
        format!("from={}&to={}&step={}", self.from, self.to, self.step)
    }
}
