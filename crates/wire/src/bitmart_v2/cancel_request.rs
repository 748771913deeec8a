//! Cancelling one order (`DELETE /v2/orders/{entrust_id}`) and all orders of a symbol and side
//! (`DELETE /v2/orders`).
//!
//! What enters: the path segment, the body, the query string. What leaves: what to cancel, with
//! the texts the signature was made over. What it must not know: whether the order exists.
//! Nothing on the way of a single cancel allocates.

use std::borrow::Cow;

use super::{
    headers::parse_digits,
    limits,
    members::{MemberValue, for_each_member},
    messages::{ApiError, RequestFault},
    number::NumberText,
    order_request::is_symbol,
    query::Query,
    side::Side,
};

/// A request to cancel one order. Verified by
/// [`SigningKey::verify_cancel_order`](super::SigningKey::verify_cancel_order).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelOrder<'a> {
    entrust_id: u64,
    segment: &'a str,
}

impl<'a> CancelOrder<'a> {
    /// Reads the path segment and looks at the body.
    ///
    /// Of the body only a member `entrust_id`, a number or a string, is of interest: some clients
    /// repeat the identifier there, and it must not differ from the path. Everything else about
    /// the body is ignored, whether it is JSON or not, as is the query string.
    ///
    /// # Errors
    /// [`ApiError::InvalidParameter`] for a segment that is not 1 to 20 digits or above `u64`, and
    /// for a body that names another order; [`ApiError::InvalidRequest`] for a body of more than
    /// [`limits::BODY_BYTES_MAX`] bytes.
    pub fn parse(segment: &'a str, body: &[u8]) -> Result<Self, ApiError> {
        let entrust_id = parse_entrust_id(segment)?;
        if body.len() > limits::BODY_BYTES_MAX {
            return Err(RequestFault::BodyTooLong.into());
        }
        if body_differs(body, entrust_id) {
            return Err(ApiError::invalid("entrust_id"));
        }
        Ok(Self { entrust_id, segment })
    }

    /// The order to cancel.
    pub fn entrust_id(&self) -> u64 {
        self.entrust_id
    }

    /// The path segment as sent, possibly with leading zeros.
    pub fn segment(&self) -> &'a str {
        self.segment
    }

    /// The segment without leading zeros.
    pub(super) fn canonical(&self) -> &'a str {
        let digits = self.segment.trim_start_matches('0');
        if digits.is_empty() { &self.segment[self.segment.len() - 1..] } else { digits }
    }
}

/// Reads the path segment of one order.
///
/// # Errors
/// [`ApiError::InvalidParameter`] unless it is 1 to 20 digits within `u64`.
pub fn parse_entrust_id(segment: &str) -> Result<u64, ApiError> {
    if segment.len() > limits::ENTRUST_ID_CHARS_MAX {
        return Err(ApiError::invalid("entrust_id"));
    }
    parse_digits(segment.as_bytes()).ok_or(ApiError::invalid("entrust_id"))
}

/// Whether the body is an object in which a member `entrust_id` names another order. A member
/// that is neither number nor string says nothing.
fn body_differs(body: &[u8], entrust_id: u64) -> bool {
    if body.is_empty() {
        return false;
    }
    let mut differs = false;
    let parsed = for_each_member(body, |name, value| {
        if name != "entrust_id" {
            return;
        }
        let number = match value {
            MemberValue::Text(text) => NumberText::parse(text),
            MemberValue::Number(literal) => NumberText::parse(literal),
            MemberValue::Flag(_) | MemberValue::Null | MemberValue::Nested => return,
        };
        // By value, so that a client whose numbers are all floats may write `1223181.0`.
        let named = number.and_then(|number| parse_digits(number.plain().as_bytes()));
        differs |= named != Some(entrust_id);
    });
    parsed.is_ok() && differs
}

/// A request to cancel all orders of one side of a symbol. Verified by
/// [`SigningKey::verify_cancel_all`](super::SigningKey::verify_cancel_all).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelAll<'a> {
    /// The symbol as sent; 1 to 32 of letters, digits, `_`, `.`, `-`, `$`.
    pub symbol: Cow<'a, str>,
    /// The side.
    pub side: Side,
    /// The side as sent, in any case.
    pub side_text: Cow<'a, str>,
}

impl<'a> CancelAll<'a> {
    /// Reads the query string. The body is ignored.
    ///
    /// # Errors
    /// [`ApiError::RequiredParameter`] for a missing `symbol` or `side`,
    /// [`ApiError::UnknownSymbol`] for a text that no symbol can have,
    /// [`ApiError::InvalidParameter`] for another side.
    pub fn from_query(query: &Query<'a>) -> Result<Self, ApiError> {
        let symbol = query.required_text("symbol")?;
        let side_text = query.required_text("side")?;
        if !is_symbol(&symbol) {
            return Err(ApiError::UnknownSymbol);
        }
        let side = Side::parse(&side_text).ok_or(ApiError::invalid("side"))?;
        Ok(Self { symbol, side, side_text })
    }

    /// Writes the query string, for a client.
    pub fn query_of(symbol: &str, side: Side) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("symbol", symbol)
            .append_pair("side", side.as_str())
            .finish()
    }
}
