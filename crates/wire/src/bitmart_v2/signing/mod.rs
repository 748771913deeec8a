//! Signatures: HMAC-SHA256 in hex, keyed with the **text** of the API secret.
//!
//! What enters: a secret, parsed requests, header values. What leaves: a verdict, or a signature.
//! What it must not know: where secrets are kept, who owns a key, what time it is.
//!
//! A signature is good when it matches any message in which every number has exactly the value
//! that will be executed. Digests are compared in constant time. What time can tell is at most
//! which of the acceptable messages matched, and that is a matter of the client's language.

mod cancel;
mod place_order;
mod token_proof;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use token_proof::TokenProof;

use super::messages::ApiError;

/// A secret, prepared for signing: the two half-done hashes of HMAC, so that a signature costs no
/// hashing of the secret. The state is wiped when dropped; the text of the secret is not kept.
///
/// ```
/// use openmart_wire::bitmart_v2::{CancelOrder, Signature, SigningKey};
///
/// let key = SigningKey::new("8c08d9d5c3d15b105dbddaf96e427ac6");
/// let header = "de4ed768cea4eb2f0fe081009eab1f41c5fd6ff6ed53768df7fe252472c257b3";
/// assert_eq!(key.sign("entrust_id=1223181"), header);
///
/// let cancel = CancelOrder::parse("1223181", b"")?;
/// let signature = Signature::parse(Some(header.as_bytes()))?;
/// key.verify_cancel_order(&cancel, &signature)?;
/// # Ok::<(), openmart_wire::bitmart_v2::ApiError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    state: Hmac<Sha256>,
}

impl SigningKey {
    /// Prepares the text of an API secret (its characters, not decoded hex).
    pub fn new(secret: &str) -> Self {
        // HMAC takes keys of every length, so that this never fails; an error here is a bug there.
        let state = Hmac::new_from_slice(secret.as_bytes()).expect("hmac takes any key length");
        Self { state }
    }

    /// Signs a message: 64 lower-case hex characters.
    pub fn sign(&self, message: impl AsRef<[u8]>) -> String {
        let mut state = self.state.clone();
        state.update(message.as_ref());
        hex(&state.finalize().into_bytes())
    }

    /// Whether `signature` is that of the message which `parts` make up, in constant time.
    fn matches(&self, parts: &[&str], signature: &Signature) -> bool {
        let mut state = self.state.clone();
        for part in parts {
            state.update(part.as_bytes());
        }
        state.verify_slice(&signature.digest).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

/// A signature a client sent: well-formed, not yet verified.
#[derive(Clone, Copy)]
pub struct Signature {
    digest: [u8; 32],
}

impl Signature {
    /// Reads the value of `X-BM-SIGNATURE`: 64 hex characters of either case.
    ///
    /// # Errors
    /// [`ApiError::InvalidSignature`] when it is missing or anything else.
    pub fn parse(value: Option<&[u8]>) -> Result<Self, ApiError> {
        value.and_then(Self::from_hex).ok_or(ApiError::InvalidSignature)
    }

    /// The same where the header may be missing.
    ///
    /// # Errors
    /// [`ApiError::InvalidSignature`] when it is there and malformed.
    pub fn parse_optional(value: Option<&[u8]>) -> Result<Option<Self>, ApiError> {
        match value {
            Some(_) => Self::parse(value).map(Some),
            None => Ok(None),
        }
    }

    fn from_hex(text: &[u8]) -> Option<Self> {
        let mut digest = [0; 32];
        if text.len() != 2 * digest.len() {
            return None;
        }
        // Without a branch for each character: digits are below 16, everything else is not.
        let mut all = 0;
        for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
            let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
            all |= high | low;
            *byte = (high << 4) | (low & 15);
        }
        (all < 16).then_some(Self { digest })
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature").finish_non_exhaustive()
    }
}

/// The value of each character as a digit of hex in either case; 255 for one that is none.
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digits[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
