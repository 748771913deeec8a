//! Where the master key comes from, and whether it is the right one.
//!
//! It lies in the data folder unless the environment has it, as it does where folders are copied to
//! places that should not be able to act for anybody.

use std::env::{self, VarError};
use std::path::Path;

use openmart_engine::Engine;
use openmart_gateway::{Vault, VaultError};

/// The variable that goes before the file: 64 hex characters.
const VARIABLE: &str = "OPENMART_MASTER_KEY";

/// The file in the data folder.
const FILE: &str = "master.key";

const KEY_BYTES: usize = 32;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum MasterKeyError {
    /// The variable holds something else.
    #[error("{VARIABLE} does not hold 64 hex characters")]
    Variable,
    /// A new key would be of no use to the secrets that are there.
    #[error(
        "{folder} has API keys but no {FILE}: restore that file from a backup or set {VARIABLE}"
    )]
    Missing {
        /// The data folder.
        folder: String,
    },
    /// The key is not the one that the secrets were sealed under.
    #[error(
        "the master key ({origin}) is not the one that the secrets in {folder} were sealed under"
    )]
    Wrong {
        /// Where the key came from.
        origin: &'static str,
        /// The data folder.
        folder: String,
    },
    /// The file cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// The vault under the master key of a data folder, which opens the secrets of this state. A folder
/// without secrets gets a new key.
pub(crate) fn open(folder: &Path, engine: &Engine) -> Result<Vault, MasterKeyError> {
    let path = folder.join(FILE);
    let (vault, origin) = match env::var(VARIABLE) {
        Ok(text) => (Vault::from_key(parse(&text).ok_or(MasterKeyError::Variable)?), VARIABLE),
        Err(VarError::NotUnicode(_)) => return Err(MasterKeyError::Variable),
        Err(VarError::NotPresent) => {
            if !engine.keys().is_empty() && !path.exists() {
                return Err(MasterKeyError::Missing { folder: folder.display().to_string() });
            }
            (Vault::open_or_create(&path)?, FILE)
        }
    };
    // All secrets are sealed under one key, so any of them tells.
    if let Some(key) = engine.keys().first()
        && vault.unseal(&key.spec.sealed_secret, &key.spec.key).is_err()
    {
        return Err(MasterKeyError::Wrong { origin, folder: folder.display().to_string() });
    }
    Ok(vault)
}

/// The key in a text of 64 hex digits; white space around it does not count.
pub(crate) fn parse(text: &str) -> Option<[u8; KEY_BYTES]> {
    let digits = text.trim();
    if digits.len() != 2 * KEY_BYTES || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; KEY_BYTES];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sixty_four_hex_digits() {
        assert_eq!(parse(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(parse(&format!("{}\n", "AB".repeat(32))), Some([0xab; 32]));
        for text in
            ["", "0f", &"0f".repeat(33), &"0g".repeat(32), &"+f".repeat(32), &"é".repeat(32)]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
