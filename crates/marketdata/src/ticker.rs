//! The ticker: the last 24 hours of a market in a few numbers.

use openmart_model::{Amount, Price};

use crate::depth::Best;

/// Parts of the price change that are told apart: a whole is 10,000.
const BASIS_POINTS: i128 = 10_000;

/// The last 24 hours of a market.
///
/// A trade counts until the end of the minute in which it becomes 24 hours old: the window is the
/// running minute and the 1,440 minutes before it, so that no trade of the last 24 hours is
/// missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticker {
    /// Price of the last trade, however old.
    pub last: Option<Price>,
    /// Price that the change is measured from: of the last trade before the window, or of the first
    /// trade in it if there was none before. Present when `last` is.
    pub open: Option<Price>,
    /// Highest price in the window; nothing without a trade in it.
    pub high: Option<Price>,
    /// Lowest price in the window; nothing without a trade in it.
    pub low: Option<Price>,
    /// Base asset traded in the window.
    pub volume_lots: u128,
    /// Quote asset traded in the window. Exact below 2^128, modulo which it counts; it takes two
    /// million trades of all the quote asset there can be to get there.
    pub turnover: Amount,
    /// Best bid.
    pub bid: Option<Best>,
    /// Best ask.
    pub ask: Option<Best>,
}

impl Ticker {
    /// The change from `open` to `last` as parts of 10,000 of `open`, rounded to the nearest one,
    /// halves away from zero: 121 is +1.21 %. Nothing when there never was a trade.
    pub fn change_basis_points(&self) -> Option<i128> {
        let open = i128::from(self.open?.ticks());
        let last = i128::from(self.last?.ticks());
        // Prices have 64 bits and are never 0 in a trade; the product fits with room to spare.
        let doubled = (last - open) * BASIS_POINTS * 2;
        Some((doubled + doubled.signum() * open) / (open * 2))
    }
}
