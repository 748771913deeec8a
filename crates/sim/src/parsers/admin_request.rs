//! What an operator's tool writes to the operator's listener.
//!
//! Bytes enter and go to a real listener over a socket. `@T` in them becomes the operator's token and `@L` the
//! length of what follows the first head, since a fuzzer that changes a body would have to find it each time.
//! What is refused has changed nothing, every answer is readable, and the books balance after each.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use openmart_exchange::{ControlledClock, Exchange};
use openmart_gateway::{
    Admin, AdminToken, Gateway, Keeping, Operations, Options, StateError, StateKeeper, Vault,
};
use openmart_model::{Command, MarketId, MarketStatus, Reject};
use openmart_wire::admin::Refusal;
use openmart_wire::admin::state::{Fork, MarkPoint, Origin, Point, Rewound, State};

use super::socket::{self, Renewed, filled, head_and_body, one_worker};
use super::venue;

/// Inputs after which a new server takes over, so that what they leave behind stays small.
const INPUTS_PER_SERVER: u32 = 2_000;

thread_local! {
    /// One for each thread: what one asks for is not refused because another did it before.
    static SERVER: RefCell<Renewed<Server>> = const { RefCell::new(Renewed::never()) };
}

/// Whether something was done as wished.
pub(super) fn bytes(bytes: &[u8]) -> bool {
    SERVER.with_borrow_mut(|server| server.for_input(INPUTS_PER_SERVER, Server::start).ask(bytes))
}

struct Server {
    address: SocketAddr,
    token: String,
    exchange: Exchange,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start() -> Self {
        let vault = Arc::new(Vault::from_key([7; 32]));
        let clock = Arc::new(ControlledClock::new());
        let options = openmart_exchange::Options { clock: clock.clone(), ..Default::default() };
        let exchange = venue::open(&vault, options);
        let folder = tempfile::tempdir().expect("a folder for the token");
        let token = AdminToken::open_or_create(&folder.path().join("admin.token"));
        let token = token.expect("a token is made");
        let text = token.reveal().to_owned();
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let runtime = one_worker();
        let gateway = Gateway::bind(exchange.clone(), vault, Options::new(local));
        let gateway = runtime.block_on(gateway).expect("a free port");
        let admin = Admin::new(token, gateway.controls());
        let admin = admin.with_ephemeral(clock, Arc::new(NothingKept));
        let operations = runtime.block_on(Operations::bind(exchange.clone(), local));
        let operations = operations.expect("a free port").with_admin(admin);
        let address = operations.local_addr();
        runtime.spawn(operations.run(std::future::pending()));
        Self { address, token: text, exchange, _runtime: runtime }
    }

    fn ask(&self, bytes: &[u8]) -> bool {
        self.settle();
        let before = self.digest();
        let length = head_and_body(bytes).map_or(0, |(_, body)| body.len()).to_string();
        let request = filled(bytes, &[(b"@T", &self.token), (b"@L", &length)]);
        let text = socket::answer(self.address, &request);
        // Of several answers some may be refusals and some not.
        if text.matches("HTTP/1.").count() == 1 {
            let refused = text.starts_with("HTTP/1.1 4");
            assert!(!refused || before == self.digest(), "refused, but done: {text}");
            check_readable(&text, refused);
        }
        let balanced = self.exchange.view(|state| state.engine().check());
        assert!(balanced.is_ok(), "{balanced:?} after {text}");
        text.starts_with("HTTP/1.1 2")
    }

    /// Has everything done that an earlier input asked for without waiting for the answer.
    fn settle(&self) {
        let (market, status) = (MarketId(u16::MAX), MarketStatus::Halted);
        let receipt = self.exchange.execute_blocking(Command::SetMarketStatus { market, status });
        let refused = receipt.expect("the exchange runs").result;
        assert_eq!(refused, Err(Reject::UnknownMarket));
    }

    fn digest(&self) -> u64 {
        self.exchange.view(|state| state.engine().digest())
    }
}

/// JSON is JSON, and a refusal is one sentence.
fn check_readable(text: &str, refused: bool) {
    let Some((head, body)) = head_and_body(text.as_bytes()) else { return };
    let head = String::from_utf8_lossy(head);
    if !head.contains("content-type: application/json") || head.contains("content-length: 0") {
        return;
    }
    if refused {
        let refusal: Refusal = serde_json::from_slice(body).expect("a refusal is readable");
        assert!(!refusal.message.contains('\n'), "{text}");
    } else {
        serde_json::from_slice::<serde_json::Value>(body).expect("an answer is readable");
    }
}

