//! What an exchange is to list and whom it is to serve, checked and in exact units: the common form
//! of the demo's fixed contents and of a configuration.
//!
//! What enters: nothing. What leaves: plain descriptions. What it must not know: files, networks,
//! what an exchange already has.

use std::fmt;

use openmart_model::{AddressRange, Amount, Asset, AssetId, MarketSpec, Scopes};

/// Assets, markets and accounts. An [`AssetId`] in here is a position in `assets`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Venue {
    pub(crate) assets: Vec<Asset>,
    pub(crate) markets: Vec<MarketSpec>,
    pub(crate) accounts: Vec<VenueAccount>,
}

/// An account as it is to be opened.
#[derive(Debug, Clone)]
pub(crate) struct VenueAccount {
    pub(crate) name: String,
    /// Credited once, when the account is opened.
    pub(crate) deposits: Vec<(AssetId, Amount)>,
    pub(crate) keys: Vec<VenueKey>,
}

/// A key of an account. What is not said is generated when the key is added.
#[derive(Debug, Clone)]
pub(crate) struct VenueKey {
    pub(crate) key: Option<String>,
    pub(crate) secret: Option<Secret>,
    /// Also what a generated key is recognised by at the next start.
    pub(crate) memo: String,
    pub(crate) scopes: Scopes,
    pub(crate) ranges: Vec<AddressRange>,
}

/// The text of an API secret. Shown only where it is asked for by name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: to seal it, or to show it to its owner once.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
