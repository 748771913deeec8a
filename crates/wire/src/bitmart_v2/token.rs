//! The token request and its answer.
//!
//! What enters: content type, body and query string of `POST /v2/authentication`. What leaves: its
//! fields, all present; whether `client_secret` is right is decided by
//! [`TokenProof`](super::TokenProof).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    headers::parse_digits,
    limits,
    messages::{ApiError, RequestFault},
};

/// Answer of `POST /v2/authentication`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The bearer token, letters and digits only.
    pub access_token: String,
    /// Its life in seconds, [`limits::TOKEN_LIFE_S`].
    pub expires_in: u32,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { access_token: _, expires_in } = self;
        f.debug_struct("Token").field("expires_in", expires_in).finish_non_exhaustive()
    }
}

/// Fields of `POST /v2/authentication`, in the body as a form, else in the query string.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// Always `client_credentials`.
    pub grant_type: String,
    /// The API key.
    pub client_id: String,
    /// Hex of HMAC-SHA256 over `key:secret:memo`, or over `key:secret:memo:timestamp` when there
    /// is a timestamp.
    pub client_secret: String,
    /// Our addition, which keeps a seen request from being used again: the time of the request in
    /// milliseconds since 1970 UTC, decimal digits. Strict mode requires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

impl TokenRequest {
    /// The only grant type there is.
    pub const GRANT_TYPE: &'static str = "client_credentials";

    /// Reads the fields. `query` is what follows the question mark of the request target.
    ///
    /// A body that is there must be a form, and then the query string is not looked at; JSON is
    /// refused, as the historic server did. A missing content type counts as a form.
    ///
    /// # Errors
    /// [`ApiError::InvalidRequest`] for a body too long or not a form, a missing field, a field
    /// given twice, another grant type, or a timestamp that is not a number.
    pub fn parse(
        content_type: Option<&[u8]>,
        body: &[u8],
        query: Option<&str>,
    ) -> Result<Self, ApiError> {
        if body.len() > limits::BODY_BYTES_MAX {
            return Err(RequestFault::BodyTooLong.into());
        }
        if body.is_empty() {
            let query = query.unwrap_or_default();
            if query.len() > limits::QUERY_BYTES_MAX {
                return Err(RequestFault::QueryTooLong.into());
            }
            return Self::from_form(query.as_bytes());
        }
        if !content_type.is_none_or(is_form) {
            return Err(RequestFault::NotAForm.into());
        }
        Self::from_form(body)
    }

    /// The timestamp as a number.
    pub fn timestamp_ms(&self) -> Option<u64> {
        self.timestamp.as_deref().and_then(|text| parse_digits(text.as_bytes()))
    }

    /// Writes the form, for a client.
    pub fn to_form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", &self.grant_type)
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", &self.client_secret);
        if let Some(timestamp) = &self.timestamp {
            form.append_pair("timestamp", timestamp);
        }
        form.finish()
    }

    fn from_form(form: &[u8]) -> Result<Self, ApiError> {
        let grant_type = field(form, "grant_type")?.ok_or(RequestFault::MissingField)?;
        let client_id = field(form, "client_id")?.ok_or(RequestFault::MissingField)?;
        let client_secret = field(form, "client_secret")?.ok_or(RequestFault::MissingField)?;
        let timestamp = field(form, "timestamp")?;
        if grant_type != Self::GRANT_TYPE {
            return Err(RequestFault::UnknownGrantType.into());
        }
        let request = Self { grant_type, client_id, client_secret, timestamp };
        // Not a number could hide a colon, which separates the parts of the signed message.
        if request.timestamp.is_some() && request.timestamp_ms().is_none() {
            return Err(RequestFault::MalformedField.into());
        }
        Ok(request)
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { grant_type, client_id, client_secret: _, timestamp } = self;
        f.debug_struct("TokenRequest")
            .field("grant_type", grant_type)
            .field("client_id", client_id)
            .field("timestamp", timestamp)
            .finish_non_exhaustive()
    }
}

/// One field, `None` when absent or empty; refused when given twice.
fn field(form: &[u8], name: &str) -> Result<Option<String>, RequestFault> {
    let mut values = form_urlencoded::parse(form).filter(|(key, _)| key == name);
    let first = values.next().map(|(_, value)| value.into_owned());
    if values.next().is_some() {
        return Err(RequestFault::MalformedField);
    }
    Ok(first.filter(|value| !value.is_empty()))
}

/// Whether a content type is that of a form, whatever parameters follow it.
fn is_form(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}
