//! An exchange behind a gateway, with a clock that stands still.
//!
//! Markets: `ACX_USDT` with 4 price and 2 quantity decimals, and `ETH_ACX`. Accounts: `alice` with
//! keys of several kinds, and `bob`. Every command and every time is the same in every run.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use openmart_exchange::{Exchange, ManualClock};
use openmart_gateway::{
    Controls, Gateway, Options, Requests, SignatureMode, TickDriver, Ticks, Vault,
};
use openmart_journal::{MemoryStorage, Storage};
use openmart_model::*;
use openmart_wire::bitmart_v2::{SigningKey, TokenProof};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::http::{Call, Reply};

pub(crate) const NOW: u64 = 1_600_000_000_000;

/// A key as its owner has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) text: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) memo: &'static str,
}

/// The key of the API's own documents.
pub(crate) const ALICE: Key = Key {
    text: "6591f7c2491db0a23a1d8ad6911c825e",
    secret: "8c08d9d5c3d15b105dbddaf96e427ac6",
    memo: "mymemo",
};
pub(crate) const BOB: Key = Key {
    text: "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
    secret: "5ec2e75ec2e75ec2e75ec2e75ec2e75e",
    memo: "bob",
};
/// Keys of alice that may do less.
pub(crate) const READER: Key = Key { text: "aa01", secret: "aa01secret", memo: "reader" };
pub(crate) const TRADER: Key = Key { text: "aa02", secret: "aa02secret", memo: "trader" };
pub(crate) const CANCELER: Key = Key { text: "aa03", secret: "aa03secret", memo: "canceler" };
pub(crate) const ELSEWHERE: Key = Key { text: "aa04", secret: "aa04secret", memo: "elsewhere" };
pub(crate) const HERE: Key = Key { text: "aa05", secret: "aa05secret", memo: "here" };
/// Revoked by [`Venue::revoke`].
pub(crate) const REVOKED: Key = Key { text: "aa06", secret: "aa06secret", memo: "revoked" };

const ACX: AssetId = AssetId(0);
const USDT: AssetId = AssetId(1);
const ETH: AssetId = AssetId(2);

/// How a venue differs from the usual one. On a storage that has one already, it goes on with it.
pub(crate) struct Setup {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) exchange: openmart_exchange::Options,
    pub(crate) gateway: Options,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ticks: TickDriver,
}

impl Default for Setup {
    fn default() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(NOW)));
        let mut exchange =
            openmart_exchange::Options { clock: clock.clone(), ..Default::default() };
        exchange.journal.background = false;
        let mut gateway = Options::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        gateway.clock = clock.clone();
        gateway.pace_clock = clock.clone();
        gateway.rate_limits = None;
        let (stream_ticks, ticks) = Ticks::driven();
        gateway.stream_ticks = stream_ticks;
        gateway.trade_page_url = "https://www.example.org/trade?symbol=".to_owned();
        Self { storage: Arc::new(MemoryStorage::new()), exchange, gateway, clock, ticks }
    }
}

pub(crate) struct Venue {
    pub(crate) exchange: Exchange,
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) runtime: Runtime,
    pub(crate) requests: Requests,
    pub(crate) controls: Controls,
    pub(crate) ticks: TickDriver,
    stop: Option<oneshot::Sender<()>>,
    gateway: Option<tokio::task::JoinHandle<()>>,
}

impl Venue {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn strict() -> Self {
        let mut setup = Setup::default();
        setup.gateway.mode = SignatureMode::Strict;
        Self::with(setup)
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let vault = Arc::new(Vault::from_key([42; 32]));
        let (exchange, _) = Exchange::open(setup.storage, setup.exchange).unwrap();
        if exchange.view(|state| state.sequence()) == 0 {
            list(&exchange, &vault);
        }
        let runtime = Runtime::new().unwrap();
        let gateway = Gateway::bind(exchange.clone(), vault.clone(), setup.gateway);
        let gateway = runtime.block_on(gateway).unwrap();
        let (address, requests) = (gateway.local_addr(), gateway.requests());
        let controls = gateway.controls();
        let (stop, stopped) = oneshot::channel();
        let running = runtime.spawn(gateway.run(async {
            let _ = stopped.await;
        }));
        let (clock, ticks, stop, gateway) = (setup.clock, setup.ticks, Some(stop), Some(running));
        Self { exchange, address, clock, vault, runtime, requests, controls, ticks, stop, gateway }
    }

    /// Tells the gateway to stop, and waits until it has.
    pub(crate) fn shut_down(&mut self) {
        self.tell_to_stop();
        if let Some(running) = self.gateway.take() {
            self.runtime.block_on(running).unwrap();
        }
    }

