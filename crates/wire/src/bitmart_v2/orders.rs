//! Orders as their owner sees them: the answers to placing, cancelling, reading and listing.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    messages::{ApiError, Bounds, ParameterType},
    page::Page,
    query::Query,
    side::Side,
};

/// The answer that says nothing but "done": `{}`, see [`EMPTY_BODY`](super::EMPTY_BODY).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

/// Answer of `POST /v2/orders`: the order was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedOrder {
    /// The new order's identifier, positive, ascending and below 2^53.
    pub entrust_id: u64,
}

/// One order: answer of `GET /v2/orders/{entrust_id}` and element of [`OrderPage`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Identifier of the order.
    pub entrust_id: u64,
    /// The symbol.
    pub symbol: String,
    /// Time it was placed, milliseconds since 1970 UTC.
    pub timestamp: u64,
    /// Its side.
    pub side: Side,
    /// Its limit price, not the average of its fills.
    pub price: String,
    /// Sum of the fees of its fills, ten decimals: in base for a buy, in quote for a sell.
    pub fees: String,
    /// Base quantity it was placed with.
    pub original_amount: String,
    /// Base quantity filled.
    pub executed_amount: String,
    /// Base quantity not filled, also after a cancel.
    pub remaining_amount: String,
    /// What became of it; a number in JSON.
    pub status: OrderStatus,
}

/// Answer of `GET /v2/orders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPage {
    /// The orders of this page, newest first.
    pub orders: Vec<Order>,
    /// Number of pages the matching orders fill, 0 when there are none.
    pub total_pages: u64,
    /// Number of orders that match the filter.
    pub total_orders: u64,
    /// The page index that was asked for, never clamped: a client loops for ever otherwise.
    pub current_page: u64,
}

/// `status` of an order, the number 1 to 4 in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OrderStatus {
    /// In the book, nothing filled.
    Open = 1,
    /// In the book, partly filled.
    PartiallyFilled = 2,
    /// Completely filled.
    Filled = 3,
    /// Canceled, possibly after partial fills.
    Canceled = 4,
}

impl Serialize for OrderStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

impl<'de> Deserialize<'de> for OrderStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            1 => Ok(Self::Open),
            2 => Ok(Self::PartiallyFilled),
            3 => Ok(Self::Filled),
            4 => Ok(Self::Canceled),
            other => Err(D::Error::custom(format_args!("order status {other} is not 1 to 4"))),
        }
    }
}

/// Which orders a list shows, the number 0 to 6 in the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StatusFilter {
    /// Every order.
    All = 0,
    /// In the book, nothing filled.
    Open = 1,
    /// In the book, partly filled.
    PartiallyFilled = 2,
    /// Completely filled.
    Filled = 3,
    /// Canceled, possibly after partial fills.
    Canceled = 4,
    /// In the book: 1 and 2.
    InBook = 5,
    /// Finished: 3 and 4.
    Finished = 6,
}

impl StatusFilter {
    /// Range of the number.
    pub const BOUNDS: Bounds = Bounds::closed(0, 6);

    /// Reads the number.
    pub fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::All,
            1 => Self::Open,
            2 => Self::PartiallyFilled,
            3 => Self::Filled,
            4 => Self::Canceled,
            5 => Self::InBook,
            6 => Self::Finished,
            _ => return None,
        })
    }

    /// Whether an order of this status is shown.
    pub fn shows(self, status: OrderStatus) -> bool {
        use OrderStatus as Status;
        match self {
            Self::All => true,
            Self::Open => status == Status::Open,
            Self::PartiallyFilled => status == Status::PartiallyFilled,
            Self::Filled => status == Status::Filled,
            Self::Canceled => status == Status::Canceled,
            Self::InBook => matches!(status, Status::Open | Status::PartiallyFilled),
            Self::Finished => matches!(status, Status::Filled | Status::Canceled),
        }
    }
}

impl Serialize for StatusFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

impl<'de> Deserialize<'de> for StatusFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        Self::from_number(number)
            .ok_or_else(|| D::Error::custom(format_args!("status filter {number} is not 0 to 6")))
    }
}

/// Query of `GET /v2/orders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListOrders {
    /// The symbol, as the client wrote it.
    pub symbol: String,
    /// Which orders to show.
    pub status: StatusFilter,
    /// Page index from 0.
    pub offset: u64,
    /// Rows on a page, 1 to [`PAGE_ROWS_MAX`](super::limits::PAGE_ROWS_MAX).
    pub limit: u32,
}

impl ListOrders {
    /// Reads the query string.
    ///
    /// # Errors
    /// A missing `symbol` or `status`, a value that is not a number or out of its range.
    pub fn from_query(query: &Query<'_>) -> Result<Self, ApiError> {
        let symbol = query.required_text("symbol")?.into_owned();
        let status = query
            .integer_in("status", StatusFilter::BOUNDS)?
            .ok_or(ApiError::required(ParameterType::Integer, "status"))?;
        let status = StatusFilter::from_number(status)
            .ok_or(ApiError::out_of_range("status", StatusFilter::BOUNDS))?;
        let Page { offset, limit } = Page::from_query(query)?;
        Ok(Self { symbol, status, offset, limit })
    }

    /// Writes the query string, for a client.
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("symbol", &self.symbol)
            .append_pair("status", &(self.status as u8).to_string())
            .append_pair("offset", &self.offset.to_string())
            .append_pair("limit", &self.limit.to_string())
            .finish()
    }
}
