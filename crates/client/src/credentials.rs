//! The three parts of an API key.
//!
//! What enters: key, secret and memo as texts. What leaves: signatures and proofs, or one sentence
//! about a part that cannot be right. The text of the secret is not kept and never shown.

use std::fmt;

use openmart_wire::bitmart_v2::{SigningKey, TokenProof, TokenRequest};
use thiserror::Error;

/// An API key with its secret and memo, prepared for signing.
#[derive(Clone)]
pub struct Credentials {
    key: String,
    signing: SigningKey,
    proof: TokenProof,
}

/// Why a text cannot be a part of an API key. Says which part, never what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Key or secret without a character.
    #[error("the {part} is empty")]
    Empty {
        /// `key` or `secret`.
        part: &'static str,
    },
    /// A blank, a line end, a colon or anything but visible ASCII, often copied along.
    #[error(
        "the {part} has a character at position {position} that no {part} can have \
         (only visible ASCII without colon)"
    )]
    Character {
        /// `key`, `secret` or `memo`.
        part: &'static str,
        /// Of the character, counted from 1.
        position: usize,
    },
}

impl Credentials {
    /// Prepares a key. The memo may be empty, and may have blanks inside.
    ///
    /// # Errors
    /// A part that is empty, or has a character that would be mistaken in what is signed.
    pub fn new(key: &str, secret: &str, memo: &str) -> Result<Self, CredentialsError> {
        check("key", key, false)?;
        check("secret", secret, false)?;
        check("memo", memo, true)?;
        Ok(Self {
            key: key.to_owned(),
            signing: SigningKey::new(secret),
            proof: TokenProof::new(key, secret, memo),
        })
    }

    /// The key, which is no secret.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// Asks for a token; the proof covers the time in milliseconds, if one is given.
    pub(crate) fn token_request(&self, time_ms: Option<u64>) -> TokenRequest {
        let timestamp = time_ms.map(|time_ms| time_ms.to_string());
        TokenRequest {
            grant_type: TokenRequest::GRANT_TYPE.to_owned(),
            client_id: self.key.clone(),
            client_secret: self.proof.client_secret(timestamp.as_deref()),
            timestamp,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("key", &self.key).finish_non_exhaustive()
    }
}

fn check(part: &'static str, text: &str, is_memo: bool) -> Result<(), CredentialsError> {
    if text.is_empty() && !is_memo {
        return Err(CredentialsError::Empty { part });
    }
    let length = text.chars().count();
    let wrong = |(at, character): (usize, char)| {
        let inner_blank = is_memo && character == ' ' && at > 0 && at + 1 < length;
        !(character.is_ascii_graphic() && character != ':' || inner_blank)
    };
    match text.chars().enumerate().find(|place| wrong(*place)) {
        Some((at, _)) => Err(CredentialsError::Character { part, position: at + 1 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_right_is_said_without_showing_it() {
        for (key, secret, memo, expected) in [
            ("", "s", "m", "the key is empty"),
            ("k", "", "m", "the secret is empty"),
            ("k", "hidden\n", "m", "position 7"),
            ("k", " hidden", "m", "position 1"),
            ("k", "hid:den", "m", "position 4"),
            ("k", "s", "ümemo", "the memo has a character at position 1"),
            ("k", "s", "memo ", "position 5"),
        ] {
            let error = Credentials::new(key, secret, memo).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("hid"), "{error}");
        }
        let good = Credentials::new("k", "hidden", "my memo").unwrap();
        assert_eq!(format!("{good:?}"), r#"Credentials { key: "k", .. }"#);
        assert!(Credentials::new("k", "s", "").is_ok());
    }
}
