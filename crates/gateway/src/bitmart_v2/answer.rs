//! Answers: their status, body and headers.
//!
//! What enters: a JSON text or an error. What leaves: the HTTP response with the headers that every
//! answer of this API carries.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use openmart_wire::bitmart_v2::{ApiError, EMPTY_BODY, headers};
use serde::Serialize;

use crate::access::Denied;
use crate::limits::Wait;

const SEQUENCE: HeaderName = HeaderName::from_static("x-openmart-sequence");
const REASON: HeaderName = HeaderName::from_static("x-openmart-reason");

/// Seconds after which an overloaded exchange may be tried again. Its queue is some tens of
/// milliseconds long; a second is the least that `Retry-After` can say.
const OVERLOADED_RETRY_S: u64 = 1;

/// The historic server sent these with every answer. Headers that our clients send or read from a
/// browser are named in addition.
const CORS: [(HeaderName, HeaderValue); 6] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "x-requested-with, content-type, x-bm-authorization, x-bm-timestamp, x-bm-signature",
        ),
    ),
    (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, GET, OPTIONS, DELETE")),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-openmart-sequence, x-openmart-reason, retry-after"),
    ),
    (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600")),
];

/// An answer to a request, refusals included.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    body: Bytes,
    /// Where the command of a write stands in the journal.
    sequence: Option<u64>,
    /// Why a cancel was refused.
    reason: Option<&'static str>,
    retry_after_s: Option<u64>,
}

impl Answer {
    /// The answer that says nothing but "done".
    pub(super) fn empty() -> Self {
        Self::ok(Bytes::from_static(EMPTY_BODY.as_bytes()))
    }

    pub(super) fn json(body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(text) => Self::ok(text.into()),
            Err(error) => {
                tracing::error!(%error, "an answer does not serialize");
                Self::from(&ApiError::Internal)
            }
        }
    }

    pub(super) fn with_sequence(self, sequence: u64) -> Self {
        Self { sequence: Some(sequence), ..self }
    }

    pub(super) fn with_reason(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// The answer to a preflight request of a browser.
    pub(super) fn preflight() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::ok(Bytes::new()) }
    }

    pub(super) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn ok(body: Bytes) -> Self {
        Self { status: StatusCode::OK, body, sequence: None, reason: None, retry_after_s: None }
    }

    fn headers(&self, headers: &mut HeaderMap) {
        for (name, value) in CORS {
            headers.insert(name, value);
        }
        if self.status != StatusCode::NO_CONTENT {
            let json = HeaderValue::from_static(headers::CONTENT_TYPE_JSON);
            headers.insert(header::CONTENT_TYPE, json);
        }
        if let Some(sequence) = self.sequence {
            headers.insert(SEQUENCE, sequence.into());
        }
        if let Some(reason) = self.reason {
            headers.insert(REASON, HeaderValue::from_static(reason));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
    }
}

/// The answer that something failed with a status that the API may not know. Without a body, the one
/// that all refusals have.
pub(super) fn failure(
    status: StatusCode,
    body: Option<String>,
    retry_after_s: Option<u32>,
) -> Response {
    let message = status.canonical_reason().unwrap_or("Error");
    let body = body.unwrap_or_else(|| format!(r#"{{"message":"{message}"}}"#));
    let retry_after_s = retry_after_s.map(u64::from);
    Answer { status, retry_after_s, ..Answer::ok(body.into()) }.into_response()
}

impl From<&ApiError> for Answer {
    fn from(error: &ApiError) -> Self {
        let status = StatusCode::from_u16(error.status());
        let retry_after_s = matches!(error, ApiError::Overloaded).then_some(OVERLOADED_RETRY_S);
        Self {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            retry_after_s,
            ..Self::json(&error.body())
        }
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        if let ApiError::InvalidRequest(fault) = &error {
            tracing::debug!(%fault, "invalid request");
        }
        Self::from(&error)
    }
}

impl From<Wait> for Answer {
    fn from(wait: Wait) -> Self {
        Self { retry_after_s: Some(wait.seconds), ..Self::from(&ApiError::TooManyRequests) }
    }
}

impl From<Denied> for Answer {
    fn from(denied: Denied) -> Self {
        Self::from(&match denied {
            Denied::Token => ApiError::Unauthorized,
            Denied::Forbidden => ApiError::Forbidden,
            Denied::Sealed => ApiError::Internal,
        })
    }
}

/// What the heads of all answers with a body have in common: the constant headers.
static CONSTANT_LINES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut lines = Vec::new();
    for (name, value) in &CORS {
        line(&mut lines, name.as_str(), value.as_bytes());
    }
    line(&mut lines, header::CONTENT_TYPE.as_str(), headers::CONTENT_TYPE_JSON.as_bytes());
    lines
});

/// A line of a head.
fn line(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        text.extend_from_slice(part);
    }
}

fn number_line(text: &mut Vec<u8>, name: &str, number: u64) {
    let mut digits = [0; DIGITS_MAX];
    line(text, name, decimal(number, &mut digits));
}

/// Digits of the longest number.
const DIGITS_MAX: usize = 20;

/// A number in digits. Formatting it took as long as the rest of an answer.
fn decimal(mut number: u64, digits: &mut [u8; DIGITS_MAX]) -> &[u8] {
    let mut begin = DIGITS_MAX;
    loop {
        begin -= 1;
        digits[begin] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[begin..];
        }
    }
}

impl Answer {
    /// Appends it to a text as the HTTP server would write it. `closing`: no more will follow.
    pub(super) fn write(&self, text: &mut Vec<u8>, date: &Date, closing: bool) {
        match self.status {
            StatusCode::OK => text.extend_from_slice(b"HTTP/1.1 200 OK\r\n"),
            status => {
                let reason = status.canonical_reason().unwrap_or("<none>");
                for part in ["HTTP/1.1 ", status.as_str(), " ", reason, "\r\n"] {
                    text.extend_from_slice(part.as_bytes());
                }
            }
        }
        text.extend_from_slice(&CONSTANT_LINES);
        if let Some(sequence) = self.sequence {
            number_line(text, SEQUENCE.as_str(), sequence);
        }
        if let Some(reason) = self.reason {
            line(text, REASON.as_str(), reason.as_bytes());
        }
        if let Some(seconds) = self.retry_after_s {
            number_line(text, header::RETRY_AFTER.as_str(), seconds);
        }
        if closing {
            line(text, header::CONNECTION.as_str(), b"close");
        }
        number_line(text, header::CONTENT_LENGTH.as_str(), self.body.len() as u64);
        line(text, header::DATE.as_str(), date.text.as_bytes());
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(&self.body);
    }
}

/// The time of day as heads have it, in whole seconds.
#[derive(Default, Debug)]
pub(super) struct Date {
    second: u64,
    text: String,
}

impl Date {
    /// Looks at the clock. Until then it is no date.
    pub(super) fn look(&mut self) {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if second != self.second || self.text.is_empty() {
            self.second = second;
            self.text = httpdate::fmt_http_date(now);
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        // Room for all of these and for those that the server adds.
        response.headers_mut().reserve(12);
        self.headers(response.headers_mut());
        *response.body_mut() = Body::from(self.body);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_digits() {
        for number in [0, 1, 9, 10, 99, 100, 1_234_567_890, u64::MAX] {
            let mut digits = [0; DIGITS_MAX];
            assert_eq!(decimal(number, &mut digits), number.to_string().as_bytes());
        }
    }
}
