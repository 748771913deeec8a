//! No cancel is refused over HTTP while a new order is admitted, however many orders are offered on
//! however many connections. No clock is involved: a gate stops the disk, so that the queues fill.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use openmart_exchange::Exchange;
use openmart_gateway::{Gateway, Vault};
use openmart_journal::Gate;
use openmart_model::{
    Amount, Asset, AssetId, Command, FeeSchedule, MarketSpec, NewAccount, NewKey, Scopes,
};
use openmart_sim::http::{ALICE, Answer, BOB, Connection, Key, Signer};
use openmart_sim::venue::{gated, open_market};
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
    let vault = Arc::new(Vault::from_key([5; 32]));
    let (exchange, gate) = gated(QUEUE_ORDERS_MAX, QUEUE_CANCELS_MAX, listing(&vault));
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
    let fees = FeeSchedule::default();
    let market = MarketSpec { fees, ..open_market(AssetId(0), AssetId(1)) };
    let account = |name: &str, Key { text, secret, memo }: Key| {
        let key = NewKey {
            key: text.into(),
            sealed_secret: vault.seal(secret, text),
            memo: memo.into(),
            scopes: Scopes::ALL,
            ranges: Vec::new(),
        };
        let deposits = [AssetId(0), AssetId(1)].map(|asset| (asset, Amount::new(1 << 90))).into();
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

/// What anybody may ask about a market.
const PUBLIC: [&str; 5] = [
    "/v2/symbols/BTC_USDT/orders",
    "/v2/symbols/BTC_USDT/trades",
    "/v2/ticker?symbol=BTC_USDT",
    "/v2/symbols/BTC_USDT/kline?step=1440&from=0&to=99999999999",
    "/v2/symbols_details",
];

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: local\r\n\r\n").into_bytes()
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

/// While both queues are full and the disk stands still, market data is answered, and shows nothing that is
/// not durable.
async fn read_while_full(venue: &Venue) {
    let alice = Signer::log_in(&venue.address, ALICE).await.expect("a token");
    let bob = Signer::log_in(&venue.address, BOB).await.expect("a token");
    let mut placing = Connection::open(&venue.address).await.expect("a connection");
    let sell = OrderBody { side: Side::Sell, ..order() };
    alice.placed(&mut placing, &order()).await.expect("it rests");
    alice.placed(&mut placing, &sell).await.expect("it trades");
    let mut cancels = Vec::new();
    for _ in 0..QUEUE_CANCELS_MAX {
        cancels.push(alice.cancel(alice.placed(&mut placing, &order()).await.expect("room")));
    }
    let shown = async || {
        let mut shown = Vec::new();
        for target in PUBLIC {
            let mut connection = Connection::open(&venue.address).await.expect("a connection");
            let answer = connection.ask_any(&get(target)).await.expect("an answer");
            assert_eq!(answer.status, 200, "{target}: {answer:?}");
            shown.push(String::from_utf8(answer.body).expect("text"));
        }
        shown
    };
    let before = shown().await;
    assert!(before[0].contains("64") && before[1].contains("\"amount\""), "{before:?}");

    venue.gate.shut();
    let first = Connection::open(&venue.address).await.expect("a connection");
    let (mut write, _running) = first.split();
    write.write_all(&bob.place(&order()).expect("a request")).await.expect("it is read");
    venue.gate.wait_for_sync();
    let (mut orders, mut canceling) = (JoinSet::new(), JoinSet::new());
    let refused = Refused(FLOODING / 2 - QUEUE_ORDERS_MAX);
    venue.flood(&bob, refused, &mut orders).await;
    for request in cancels {
        let mut connection = Connection::open(&venue.address).await.expect("a connection");
        canceling.spawn(async move { connection.ask_any(&request).await.expect("an answer") });
    }
    let full = |status: &openmart_exchange::Status| {
        (status.queued_orders, status.queued_cancels) == (QUEUE_ORDERS_MAX, QUEUE_CANCELS_MAX)
    };
    venue.wait_until(full).await;
    for _ in 0..ROUNDS {
        assert_eq!(shown().await, before);
    }
    assert!(full(&venue.exchange.status()));

    venue.gate.open();
    while let Some(answer) = canceling.join_next().await {
        assert_eq!(answer.expect("no panic").status, 200);
    }
    orders.join_all().await;
    assert_ne!(shown().await[0], before[0]);
}

#[test]
fn market_data_is_answered_while_the_queues_are_full() {
    let venue = venue();
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build();
    client.expect("a runtime").block_on(read_while_full(&venue));
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