/// Points, forks and rewinds are the program's; here they are read and refused.
#[derive(Debug)]
struct NothingKept;

impl NothingKept {
    fn refusal<T>() -> Result<T, StateError> {
        Err(StateError::Wish("nothing is kept here".to_owned()))
    }
}

impl StateKeeper for NothingKept {
    fn state(&self) -> State {
        State { sequence: 0, points: vec![], forks: vec![], folder: String::new() }
    }

    fn mark(&self, _: &MarkPoint) -> Result<Point, StateError> {
        Self::refusal()
    }

    fn fork(self: Arc<Self>, _: Origin) -> Keeping<Fork> {
        Box::pin(async { Self::refusal() })
    }

    fn end_fork(self: Arc<Self>, _: u64) -> Keeping<State> {
        Box::pin(async { Self::refusal() })
    }

    fn rewind(self: Arc<Self>, _: Origin) -> Keeping<Rewound> {
        Box::pin(async { Self::refusal() })
    }
}

/// A request for every route that succeeds on a new server in this order, pairs of them, and figures.
pub(super) fn examples() -> Vec<Vec<u8>> {
    let asked = |line: &str, body: &str| {
        let length = if body.is_empty() { "0" } else { "@L" };
        format!(
            "{line} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer @T\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let rule = r#"{"rules":[{"name":"a","nth":2,"fault":{"kind":"disconnect-after"}}]}"#;
    let race = r#"{"key":"6591f7c2491db0a23a1d8ad6911c825e","race":"fill-before-cancel"}"#;
    let market = concat!(
        r#"{"symbol":"B_A","price_decimals":2,"quantity_decimals":4,"quantity_min":"0.01","#,
        r#""notional_min":"5","fee_maker":"0.0002","fee_taker":"0.001","price_band_multiple":5}"#
    );
    let key = concat!(
        r#"{"account":"alice","memo":"m","scopes":["read","cancel"],"#,
        r#""addresses":["10.0.0.0/8","::1"]}"#
    );
    let requests = [
        ("POST /admin/faults", rule),
        ("PUT /admin/faults", rule),
        ("GET /admin/faults", ""),
        ("DELETE /admin/faults", ""),
        ("POST /admin/races", race),
        ("GET /admin/races", ""),
        ("DELETE /admin/races", ""),
        ("POST /admin/time", r#"{"freeze":true}"#),
        ("POST /admin/time", r#"{"step_ms":60000}"#),
        ("POST /admin/time", r#"{"rate":2.5}"#),
        ("GET /admin/time", ""),
        ("GET /admin/state", ""),
        ("POST /admin/accounts", r#"{"name":"bob"}"#),
        ("GET /admin/accounts", ""),
        ("GET /admin/accounts?from=1", ""),
        ("GET /admin/accounts/alice", ""),
        ("POST /admin/deposits", r#"{"account":"alice","asset":"A","amount":"0.5"}"#),
        ("POST /admin/withdrawals", r#"{"account":"alice","asset":"B","amount":"0.1"}"#),
        ("POST /admin/keys", key),
        ("GET /admin/keys", ""),
        ("POST /admin/assets", r#"{"code":"C","name":"a coin","decimals":8}"#),
        ("GET /admin/assets", ""),
        ("POST /admin/markets", market),
        ("POST /admin/markets/halt", r#"{"symbol":"A_B"}"#),
        ("POST /admin/markets/resume", r#"{"symbol":"A_B"}"#),
        ("GET /admin/markets", ""),
        ("GET /admin/status", ""),
        ("GET /metrics", ""),
        ("GET /health/ready", ""),
        ("GET /health/live", ""),
    ];
    let mut texts: Vec<String> = requests.map(|(line, body)| asked(line, body)).into();
    texts.push([asked("GET /admin/status", ""), asked("GET /admin/markets", "")].concat());
    texts.push(asked("DELETE /admin/keys/6591f7c2491db0a23a1d8ad6911c825e", ""));
    texts.into_iter().map(String::into_bytes).collect()
}
