//! Time and state of ephemeral exchanges, moved by the operator's API and by `openmart admin`.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::mpsc;

use openmart_wire::bitmart_v2::{Kline, Order, Side};
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::Message;

use crate::support::account::{ALICE, Account, BOB, limit, parsed, placed};
use crate::support::http::{Connection, Response};
use crate::support::process::{Server, openmart, run, text};

const MINUTE_MS: u64 = 60_000;

/// A demo in a temporary folder, and its operator.
struct Demo {
    server: Server,
    operator: Operator,
    temporary: TempDir,
}

#[derive(Clone)]
struct Operator {
    url: String,
    token: String,
}

impl Operator {
    fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    fn send(&self, method: &str, target: &str, body: &Value) -> Response {
        let bearer = format!("Bearer {}", self.token);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut connection = Connection::open(self.address()).unwrap();
        connection.request(method, target, &[("Authorization", &bearer)], &body).unwrap()
    }

    fn tell(&self, target: &str, body: Value) -> Value {
        parsed(&self.send("POST", target, &body))
    }

    fn time(&self, wish: Value) -> Value {
        self.tell("/admin/time", wish)
    }

    fn sequence(&self) -> u64 {
        self.state()["sequence"].as_u64().unwrap()
    }

    /// Asks until the exchange has come so far.
    fn wait_for_sequence(&self, sequence: u64) {
        while self.sequence() < sequence {
            std::thread::yield_now();
        }
    }

    fn state(&self) -> Value {
        parsed(&self.send("GET", "/admin/state", &Value::Null))
    }

    /// Status and sentence.
    fn refusal(&self, target: &str, body: &Value) -> (u16, String) {
        let answer = self.send("POST", target, body);
        assert_ne!(answer.status, 200, "{target} {body}: {answer:?}");
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        (answer.status, told["message"].as_str().unwrap().to_owned())
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        let mut command = openmart(["admin", "--url", &self.url]);
        command.env("OPENMART_ADMIN_TOKEN", &self.token).args(arguments).output().unwrap()
    }
}

impl Demo {
    /// Without other participants.
    fn start(more: &[&str]) -> Self {
        Self::start_live(&[&["--no-liquidity"], more].concat())
    }

    /// With the makers and takers of the program, unless told otherwise.
    fn start_live(more: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut command = openmart(["demo", "--listen", "127.0.0.1:0"]);
        command.args(["--admin-listen", "127.0.0.1:0"]).args(more);
        command.env("TMPDIR", temporary.path());
        let mut server = Server::start(command).unwrap_or_else(|output| panic!("{output:?}"));
        let mut exported = |name: &str| loop {
            let line = server.line();
            if let Some((_, value)) = line.split_once(&format!("{name}=")) {
                break value.to_owned();
            }
        };
        let operator = Operator {
            url: exported("OPENMART_ADMIN_URL"),
            token: exported("OPENMART_ADMIN_TOKEN"),
        };
        Self { server, operator, temporary }
    }

    fn address(&self) -> SocketAddr {
        self.server.address
    }

    fn log_in(&self, key: crate::support::account::Key) -> Account {
        Account::log_in(self.address(), key).unwrap()
    }

    /// Ends it; nothing may stay behind, and nothing have gone wrong.
    fn end(self) {
        assert_eq!(self.end_with_log(), "");
    }

