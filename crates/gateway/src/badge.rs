//! The last good token of a connection, so that the same one need not be opened again.
//!
//! What enters: the text of a token. What leaves: what it says. What it must not know: whether its
//! time is over or its key revoked. Both are asked anew each time, so nothing here lets anybody in.

use std::fmt;
use std::hint::black_box;

use zeroize::Zeroizing;

use crate::vault::{Claim, TOKEN_CHARS, TokenError, Vault};

/// Remembers one token. Wiped when dropped, never printed.
#[derive(Default)]
pub(crate) struct Badge(Option<Seen>);

struct Seen {
    token: Zeroizing<[u8; TOKEN_CHARS]>,
    claim: Claim,
}

impl Badge {
    /// What a token says: as remembered, or opened by the vault and remembered from then on.
    pub(crate) fn claim(&mut self, vault: &Vault, token: &str) -> Result<Claim, TokenError> {
        let text = token.as_bytes();
        if let Some(Seen { token, claim }) = &self.0
            && same(token, text)
        {
            return Ok(*claim);
        }
        let claim = vault.claim(token)?;
        // One that opens is of this length.
        if let Ok(token) = text.try_into() {
            self.0 = Some(Seen { token: Zeroizing::new(token), claim });
        }
        Ok(claim)
    }
}

/// Compares in a time that does not tell how much is the same: a proxy may send requests of many
/// clients over one connection.
fn same(known: &[u8; TOKEN_CHARS], text: &[u8]) -> bool {
    if text.len() != known.len() {
        return false;
    }
    let differences = known.iter().zip(text).fold(0, |all, (a, b)| all | (a ^ b));
    black_box(differences) == 0
}

impl fmt::Debug for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Badge").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use openmart_model::{KeyId, Timestamp};

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);
    const LATER: Timestamp = Timestamp(2_000);

    #[test]
    fn every_token_says_what_the_vault_says() {
        let vault = Vault::from_key([7; 32]);
        let (one, two) = (vault.issue(KeyId(1), LATER), vault.issue(KeyId(2), NOW));
        let foreign = Vault::from_key([8; 32]).issue(KeyId(1), LATER);
        let mut changed = one.clone().into_bytes();
        let last = changed.last_mut().unwrap();
        *last = if *last == b'0' { b'1' } else { b'0' };
        let changed = String::from_utf8(changed).unwrap();
        let cut = &one[..one.len() - 1];
        let upper = one.to_uppercase();
        let mut badge = Badge::default();
        // Each after each other one, and after itself.
        let tokens = [&one, &two, &foreign, &changed, cut, &upper, ""];
        for first in tokens {
            for second in tokens {
                for token in [first, second] {
                    assert_eq!(badge.claim(&vault, token), vault.claim(token), "{token}");
                }
            }
        }
    }

    #[test]
    fn a_token_that_differs_in_one_bit_is_another() {
        let vault = Vault::from_key([7; 32]);
        let token = vault.issue(KeyId(1), LATER);
        let mut badge = Badge::default();
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert!(badge.claim(&vault, &token).is_ok());
            assert!(badge.claim(&vault, &changed).is_err(), "{place}");
        }
    }

    #[test]
    fn a_remembered_token_gets_old() {
        let vault = Vault::from_key([7; 32]);
        let token = vault.issue(KeyId(1), LATER);
        let mut badge = Badge::default();
        for (now, expected) in [(NOW, Ok(KeyId(1))), (LATER, Err(TokenError::Expired))] {
            assert_eq!(badge.claim(&vault, &token).and_then(|claim| claim.key_at(now)), expected);
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let vault = Vault::from_key([7; 32]);
        let mut badge = Badge::default();
        badge.claim(&vault, &vault.issue(KeyId(1), LATER)).unwrap();
        assert_eq!(format!("{badge:?}"), "Badge { .. }");
    }
}