    pub(crate) fn tell_to_stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) fn execute(&self, command: Command) -> Outcome {
        self.exchange.execute_blocking(command).unwrap().result.unwrap()
    }

    pub(crate) fn revoke(&self, key: Key) {
        let key = self.exchange.view(|state| state.engine().key_by_text(key.text).unwrap().id);
        self.execute(Command::RevokeKey { key });
    }

    /// Makes a tick of the stream; how many sessions are left.
    pub(crate) fn tick(&self) -> usize {
        self.runtime.block_on(self.ticks.tick()).unwrap()
    }

    /// Digest and sequence: what a request that changes nothing must leave as it was.
    pub(crate) fn trace(&self) -> (u64, u64) {
        self.exchange.view(|state| (state.engine().digest(), state.engine().sequence()))
    }

    pub(crate) fn send(&self, call: Call) -> Reply {
        call.send(self.address)
    }

    pub(crate) fn get(&self, target: &str) -> Reply {
        self.send(Call::new("GET", target))
    }

    /// A token, from the vault: the endpoint has tests of its own.
    pub(crate) fn token(&self, key: Key) -> String {
        let id = self.exchange.view(|state| state.engine().key_by_text(key.text).unwrap().id);
        self.vault.issue(id, Timestamp(NOW + 900_000))
    }

    /// A request with token and timestamp.
    pub(crate) fn private(&self, key: Key, method: &'static str, target: &str) -> Call {
        Call::new(method, target)
            .with("X-BM-AUTHORIZATION", format!("Bearer {}", self.token(key)))
            .with("X-BM-TIMESTAMP", NOW.to_string())
    }

    /// A request with token, timestamp and a signature over this message.
    pub(crate) fn signed(
        &self,
        key: Key,
        method: &'static str,
        target: &str,
        message: &str,
    ) -> Call {
        self.private(key, method, target).with("X-BM-SIGNATURE", sign(key, message))
    }

    /// An order as clients of the later kind send it: numbers as texts.
    pub(crate) fn order(&self, key: Key, side: &str, amount: &str, price: &str) -> Call {
        let symbol = "ACX_USDT";
        let message = format!("amount={amount}&price={price}&side={side}&symbol={symbol}");
        let body = format!(
            r#"{{"symbol":"{symbol}","side":"{side}","amount":"{amount}","price":"{price}"}}"#
        );
        self.signed(key, "POST", "/v2/orders", &message).body(body)
    }

    /// Places an order that must be accepted; its id.
    pub(crate) fn placed(&self, key: Key, side: &str, amount: &str, price: &str) -> u64 {
        let reply = self.send(self.order(key, side, amount, price));
        let text = reply.text();
        let id = text.strip_prefix(r#"{"entrust_id":"#).and_then(|rest| rest.strip_suffix('}'));
        assert_eq!(reply.status, 200, "{text}");
        id.unwrap().parse().unwrap()
    }

    pub(crate) fn cancel(&self, key: Key, id: u64) -> Call {
        let message = format!("entrust_id={id}");
        self.signed(key, "DELETE", &format!("/v2/orders/{id}"), &message)
    }
}

pub(crate) fn sign(key: Key, message: &str) -> String {
    SigningKey::new(key.secret).sign(message)
}

pub(crate) fn client_secret(key: Key, timestamp: Option<&str>) -> String {
    TokenProof::new(key.text, key.secret, key.memo).client_secret(timestamp)
}

/// The form of a token request.
pub(crate) fn form(key: Key) -> String {
    let proof = client_secret(key, None);
    format!("grant_type=client_credentials&client_id={}&client_secret={proof}", key.text)
}

pub(crate) fn token_call(form: &str) -> Call {
    Call::new("POST", "/v2/authentication")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(form)
}

/// The body of a refusal.
pub(crate) fn message(text: &str) -> String {
    format!(r#"{{"message":"{text}"}}"#)
}

fn list(exchange: &Exchange, vault: &Vault) {
    let run = |command| exchange.execute_blocking(command).unwrap().result.unwrap();
    for (code, name) in [("ACX", "Acorn Exchange Token"), ("USDT", "Tether USD"), ("ETH", "Ether")]
    {
        run(Command::AddAsset(Asset { code: code.into(), name: name.into(), decimals: 10 }));
    }
    let usdt = |whole: u128| Amount::new(whole * 10_000_000_000);
    let rate = |ppm| FeeRate::from_ppm(ppm).unwrap();
    let spec = MarketSpec {
        base: ACX,
        quote: USDT,
        price_decimals: 4,
        quantity_decimals: 2,
        depth_decimals_min: 2,
        quantity_min: Quantity::new(10),
        quantity_max: Quantity::new(500_000_000),
        notional_min_buy: usdt(5),
        notional_min_sell: usdt(6),
        fees: FeeSchedule { maker: rate(1_000), taker: rate(2_000) },
        self_trade: SelfTradePolicy::RefuseTaker,
        price_band_multiple: 5,
    };
    run(Command::AddMarket(spec.clone()));
    run(Command::AddMarket(MarketSpec {
        base: ETH,
        quote: ACX,
        price_decimals: 6,
        quantity_decimals: 0,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        ..spec
    }));
    let account = |name: &str, keys| {
        let deposits = vec![(ACX, usdt(1_000)), (USDT, usdt(10_000))];
        Command::AddAccount(NewAccount { name: name.into(), deposits, keys })
    };
    let only = |read, trade, cancel| Scopes { read, trade, cancel };
    let loopback = |prefix_bits| AddressRange {
        address: Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets(),
        prefix_bits,
    };
    let far = AddressRange {
        address: Ipv4Addr::new(10, 0, 0, 0).to_ipv6_mapped().octets(),
        prefix_bits: 104,
    };
    run(account(
        "alice",
        vec![
            new_key(vault, ALICE, Scopes::ALL, vec![]),
            new_key(vault, READER, only(true, false, false), vec![]),
            new_key(vault, TRADER, only(false, true, false), vec![]),
            new_key(vault, CANCELER, only(false, false, true), vec![]),
            new_key(vault, ELSEWHERE, Scopes::ALL, vec![far]),
            new_key(vault, HERE, Scopes::ALL, vec![far, loopback(128)]),
            new_key(vault, REVOKED, Scopes::ALL, vec![]),
        ],
    ));
    run(account("bob", vec![new_key(vault, BOB, Scopes::ALL, vec![])]));
}

fn new_key(vault: &Vault, key: Key, scopes: Scopes, ranges: Vec<AddressRange>) -> NewKey {
    NewKey {
        key: key.text.into(),
        sealed_secret: vault.seal(key.secret, key.text),
        memo: key.memo.into(),
        scopes,
        ranges,
    }
}
