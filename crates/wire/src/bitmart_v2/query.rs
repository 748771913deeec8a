//! Query strings of GET and DELETE requests.
//!
//! What enters: the raw query string. What leaves: typed values, or the refusal with the text this
//! API uses. Unknown parameters are ignored, and a parameter without a value counts as absent. A
//! parameter written twice is fine when both say the same, else it is invalid: the server must not
//! be the one to choose.

use std::borrow::Cow;

use super::{
    headers::parse_digits,
    limits,
    messages::{ApiError, Bounds, ParameterType, RequestFault},
};

/// A query string, not yet decoded. Every accessor scans it, which is cheap at its length and
/// allocates nothing unless a value is percent-encoded.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    raw: &'a str,
}

impl<'a> Query<'a> {
    /// Takes what follows the question mark of the request target, if anything does.
    ///
    /// # Errors
    /// [`RequestFault::QueryTooLong`] beyond [`limits::QUERY_BYTES_MAX`].
    pub fn parse(raw: Option<&'a str>) -> Result<Self, ApiError> {
        let raw = raw.unwrap_or_default();
        if raw.len() > limits::QUERY_BYTES_MAX {
            return Err(RequestFault::QueryTooLong.into());
        }
        Ok(Self { raw })
    }

    /// A text, `None` when absent or empty.
    ///
    /// # Errors
    /// [`ApiError::InvalidParameter`] when it is given twice with different values.
    pub fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, ApiError> {
        let mut found: Option<Cow<'a, str>> = None;
        for (key, value) in form_urlencoded::parse(self.raw.as_bytes()) {
            if key != name || value.is_empty() {
                continue;
            }
            match &found {
                Some(first) if *first != value => return Err(ApiError::invalid(name)),
                _ => found = Some(value),
            }
        }
        Ok(found)
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// [`ApiError::RequiredParameter`] of type String when absent; else as [`Query::text`].
    pub fn required_text(&self, name: &'static str) -> Result<Cow<'a, str>, ApiError> {
        self.text(name)?.ok_or(ApiError::required(ParameterType::String, name))
    }

    /// A whole number within a range, `None` when absent or empty.
    ///
    /// # Errors
    /// [`ApiError::InvalidParameter`] when it is not a number, [`ApiError::OutOfRange`] when it is
    /// outside `bounds`.
    pub fn integer_in(&self, name: &'static str, bounds: Bounds) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let number = parse_saturating(&text).ok_or(ApiError::invalid(name))?;
        if !bounds.contains(number) {
            return Err(ApiError::out_of_range(name, bounds));
        }
        Ok(Some(number))
    }

    /// A number in decimal digits up to `max`, `None` when absent or empty. For numbers whose range
    /// has no text of its own: identifiers, page indexes.
    ///
    /// # Errors
    /// [`ApiError::InvalidParameter`] for anything else.
    pub fn unsigned(&self, name: &'static str, max: u64) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match parse_digits(text.as_bytes()) {
            Some(number) if number <= max => Ok(Some(number)),
            _ => Err(ApiError::invalid(name)),
        }
    }

    /// A time in milliseconds since 1970 UTC that must be there.
    ///
    /// # Errors
    /// [`ApiError::RequiredParameter`] of type Long when absent, [`ApiError::InvalidParameter`]
    /// when it is not decimal digits.
    pub fn required_time_ms(&self, name: &'static str) -> Result<u64, ApiError> {
        self.unsigned(name, u64::MAX)?.ok_or(ApiError::required(ParameterType::Long, name))
    }

    /// `precision` of the order book: price decimals between the two a market offers, `None` when
    /// absent.
    ///
    /// # Errors
    /// As [`Query::integer_in`].
    pub fn precision(&self, min: u8, max: u8) -> Result<Option<u8>, ApiError> {
        let bounds = Bounds::closed(i64::from(min), i64::from(max));
        let Some(number) = self.integer_in("precision", bounds)? else { return Ok(None) };
        u8::try_from(number).map(Some).map_err(|_| ApiError::out_of_range("precision", bounds))
    }
}

/// Reads an optional minus sign and digits. A number too large for `i64` becomes its end of the
/// range: it is a number all the same, and outside every range that is asked for.
fn parse_saturating(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i64>().unwrap_or(i64::MAX);
    Some(if negative { -size } else { size })
}
