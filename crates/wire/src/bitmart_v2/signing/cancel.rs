//! Signatures of requests that cancel.

use std::borrow::Cow;

use super::{Signature, SigningKey};
use crate::bitmart_v2::{
    cancel_request::{CancelAll, CancelOrder},
    messages::ApiError,
    side::Side,
};

/// What precedes the identifier in the message of a cancel.
const ENTRUST_ID: &str = "entrust_id=";

impl SigningKey {
    /// Signs the cancel of one order: over `entrust_id=<id>`.
    pub fn sign_cancel_order(&self, entrust_id: u64) -> String {
        self.sign(format!("{ENTRUST_ID}{entrust_id}"))
    }

    /// Verifies the signature over `entrust_id=<id>`, with the identifier as in the path or
    /// without its leading zeros. Allocates nothing.
    ///
    /// # Errors
    /// [`ApiError::InvalidSignature`].
    pub fn verify_cancel_order(
        &self,
        cancel: &CancelOrder<'_>,
        signature: &Signature,
    ) -> Result<(), ApiError> {
        let (segment, canonical) = (cancel.segment(), cancel.canonical());
        let good = self.matches(&[ENTRUST_ID, segment], signature)
            || (canonical != segment && self.matches(&[ENTRUST_ID, canonical], signature));
        if good { Ok(()) } else { Err(ApiError::InvalidSignature) }
    }

    /// Signs the cancel of all orders of one side: over `side=<side>&symbol=<symbol>`.
    pub fn sign_cancel_all(&self, symbol: &str, side: Side) -> String {
        self.sign(format!("side={side}&symbol={symbol}"))
    }

    /// Verifies the signature over `side=<side>&symbol=<symbol>` of a cancel-all. It may be
    /// missing, since only some clients send one; one that is there must be right.
    ///
    /// # Errors
    /// [`ApiError::InvalidSignature`].
    pub fn verify_cancel_all(
        &self,
        cancel: &CancelAll<'_>,
        signature: Option<&Signature>,
    ) -> Result<(), ApiError> {
        let Some(signature) = signature else { return Ok(()) };
        let good = symbol_candidates(&cancel.symbol).any(|symbol| {
            self.matches(&["side=", &cancel.side_text, "&symbol=", &symbol], signature)
        });
        if good { Ok(()) } else { Err(ApiError::InvalidSignature) }
    }
}

/// A symbol as signed: as it is, and percent-encoded where that differs. Of the characters a
/// symbol may have, that is the dollar sign alone.
pub(super) fn symbol_candidates(symbol: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let encoded = symbol.contains('$').then(|| Cow::Owned(symbol.replace('$', "%24")));
    [Some(Cow::Borrowed(symbol)), encoded].into_iter().flatten()
}
