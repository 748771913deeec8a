//! Who asks, and what he may do: from a token to a key, its account, its scopes and addresses.
//!
//! What enters: the text of a token, the address of the peer, the time. What leaves: a [`Caller`],
//! which only this module makes, or why not. What it must not know: headers, texts of errors, how a
//! dialect signs.
//!
//! Nothing about a key changes but that it is revoked, which is asked of the state on every request.
//! So what is prepared from a secret can be kept.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use openmart_exchange::Exchange;
use openmart_model::{AccountId, AddressRange, ApiKey, KeyId, Scopes, Timestamp};

use crate::badge::Badge;
use crate::vault::{Secret, Vault};

/// What a route asks of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// See balances, orders and trades.
    Read,
    /// Place orders.
    Trade,
    /// Cancel orders.
    Cancel,
}

impl Scope {
    fn within(self, scopes: Scopes) -> bool {
        match self {
            Self::Read => scopes.read,
            Self::Trade => scopes.trade,
            Self::Cancel => scopes.cancel,
        }
    }
}

/// Why somebody may not do something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Denied {
    /// The token is none of ours, expired, or of a key that is revoked or not there.
    Token,
    /// The key may not do this, or not from this address.
    Forbidden,
    /// The key's secret does not open: another master key than the one that sealed it.
    Sealed,
}

/// A key whose token is good. What it may do is not decided yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identified {
    key: KeyId,
    account: AccountId,
    scopes: Scopes,
    address_allowed: bool,
}

impl Identified {
    pub(crate) fn key(self) -> KeyId {
        self.key
    }

    /// Decides by scope and address.
    pub(crate) fn permit(self, scope: Scope) -> Result<Caller, Denied> {
        if !self.address_allowed || !scope.within(self.scopes) {
            return Err(Denied::Forbidden);
        }
        Ok(Caller { key: self.key, account: self.account })
    }
}

/// Somebody who may do what the route asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    key: KeyId,
    account: AccountId,
}

impl Caller {
    pub(crate) fn key(self) -> KeyId {
        self.key
    }

    pub(crate) fn account(self) -> AccountId {
        self.account
    }
}

/// The keys of the exchange, as the edge sees them.
#[derive(Debug)]
pub(crate) struct Access {
    exchange: Exchange,
    vault: Arc<Vault>,
}

impl Access {
    pub(crate) fn new(exchange: Exchange, vault: Arc<Vault>) -> Self {
        Self { exchange, vault }
    }

    /// The key of a token, with the badge of the connection that it came over.
    pub(crate) fn identify(
        &self,
        badge: &mut Badge,
        token: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Identified, Denied> {
        let claim = badge.claim(&self.vault, token);
        let id = claim.and_then(|claim| claim.key_at(now)).map_err(|_| Denied::Token)?;
        let identified = self.exchange.view(|state| {
            let key = state.engine().key(id).filter(|key| !key.revoked)?;
            Some(Identified {
                key: id,
                account: key.account,
                scopes: key.spec.scopes,
                address_allowed: is_allowed(&key.spec.ranges, address),
            })
        });
        identified.ok_or(Denied::Token)
    }

    /// The secret of a new key, as it may be written down.
    pub(crate) fn seal(&self, secret: &str, key_text: &str) -> Vec<u8> {
        self.vault.seal(secret, key_text)
    }

    /// The key of this text, unless it is revoked.
    pub(crate) fn key_by_text(&self, text: &str) -> Option<ApiKey> {
        self.exchange
            .view(|state| state.engine().key_by_text(text).filter(|key| !key.revoked).cloned())
    }

    /// A token for a key, good until `expires`.
    pub(crate) fn issue(&self, key: &ApiKey, expires: Timestamp) -> String {
        self.vault.issue(key.id, expires)
    }

    /// Whether a key may be used from an address.
    pub(crate) fn check_address(&self, key: &ApiKey, address: IpAddr) -> Result<(), Denied> {
        if is_allowed(&key.spec.ranges, address) { Ok(()) } else { Err(Denied::Forbidden) }
    }

    /// The secret of a key.
    pub(crate) fn secret(&self, key: &ApiKey) -> Result<Secret, Denied> {
        let secret = self.vault.unseal(&key.spec.sealed_secret, &key.spec.key);
        secret.map_err(|error| {
            tracing::error!(key = key.id.0, %error, "cannot open the secret of a key");
            Denied::Sealed
        })
    }

    fn secret_of(&self, id: KeyId) -> Result<Secret, Denied> {
        let key = self.exchange.view(|state| state.engine().key(id).cloned());
        self.secret(&key.ok_or(Denied::Token)?)
    }
}

/// No range at all allows every address.
fn is_allowed(ranges: &[AddressRange], address: IpAddr) -> bool {
    let mapped = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    ranges.is_empty() || ranges.iter().any(|range| range.contains(mapped.octets()))
}

/// Most secrets that are kept prepared, some hundred bytes each. When there are more keys in use,
/// all are dropped and prepared again as they are needed.
const PREPARED_MAX: usize = 65_536;

/// What a dialect prepares from secrets, by key. Asked only for a [`Caller`], whose key was not
/// revoked a moment ago; what is left here of a revoked key is never used again.
#[derive(Debug)]
pub(crate) struct Prepared<P> {
    prepare: fn(&str) -> P,
    by_key: RwLock<HashMap<KeyId, Arc<P>>>,
}

impl<P> Prepared<P> {
    pub(crate) fn new(prepare: fn(&str) -> P) -> Self {
        Self { prepare, by_key: RwLock::default() }
    }

    /// What was prepared from the caller's secret.
    pub(crate) fn get(&self, access: &Access, caller: Caller) -> Result<Arc<P>, Denied> {
        let id = caller.key();
        let by_key = self.by_key.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = by_key.get(&id) {
            return Ok(prepared.clone());
        }
        drop(by_key);
        let prepared = Arc::new((self.prepare)(access.secret_of(id)?.expose()));
        let mut by_key = self.by_key.write().unwrap_or_else(PoisonError::into_inner);
        if by_key.len() >= PREPARED_MAX {
            by_key.clear();
        }
        by_key.insert(id, prepared.clone());
        Ok(prepared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_allowed_by_one_range_or_by_none_at_all() {
        let v4 = |a, b, c, d, bits: u8| AddressRange {
            address: std::net::Ipv4Addr::new(a, b, c, d).to_ipv6_mapped().octets(),
            prefix_bits: 96 + bits,
        };
        let ranges = [v4(10, 0, 0, 0, 8), v4(192, 0, 2, 7, 32)];
        let allowed = |text: &str| is_allowed(&ranges, text.parse().unwrap());
        assert!(allowed("10.255.0.1"));
        assert!(allowed("::ffff:10.1.2.3"));
        assert!(allowed("192.0.2.7"));
        assert!(!allowed("192.0.2.8"));
        assert!(!allowed("::1"));
        assert!(is_allowed(&[], "::1".parse().unwrap()));
    }
}
