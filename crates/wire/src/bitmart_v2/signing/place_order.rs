//! Signatures of orders: which messages a client may have signed for a given body.
//!
//! A message is `name=value` pairs in ascending order of names, joined by `&`. It covers the
//! members that have an effect, or all members of the body. Every way of writing a number that
//! denotes exactly the executed value is tried, for amount and price independently.
//!
//! Why that is safe: whoever has the secret signed the value that will be executed, whichever text
//! matched. Members that have an effect cannot contain `&`, `=` or `%` and so cannot be mistaken
//! for anything else in a message, and neither can the others: those that contain `&` or `=` are
//! only accepted percent-encoded.

use std::borrow::Cow;

use super::{Signature, SigningKey, cancel::symbol_candidates};
use crate::bitmart_v2::{messages::ApiError, order_request::PlaceOrder};

impl SigningKey {
    /// Verifies the signature of an order. A `client_order_id`, when there is one, must be covered
    /// by it.
    ///
    /// # Errors
    /// [`ApiError::InvalidSignature`].
    pub fn verify_place_order(
        &self,
        order: &PlaceOrder<'_>,
        signature: &Signature,
    ) -> Result<(), ApiError> {
        let good = order.any_message(|message| self.matches(&[message], signature));
        if good { Ok(()) } else { Err(ApiError::InvalidSignature) }
    }
}

impl PlaceOrder<'_> {
    /// Every message whose signature is accepted for this order, for tests and for telling a
    /// client what it should have signed.
    pub fn candidate_messages(&self) -> Vec<String> {
        let mut messages = Vec::new();
        self.any_message(|message| {
            messages.push(message.to_owned());
            false
        });
        messages
    }

    /// Whether `accept` takes one of the acceptable messages.
    fn any_message(&self, mut accept: impl FnMut(&str) -> bool) -> bool {
        let forms = self.forms();
        let mut message = String::new();
        for symbol in symbol_candidates(&self.symbol) {
            for amount in self.amount.candidates() {
                for price in self.price.candidates() {
                    let core = self.core(&amount, &price, &symbol);
                    for extras in forms.iter().flatten() {
                        message.clear();
                        write_message(&core, extras, &mut message);
                        if accept(&message) {
                            return true;
                        }
                    }
                }
            }
        }
        false
    }

    /// The members that have an effect, sorted by name.
    fn core<'t>(
        &'t self,
        amount: &'t str,
        price: &'t str,
        symbol: &'t str,
    ) -> [Option<(&'t str, &'t str)>; 5] {
        [
            Some(("amount", amount)),
            self.client_order_id.as_deref().map(|id| ("client_order_id", id)),
            Some(("price", price)),
            Some(("side", &self.side_text)),
            Some(("symbol", symbol)),
        ]
    }

    /// The members without effect as they may enter a message: not at all, as they are, encoded.
    fn forms(&self) -> [Option<Extras<'_>>; 3] {
        let none = Some(Vec::new());
        if self.extras.is_empty() {
            return [none, None, None];
        }
        let encoded: Extras<'_> =
            self.extras.iter().map(|(name, text)| (form_encode(name), form_encode(text))).collect();
        let as_is: Extras<'_> = self
            .extras
            .iter()
            .map(|(name, text)| (name.as_ref().into(), text.as_ref().into()))
            .collect();
        let separable = |text: &Cow<'_, str>| !text.contains(['&', '=']);
        let as_is_allowed = as_is != encoded
            && self.extras.iter().all(|(name, text)| separable(name) && separable(text));
        [none, as_is_allowed.then_some(as_is), Some(encoded)]
    }
}

/// Members without effect, sorted by their names before encoding.
type Extras<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// Writes the members of both lists in ascending order of names.
fn write_message(core: &[Option<(&str, &str)>], extras: &Extras<'_>, message: &mut String) {
    let mut extras = extras.iter().map(|(name, text)| (name.as_ref(), text.as_ref())).peekable();
    for (name, text) in core.iter().flatten() {
        while let Some((name, text)) = extras.next_if(|(extra, _)| extra < name) {
            write_pair(name, text, message);
        }
        write_pair(name, text, message);
    }
    for (name, text) in extras {
        write_pair(name, text, message);
    }
}

fn write_pair(name: &str, text: &str, message: &mut String) {
    if !message.is_empty() {
        message.push('&');
    }
    message.push_str(name);
    message.push('=');
    message.push_str(text);
}

/// Encodes as a form does: a blank becomes `+`, most else that is not a letter or digit `%XX`.
fn form_encode(text: &str) -> Cow<'_, str> {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().into()
}
