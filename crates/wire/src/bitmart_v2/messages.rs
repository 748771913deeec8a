//! Every refusal of this dialect: its HTTP status and its text, in one place.
//!
//! Clients decide by these texts, so they are part of the API. Some are the historic server's own,
//! the others are ours; which is which is told by the specification's catalogue of errors. The
//! texts `Unauthorized` and `Token expired` must stay for bad tokens alone: clients that read one
//! log in again and repeat the request, some of them without end.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::side::Side;

/// A refusal as the client sees it. `Display` is the text of `message`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No token, or one that is unknown, malformed, expired, or of a revoked key.
    #[error("Unauthorized")]
    Unauthorized,
    /// `X-BM-TIMESTAMP` missing, not digits, or outside the window.
    #[error("Invalid X-BM-TIMESTAMP")]
    InvalidTimestamp,
    /// `X-BM-SIGNATURE` missing, malformed, or of another message or secret.
    #[error("Invalid X-BM-SIGNATURE")]
    InvalidSignature,
    /// The body, form or query has a shape that is not acceptable.
    #[error("Invalid request")]
    InvalidRequest(RequestFault),
    /// Token request: unknown or disabled key, or a wrong `client_secret`.
    #[error("Invalid request")]
    InvalidCredentials,
    /// The key lacks the permission, or the user is banned.
    #[error("Forbidden")]
    Forbidden,
    /// A parameter that must be there is absent or empty.
    #[error("Required {kind} parameter '{name}' is not present")]
    RequiredParameter {
        /// The type the text names.
        kind: ParameterType,
        /// The parameter.
        name: &'static str,
    },
    /// A parameter is of the wrong type or not written as it must be.
    #[error("Invalid {name}")]
    InvalidParameter {
        /// The parameter.
        name: &'static str,
    },
    /// A number is outside its range.
    #[error("Invalid {name}. {name} must be in the range {bounds}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// The range.
        bounds: Bounds,
    },
    /// The symbol is not listed.
    #[error("Unknown symbol")]
    UnknownSymbol,
    /// The order does not exist, is not the caller's, or (on cancel) is finished.
    #[error("Not found")]
    OrderNotFound,
    /// The price is above the band.
    #[error("Maximum price is {limit}")]
    MaximumPrice {
        /// The highest price allowed, with the decimals of the symbol.
        limit: String,
    },
    /// The quantity is below the market's smallest.
    #[error("Minimum amount is {limit}")]
    MinimumAmount {
        /// The market's `base_min_size`.
        limit: String,
    },
    /// The quantity is above the market's largest.
    #[error("Maximum amount is {limit}")]
    MaximumAmount {
        /// The market's `base_max_size`.
        limit: String,
    },
    /// Price times quantity is below the market's smallest.
    #[error("Minimum {side} amount is {limit}")]
    MinimumNotional {
        /// The side of the order.
        side: Side,
        /// The market's `min_buy_amount` or `min_sell_amount`.
        limit: String,
    },
    /// Not enough balance, trading halted, or a self-trade that is refused.
    #[error("Place order error")]
    PlaceOrderError,
    /// Too many requests of this key or address.
    #[error("Visit too often, please try again later")]
    TooManyRequests,
    /// No such path.
    #[error("Not found")]
    PathNotFound,
    /// The path exists, but not with this method.
    #[error("Method not allowed")]
    MethodNotAllowed,
    /// Something unexpected happened.
    #[error("Internal Server Error")]
    Internal,
    /// The exchange does not accept commands now: it starts, stops, or its journal failed.
    #[error("Service unavailable")]
    Unavailable,
    /// The queue of commands is full; nothing of this request took effect. The text is that of a
    /// rate limit, which clients know as safe to repeat; the status tells them apart.
    #[error("Visit too often, please try again later")]
    Overloaded,
    /// The disk is full: new orders are refused, cancels still work.
    #[error("Storage full, new orders are refused")]
    DiskFull,
}

impl ApiError {
    /// [`ApiError::RequiredParameter`].
    pub const fn required(kind: ParameterType, name: &'static str) -> Self {
        Self::RequiredParameter { kind, name }
    }

    /// [`ApiError::InvalidParameter`].
    pub const fn invalid(name: &'static str) -> Self {
        Self::InvalidParameter { name }
    }

    /// [`ApiError::OutOfRange`].
    pub const fn out_of_range(name: &'static str, bounds: Bounds) -> Self {
        Self::OutOfRange { name, bounds }
    }

