//! Points, forks and rewinds of ephemeral exchanges.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc;

use openmart_wire::bitmart_v2::{Order, Side};
use serde_json::{Value, json};
use tungstenite::Message;

use crate::ephemeral::{Demo, MINUTE_MS, Operator, held, number, status_of, verify};
use crate::support::account::{ALICE, Account, BOB, limit, parsed, placed};
use crate::support::http::Connection;

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
