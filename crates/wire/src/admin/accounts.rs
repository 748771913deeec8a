//! Accounts, and what is credited to them and debited from outside.

use serde::{Deserialize, Serialize};

/// `GET` answers an [`AccountPage`], with `?from=ID` a later one; `POST` takes [`NewAccount`] and
/// answers the [`Account`].
pub const ACCOUNTS: &str = "/admin/accounts";
/// `GET` answers the [`Account`] of a name.
pub const ACCOUNT: &str = "/admin/accounts/{name}";
/// `POST` takes a [`Transfer`] and answers [`Transferred`].
pub const DEPOSITS: &str = "/admin/deposits";
/// `POST` takes a [`Transfer`] and answers [`Transferred`].
pub const WITHDRAWALS: &str = "/admin/withdrawals";

/// Accounts on a page.
pub const ACCOUNTS_MAX: usize = 1_000;

/// Opens an account, without funds and keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// What the operator knows it by; unique, at most 64 bytes.
    pub name: String,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Orders in the books.
    pub orders_open: u64,
    /// What it has, of assets of which it has something. Not on pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub balances: Vec<Balance>,
}

/// What an account has of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Code of the asset.
    pub asset: String,
    /// Free to use, with all decimals of the asset.
    pub available: String,
    /// Reserved for open orders.
    pub hold: String,
}

/// Some accounts, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    /// By number.
    pub accounts: Vec<Account>,
    /// Where the next page begins, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// Credits or debits an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Its name.
    pub account: String,
    /// Code of the asset.
    pub asset: String,
    /// How much, such as `"0.5"`; not zero.
    pub amount: String,
}

/// What was credited or debited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    /// Name of the account.
    pub account: String,
    /// What it has of the asset now.
    pub balance: Balance,
    /// The entry of the journal.
    pub sequence: u64,
}
