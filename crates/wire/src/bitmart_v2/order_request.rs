//! The body of `POST /v2/orders`.
//!
//! What enters: the bytes of the body. What leaves: an order whose members all have an acceptable
//! shape, with the literal texts the signature was made over. What it must not know: whether the
//! symbol is listed, and what tick and lot sizes are.
//!
//! All of this is checked before any message is built for the signature: no member that has an
//! effect can contain `&` or `=`, so no value can pose as another member.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    limits,
    members::{MemberValue, for_each_member},
    messages::{ApiError, ParameterType, RequestFault},
    number::NumberText,
    side::Side,
};

/// An order as a client asks for it. Verified by
/// [`SigningKey::verify_place_order`](super::SigningKey::verify_place_order).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder<'a> {
    /// The symbol as sent: 1 to 32 of letters, digits, `_`, `.`, `-`, `$`.
    pub symbol: Cow<'a, str>,
    /// The side.
    pub side: Side,
    /// The side as sent, in any case.
    pub side_text: Cow<'a, str>,
    /// Base quantity.
    pub amount: NumberText<'a>,
    /// Limit price.
    pub price: NumberText<'a>,
    /// Our addition: the client's own name for this order, 1 to 32 of letters, digits, `_`, `-`.
    /// Has an effect, so a signature that does not cover it is refused.
    pub client_order_id: Option<Cow<'a, str>>,
    /// Further members, sorted by name, names unique: name and signed text. They have no effect.
    pub(super) extras: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> PlaceOrder<'a> {
    /// Reads the body.
    ///
    /// # Errors
    /// In this order: [`ApiError::InvalidRequest`] for more than [`limits::BODY_BYTES_MAX`] bytes,
    /// anything but one JSON object, a member name that occurs twice, a null or nested member;
    /// [`ApiError::RequiredParameter`] for a missing member; [`ApiError::InvalidParameter`] for a
    /// member that is not written as it must be.
    pub fn parse(body: &'a [u8]) -> Result<Self, ApiError> {
        let members = Members::collect(body)?;
        let [symbol, side, amount, price, client_order_id] = members.known;
        let symbol = symbol.ok_or(ApiError::required(ParameterType::String, "symbol"))?;
        let side = side.ok_or(ApiError::required(ParameterType::String, "side"))?;
        let amount = amount.ok_or(ApiError::required(ParameterType::String, "amount"))?;
        let price = price.ok_or(ApiError::required(ParameterType::String, "price"))?;
        let symbol =
            text(symbol).filter(|text| is_symbol(text)).ok_or(ApiError::invalid("symbol"))?;
        let side_text = text(side).ok_or(ApiError::invalid("side"))?;
        let client_order_id = match client_order_id {
            Some(value) => Some(
                text(value)
                    .filter(|text| is_client_order_id(text))
                    .ok_or(ApiError::invalid("client_order_id"))?,
            ),
            None => None,
        };
        Ok(Self {
            symbol,
            side: Side::parse(&side_text).ok_or(ApiError::invalid("side"))?,
            side_text,
            amount: number(amount).ok_or(ApiError::invalid_amount())?,
            price: number(price).ok_or(ApiError::invalid_price())?,
            client_order_id,
            extras: members.extras,
        })
    }
}

/// The body a client of ours sends; the numbers travel as texts, so that nothing reformats them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBody {
    /// The symbol.
    pub symbol: String,
    /// The side.
    pub side: Side,
    /// Base quantity as a plain decimal.
    pub amount: String,
    /// Limit price as a plain decimal.
    pub price: String,
    /// See [`PlaceOrder::client_order_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
}

impl OrderBody {
    /// The message to sign: every member, sorted by name.
    pub fn signed_message(&self) -> String {
        let Self { symbol, side, amount, price, client_order_id } = self;
        let client_order_id = match client_order_id {
            Some(id) => format!("client_order_id={id}&"),
            None => String::new(),
        };
        format!("amount={amount}&{client_order_id}price={price}&side={side}&symbol={symbol}")
    }
}

/// Names of the members that have an effect, in the order of [`Members::known`].
const KNOWN: [&str; 5] = ["symbol", "side", "amount", "price", "client_order_id"];

/// The members of a body, names unique, none of them null or nested.
struct Members<'a> {
    known: [Option<MemberValue<'a>>; KNOWN.len()],
    /// Sorted by name.
    extras: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Members<'a> {
    fn collect(body: &'a [u8]) -> Result<Self, RequestFault> {
        if body.len() > limits::BODY_BYTES_MAX {
            return Err(RequestFault::BodyTooLong);
        }
        let mut members = Self { known: Default::default(), extras: Vec::new() };
        let mut fault = None;
        for_each_member(body, |name, value| {
            if let Err(found) = members.add(name, value) {
                fault.get_or_insert(found);
            }
        })
        .map_err(|_| RequestFault::NotAnObject)?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        members.extras.sort_unstable();
        if members.extras.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(RequestFault::DuplicateMember);
        }
        Ok(members)
    }

    fn add(&mut self, name: Cow<'a, str>, value: MemberValue<'a>) -> Result<(), RequestFault> {
        let signed_text = match &value {
            MemberValue::Null => return Err(RequestFault::NullMember),
            MemberValue::Nested => return Err(RequestFault::NestedMember),
            MemberValue::Text(text) => text.clone(),
            MemberValue::Number(literal) | MemberValue::Flag(literal) => Cow::Borrowed(*literal),
        };
        match KNOWN.iter().position(|known| *known == name) {
            Some(place) if self.known[place].replace(value).is_some() => {
                return Err(RequestFault::DuplicateMember);
            }
            Some(_) => {}
            None => self.extras.push((name, signed_text)),
        }
        Ok(())
    }
}

/// The content of a string; a number or flag is none.
fn text(value: MemberValue<'_>) -> Option<Cow<'_, str>> {
    match value {
        MemberValue::Text(text) => Some(text),
        _ => None,
    }
}

/// A number, or a string with a number in it.
fn number(value: MemberValue<'_>) -> Option<NumberText<'_>> {
    match value {
        MemberValue::Text(text) => NumberText::parse(text),
        MemberValue::Number(literal) => NumberText::parse(literal),
        _ => None,
    }
}

/// Whether a text may be a symbol at all. Listed or not is another question.
pub fn is_symbol(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-$".contains(&byte);
    (1..=limits::SYMBOL_CHARS_MAX).contains(&text.len()) && text.bytes().all(legal)
}

/// Whether a text may be a [`PlaceOrder::client_order_id`].
pub fn is_client_order_id(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=limits::CLIENT_ORDER_ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(legal)
}
