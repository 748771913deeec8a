//! `client_secret` of the token request: proof that the client has the secret.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Signature, SigningKey, hex};
use crate::bitmart_v2::{messages::ApiError, token::TokenRequest};

/// One key's `client_secret`, prepared: the signature over `key:secret:memo`, still open for a
/// timestamp. Keeps neither secret nor memo as text, and is wiped when dropped.
#[derive(Clone)]
pub struct TokenProof {
    state: Hmac<Sha256>,
}

impl TokenProof {
    /// Prepares the three parts of a key. The parts contain no colon.
    pub fn new(api_key: &str, secret: &str, memo: &str) -> Self {
        let mut state = SigningKey::new(secret).state;
        for part in [api_key, ":", secret, ":", memo] {
            state.update(part.as_bytes());
        }
        Self { state }
    }

    /// The `client_secret` a client sends, over `key:secret:memo` or, with a timestamp in
    /// milliseconds since 1970 UTC as decimal digits, over `key:secret:memo:timestamp`.
    pub fn client_secret(&self, timestamp: Option<&str>) -> String {
        hex(&self.state_with(timestamp).finalize().into_bytes())
    }

    /// Checks the `client_secret` of a request for this key, in constant time. A timestamp in the
    /// request must be covered; whether there must be one, and how old it may be, is not checked
    /// here.
    ///
    /// # Errors
    /// [`ApiError::InvalidCredentials`], the same for a malformed and for a wrong one.
    pub fn verify(&self, request: &TokenRequest) -> Result<(), ApiError> {
        let proof = Signature::from_hex(request.client_secret.as_bytes())
            .ok_or(ApiError::InvalidCredentials)?;
        self.state_with(request.timestamp.as_deref())
            .verify_slice(&proof.digest)
            .map_err(|_| ApiError::InvalidCredentials)
    }

    fn state_with(&self, timestamp: Option<&str>) -> Hmac<Sha256> {
        let mut state = self.state.clone();
        if let Some(timestamp) = timestamp {
            state.update(b":");
            state.update(timestamp.as_bytes());
        }
        state
    }
}

impl fmt::Debug for TokenProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenProof").finish_non_exhaustive()
    }
}
