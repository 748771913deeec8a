//! Names of the headers and the reading of their values.
//!
//! What enters: raw header values. What leaves: the token text and the client's time. The
//! signature header is read by [`Signature`](super::Signature).

use super::messages::ApiError;

/// `Bearer ` and an access token, on every authenticated request.
pub const AUTHORIZATION: &str = "X-BM-AUTHORIZATION";
/// Milliseconds since 1970 UTC in decimal digits, on every authenticated request.
pub const TIMESTAMP: &str = "X-BM-TIMESTAMP";
/// HMAC-SHA256 of the request's parameters in hex, on requests that place or cancel.
pub const SIGNATURE: &str = "X-BM-SIGNATURE";
/// Ours: the sequence number at which a write took effect, on every answer to one.
pub const SEQUENCE: &str = "X-Openmart-Sequence";
/// Ours: why a cancel was refused, `unknown`, `filled` or `canceled`.
pub const REASON: &str = "X-Openmart-Reason";
/// `application/json;charset=UTF-8`, the content type of every answer.
pub const CONTENT_TYPE_JSON: &str = "application/json;charset=UTF-8";

/// Reads the token out of [`AUTHORIZATION`]: the word `Bearer` in any case, blanks, the token.
///
/// # Errors
/// [`ApiError::Unauthorized`] for everything else, also for a token that is not visible ASCII.
pub fn bearer_token(value: Option<&[u8]>) -> Result<&str, ApiError> {
    const SCHEME: &[u8] = b"bearer";
    let value = value.ok_or(ApiError::Unauthorized)?;
    let (scheme, rest) = value.split_at_checked(SCHEME.len()).ok_or(ApiError::Unauthorized)?;
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = &rest[blanks..];
    let well_formed = scheme.eq_ignore_ascii_case(SCHEME)
        && blanks > 0
        && !token.is_empty()
        && token.iter().all(u8::is_ascii_graphic);
    if !well_formed {
        return Err(ApiError::Unauthorized);
    }
    str::from_utf8(token).map_err(|_| ApiError::Unauthorized)
}

/// Reads [`TIMESTAMP`] and checks it against the server's clock `now_ms`, both directions, with
/// the distance `window_ms` still allowed. Returns the client's time in milliseconds.
///
/// # Errors
/// [`ApiError::InvalidTimestamp`], never `Unauthorized`: a client that reads that text logs in
/// again and repeats its request without end.
pub fn check_timestamp(value: Option<&[u8]>, now_ms: u64, window_ms: u64) -> Result<u64, ApiError> {
    let time_ms = value.and_then(parse_digits).ok_or(ApiError::InvalidTimestamp)?;
    if time_ms.abs_diff(now_ms) > window_ms {
        return Err(ApiError::InvalidTimestamp);
    }
    Ok(time_ms)
}

/// Reads a `u64` written in decimal digits and nothing else (`str::parse` would take a plus sign).
pub(super) fn parse_digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