    fn end_with_log(self) -> String {
        let (status, log) = self.server.end_with("TERM");
        assert_eq!(status.code(), Some(0), "{log}");
        assert_eq!(fs::read_dir(self.temporary.path()).unwrap().count(), 0);
        log
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn status_of(account: &mut Account, id: u64) -> u8 {
    parsed::<Order>(&account.order(id).unwrap()).status as u8
}

fn held(account: &mut Account, asset: &str) -> String {
    let wallet = account.wallet().unwrap();
    wallet.into_iter().find(|entry| entry.id == asset).unwrap().frozen
}

/// Copies what a backup would, and has it checked by the program itself.
fn verify(folder: &Path) {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap()) {
        let name = file.file_name().into_string().unwrap();
        if name.starts_with("segment-0") || name.starts_with("snapshot-") {
            fs::copy(file.path(), copy.path().join(name)).unwrap();
        }
    }
    let verified = run([Path::new("journal"), Path::new("verify"), copy.path()]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

#[test]
fn signature_windows_and_tokens_follow_the_clock() {
    let demo = Demo::start(&[]);
    let mut alice = demo.log_in(ALICE);
    let order = limit("BTC_USDT", Side::Buy, "1", "20000");
    placed(&alice.place(&order).unwrap());
    let frozen = demo.operator.time(json!({"freeze": true}));
    assert_eq!(frozen["pace"], "frozen");
    let ahead_ms = 5 * MINUTE_MS;
    let stepped = demo.operator.time(json!({"step_ms": ahead_ms}));
    assert_eq!(number(&stepped["now_ms"]), number(&frozen["now_ms"]) + ahead_ms);
    let late = alice.place(&order).unwrap();
    assert_ne!(late.status, 200, "its timestamp is five minutes old: {late:?}");
    alice.ahead_ms = ahead_ms;
    let id = placed(&alice.place(&order).unwrap());
    // The life of a token is 15 minutes.
    let jumped = number(&stepped["now_ms"]) + 11 * MINUTE_MS;
    demo.operator.time(json!({"jump_to_ms": jumped}));
    alice.ahead_ms = 16 * MINUTE_MS;
    assert_eq!(alice.cancel(id).unwrap().status, 401, "its token has expired");
    let mut alice = demo.log_in(ALICE);
    alice.ahead_ms = 16 * MINUTE_MS;
    assert_eq!(alice.cancel(id).unwrap().body, "{}");
    let told: Value = parsed(&demo.operator.send("GET", "/admin/time", &Value::Null));
    assert_eq!((&told["now_ms"], &told["last_entry_ms"]), (&json!(jumped), &json!(jumped)));
    let mut connection = Connection::open(demo.address()).unwrap();
    let server_time: Value = parsed(&connection.request("GET", "/v2/time", &[], "").unwrap());
    assert_eq!(server_time["server_time"], jumped);
    demo.end();
}

#[test]
fn klines_close_when_the_clock_is_stepped() {
    let demo = Demo::start(&[]);
    let (mut alice, mut bob) = (demo.log_in(ALICE), demo.log_in(BOB));
    let now = number(&demo.operator.time(json!({"freeze": true}))["now_ms"]);
    // On a full minute, so that a candle begins.
    let open = (now / MINUTE_MS + 1) * MINUTE_MS;
    demo.operator.time(json!({"at": open}));
    // Within the window of a minute, whatever the minute has left.
    for account in [&mut alice, &mut bob] {
        account.ahead_ms = open - now;
    }
    alice.place(&limit("BTC_USDT", Side::Sell, "1", "20000")).unwrap();
    bob.place(&limit("BTC_USDT", Side::Buy, "1", "20000")).unwrap();
    let klines = || -> Vec<Kline> {
        let target = format!("/v2/symbols/BTC_USDT/kline?step=1&from={open}&to={}", open * 2);
        let mut connection = Connection::open(demo.address()).unwrap();
        parsed(&connection.request("GET", &target, &[], "").unwrap())
    };
    let candles = |klines: Vec<Kline>| -> Vec<(u64, String)> {
        klines.into_iter().map(|kline| (kline.timestamp - open, kline.volume)).collect()
    };
    let running = candles(klines());
    assert_eq!(running, candles(klines()), "nothing moves by itself");
    assert_eq!(running, [(0, "1.00".to_owned())]);
    demo.operator.time(json!({"step_ms": MINUTE_MS}));
    let closed = [(0, "1.00".to_owned()), (MINUTE_MS, "0.00".to_owned())];
    assert_eq!(candles(klines()), closed);
    demo.end();
}

#[test]
fn the_clock_runs_at_a_rate_and_refuses_to_go_back() {
    let demo = Demo::start(&[]);
    let operator = &demo.operator;
    let before = number(&operator.time(json!({"rate": 100000}))["now_ms"]);
    let shown: Value = parsed(&operator.send("GET", "/admin/time", &Value::Null));
    assert_eq!((&shown["pace"], &shown["rate"]), (&json!("rate"), &json!(100000.0)));
    assert!(number(&shown["now_ms"]) > before + 100, "two requests take more than a microsecond");
    operator.time(json!({"step_ms": 60 * MINUTE_MS}));
    let frozen = operator.time(json!({"freeze": true}));
    let now = number(&frozen["now_ms"]);
    for (wish, said) in [
        (json!({"real": true}), "ahead of the machine's and time never goes back"),
        (json!({"at": now - 1}), "time never goes back"),
        (json!({"jump_to_ms": 5}), "time never goes back"),
        (json!({"step_ms": u64::MAX}), "the clock ends at"),
        (json!({"rate": 0}), "a rate is a number from 0.1 to 100000, not 0"),
        (json!({"rate": 100001}), "a rate is a number from 0.1 to 100000"),
        (json!({"freeze": false}), "freeze can only be true"),
        (json!({}), "give exactly one of"),
        (json!({"freeze": true, "rate": 2}), "give exactly one of"),
        (json!({"step_ms": -1}), "the body is not what this takes"),
        (json!({"stop": true}), "the body is not what this takes"),
    ] {
        let (status, sentence) = operator.refusal("/admin/time", &wish);
        assert_eq!(status, 400, "{wish}");
        assert!(sentence.contains(said), "{wish}: {sentence}");
        let shown: Value = parsed(&operator.send("GET", "/admin/time", &Value::Null));
        assert_eq!(shown, frozen, "{wish} changed something");
    }
    demo.end();
}

#[test]
fn forks_run_apart() {
    let demo = Demo::start(&[]);
    let operator = &demo.operator;
    let mut alice = demo.log_in(ALICE);
    let order = limit("BTC_USDT", Side::Buy, "1", "20000");
    let early = placed(&alice.place(&order).unwrap());
    let point = operator.tell("/admin/state/snapshot", json!({"name": "early"}));
    let late = placed(&alice.place(&order).unwrap());
    let now = operator.tell("/admin/state/fork", json!({}));
    let then = operator.tell("/admin/state/fork", json!({"point": "early"}));
    assert_eq!(then["sequence"], point["sequence"]);
    let at = |fork: &Value, name: &str| -> SocketAddr {
        fork[name].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap()
    };
    // The same token, by the same master key.
    let mut in_now = alice.beside(at(&now, "url")).unwrap();
    let mut in_then = alice.beside(at(&then, "url")).unwrap();
    assert_eq!(in_now.orders("BTC_USDT").unwrap().len(), 2);
    assert_eq!(in_then.orders("BTC_USDT").unwrap().len(), 1);
    assert_eq!(in_then.order(late).unwrap().status, 404);
    assert_eq!(in_now.cancel(early).unwrap().body, "{}");
    let only_then = placed(&in_then.place(&limit("BTC_USDT", Side::Sell, "3", "30000")).unwrap());
    assert_eq!(only_then, late, "the same place in another order of events");
    assert_eq!((status_of(&mut alice, early), status_of(&mut in_now, early)), (1, 4));
    assert_eq!(parsed::<Order>(&alice.order(late).unwrap()).side, Side::Buy);
    assert_eq!(held(&mut alice, "USDT"), "40000.0000000000");
    assert_eq!(held(&mut in_now, "USDT"), "20000.0000000000");
    assert_eq!(held(&mut in_then, "BTC"), "3.0000000000");
    // Each has a clock of its own.
    let of_fork =
        Operator { url: format!("http://{}", at(&then, "admin_url")), ..operator.clone() };
    of_fork.time(json!({"freeze": true}));
    let shown: Value = parsed(&operator.send("GET", "/admin/time", &Value::Null));
    assert_eq!(shown["pace"], "real");
    let state = operator.state();
    assert_eq!(state["forks"].as_array().unwrap().len(), 2);
    let folders = [&state["folder"], &now["folder"], &then["folder"]];
    let folders = folders.map(|folder| Path::new(folder.as_str().unwrap()).to_owned());
    folders.iter().for_each(|folder| verify(folder));
    // One ends by itself, the other with its parent.
    let target = format!("/admin/state/fork/{}", now["id"]);
    let left: Value = parsed(&operator.send("DELETE", &target, &Value::Null));
    assert_eq!(left["forks"].as_array().unwrap().len(), 1);
    assert!(Connection::open(at(&now, "url")).is_err() && !folders[1].exists());
    assert_eq!(operator.send("DELETE", &target, &Value::Null).status, 404);
    assert_eq!(in_then.cancel(early).unwrap().body, "{}");
    demo.end();
}

/// A stream that stays.
fn stream(address: SocketAddr) -> tungstenite::WebSocket<TcpStream> {
    let connection = TcpStream::connect(address).unwrap();
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/"), connection).unwrap();
    socket.send(Message::text(r#"{"subscribe":"ping"}"#)).unwrap();
    socket
}

/// The code with which the server closes it.
fn close_code(socket: &mut tungstenite::WebSocket<TcpStream>) -> u16 {
    loop {
        if let Message::Close(frame) = socket.read().unwrap() {
            return frame.unwrap().code.into();
        }
    }
}

#[test]
fn a_rewind_brings_back_a_canceled_order_and_its_hold() {
    let demo = Demo::start(&[]);
    let operator = &demo.operator;
    let (mut alice, mut bob) = (demo.log_in(ALICE), demo.log_in(BOB));
    let id = placed(&alice.place(&limit("BTC_USDT", Side::Buy, "1", "20000")).unwrap());
    let point = operator.tell("/admin/state/snapshot", json!({"name": "resting"}));
    for round in 1..=3 {
        let mut socket = stream(demo.address());
        assert_eq!(alice.cancel(id).unwrap().body, "{}", "round {round}");
        assert_eq!(held(&mut alice, "USDT"), "0.0000000000");
        bob.place(&limit("BTC_USDT", Side::Buy, "2", "100")).unwrap();
        alice.place(&limit("BTC_USDT", Side::Sell, "2", "100")).unwrap();
        operator.tell("/admin/state/snapshot", json!({"name": "later"}));
        let rewound = operator.tell("/admin/state/rewind", json!({"point": "resting"}));
        assert_eq!((&rewound["sequence"], &rewound["discarded"]), (&point["sequence"], &json!(3)));
        assert_eq!(close_code(&mut socket), 1012);
        assert!(alice.wallet().is_err(), "connections end");
        // The same address, and the same token.
        alice = alice.beside(demo.address()).unwrap();
        bob = bob.beside(demo.address()).unwrap();
        assert_eq!(status_of(&mut alice, id), 1);
        assert_eq!(held(&mut alice, "USDT"), "20000.0000000000");
        assert!(bob.orders("BTC_USDT").unwrap().is_empty());
        assert!(bob.trades("BTC_USDT").unwrap().is_empty());
        let state = operator.state();
        assert_eq!(state["sequence"], point["sequence"]);
        assert_eq!(state["points"], json!([point]), "what came later is gone");
        verify(Path::new(state["folder"].as_str().unwrap()));
    }
    // Health and figures are those of the exchange that is there now.
    let mut connection = Connection::open(operator.address()).unwrap();
    let ready = connection.request("GET", "/health/ready", &[], "").unwrap();
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));
    let metrics = connection.request("GET", "/metrics", &[], "").unwrap().body;
    let sequence = format!("openmart_sequence {}", point["sequence"]);
    assert!(metrics.lines().any(|line| line == sequence), "{metrics}");
    assert_eq!(alice.cancel(id).unwrap().body, "{}");
    demo.end();
}

/// Places orders until its connection ends. Gives the sequences that were acknowledged; all else must be a
/// 503 or the end.
fn place_until_the_end(mut account: Account, first: mpsc::Sender<()>) -> Vec<u64> {
    let order = limit("ETH_USDT", Side::Buy, "1", "10");
    let mut acknowledged = Vec::new();
    while let Ok(answer) = account.place(&order) {
        match answer.status {
            200 => {
                acknowledged.push(answer.header("x-openmart-sequence").unwrap().parse().unwrap())
            }
            503 => {}
            _ => panic!("{answer:?}"),
        }
        let _ = first.send(());
    }
    acknowledged
}

#[test]
fn what_a_rewind_discards_was_acknowledged_on_connections_that_it_ends() {
    let demo = Demo::start(&[]);
    let alice = demo.log_in(ALICE);
    let n = number(&demo.operator.state()["sequence"]);
    let (sender, answers) = mpsc::channel();
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (account, first) = (alice.beside(demo.address()).unwrap(), sender.clone());
            std::thread::spawn(move || place_until_the_end(account, first))
        })
        .collect();
    (0..40).for_each(|_| answers.recv().unwrap());
    let rewound = demo.operator.tell("/admin/state/rewind", json!({"sequence": n}));
    // Every connection has ended, or the writers would write on for ever.
    let mut acknowledged: Vec<u64> =
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    acknowledged.sort_unstable();
    acknowledged.dedup();
    let discarded = number(&rewound["discarded"]);
    assert!(acknowledged.len() >= 40);
    // All of them are of the course that was given up, each is counted there, and none was given twice.
    assert!(acknowledged.iter().all(|sequence| (n + 1..=n + discarded).contains(sequence)));
    let mut alice = alice.beside(demo.address()).unwrap();
    assert!(alice.orders("ETH_USDT").unwrap().is_empty());
    demo.end();
}

#[test]
fn a_rewind_lets_the_clock_go_back_and_faults_stay() {
    let demo = Demo::start(&[]);
    let operator = &demo.operator;
    let mut alice = demo.log_in(ALICE);
    let frozen = number(&operator.time(json!({"freeze": true}))["now_ms"]);
    let placed_at = alice.place(&limit("BTC_USDT", Side::Buy, "1", "20000")).unwrap();
    let n: u64 = placed_at.header("x-openmart-sequence").unwrap().parse().unwrap();
    let rule = json!({"rules": [{"name": "a", "path": "/v2/ping", "fault": {"kind": "answer", "status": 503}}]});
    operator.tell("/admin/faults", rule);
    operator.time(json!({"step_ms": 60 * MINUTE_MS}));
    assert_eq!(operator.refusal("/admin/time", &json!({"at": frozen})).0, 400);
    let rewound = operator.tell("/admin/state/rewind", json!({"sequence": n}));
    assert_eq!(number(&rewound["time_ms"]), frozen);
    assert_eq!(operator.refusal("/admin/time", &json!({"at": frozen - 1})).0, 400);
    assert_eq!(operator.time(json!({"at": frozen}))["now_ms"], frozen);
    let mut connection = Connection::open(demo.address()).unwrap();
    assert_eq!(connection.request("GET", "/v2/ping", &[], "").unwrap().status, 503);
    let log = demo.end_with_log();
    assert!(log.lines().all(|line| line.contains("FAULTS ARE ON")), "{log}");
}

#[test]
fn wrong_wishes_change_nothing() {
    let demo = Demo::start(&[]);
    let operator = &demo.operator;
    operator.tell("/admin/state/snapshot", json!({"name": "here"}));
    let state = operator.state();
    let long = "x".repeat(65);
    for (target, body, status, said) in [
        ("rewind", json!({"sequence": 100_000}), 400, "there is no entry 100000"),
        ("rewind", json!({"sequence": 0}), 400, "there is no entry 0"),
        ("rewind", json!({}), 400, "a rewind needs a sequence or a point"),
        ("rewind", json!({"point": "there"}), 404, "there is no point \"there\""),
        ("rewind", json!({"point": "here", "sequence": 1}), 400, "not both"),
        ("rewind", json!({"sequence": "one"}), 400, "the body is not what this takes"),
        ("fork", json!({"sequence": 100_000}), 400, "there is no entry 100000"),
        ("fork", json!({"point": "there"}), 404, "there is no point \"there\""),
        ("fork", json!({"at": 5}), 400, "the body is not what this takes"),
        ("snapshot", json!({"name": ""}), 400, "the name of a point is"),
        ("snapshot", json!({"name": "a/b"}), 400, "the name of a point is"),
        ("snapshot", json!({"name": long}), 400, "the name of a point is"),
    ] {
        let (found, sentence) = operator.refusal(&format!("/admin/state/{target}"), &body);
        assert_eq!(found, status, "{target} {body}");
        assert!(sentence.contains(said), "{target} {body}: {sentence}");
        assert_eq!(operator.state(), state, "{target} {body}");
    }
    demo.end();
}

#[test]
fn the_command_line_moves_time_and_state() {
    let demo = Demo::start(&[]);
    let said = |arguments: &[&str]| {
        let output = demo.operator.admin(arguments);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output.stdout)
    };
    assert!(said(&["time", "show"]).contains(" as the machine's, last entry at "));
    assert!(said(&["time", "freeze"]).contains(" frozen, "));
    let frozen: Value = serde_json::from_str(&said(&["time", "step", "5", "--json"])).unwrap();
    let later = number(&frozen["now_ms"]) + 60_000;
    assert!(said(&["time", "jump", &later.to_string()]).starts_with(&format!("{later} frozen, ")));
    assert!(said(&["time", "rate", "2.5"]).contains(" at 2.5 times the machine's pace, "));
    let point = said(&["state", "snapshot", "start"]);
    assert!(point.starts_with("start is sequence "), "{point}");
    let fork: Value = serde_json::from_str(&said(&["state", "fork", "--json"])).unwrap();
    let shown = said(&["state", "show"]);
    assert!(shown.contains("POINT") && shown.contains(fork["url"].as_str().unwrap()), "{shown}");
    assert!(!said(&["state", "end-fork", &fork["id"].to_string()]).contains("FORK"));
    let rewound = said(&["state", "rewind", "--point", "start"]);
    assert!(rewound.ends_with(", 0 entries are gone\n"), "{rewound}");
    // Nobody is left who saw it run ahead.
    assert!(said(&["time", "real"]).contains(" as the machine's, "));
    said(&["time", "step", "3600000"]);
    for wrong in [&["time", "real"][..], &["time", "rate", "nan"], &["time", "rate", "0"]] {
        let refused = demo.operator.admin(wrong);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert_eq!(text(&refused.stderr).lines().count(), 1, "{refused:?}");
    }
    demo.end();
}

