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

fn list(exchange: &Exchange, vault: &Vault) {
    let run = |command| exchange.execute_blocking(command).unwrap().result.unwrap();
    for (code, name) in [("ACX", "Acorn Exchange Token"), ("USDT", "Tether USD")] {
        run(Command::AddAsset(Asset { code: code.into(), name: name.into(), decimals: 10 }));
    }
    let whole = |whole: u128| Amount::new(whole * 10_000_000_000);
    let rate = |ppm| FeeRate::from_ppm(ppm).unwrap();
    run(Command::AddMarket(MarketSpec {
        base: ACX,
        quote: USDT,
        price_decimals: 4,
        quantity_decimals: 2,
        depth_decimals_min: 2,
        quantity_min: Quantity::new(10),
        quantity_max: Quantity::new(500_000_000),
        notional_min_buy: whole(5),
        notional_min_sell: whole(6),
        fees: FeeSchedule { maker: rate(1_000), taker: rate(2_000) },
        self_trade: SelfTradePolicy::RefuseTaker,
        price_band_multiple: 5,
    }));
    for [key, secret, memo] in [ALICE, BOB] {
        run(Command::AddAccount(NewAccount {
            name: memo.into(),
            deposits: vec![(ACX, whole(1_000)), (USDT, whole(10_000))],
            keys: vec![NewKey {
                key: key.into(),
                sealed_secret: vault.seal(secret, key),
                memo: memo.into(),
                scopes: Scopes::ALL,
                ranges: Vec::new(),
            }],
        }));
    }
}
