//! What runs: two markets, two accounts, a folder, and a snapshot every few hundred entries, so that
//! kills hit snapshots as well.

use std::fs;
use std::process::{Command, Stdio};

use openmart_model::parse_decimal;
use tempfile::TempDir;

use crate::support::process::{Server, openmart};

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
snapshot_entries = 200
[rate_limits]
off = true
[[asset]]
code = "BTC"
[[asset]]
code = "ETH"
[[asset]]
code = "USDT"
[[market]]
symbol = "BTC_USDT"
price_decimals = 2
quantity_decimals = 5
fee_maker = "0.001"
fee_taker = "0.002"
[[market]]
symbol = "ETH_BTC"
price_decimals = 6
quantity_decimals = 4
fee_maker = "0.001"
fee_taker = "0.002"
[[account]]
name = "alice"
deposits = { BTC = "1000", ETH = "10000", USDT = "100000000" }
[[account.key]]
key = "6591f7c2491db0a23a1d8ad6911c825e"
secret = "8c08d9d5c3d15b105dbddaf96e427ac6"
memo = "mymemo"
[[account]]
name = "bob"
deposits = { BTC = "1000", ETH = "10000", USDT = "100000000" }
[[account.key]]
key = "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"
secret = "5ec2e75ec2e75ec2e75ec2e75ec2e75e"
memo = "bob"
"#;

/// Assets, and what each account was credited, in units of ten decimals.
pub(crate) const DEPOSITS: [(&str, u128); 3] = [
    ("BTC", 1_000 * 10_000_000_000),
    ("ETH", 10_000 * 10_000_000_000),
    ("USDT", 100_000_000 * 10_000_000_000),
];

/// Where the accounts trade with each other.
pub(crate) const TRADING: &str = "BTC_USDT";

/// Where orders only rest until they are swept.
pub(crate) const RESTING: &str = "ETH_BTC";

pub(crate) const SYMBOLS: [&str; 2] = [TRADING, RESTING];

/// Parts per million.
pub(crate) const FEE_MAKER: u128 = 1_000;
pub(crate) const FEE_TAKER: u128 = 2_000;

/// Units of ten decimals.
pub(crate) fn units(text: &str) -> u128 {
    parse_decimal(text, 10).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) struct Venue {
    folder: TempDir,
    data_dir: String,
}

impl Venue {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("openmart.toml"), CONFIG).expect("a writable folder");
        let data_dir = folder.path().join("data").to_str().expect("UTF-8").to_owned();
        Self { folder, data_dir }
    }

    pub(crate) fn data_dir(&self) -> &str {
        &self.data_dir
    }

    fn command(&self) -> Command {
        let mut command = openmart(["--log", "warn", "serve", "--data-dir", &self.data_dir]);
        command.arg("--config").arg(self.folder.path().join("openmart.toml"));
        command
    }

    pub(crate) fn start(&self) -> Server {
        Server::start(self.command()).unwrap_or_else(|output| panic!("{output:?}"))
    }

    /// Starts and kills without waiting for anything.
    pub(crate) fn spawn_and_kill(&self) {
        let silent = || Stdio::null();
        let spawned = self.command().stdout(silent()).stderr(silent()).spawn();
        let mut child = spawned.expect("openmart starts");
        child.kill().expect("openmart can be killed");
        child.wait().expect("openmart ends");
    }
}
