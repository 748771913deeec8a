//! What an account holds.

use serde::{Deserialize, Serialize};

/// One entry of `GET /v2/wallet`; every currency is listed, also with nothing in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletEntry {
    /// The code of the asset.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Free to use, ten decimals.
    pub available: String,
    /// Held by open orders, ten decimals.
    pub frozen: String,
}
