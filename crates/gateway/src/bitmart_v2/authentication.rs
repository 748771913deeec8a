//! Proof of an API secret: for a token, and for each signed request.
//!
//! What enters: requests whose shape is checked. What leaves: tokens, and a [`Proof`] for what was
//! signed. What it must not know: what happens to a signed request afterwards.

use std::sync::Arc;

use openmart_model::{ApiKey, KeyId, Timestamp};
use openmart_wire::bitmart_v2::{
    ApiError, CancelAll, CancelOrder, ParameterType, PlaceOrder, Signature, SigningKey, Token,
    TokenProof, TokenRequest,
};

use super::Dialect;
use super::answer::Answer;
use super::routes::Incoming;
use crate::access::Caller;
use crate::badge::Badge;
use crate::options::SignatureMode;

/// What is known of whoever asked before on a connection, so that it need not be found out again. It
/// lets nobody in: that a token is not too old and its key not revoked is asked each time.
#[derive(Default, Debug)]
pub(super) struct Acquaintance {
    pub(super) badge: Badge,
    signing_key: Option<(KeyId, Arc<SigningKey>)>,
}

impl Acquaintance {
    /// The signing key of a caller.
    fn signing_key(&mut self, dialect: &Dialect, caller: Caller) -> Result<&SigningKey, Answer> {
        let known = self.signing_key.take().filter(|(id, _)| *id == caller.key());
        let known = match known {
            Some(known) => known,
            None => (caller.key(), dialect.signing_keys.get(&dialect.site.access, caller)?),
        };
        Ok(&self.signing_key.insert(known).1)
    }
}

/// That the holder of the caller's secret wants this. Made here alone, by checking a signature.
pub(super) struct Proof {
    _checked: (),
}

/// `POST /v2/authentication`.
pub(super) fn issue_token(dialect: &Dialect, incoming: &Incoming<'_>) -> Result<Answer, Answer> {
    let site = &dialect.site;
    let query = incoming.raw_query();
    let request = TokenRequest::parse(incoming.content_type(), incoming.body, query)?;
    check_time(dialect, &request, incoming.now())?;
    let key = site.access.key_by_text(&request.client_id).ok_or(ApiError::InvalidCredentials)?;
    verify(dialect, &key, &request)?;
    site.access.check_address(&key, incoming.address)?;
    site.limiter.token_issued(key.id, site.pace())?;
    let expires_in = site.options.token_lifetime_s;
    let expires = Timestamp(incoming.now().0.saturating_add(u64::from(expires_in) * 1_000));
    let access_token = site.access.issue(&key, expires);
    Ok(Answer::json(&Token { access_token, expires_in }))
}

fn verify(dialect: &Dialect, key: &ApiKey, request: &TokenRequest) -> Result<(), Answer> {
    let secret = dialect.site.access.secret(key)?;
    let proof = TokenProof::new(&key.spec.key, secret.expose(), &key.spec.memo);
    Ok(proof.verify(request)?)
}

/// A timestamp must be fresh; in strict mode there must be one, so that a request that somebody saw
/// is soon worth nothing.
fn check_time(dialect: &Dialect, request: &TokenRequest, now: Timestamp) -> Result<(), ApiError> {
    let options = &dialect.site.options;
    match (request.timestamp_ms(), options.mode) {
        (Some(time_ms), _) if time_ms.abs_diff(now.0) <= options.timestamp_window_ms => Ok(()),
        (Some(_), _) => Err(ApiError::invalid("timestamp")),
        (None, SignatureMode::Compat) => Ok(()),
        (None, SignatureMode::Strict) => Err(ApiError::required(ParameterType::Long, "timestamp")),
    }
}

impl Proof {
    /// That the caller wants this order.
    pub(super) fn of_order(
        dialect: &Dialect,
        caller: Caller,
        incoming: &Incoming<'_>,
        acquaintance: &mut Acquaintance,
        order: &PlaceOrder<'_>,
    ) -> Result<Self, Answer> {
        let signature = Signature::parse(incoming.signature())?;
        Self::check(acquaintance.signing_key(dialect, caller)?, |key| {
            key.verify_place_order(order, &signature)
        })
    }

    /// That the caller wants this order canceled.
    pub(super) fn of_cancel(
        dialect: &Dialect,
        caller: Caller,
        incoming: &Incoming<'_>,
        acquaintance: &mut Acquaintance,
        cancel: &CancelOrder<'_>,
    ) -> Result<Self, Answer> {
        let signature = Signature::parse(incoming.signature())?;
        Self::check(acquaintance.signing_key(dialect, caller)?, |key| {
            key.verify_cancel_order(cancel, &signature)
        })
    }

    /// That the caller wants these orders canceled. Only some clients sign this, so that his token
    /// alone is enough; a signature that is there must be right.
    pub(super) fn of_cancel_all(
        dialect: &Dialect,
        caller: Caller,
        incoming: &Incoming<'_>,
        acquaintance: &mut Acquaintance,
        cancel: &CancelAll<'_>,
    ) -> Result<Self, Answer> {
        if !incoming.is_signed() {
            return Ok(Self { _checked: () });
        }
        let signature = Signature::parse(incoming.signature())?;
        Self::check(acquaintance.signing_key(dialect, caller)?, |key| {
            key.verify_cancel_all(cancel, Some(&signature))
        })
    }

    fn check(
        key: &SigningKey,
        verify: impl FnOnce(&SigningKey) -> Result<(), ApiError>,
    ) -> Result<Self, Answer> {
        verify(key)?;
        Ok(Self { _checked: () })
    }
}
