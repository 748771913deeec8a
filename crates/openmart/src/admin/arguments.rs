//! What the operator may say about accounts, keys, funds, assets and markets.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum AdminAccount {
    /// Open an account, without funds and keys.
    Create {
        /// Unique, at most 64 bytes.
        name: String,
    },
    /// Show all accounts.
    List,
    /// Show an account and what it has.
    Show {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminKey {
    /// Give an account a new key. Its secret is printed this once and never again.
    Create {
        /// The account.
        account: String,
        /// What a request for a token names beside the key.
        #[arg(long)]
        memo: String,
        /// What it may do; repeatable [default: everything].
        #[arg(long = "scope", value_enum, value_name = "SCOPE")]
        scopes: Vec<ScopeName>,
        /// From where it may be used, such as 10.0.0.0/8; repeatable [default: anywhere].
        #[arg(long = "address", value_name = "ADDRESS")]
        addresses: Vec<String>,
    },
    /// Show all keys, without secrets.
    List,
    /// End a key and its tokens, for good.
    Revoke {
        /// The key.
        key: String,
    },
}

/// What a key may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ScopeName {
    /// See balances, orders and trades.
    Read,
    /// Place orders.
    Trade,
    /// Cancel orders.
    Cancel,
}

#[derive(Debug, Args)]
pub(crate) struct AdminTransfer {
    /// The account.
    pub(crate) account: String,
    /// Code of the asset.
    pub(crate) asset: String,
    /// How much, such as 0.5.
    pub(crate) amount: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminAsset {
    /// Add an asset, for good.
    Add {
        /// 1 to 15 upper-case letters and digits.
        code: String,
        /// [default: the code].
        #[arg(long)]
        name: Option<String>,
        /// Decimals of its amounts, at most 18 [default: 10].
        #[arg(long, value_name = "N")]
        decimals: Option<u8>,
    },
    /// Show all assets.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminMarket {
    /// List a market between two assets, for good.
    Add(AdminNewMarket),
    /// Show all markets.
    List,
    /// Take no more orders. Cancels go on.
    Halt {
        /// Such as BTC_USDT.
        symbol: String,
    },
    /// Take orders again.
    Resume {
        /// Such as BTC_USDT.
        symbol: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AdminNewMarket {
    /// Base and quote, such as BTC_USDT.
    pub(crate) symbol: String,
    /// Decimals of a price.
    #[arg(long, value_name = "N")]
    pub(crate) price_decimals: u8,
    /// Decimals of a quantity.
    #[arg(long, value_name = "N")]
    pub(crate) quantity_decimals: u8,
    /// As a fraction: 0.001 is 0.1 percent.
    #[arg(long, value_name = "RATE")]
    pub(crate) fee_maker: String,
    /// The same for takers.
    #[arg(long, value_name = "RATE")]
    pub(crate) fee_taker: String,
    /// Fewest price decimals by which depth can be grouped [default: 0].
    #[arg(long, value_name = "N")]
    pub(crate) depth_decimals_min: Option<u8>,
    /// Smallest quantity of an order [default: the smallest there is].
    #[arg(long, value_name = "QUANTITY")]
    pub(crate) quantity_min: Option<String>,
    /// Largest quantity of an order [default: a billion coins].
    #[arg(long, value_name = "QUANTITY")]
    pub(crate) quantity_max: Option<String>,
    /// Smallest price times quantity of an order [default: no bound].
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) notional_min: Option<String>,
    /// Highest price as a multiple of the best one [default: no bound].
    #[arg(long, value_name = "N")]
    pub(crate) price_band_multiple: Option<u32>,
}
