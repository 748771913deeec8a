//! A whole exchange behind a gateway, in this process, with the machine's clock.
//!
//! One market `ACX_USDT` with 4 price and 2 quantity decimals; accounts `alice` and `bob` with
//! 1,000 ACX and 10,000 USDT each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use openmart_client::{Client, Credentials, RetryPolicy};
use openmart_exchange::Exchange;
use openmart_gateway::{Gateway, Options, SignatureMode, Ticks, Vault};
use openmart_journal::MemoryStorage;
use openmart_model::*;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Key, secret and memo.
pub(crate) const ALICE: [&str; 3] = ["aa01", "aa01secret", "alice"];
pub(crate) const BOB: [&str; 3] = ["bb01", "bb01secret", "bob"];
/// The demo's, which the examples have in them.
pub(crate) const DEMO_ALICE: [&str; 3] =
    ["6591f7c2491db0a23a1d8ad6911c825e", "8c08d9d5c3d15b105dbddaf96e427ac6", "mymemo"];
pub(crate) const DEMO_BOB: [&str; 3] =
    ["b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0", "5ec2e75ec2e75ec2e75ec2e75ec2e75e", "bob"];

const ACX: AssetId = AssetId(0);
const USDT: AssetId = AssetId(1);

pub(crate) struct Venue {
    exchange: Exchange,
    vault: Arc<Vault>,
    pub(crate) address: SocketAddr,
    gateway: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Venue {
    pub(crate) async fn new() -> Self {
        Self::with(SignatureMode::Compat).await
    }

    pub(crate) async fn with(mode: SignatureMode) -> Self {
        let vault = Arc::new(Vault::from_key([42; 32]));
        let mut options = openmart_exchange::Options::default();
        options.journal.background = false;
        let (exchange, _) = Exchange::open(Arc::new(MemoryStorage::new()), options).unwrap();
        tokio::task::block_in_place(|| list(&exchange, &vault));
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut venue = Self { exchange, vault, address, gateway: None };
        venue.open(mode).await;
        venue
    }

    /// The same with what the examples trade on, under the demo's keys.
    pub(crate) async fn with_demo_keys() -> Self {
        let venue = Self::new().await;
        tokio::task::block_in_place(|| list_for_examples(&venue.exchange, &venue.vault));
        venue
    }

    /// Lets clients in, at the address they had before if there was one.
    pub(crate) async fn open(&mut self, mode: SignatureMode) {
        let mut options = Options::new(self.address);
        options.mode = mode;
        options.rate_limits = None;
        options.stream_ticks = Ticks::every(Duration::from_millis(5));
        let gateway = Gateway::bind(self.exchange.clone(), self.vault.clone(), options).await;
        let gateway = gateway.unwrap();
        self.address = gateway.local_addr();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(gateway.run(async {
            let _ = stopped.await;
        }));
        self.gateway = Some((stop, running));
    }

    /// Turns everybody out.
    pub(crate) async fn close(&mut self) {
        let (stop, running) = self.gateway.take().unwrap();
        drop(stop);
        running.await.unwrap();
    }

    pub(crate) fn client(&self, [key, secret, memo]: [&str; 3]) -> Client {
        let mut policy = RetryPolicy::default();
        policy.backoff_max = Duration::from_millis(20);
        Client::builder(format!("http://{}", self.address))
            .credentials(Credentials::new(key, secret, memo).unwrap())
            .retry_policy(policy)
            .build()
            .unwrap()
    }
}

const ONE: u128 = 10_000_000_000;

fn list(exchange: &Exchange, vault: &Vault) {
    add_assets(exchange, &[("ACX", "Acorn Exchange Token"), ("USDT", "Tether USD")]);
    let spec = market(ACX, USDT, 4, 2);
    run(exchange, Command::AddMarket(spec));
    let deposits = [(ACX, 1_000), (USDT, 10_000)];
    for key in [ALICE, BOB] {
        open_account(exchange, vault, key[2], key, &deposits);
    }
}

fn list_for_examples(exchange: &Exchange, vault: &Vault) {
    let [bmx, eth, btc] = [2, 3, 4].map(AssetId);
    add_assets(exchange, &[("BMX", "BitMart Token"), ("ETH", "Ethereum"), ("BTC", "Bitcoin")]);
    for mut spec in [market(bmx, eth, 8, 2), market(btc, USDT, 2, 5)] {
        spec.quantity_min = Quantity::new(1);
        spec.quantity_max = Quantity::new(100_000_000_000_000);
        spec.notional_min_buy = Amount::new(ONE / 100_000);
        spec.notional_min_sell = spec.notional_min_buy;
        run(exchange, Command::AddMarket(spec));
    }
    for (name, key) in [("demo-alice", DEMO_ALICE), ("demo-bob", DEMO_BOB)] {
        open_account(exchange, vault, name, key, &[(bmx, 10_000_000), (eth, 10_000), (btc, 1_000)]);
    }
}

fn run(exchange: &Exchange, command: Command) {
    exchange.execute_blocking(command).unwrap().result.unwrap();
}

fn add_assets(exchange: &Exchange, assets: &[(&str, &str)]) {
    for (code, name) in assets {
        let asset = Asset { code: (*code).into(), name: (*name).into(), decimals: 10 };
        run(exchange, Command::AddAsset(asset));
    }
}

fn market(base: AssetId, quote: AssetId, price_decimals: u8, quantity_decimals: u8) -> MarketSpec {
    let rate = |ppm| FeeRate::from_ppm(ppm).unwrap();
    MarketSpec {
        base,
        quote,
        price_decimals,
        quantity_decimals,
        depth_decimals_min: price_decimals.saturating_sub(2),
        quantity_min: Quantity::new(10),
        quantity_max: Quantity::new(500_000_000),
        notional_min_buy: Amount::new(5 * ONE),
        notional_min_sell: Amount::new(6 * ONE),
        fees: FeeSchedule { maker: rate(1_000), taker: rate(2_000) },
        self_trade: SelfTradePolicy::RefuseTaker,
        price_band_multiple: 5,
    }
}

fn open_account(
    exchange: &Exchange,
    vault: &Vault,
    name: &str,
    [key, secret, memo]: [&str; 3],
    deposits: &[(AssetId, u128)],
) {
    let key = NewKey {
        key: key.into(),
        sealed_secret: vault.seal(secret, key),
        memo: memo.into(),
        scopes: Scopes::ALL,
        ranges: Vec::new(),
    };
    let deposits = deposits.iter().map(|(asset, whole)| (*asset, Amount::new(whole * ONE)));
    let new = NewAccount { name: name.into(), deposits: deposits.collect(), keys: vec![key] };
    run(exchange, Command::AddAccount(new));
}
