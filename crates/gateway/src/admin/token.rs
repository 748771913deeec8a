//! The operator's token: a file in the data folder, and the comparison with what a request brings.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::vault::{VaultError, hex_file};

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminTokenError {
    /// The file cannot be read or written.
    #[error("cannot use the operator's token file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read it.
    #[error("the operator's token file {path} has mode {mode:03o}: chmod 600, or delete it")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds something else.
    #[error("the operator's token file {path} does not hold 64 hex characters: delete it")]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no random numbers.
    #[error("no random numbers for the operator's token")]
    Random,
}

/// What the operator's tools must know. Never printed.
#[derive(Clone)]
pub struct AdminToken(Zeroizing<String>);

impl AdminToken {
    /// The token in a file, which is made with mode 0600 and a random token if it is not there.
    ///
    /// # Errors
    /// When the file cannot be used, others may read it, or it holds something else.
    pub fn open_or_create(path: &Path) -> Result<Self, AdminTokenError> {
        hex_file(path).map(Self).map_err(|error| match error {
            VaultError::File { path, source } => AdminTokenError::File { path, source },
            VaultError::Exposed { path, mode } => AdminTokenError::Exposed { path, mode },
            VaultError::Form { path } => AdminTokenError::Form { path },
            _ => AdminTokenError::Random,
        })
    }

    /// The text: to show it to the operator, or to send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is it, in a time that does not depend on how much of it is.
    pub(super) fn is(&self, given: Option<&[u8]>) -> bool {
        // Comparing the hashes of both under a key tells nothing of either.
        let mac = |text: &[u8]| {
            let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
            Some(mac.chain_update(text))
        };
        let (Some(own), Some(given)) = (mac(self.0.as_bytes()), mac(given.unwrap_or_default()))
        else {
            return false;
        };
        given.verify(&own.finalize().into_bytes()).is_ok()
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stays_and_is_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.token");
        let token = AdminToken::open_or_create(&path).unwrap();
        let again = AdminToken::open_or_create(&path).unwrap();
        assert_eq!(token.reveal(), again.reveal());
        assert_eq!(token.reveal().len(), 64);
        assert!(token.is(Some(again.reveal().as_bytes())));
        let shorter = &token.reveal().as_bytes()[..63];
        for wrong in [None, Some(&b""[..]), Some(shorter), Some(&[b'0'; 64])] {
            assert!(!token.is(wrong));
        }
        assert_eq!(format!("{token:?}"), "AdminToken(..)");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            let refused = AdminToken::open_or_create(&path);
            assert!(matches!(refused, Err(AdminTokenError::Exposed { mode: 0o644, .. })));
        }
    }
}
