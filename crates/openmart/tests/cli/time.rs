//! The clock of ephemeral exchanges, moved by the operator's API and by `openmart admin`.

use std::fs;

use openmart_wire::bitmart_v2::{Kline, Side};
use serde_json::{Value, json};

use crate::ephemeral::{Demo, MINUTE_MS, number};
use crate::support::account::{ALICE, BOB, limit, parsed, placed};
use crate::support::http::Connection;
use crate::support::process::{Server, openmart, text};

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
