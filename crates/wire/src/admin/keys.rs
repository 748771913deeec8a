//! Keys that act for accounts. A secret is told once, to whoever asked for the key.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `GET` answers a [`KeyPage`], with `?from=ID` a later one; `POST` takes [`NewKey`] and answers
/// [`CreatedKey`].
pub const KEYS: &str = "/admin/keys";
/// `DELETE` revokes a key, for good, and answers the [`Key`].
pub const KEY: &str = "/admin/keys/{key}";

/// Keys on a page.
pub const KEYS_MAX: usize = 1_000;

/// One thing that a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See balances, orders and trades.
    Read,
    /// Place orders.
    Trade,
    /// Cancel orders.
    Cancel,
}

/// Gives an account a key, whose text and secret the exchange makes up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Name of the account.
    pub account: String,
    /// What a request for a token names beside the key.
    pub memo: String,
    /// What it may do. Empty: everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// From where: addresses and blocks of them, such as `10.0.0.0/8`. Empty: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The key as its owner sends it.
    pub key: String,
    /// Name of the account.
    pub account: String,
    /// Its memo.
    pub memo: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// From where. Empty: anywhere.
    pub addresses: Vec<String>,
    /// Whether it is revoked.
    pub revoked: bool,
}

/// Some keys, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPage {
    /// In the order in which they were made.
    pub keys: Vec<Key>,
    /// Where the next page begins, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// A new key, with its secret, which nobody is told again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// What requests are signed with.
    pub secret: String,
    /// The entry of the journal.
    pub sequence: u64,
}

impl fmt::Debug for CreatedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedKey").field("key", &self.key).finish_non_exhaustive()
    }
}
