//! No cancel is refused over HTTP while a new order is admitted, however many orders are offered on
//! however many connections. No clock is involved: a gate stops the disk, so that the queues fill.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use openmart_exchange::{Exchange, Options};
use openmart_gateway::{Gateway, Vault};
use openmart_journal::{Gate, GatedStorage, MemoryStorage};
use openmart_model::{
    Amount, Asset, AssetId, Command, FeeSchedule, MarketSpec, NewAccount, NewKey, Quantity, Scopes,
    SelfTradePolicy,
};
use openmart_sim::http::{ALICE, Answer, BOB, Connection, Key, Signer};
use openmart_wire::bitmart_v2::{OrderBody, Side};
use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const QUEUE_ORDERS_MAX: usize = 16;
const QUEUE_CANCELS_MAX: usize = 64;
const ROUNDS: usize = 10;
/// Connections that offer an order each, since one that waits for an answer is not read from: ten times
/// what there is room for.
const FLOODING: usize = 10 * QUEUE_ORDERS_MAX;
/// Cancels of a round, each on a connection of its own.
const CANCELS: usize = 40;
/// Orders that one who never reads writes at once.
const GROUP: usize = 32;

#[derive(Clone, Copy)]
struct Refused(usize);

struct Venue {
    exchange: Exchange,
    gate: Gate,
    address: String,
    _server: Runtime,
}

fn venue() -> Venue {
    let gate = Gate::default();
    let (inner, gated) = (MemoryStorage::new(), "segment-");
    let storage = GatedStorage { inner, gate: gate.clone(), gated };
    let mut options = Options {
        queue_orders_max: QUEUE_ORDERS_MAX,
        queue_cancels_max: QUEUE_CANCELS_MAX,
        batch_entries_max: 16,
        snapshot_entries: 0,
        ..Options::default()
    };
    options.journal.background = false;
    let (exchange, _) = Exchange::open(Arc::new(storage), options).expect("an empty folder opens");
    let vault = Arc::new(Vault::from_key([5; 32]));
    for command in listing(&vault) {
        let receipt = exchange.execute_blocking(command).expect("the exchange runs");
        receipt.result.expect("it can be listed");
    }
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut options = openmart_gateway::Options::new(listen);
    options.rate_limits = None;
    let server = Runtime::new().expect("a runtime");
    let gateway = server.block_on(Gateway::bind(exchange.clone(), vault, options));
    let gateway = gateway.expect("a free port");
    let address = gateway.local_addr().to_string();
    server.spawn(gateway.run(std::future::pending()));
    Venue { exchange, gate, address, _server: server }
}

fn listing(vault: &Vault) -> Vec<Command> {
    let asset = |code: &str| {
        Command::AddAsset(Asset { code: code.into(), name: code.into(), decimals: 10 })
    };
    let market = MarketSpec {
        base: AssetId(0),
        quote: AssetId(1),
        price_decimals: 2,
        quantity_decimals: 2,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(1_000_000),
        notional_min_buy: Amount::ZERO,
        notional_min_sell: Amount::ZERO,
        fees: FeeSchedule::default(),
        self_trade: SelfTradePolicy::Allow,
        price_band_multiple: 0,
    };
    let account = |name: &str, Key { text, secret, memo }: Key| {
        let key = NewKey {
            key: text.into(),
            sealed_secret: vault.seal(secret, text),
            memo: memo.into(),
            scopes: Scopes::ALL,
            ranges: Vec::new(),
        };
        let deposits = vec![(AssetId(1), Amount::new(1 << 90))];
        Command::AddAccount(NewAccount { name: name.into(), deposits, keys: vec![key] })
    };
    vec![
        asset("BTC"),
        asset("USDT"),
        Command::AddMarket(market),
        account("alice", ALICE),
        account("bob", BOB),
    ]
}

fn order() -> OrderBody {
    OrderBody {
        symbol: "BTC_USDT".into(),
        side: Side::Buy,
        amount: "1".into(),
        price: "1".into(),
        client_order_id: None,
    }
}

/// A test that fails while the gate is shut ends all the same.
impl Drop for Venue {
    fn drop(&mut self) {
        self.gate.open();
    }
}

impl Venue {
    /// Lets other tasks run until the exchange has come so far.
    async fn wait_until(&self, reached: impl Fn(&openmart_exchange::Status) -> bool) {
        while !reached(&self.exchange.status()) {
            tokio::task::yield_now().await;
        }
    }

