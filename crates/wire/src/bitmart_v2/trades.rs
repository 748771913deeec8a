//! Trades: the public ones of a market and an account's own ones.

use serde::{Deserialize, Serialize};

use super::{
    messages::ApiError,
    page::Page,
    query::Query,
    side::{self, Side},
};

/// One entry of `GET /v2/symbols/{symbol}/trades`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTrade {
    /// **Quote** value of the trade (the notional), eight decimals.
    pub amount: String,
    /// Time of the trade, milliseconds since 1970 UTC.
    pub order_time: u64,
    /// Price of the trade.
    pub price: String,
    /// **Base** quantity of the trade, despite its name.
    pub count: String,
    /// Side of the taker.
    #[serde(rename = "type")]
    pub side: Side,
}

/// Answer of `GET /v2/trades`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradePage {
    /// Number of trades that match.
    pub total_trades: u64,
    /// Number of pages they fill, 0 when there are none.
    pub total_pages: u64,
    /// The page index that was asked for, never clamped: a client loops for ever otherwise.
    pub current_page: u64,
    /// The trades of this page, newest first.
    pub trades: Vec<OwnTrade>,
}

/// One trade as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTrade {
    /// The symbol.
    pub symbol: String,
    /// **Base** quantity, unlike in public trades.
    pub amount: String,
    /// Fee of this fill, ten decimals: in base for a buyer, in quote for a seller.
    pub fees: String,
    /// Identifier of the trade, the same for both owners.
    pub trade_id: u64,
    /// Price of the trade.
    pub price: String,
    /// Whether the owner's order was the taker.
    pub active: bool,
    /// Side of the owner's order; 0 or 1 in JSON.
    #[serde(rename = "entrustType", with = "side::as_number")]
    pub entrust_type: Side,
    /// The owner's order.
    pub entrust_id: u64,
    /// Time of the trade, milliseconds since 1970 UTC.
    pub timestamp: u64,
}

/// Query of `GET /v2/trades`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTrades {
    /// The symbol, as the client wrote it.
    pub symbol: String,
    /// Only the trades of this order; then `offset` and `limit` have no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrust_id: Option<u64>,
    /// Page index from 0.
    pub offset: u64,
    /// Rows on a page, 1 to [`PAGE_ROWS_MAX`](super::limits::PAGE_ROWS_MAX).
    pub limit: u32,
}

impl ListTrades {
    /// Reads the query string.
    ///
    /// # Errors
    /// A missing `symbol`, a value that is not a number, a `limit` out of range.
    pub fn from_query(query: &Query<'_>) -> Result<Self, ApiError> {
        let symbol = query.required_text("symbol")?.into_owned();
        let entrust_id = query.unsigned("entrust_id", u64::MAX)?;
        let Page { offset, limit } = Page::from_query(query)?;
        Ok(Self { symbol, entrust_id, offset, limit })
    }

    /// Writes the query string, for a client.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("symbol", &self.symbol);
        if let Some(entrust_id) = self.entrust_id {
            query.append_pair("entrust_id", &entrust_id.to_string());
        }
        query.append_pair("offset", &self.offset.to_string());
        query.append_pair("limit", &self.limit.to_string());
        query.finish()
    }
}