    /// The quantity is zero or not a multiple of the lot size.
    pub const fn invalid_amount() -> Self {
        Self::invalid("amount")
    }

    /// The price is zero or not a multiple of the tick size.
    pub const fn invalid_price() -> Self {
        Self::invalid("price")
    }

    /// [`ApiError::MaximumPrice`].
    pub fn maximum_price(limit: impl Into<String>) -> Self {
        Self::MaximumPrice { limit: limit.into() }
    }

    /// [`ApiError::MinimumAmount`].
    pub fn minimum_amount(limit: impl Into<String>) -> Self {
        Self::MinimumAmount { limit: limit.into() }
    }

    /// [`ApiError::MaximumAmount`].
    pub fn maximum_amount(limit: impl Into<String>) -> Self {
        Self::MaximumAmount { limit: limit.into() }
    }

    /// [`ApiError::MinimumNotional`].
    pub fn minimum_notional(side: Side, limit: impl Into<String>) -> Self {
        Self::MinimumNotional { side, limit: limit.into() }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::InvalidTimestamp
            | Self::InvalidSignature
            | Self::InvalidRequest(_)
            | Self::RequiredParameter { .. }
            | Self::InvalidParameter { .. }
            | Self::OutOfRange { .. }
            | Self::UnknownSymbol
            | Self::MaximumPrice { .. }
            | Self::MinimumAmount { .. }
            | Self::MaximumAmount { .. }
            | Self::MinimumNotional { .. }
            | Self::PlaceOrderError => 400,
            Self::Unauthorized | Self::InvalidCredentials => 401,
            Self::Forbidden => 403,
            Self::OrderNotFound | Self::PathNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable | Self::Overloaded | Self::DiskFull => 503,
        }
    }

    /// The text of `message`.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The body of the answer.
    pub fn body(&self) -> ErrorBody {
        ErrorBody { message: self.message() }
    }
}

/// Body of every answer that is not a 200. Bodies of a 200 never have a `message`, since clients
/// take its presence for failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What is wrong.
    pub message: String,
}

/// What is wrong with a request that is refused as `Invalid request`. The API's text does not say
/// it; logs and our own header may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// The body is longer than [`BODY_BYTES_MAX`](super::limits::BODY_BYTES_MAX).
    #[error("body too long")]
    BodyTooLong,
    /// The query is longer than [`QUERY_BYTES_MAX`](super::limits::QUERY_BYTES_MAX).
    #[error("query too long")]
    QueryTooLong,
    /// The body is not one JSON object.
    #[error("body is not a json object")]
    NotAnObject,
    /// Two members of the body have the same name.
    #[error("duplicate member name")]
    DuplicateMember,
    /// A member of the body is null.
    #[error("null member")]
    NullMember,
    /// A member of the body is an object or an array.
    #[error("nested member")]
    NestedMember,
    /// The token request is not form-encoded.
    #[error("body is not form-encoded")]
    NotAForm,
    /// A field of the token request is missing or empty.
    #[error("form field missing")]
    MissingField,
    /// A field of the token request is given twice or not written as it must be.
    #[error("malformed form field")]
    MalformedField,
    /// `grant_type` of the token request is not `client_credentials`.
    #[error("unknown grant type")]
    UnknownGrantType,
    /// An upgrade to a WebSocket lacks a header or has a wrong one.
    #[error("malformed websocket handshake")]
    Handshake,
}

impl From<RequestFault> for ApiError {
    fn from(fault: RequestFault) -> Self {
        Self::InvalidRequest(fault)
    }
}

/// The type named in the text about a missing parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// A 32-bit number.
    Integer,
    /// A 64-bit number.
    Long,
    /// A text.
    String,
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "Integer",
            Self::Long => "Long",
            Self::String => "String",
        })
    }
}

/// A range of whole numbers, printed `[2, 4]` or, without its lower end, `(0, 1000]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    low: i64,
    low_excluded: bool,
    high: i64,
}

impl Bounds {
    /// From `low` to `high`, both included.
    pub const fn closed(low: i64, high: i64) -> Self {
        Self { low, low_excluded: false, high }
    }

    /// Above `low`, up to and including `high`.
    pub const fn above(low: i64, high: i64) -> Self {
        Self { low, low_excluded: true, high }
    }

    /// Whether the number is inside.
    pub const fn contains(&self, number: i64) -> bool {
        number <= self.high && (number > self.low || (number == self.low && !self.low_excluded))
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.low_excluded { '(' } else { '[' };
        write!(f, "{open}{}, {}]", self.low, self.high)
    }
}