    /// Offers half of the orders, more than there is room for, and waits until the exchange has taken or
    /// refused each.
    async fn flood(&self, bob: &Signer, refused: Refused, tasks: &mut JoinSet<u16>) {
        let request = bob.place(&order()).expect("a request");
        for _ in 0..FLOODING / 2 {
            let mut connection = Connection::open(&self.address).await.expect("a connection");
            let request = request.clone();
            tasks.spawn(
                async move { connection.ask_any(&request).await.expect("an answer").status },
            );
        }
        self.wait_until(|status| status.counters.overloaded == refused.0 as u64).await;
    }
}

async fn run(venue: &Venue) {
    let alice = Signer::log_in(&venue.address, ALICE).await.expect("a token");
    let bob = Signer::log_in(&venue.address, BOB).await.expect("a token");
    let mut placing = Connection::open(&venue.address).await.expect("a connection");
    let mut expected_open = 0;
    for round in 0..ROUNDS {
        let mut cancels = Vec::new();
        for _ in 0..CANCELS {
            let id = alice.placed(&mut placing, &order()).await.expect("there is room");
            cancels.push(alice.cancel(id));
        }
        venue.gate.shut();
        let connection = Connection::open(&venue.address).await.expect("a connection");
        let (mut write, mut running) = connection.split();
        write.write_all(&bob.place(&order()).expect("a request")).await.expect("it is read");
        venue.gate.wait_for_sync();

        let refused_before = venue.exchange.status().counters.overloaded as usize;
        let (mut orders, mut canceling) = (JoinSet::new(), JoinSet::new());
        let half = FLOODING / 2;
        let refused = Refused(refused_before + half - QUEUE_ORDERS_MAX);
        venue.flood(&bob, refused, &mut orders).await;
        for request in cancels {
            let mut connection = Connection::open(&venue.address).await.expect("a connection");
            canceling.spawn(async move { connection.ask_any(&request).await.expect("an answer") });
        }
        // One that is refused is answered, and would never be counted here.
        while venue.exchange.status().queued_cancels < CANCELS {
            if let Some(answer) = canceling.try_join_next() {
                panic!("round {round}: a cancel was not queued: {answer:?}");
            }
            tokio::task::yield_now().await;
        }
        venue.flood(&bob, Refused(refused.0 + half), &mut orders).await;
        assert_eq!(venue.exchange.status().queued_orders, QUEUE_ORDERS_MAX, "round {round}");

        venue.gate.open();
        while let Some(answer) = canceling.join_next().await {
            let expected = Answer { status: 200, body: b"{}".to_vec() };
            assert_eq!(answer.expect("no panic"), expected, "round {round}");
        }
        let first = running.next().await.expect("an answer").expect("one answer");
        assert_eq!(first.status, 200, "round {round}");
        let statuses = orders.join_all().await;
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        let (placed, refused) = (count(200), count(503));
        let expected = (QUEUE_ORDERS_MAX, 2 * half - QUEUE_ORDERS_MAX);
        assert_eq!((placed, refused), expected, "round {round}");
        expected_open += placed + 1;
    }
    assert_eq!(venue.exchange.view(|state| state.engine().orders_open()), expected_open);
}

/// Somebody who writes orders and never reads an answer fills what the system buffers and is then not
/// read from; nobody else waits for that.
#[test]
fn who_never_reads_keeps_nobody_waiting() {
    let venue = venue();
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build();
    client.expect("a runtime").block_on(async {
        let alice = Signer::log_in(&venue.address, ALICE).await.expect("a token");
        let bob = Signer::log_in(&venue.address, BOB).await.expect("a token");
        let group = bob.place(&order()).expect("a request").repeat(GROUP);
        let silent = Connection::open(&venue.address).await.expect("a connection");
        let (mut write, _unread) = silent.split();
        let writing = tokio::spawn(async move { while write.write_all(&group).await.is_ok() {} });
        let mut connection = Connection::open(&venue.address).await.expect("a connection");
        let seen = |venue: &Venue| venue.exchange.status().sequence;
        let (mut canceled, begun) = (0, seen(&venue));
        // Long enough for the silent one to be among them with many orders.
        while canceled < 200 || seen(&venue) < begun + 10_000 {
            let id = alice.placed(&mut connection, &order()).await;
            let Ok(id) = id else { continue };
            let answer = connection.ask_any(&alice.cancel(id)).await.expect("an answer");
            assert_eq!(answer, Answer { status: 200, body: b"{}".to_vec() });
            canceled += 1;
        }
        writing.abort();
    });
}

#[test]
fn orders_at_ten_times_the_room_are_refused_and_cancels_are_not() {
    let venue = venue();
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build();
    client.expect("a runtime").block_on(run(&venue));
}
