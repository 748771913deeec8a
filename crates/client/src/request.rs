//! What is asked of the exchange, before a token and a time are put to it.
//!
//! What enters: paths, queries and bodies in the words of the API. What leaves: requests that say
//! what a repetition of them would do. What it must not know: connections, tokens.

use bytes::Bytes;
use http::Method;
use openmart_wire::bitmart_v2::{is_symbol, paths};
use serde::Serialize;

use crate::error::{Error, UsageError};

/// What carrying a request out does, and so what happens if it is carried out twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing; it may be repeated.
    Reads,
    /// Cancels one order, which can be canceled once. It may be repeated.
    Cancels,
    /// Cancels what there is. It may be repeated, though it meets what was placed meanwhile.
    CancelsAll,
    /// Places an order under a name, under which there can be no second. It may be repeated.
    PlacesNamed,
    /// Places an order, and the next time another one.
    Places,
}

impl Effect {
    pub(crate) fn may_be_repeated(self) -> bool {
        self != Self::Places
    }

    /// What it did, if it did; nothing for what changes nothing.
    pub(crate) fn action(self) -> Option<&'static str> {
        match self {
            Self::Reads => None,
            Self::Cancels => Some("the order was canceled"),
            Self::CancelsAll => Some("the orders were canceled"),
            Self::PlacesNamed | Self::Places => Some("the order was placed"),
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query, beginning with a slash.
    pub(crate) target: String,
    pub(crate) body: Bytes,
    pub(crate) content_type: &'static str,
    /// Whether it needs a token.
    pub(crate) private: bool,
    pub(crate) signature: Option<String>,
    pub(crate) effect: Effect,
}

impl Request {
    /// A public read.
    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            target: target.into(),
            body: Bytes::new(),
            content_type: "application/json",
            private: false,
            signature: None,
            effect: Effect::Reads,
        }
    }

    /// A read of one's own account.
    pub(crate) fn private_get(target: impl Into<String>) -> Self {
        Self { private: true, ..Self::get(target) }
    }

    pub(crate) fn delete(target: impl Into<String>, signature: String, effect: Effect) -> Self {
        let signature = Some(signature);
        Self { method: Method::DELETE, signature, effect, ..Self::private_get(target) }
    }

    pub(crate) fn post(
        target: impl Into<String>,
        body: &impl Serialize,
        signature: String,
        effect: Effect,
    ) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Malformed {
            request: "the request itself".to_owned(),
            reason: error.to_string(),
        })?;
        let (body, signature) = (body.into(), Some(signature));
        Ok(Self { method: Method::POST, body, signature, effect, ..Self::private_get(target) })
    }

    /// The request for a token.
    pub(crate) fn form(target: &str, form: String) -> Self {
        Self {
            method: Method::POST,
            body: form.into(),
            content_type: "application/x-www-form-urlencoded",
            ..Self::get(target)
        }
    }

    /// For messages: method and path.
    pub(crate) fn name(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }
}

/// The path of something about one symbol.
pub(crate) fn symbol_path(template: &str, symbol: &str) -> Result<String, UsageError> {
    check_symbol(symbol)?;
    Ok(template.replace("{symbol}", symbol))
}

pub(crate) fn order_path(order: u64) -> String {
    paths::ORDER.replace("{entrust_id}", &order.to_string())
}

pub(crate) fn check_symbol(symbol: &str) -> Result<(), UsageError> {
    match is_symbol(symbol) {
        true => Ok(()),
        false => Err(UsageError::Symbol { symbol: symbol.to_owned() }),
    }
}
