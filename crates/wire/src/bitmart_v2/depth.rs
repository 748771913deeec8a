//! The order book, summed by price level.

use serde::{Deserialize, Serialize};

/// Answer of `GET /v2/symbols/{symbol}/orders`. Both arrays are always there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Bids, highest price first.
    pub buys: Vec<DepthLevel>,
    /// Asks, lowest price first.
    pub sells: Vec<DepthLevel>,
}

/// One price level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthLevel {
    /// Open base quantity at this level.
    pub amount: String,
    /// Open base quantity from the best level of this side up to and including this one.
    pub total: String,
    /// The price, with the decimals that were asked for.
    pub price: String,
    /// Number of orders at this level, as text.
    pub count: String,
}
