//! The shape of the file: tables and fields as they are written, nothing checked across fields.
//!
//! Every field here has a line in `openmart.example.toml`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use openmart_model::SelfTradePolicy;
use serde::Deserialize;
use toml::Spanned;

use super::values::{Address, Decimal, Fee, Scope, SecretText};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) server: Server,
    #[serde(default)]
    pub(super) rate_limits: RateLimits,
    #[serde(default)]
    pub(super) liquidity: Option<Spanned<Liquidity>>,
    #[serde(default, rename = "asset")]
    pub(super) assets: Vec<Spanned<AssetTable>>,
    #[serde(default, rename = "market")]
    pub(super) markets: Vec<Spanned<MarketTable>>,
    #[serde(default, rename = "account")]
    pub(super) accounts: Vec<Spanned<AccountTable>>,
}

impl File {
    pub(super) fn has_secrets(&self) -> bool {
        let mut keys = self.accounts.iter().flat_map(|account| &account.get_ref().keys);
        keys.any(|key| key.get_ref().secret.is_some())
    }
}

/// How the program runs. The command line goes before it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) admin_listen: Option<SocketAddr>,
    pub(crate) data_dir: Option<PathBuf>,
    #[serde(default)]
    pub(crate) public_bind_without_tls: bool,
    /// None: compat on loopback, strict elsewhere.
    pub(crate) signature_mode: Option<SignatureMode>,
    /// Largest distance of a client's clock. None: as the historic API.
    pub(crate) timestamp_window_ms: Option<u64>,
    /// Entries from one snapshot to the next; 0 for none while it runs.
    pub(crate) snapshot_entries: Option<u64>,
}

/// What a signature must cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignatureMode {
    /// What the historic API documented.
    Compat,
    /// What it lacked as well, so that a request seen by others cannot be repeated.
    Strict,
}

/// Requests per minute. None: as the historic API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimits {
    /// No limit at all.
    #[serde(default)]
    pub(crate) off: bool,
    pub(crate) tokens_per_key: Option<u32>,
    pub(crate) tokens_per_address: Option<u32>,
    pub(crate) public_per_address: Option<u32>,
    pub(crate) private_per_key: Option<u32>,
    pub(crate) cancels_per_key: Option<u32>,
    /// Milliseconds, not requests.
    pub(crate) stream_interval_ms: Option<u64>,
}

/// Makers and takers. All other fields are parameters of the model, which knows their names.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Liquidity {
    #[serde(default)]
    pub(super) enabled: bool,
    #[serde(default)]
    pub(super) values: BTreeMap<Spanned<String>, Spanned<Decimal>>,
    #[serde(flatten)]
    pub(super) settings: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssetTable {
    pub(super) code: String,
    /// None: the code.
    pub(super) name: Option<String>,
    pub(super) decimals: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketTable {
    pub(super) symbol: Spanned<String>,
    pub(super) price_decimals: u8,
    pub(super) quantity_decimals: u8,
    #[serde(default)]
    pub(super) depth_decimals_min: u8,
    /// None: one lot.
    pub(super) quantity_min: Option<Spanned<Decimal>>,
    /// None: a billion coins.
    pub(super) quantity_max: Option<Spanned<Decimal>>,
    /// None: no bound.
    pub(super) notional_min_buy: Option<Spanned<Decimal>>,
    pub(super) notional_min_sell: Option<Spanned<Decimal>>,
    pub(super) fee_maker: Fee,
    pub(super) fee_taker: Fee,
    #[serde(default)]
    pub(super) self_trade: SelfTrade,
    #[serde(default)]
    pub(super) price_band_multiple: u32,
}

/// What happens when an account meets its own order.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SelfTrade {
    Allow,
    #[default]
    RefuseTaker,
    CancelTaker,
    CancelMaker,
    CancelBoth,
}

impl From<SelfTrade> for SelfTradePolicy {
    fn from(policy: SelfTrade) -> Self {
        match policy {
            SelfTrade::Allow => Self::Allow,
            SelfTrade::RefuseTaker => Self::RefuseTaker,
            SelfTrade::CancelTaker => Self::CancelTaker,
            SelfTrade::CancelMaker => Self::CancelMaker,
            SelfTrade::CancelBoth => Self::CancelBoth,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountTable {
    pub(super) name: String,
    #[serde(default)]
    pub(super) deposits: BTreeMap<Spanned<String>, Spanned<Decimal>>,
    #[serde(default, rename = "key")]
    pub(super) keys: Vec<Spanned<KeyTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyTable {
    /// None: generated.
    pub(super) key: Option<String>,
    /// None: generated.
    pub(super) secret: Option<SecretText>,
    pub(super) memo: String,
    #[serde(default = "all_scopes")]
    pub(super) scopes: Vec<Scope>,
    /// Empty: anywhere.
    #[serde(default)]
    pub(super) addresses: Vec<Address>,
}

fn all_scopes() -> Vec<Scope> {
    vec![Scope::Read, Scope::Trade, Scope::Cancel]
}
