//! The exchange's master key, and the two things it does: seal API secrets, issue access tokens.
//!
//! What enters: the master key, secrets to seal, sealed secrets from the state, tokens from
//! clients. What leaves: sealed bytes, secrets, tokens, key numbers. What it must not know: who owns
//! a key, whether it is revoked, HTTP.
//!
//! Sealed secret, form 1: the byte 1, a nonce of 24 bytes, then XChaCha20-Poly1305 of the secret with
//! the text of its key as associated data, so that a sealed secret fits no other key. The nonce is a
//! code over key and secret: it repeats only when both do, and then so does the whole.
//!
//! Token, form 1: in lower-case hex the byte 1, the key's number (u32) and the time of expiry in
//! milliseconds since 1970 UTC (u64), both big-endian, and HMAC-SHA256 over these 13 bytes. Nothing
//! is stored: a token survives a restart and is good at every node with the same master key. It ends
//! when it expires or when its key is revoked, which the reader of the key number must check.
//!
//! Nonces, sealing and tokens use keys of their own, each HMAC-SHA256 of a fixed name under the master key.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use openmart_model::{KeyId, Timestamp};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

mod key_file;

/// Bytes of the master key.
pub(crate) const KEY_BYTES: usize = 32;

const FORM: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Form, key number, expiry.
const CLAIM_BYTES: usize = 1 + 4 + 8;
const TOKEN_BYTES: usize = CLAIM_BYTES + 32;

/// Characters of a token.
pub(crate) const TOKEN_CHARS: usize = 2 * TOKEN_BYTES;

/// What cannot be done with a master key or a sealed secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The file of the master key cannot be read or made.
    #[error("cannot use the master key file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read the file of the master key.
    #[error("the master key file {path} has mode {mode:03o} and may be read by others: chmod 600")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file of the master key does not hold 64 hex characters.
    #[error("the master key file {path} does not hold 64 hex characters")]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no random numbers.
    #[error("no random numbers from the system: {0}")]
    Random(getrandom::Error),
    /// A sealed secret was damaged, or sealed for another key or under another master key.
    #[error("the sealed secret does not open under this master key and for this key")]
    Unseal,
}

/// Why a token is not good. Clients are told none of this.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    /// Not of the form of a token.
    #[error("malformed token")]
    Malformed,
    /// Not issued under this master key.
    #[error("token of another master key, or made up")]
    Forged,
    /// Past its time.
    #[error("expired token")]
    Expired,
}

/// What a token says that was issued here. It may be as old as it may get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Claim {
    key: KeyId,
    expires: Timestamp,
}

impl Claim {
    /// The key, unless the token is too old.
    pub(crate) fn key_at(self, now: Timestamp) -> Result<KeyId, TokenError> {
        if now >= self.expires { Err(TokenError::Expired) } else { Ok(self.key) }
    }
}

/// An API secret in clear. Wiped when dropped, never printed.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Seals secrets and issues tokens under one master key.
pub struct Vault {
    nonces: Hmac<Sha256>,
    sealing: XChaCha20Poly1305,
    tokens: Hmac<Sha256>,
}

impl Vault {
    /// A vault under a master key, which is not kept: only what is derived from it.
    pub fn from_key(mut key: [u8; KEY_BYTES]) -> Self {
        let master = hmac_under(&key);
        key.zeroize();
        let nonces = derive(&master, b"openmart sealing nonces 1");
        let sealing = derive(&master, b"openmart sealed secrets 1");
        let tokens = derive(&master, b"openmart access tokens 1");
        Self {
            nonces: hmac_under(&nonces),
            sealing: XChaCha20Poly1305::new((&*sealing).into()),
            tokens: hmac_under(&tokens),
        }
    }

    /// The vault under the key in a file of 64 hex characters. A file that is not there is made, with
    /// a new random key and readable by its owner alone; losing it is losing every API secret.
    ///
    /// # Errors
    /// When the file cannot be used, others may read it, or it holds something else.
    pub fn open_or_create(path: &Path) -> Result<Self, VaultError> {
        let key = key_file::read_or_create(path)?;
        Ok(Self::from_key(*key))
    }

