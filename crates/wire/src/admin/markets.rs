//! Markets.

use serde::{Deserialize, Serialize};

/// `GET` answers a [`MarketList`]; `POST` takes [`NewMarket`] and answers the [`Market`].
pub const MARKETS: &str = "/admin/markets";
/// `POST` takes a [`MarketName`]: no more orders, cancels go on. Answers the [`Market`].
pub const HALT: &str = "/admin/markets/halt";
/// `POST` takes a [`MarketName`]: orders are taken again. Answers the [`Market`].
pub const RESUME: &str = "/admin/markets/resume";

/// Lists a market between two assets, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMarket {
    /// `BASE_QUOTE`.
    pub symbol: String,
    /// Decimals of a price.
    pub price_decimals: u8,
    /// Decimals of a quantity.
    pub quantity_decimals: u8,
    /// Fewest price decimals by which depth can be grouped. Nothing: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth_decimals_min: Option<u8>,
    /// Smallest quantity of an order. Nothing: the smallest there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_min: Option<String>,
    /// Largest quantity of an order. Nothing: a billion coins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_max: Option<String>,
    /// Smallest notional of an order. Nothing: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notional_min: Option<String>,
    /// As a fraction: `"0.001"` is 0.1 percent.
    pub fee_maker: String,
    /// The same for takers.
    pub fee_taker: String,
    /// Highest price as a multiple of the best one. Nothing: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_band_multiple: Option<u32>,
}

/// Names a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketName {
    /// `BASE_QUOTE`.
    pub symbol: String,
}

/// Whether a market takes orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketState {
    /// It does.
    Trading,
    /// It does not; cancels go on.
    Halted,
}

/// A market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// `BASE_QUOTE`.
    pub symbol: String,
    /// Whether it takes orders.
    pub state: MarketState,
    /// Decimals of a price.
    pub price_decimals: u8,
    /// Decimals of a quantity.
    pub quantity_decimals: u8,
    /// As a fraction.
    pub fee_maker: String,
    /// As a fraction.
    pub fee_taker: String,
}

/// All markets, in the order in which they were listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketList {
    /// In the order in which they were listed.
    pub markets: Vec<Market>,
}
