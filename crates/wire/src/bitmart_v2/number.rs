//! Amounts and prices in the body of an order: the text the client wrote, and its exact value.
//!
//! What enters: the literal of a JSON number or the content of a JSON string. What leaves: that
//! literal, the same value as a plain decimal, and the texts of this value that a client may have
//! signed. No binary floating point anywhere, so the value is exactly the one that was written.

use std::{borrow::Cow, ops::Range};

use super::limits;

/// A number as the client wrote it. Matches
/// `digits [ "." digits ] [ ("e"|"E") ["+"|"-"] digits ]` within
/// [`NUMBER_CHARS_MAX`](limits::NUMBER_CHARS_MAX) and
/// [`NUMBER_EXPONENT_MAX`](limits::NUMBER_EXPONENT_MAX), so it is never negative and contains
/// nothing that could be taken for another part of a signed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberText<'a> {
    literal: Cow<'a, str>,
    plain: Plain,
}

/// Where the plain decimal is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plain {
    /// A part of the literal: the usual case, without an exponent.
    Part(Range<usize>),
    /// A text of its own.
    Expanded(Box<str>),
}

impl<'a> NumberText<'a> {
    /// Checks the literal; `None` when it is not acceptable.
    pub fn parse(literal: impl Into<Cow<'a, str>>) -> Option<Self> {
        let literal = literal.into();
        let parts = Parts::split(&literal)?;
        let plain = match parts.exponent {
            0 => Plain::Part(parts.plain_range()),
            exponent => {
                Plain::Expanded(expand(parts.whole, parts.fraction, exponent).into_boxed_str())
            }
        };
        Some(Self { literal, plain })
    }

    /// The text as the client wrote it.
    pub fn literal(&self) -> &str {
        &self.literal
    }

    /// The same value as a plain decimal: no exponent, no leading zeros but one before the point,
    /// no trailing zeros after it, no bare point. `1e-7` is `0.0000001`, `151.0` is `151`. Equal
    /// values have equal plain texts.
    pub fn plain(&self) -> &str {
        match &self.plain {
            Plain::Part(range) => &self.literal[range.clone()],
            Plain::Expanded(text) => text,
        }
    }

    /// The texts of this value that a client may have signed, without duplicates: the literal, the
    /// plain decimal, and the literal with an upper-case `E` (PHP signs that); each also with its
    /// plus sign percent-encoded, since most clients sign form-encoded text.
    pub fn candidates(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let literal = self.literal();
        let plain = Some(self.plain()).filter(|plain| *plain != literal);
        let upper = literal.contains('e').then(|| literal.replace('e', "E"));
        let texts = [Some(Cow::Borrowed(literal)), plain.map(Cow::Borrowed), upper.map(Cow::Owned)];
        texts.into_iter().flatten().flat_map(|text| {
            let encoded = text.contains('+').then(|| Cow::Owned(text.replace('+', "%2B")));
            [Some(text), encoded].into_iter().flatten()
        })
    }
}

/// A literal taken apart.
struct Parts<'t> {
    /// Digits before the point, at least one.
    whole: &'t str,
    /// Digits after the point, possibly none.
    fraction: &'t str,
    /// The exponent, 0 when there is none.
    exponent: i32,
}

impl<'t> Parts<'t> {
    fn split(literal: &'t str) -> Option<Self> {
        if literal.len() > limits::NUMBER_CHARS_MAX {
            return None;
        }
        let (mantissa, exponent) = match literal.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (literal, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        is_digits(whole).then_some(Self { whole, fraction, exponent })
    }

    /// Where the plain decimal is inside a literal whose exponent is 0.
    fn plain_range(&self) -> Range<usize> {
        let start = leading_zeros(self.whole);
        let fraction = self.fraction.trim_end_matches('0').len();
        // One digit stays in front of the point, and the point goes with the last fraction digit.
        let start = start.min(self.whole.len() - 1);
        let end = self.whole.len() + if fraction == 0 { 0 } else { 1 + fraction };
        start..end
    }
}

/// Writes `whole.fraction * 10^exponent` without an exponent. Its length is bounded by the limits
/// on the literal.
fn expand(whole: &str, fraction: &str, exponent: i32) -> String {
    let digits = [whole, fraction].concat();
    let shift = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
    let (whole, fraction) = if exponent > 0 {
        // The point moves right, over fraction digits first and then over new zeros.
        let point = whole.len() + shift;
        let padded = format!("{digits:0<point$}");
        (padded[..point].to_owned(), padded[point..].to_owned())
    } else {
        // The point moves left, over whole digits first and then over new zeros.
        let width = fraction.len() + shift;
        let padded = format!("{digits:0>width$}");
        let point = padded.len() - width;
        (padded[..point].to_owned(), padded[point..].to_owned())
    };
    let whole = match &whole[leading_zeros(&whole)..] {
        "" => "0",
        digits => digits,
    };
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !is_digits(digits) {
        return None;
    }
    // The literal's length bounds the digits, but not below what an i32 holds.
    let size = digits.parse::<i32>().ok().filter(|size| *size <= limits::NUMBER_EXPONENT_MAX)?;
    Some(if negative { -size } else { size })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn leading_zeros(text: &str) -> usize {
    text.len() - text.trim_start_matches('0').len()
}
