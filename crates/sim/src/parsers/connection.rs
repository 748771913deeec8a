//! What a client writes to a connection: HTTP requests, an upgrade, WebSocket frames.
//!
//! Bytes enter and go to a real gateway over a socket. `@T` in them becomes a valid token and `@S` a
//! valid signature of what is asked for, since no fuzzer would ever find one; so what lies behind the
//! checks is reached as well. No answer may be an inner error, and nothing may panic.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use openmart_exchange::{Exchange, ManualClock};
use openmart_gateway::{Gateway, Options, TickDriver, Ticks, Vault};
use openmart_model::{KeyId, Timestamp};
use openmart_wire::bitmart_v2::{PlaceOrder, SigningKey, TokenProof};

use super::socket::{self, ANSWER_PATIENCE, Renewed, filled, head_and_body, one_worker};
use super::venue::{self, KEY, MEMO, SECRET};

const NOW_MS: u64 = 1_600_000_000_000;
/// Inputs after which a new server takes over, so that what they leave behind stays small.
const INPUTS_PER_SERVER: u32 = 5_000;

static SERVER: Mutex<Renewed<Server>> = Mutex::new(Renewed::never());

/// Whether something was answered as wished.
pub(super) fn bytes(bytes: &[u8]) -> bool {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let server = server.for_input(INPUTS_PER_SERVER, Server::start);
    let text = socket::answer(server.address, &server.signed(bytes));
    text.starts_with("HTTP/1.1 2") || text.starts_with("HTTP/1.1 101")
}

struct Server {
    address: SocketAddr,
    token: String,
    _ticks: TickDriver,
    _runtime: tokio::runtime::Runtime,
    _exchange: Exchange,
}

impl Server {
    fn start() -> Self {
        let vault = Arc::new(Vault::from_key([7; 32]));
        let clock = Arc::new(ManualClock::new(Timestamp(NOW_MS)));
        let options = openmart_exchange::Options { clock: clock.clone(), ..Default::default() };
        let exchange = venue::open(&vault, options);
        let mut options = Options::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        (options.clock, options.pace_clock) = (clock.clone(), clock);
        options.rate_limits = None;
        options.body_timeout = ANSWER_PATIENCE;
        let (ticks, driver) = Ticks::driven();
        options.stream_ticks = ticks;
        let runtime = one_worker();
        let gateway = Gateway::bind(exchange.clone(), vault.clone(), options);
        let gateway = runtime.block_on(gateway).expect("a free port");
        let address = gateway.local_addr();
        runtime.spawn(gateway.run(std::future::pending()));
        let token = vault.issue(KeyId(0), Timestamp(NOW_MS + 900_000));
        let (_ticks, _runtime, _exchange) = (driver, runtime, exchange);
        Self { address, token, _ticks, _runtime, _exchange }
    }

    /// The input with its placeholders filled in.
    fn signed(&self, input: &[u8]) -> Vec<u8> {
        let signature = SigningKey::new(SECRET).sign(message(input));
        filled(input, &[(b"@T", &self.token), (b"@S", &signature)])
    }
}

/// What the first request has to sign.
fn message(input: &[u8]) -> String {
    let Some((head, body)) = head_and_body(input) else { return String::new() };
    let head = String::from_utf8_lossy(head);
    let target = head.split(' ').nth(1).unwrap_or_default();
    match target.strip_prefix("/v2/orders") {
        Some("") => {
            let order = PlaceOrder::parse(body).ok();
            let first = order.and_then(|order| order.candidate_messages().into_iter().next());
            first.unwrap_or_default()
        }
        Some(rest) => match rest.strip_prefix('/') {
            Some(id) => format!("entrust_id={id}"),
            None => rest.trim_start_matches('?').to_owned(),
        },
        None => String::new(),
    }
}

/// One request for every route, pairs of them on one connection, and the stream.
pub(super) fn examples() -> Vec<Vec<u8>> {
    const PRIVATE: &str = "x-bm-authorization: Bearer @T\r\nx-bm-timestamp: 1600000000000\r\n";
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nhost: a\r\n{PRIVATE}\r\n");
    let targets = [
        "/v2/ping",
        "/v2/time",
        "/v2/steps",
        "/v2/currencies",
        "/v2/symbols",
        "/v2/symbols_details",
        "/v2/symbols/A_B",
        "/v2/ticker?symbol=A_B",
        "/v2/symbols/A_B/orders?precision=3",
        "/v2/symbols/A_B/trades",
        "/v2/symbols/A_B/kline?step=1&from=1599999000000&to=1600000000000",
        "/v2/wallet",
        "/v2/orders?symbol=A_B&status=5&offset=0&limit=10",
        "/v2/orders/1",
        "/v2/trades?symbol=A_B&entrust_id=1&offset=0&limit=10",
    ];
    let mut texts: Vec<String> = targets.into_iter().map(get).collect();
    texts.push([get("/v2/ping"), get("/v2/wallet")].concat());
    let signed = |line: &str, body: &str| {
        let length = body.len();
        format!(
            "{line} HTTP/1.1\r\nhost: a\r\n{PRIVATE}x-bm-signature: @S\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let order = r#"{"symbol":"A_B","side":"buy","amount":"1.5","price":0.9}"#;
    texts.push(signed("POST /v2/orders", order));
    let proof = TokenProof::new(KEY, SECRET, MEMO).client_secret(None);
    let form = format!("grant_type=client_credentials&client_id={KEY}&client_secret={proof}");
    let line = "POST /v2/authentication HTTP/1.1\r\nhost: a";
    let length = form.len();
    let kind = "application/x-www-form-urlencoded";
    texts.push(format!("{line}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{form}"));
    texts.push(signed("DELETE /v2/orders?side=sell&symbol=A_B", ""));
    let mut examples: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    let frames = [r#"{"subscribe":"price","symbol":"A_B"}"#, r#"{"subscribe":"ping"}"#];
    examples.push([UPGRADE, &frame(0x81, frames[0]), &frame(0x88, "\u{3}")].concat());
    examples.push([UPGRADE, &frame(0x01, frames[1]), &frame(0x89, "x")].concat());
    examples
}

const UPGRADE: &[u8] =
    b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A short frame under the mask of zeros, so that its text stays readable.
fn frame(first: u8, text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    let head = [first, 0x80 | length, 0, 0, 0, 0];
    [&head[..], text.as_bytes()].concat()
}