#[test]
fn a_venue_that_is_kept_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let demo = Demo::start(&["--data-dir", data_dir.to_str().unwrap()]);
    for arguments in
        [&["time", "freeze"][..], &["state", "rewind", "--sequence", "1"], &["state", "fork"]]
    {
        let output = demo.operator.admin(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = text(&output.stderr);
        assert!(
            error.contains("ephemeral exchanges only") && error.lines().count() == 1,
            "{error}"
        );
    }
    demo.end();
}

#[test]
fn serve_is_ephemeral_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("openmart.toml");
    fs::write(&config, "[[asset]]\ncode = \"BTC\"\n").unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let command = |more: &[&str]| {
        let mut command = openmart(["serve", "--ephemeral", "--listen", "127.0.0.1:0"]);
        command.args(["--admin-listen", "127.0.0.1:0", "--config"]).arg(&config).args(more);
        command.env("TMPDIR", temporary.path());
        command
    };
    let mut server = Server::start(command(&[])).unwrap_or_else(|output| panic!("{output:?}"));
    let url = server.line().split_once(" on ").unwrap().1.to_owned();
    let data_dir = server.line().split_once("until the end: ").unwrap().1.to_owned();
    let mut admin = openmart(["admin", "--url", &url, "--data-dir", &data_dir, "time", "freeze"]);
    assert_eq!(admin.output().unwrap().status.code(), Some(0));
    assert_eq!(server.end_with("TERM").0.code(), Some(0));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    let both = command(&["--data-dir", "x"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}

#[test]
fn makers_and_takers_go_on_after_a_rewind_and_stay_out_of_forks() {
    let demo = Demo::start_live(&[]);
    demo.operator.wait_for_sequence(100);
    let point = demo.operator.tell("/admin/state/snapshot", json!({"name": "early"}));
    let early = point["sequence"].as_u64().unwrap();
    demo.operator.wait_for_sequence(early + 30);
    let fork = demo.operator.tell("/admin/state/fork", json!({"point": "early"}));
    let url = fork["admin_url"].as_str().unwrap().to_owned();
    let fork = Operator { url, token: demo.operator.token.clone() };
    let rewound = demo.operator.tell("/admin/state/rewind", json!({"point": "early"}));
    assert_eq!(rewound["sequence"], early);
    assert!(rewound["discarded"].as_u64().unwrap() >= 30, "{rewound}");
    demo.operator.wait_for_sequence(early + 30);
    assert_eq!(fork.sequence(), early, "nobody trades in a fork");
    demo.end();
}
