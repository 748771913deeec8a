//! Answers about what can be traded: currencies and symbols.

use serde::{Deserialize, Serialize};

/// One entry of `GET /v2/currencies`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// The code used in symbols.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Whether withdrawals are open.
    pub withdraw_enabled: bool,
    /// Whether deposits are open.
    pub deposit_enabled: bool,
}

/// One entry of `GET /v2/symbols_details`: the rules of a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolDetails {
    /// The symbol, `BASE_QUOTE`.
    pub id: String,
    /// Code of the base asset.
    pub base_currency: String,
    /// Code of the quote asset.
    pub quote_currency: String,
    /// Despite its name the step of the **base** quantity (the lot size), without padding zeros:
    /// clients count its decimals.
    pub quote_increment: String,
    /// Smallest order quantity in base, ten decimals.
    pub base_min_size: String,
    /// Largest order quantity in base, ten decimals.
    pub base_max_size: String,
    /// Fewest price decimals the order book can be grouped by.
    pub price_min_precision: u8,
    /// Decimals of a price; the tick size is 10 to the minus this.
    pub price_max_precision: u8,
    /// Always `NA`, see [`SymbolDetails::EXPIRATION`].
    pub expiration: String,
    /// Smallest notional of a buy in quote, ten decimals.
    pub min_buy_amount: String,
    /// Smallest notional of a sell in quote, ten decimals.
    pub min_sell_amount: String,
}

impl SymbolDetails {
    /// The one value `expiration` ever has.
    pub const EXPIRATION: &'static str = "NA";
}
