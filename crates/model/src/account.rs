//! Accounts, their balances and the keys that act for them.

use alloc::string::String;
use alloc::vec::Vec;

use crate::ids::{AccountId, AssetId, KeyId};
use crate::units::Amount;

/// What an account has of one asset. The total is the sum of both.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Balance {
    /// Free to use.
    pub available: Amount,
    /// Reserved for open orders.
    pub hold: Amount,
}

/// The wish to open an account, with its first deposits and keys, in one step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAccount {
    /// Name that the operator knows it by; unique.
    pub name: String,
    /// First deposits.
    pub deposits: Vec<(AssetId, Amount)>,
    /// First keys.
    pub keys: Vec<NewKey>,
}

/// The wish to give an account a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// The key as the client sends it; unique.
    pub key: String,
    /// The secret, sealed under the exchange's master key. Opaque here.
    pub sealed_secret: Vec<u8>,
    /// The name its owner gave it; part of the login proof.
    pub memo: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Where it may be used from. Empty: anywhere.
    pub ranges: Vec<AddressRange>,
}

/// A key of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    /// Its number.
    pub id: KeyId,
    /// The account it acts for.
    pub account: AccountId,
    /// What was asked for.
    pub spec: NewKey,
    /// Whether it has been revoked, which is final.
    pub revoked: bool,
}

/// What a key may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scopes {
    /// See balances, orders and trades.
    pub read: bool,
    /// Place orders.
    pub trade: bool,
    /// Cancel orders.
    pub cancel: bool,
}

impl Scopes {
    /// Everything a key can be allowed.
    pub const ALL: Self = Self { read: true, trade: true, cancel: true };

    pub(crate) fn bits(self) -> u8 {
        u8::from(self.read) | u8::from(self.trade) << 1 | u8::from(self.cancel) << 2
    }

    pub(crate) fn from_bits(bits: u8) -> Option<Self> {
        let bit = |n: u8| bits >> n & 1 == 1;
        (bits < 8).then(|| Self { read: bit(0), trade: bit(1), cancel: bit(2) })
    }
}

/// A block of network addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressRange {
    /// First address; an IPv4 address in its IPv4-mapped form.
    pub address: [u8; 16],
    /// Leading bits that must agree, 0 to 128 (96 more than an IPv4 prefix).
    pub prefix_bits: u8,
}

impl AddressRange {
    /// Whether an address, in the same form, lies in the block.
    pub fn contains(&self, address: [u8; 16]) -> bool {
        let shift = 128u32.saturating_sub(u32::from(self.prefix_bits));
        let differing = u128::from_be_bytes(self.address) ^ u128::from_be_bytes(address);
        differing.checked_shr(shift).unwrap_or(0) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_compare_their_prefix_only() {
        let mut address = [0; 16];
        address[10..].copy_from_slice(&[0xff, 0xff, 10, 1, 2, 0]);
        let range = AddressRange { address, prefix_bits: 96 + 24 };
        let mut inside = address;
        inside[15] = 77;
        let mut outside = inside;
        outside[14] = 3;
        assert!(range.contains(inside));
        assert!(!range.contains(outside));
        assert!(AddressRange { address, prefix_bits: 0 }.contains([1; 16]));
        assert!(!AddressRange { address, prefix_bits: 128 }.contains(inside));
    }
}