    /// Seals a secret for the key of this text. The same of both gives the same bytes.
    pub fn seal(&self, secret: &str, key_text: &str) -> Vec<u8> {
        let mut nonce_code = self.nonces.clone();
        // The length keeps two pairs of texts apart that read the same when joined.
        nonce_code.update(&(key_text.len() as u64).to_be_bytes());
        nonce_code.update(key_text.as_bytes());
        nonce_code.update(secret.as_bytes());
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&nonce_code.finalize().into_bytes()[..NONCE_BYTES]);
        let payload = Payload { msg: secret.as_bytes(), aad: key_text.as_bytes() };
        let sealed = self.sealing.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("the cipher takes texts of up to 256 GiB");
        [&[FORM], &nonce[..], &sealed].concat()
    }

    /// Opens what [`seal`](Self::seal) made for the same key.
    ///
    /// # Errors
    /// [`VaultError::Unseal`] for anything else.
    pub fn unseal(&self, sealed: &[u8], key_text: &str) -> Result<Secret, VaultError> {
        let rest = sealed.strip_prefix(&[FORM]).ok_or(VaultError::Unseal)?;
        if rest.len() < NONCE_BYTES + TAG_BYTES {
            return Err(VaultError::Unseal);
        }
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Unseal)?;
        let payload = Payload { msg: text, aad: key_text.as_bytes() };
        let secret = self.sealing.decrypt(&XNonce::from(*nonce), payload);
        let secret = secret.map_err(|_| VaultError::Unseal)?;
        match String::from_utf8(secret) {
            Ok(text) => Ok(Secret(Zeroizing::new(text))),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(VaultError::Unseal)
            }
        }
    }

    /// A token for a key, of letters and digits only.
    pub fn issue(&self, key: KeyId, expires: Timestamp) -> String {
        let mut token = [0; TOKEN_BYTES];
        token[0] = FORM;
        token[1..5].copy_from_slice(&key.0.to_be_bytes());
        token[5..CLAIM_BYTES].copy_from_slice(&expires.0.to_be_bytes());
        let mut code = self.tokens.clone();
        code.update(&token[..CLAIM_BYTES]);
        token[CLAIM_BYTES..].copy_from_slice(&code.finalize().into_bytes());
        hex(&token)
    }

    /// The key that a token was issued for. The code is compared in constant time.
    ///
    /// # Errors
    /// When it was not issued here, or is as old as it may get.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<KeyId, TokenError> {
        self.claim(token)?.key_at(now)
    }

    /// What a token says, which was issued here however long ago. The code is compared in constant
    /// time.
    pub(crate) fn claim(&self, token: &str) -> Result<Claim, TokenError> {
        let token = unhex::<TOKEN_BYTES>(token.as_bytes()).ok_or(TokenError::Malformed)?;
        let (claim, code) = token.split_at(CLAIM_BYTES);
        let mut expected = self.tokens.clone();
        expected.update(claim);
        expected.verify_slice(code).map_err(|_| TokenError::Forged)?;
        let [FORM, k0, k1, k2, k3, e0, e1, e2, e3, e4, e5, e6, e7] = *claim else {
            return Err(TokenError::Malformed);
        };
        Ok(Claim {
            key: KeyId(u32::from_be_bytes([k0, k1, k2, k3])),
            expires: Timestamp(u64::from_be_bytes([e0, e1, e2, e3, e4, e5, e6, e7])),
        })
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

fn hmac_under(key: &[u8; KEY_BYTES]) -> Hmac<Sha256> {
    // HMAC takes keys of every length; an error here is a bug there.
    Hmac::new_from_slice(key).expect("hmac takes any key length")
}

fn derive(master: &Hmac<Sha256>, name: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut derived = master.clone();
    derived.update(name);
    Zeroizing::new(derived.finalize().into_bytes().into())
}

/// The text of a file that holds a random number as the master key's does, made if it is not there.
pub(crate) fn hex_file(path: &Path) -> Result<Zeroizing<String>, VaultError> {
    let number = key_file::read_or_create(path)?;
    Ok(Zeroizing::new(hex(&*number)))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Lower-case hex only: there is one text for each token.
fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    // Without a branch for each character: digits are below 16, everything else is not.
    let mut all = 0;
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        all |= high | low;
        *byte = (high << 4) | (low & 15);
    }
    (all < 16).then_some(bytes)
}

/// The value of each character as a digit of lower-case hex; 255 for one that is none.
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

#[cfg(test)]
mod tests;
