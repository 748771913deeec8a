//! Requests that fail, get lost, take long or see what is past.

use std::io::{Read, Write};

use openmart_model::OrderId;

use super::{ACX, balance, break_by, is_conserved, struck};
use crate::http::{Call, Reply, connect, raw_bytes, read_one};
use crate::venue::{ALICE, BOB, Key, NOW, Venue, message};

/// An order with a client order id.
fn named_order(venue: &Venue, key: Key, name: &str) -> Call {
    let covered = format!("amount=10&client_order_id={name}&price=2.5&side=sell&symbol=ACX_USDT");
    let body = format!(
        r#"{{"symbol":"ACX_USDT","side":"sell","amount":"10","price":"2.5","client_order_id":"{name}"}}"#
    );
    venue.signed(key, "POST", "/v2/orders", &covered).body(body)
}

fn closing(call: Call) -> Vec<u8> {
    call.with("connection", "close").bytes()
}

#[test]
fn an_answer_in_place_of_execution_leaves_no_trace() {
    let venue = Venue::new();
    let before = venue.trace();
    break_by(
        &venue,
        r#"{"name":"busy","method":"POST","path":"/v2/orders","nth":1,
            "fault":{"kind":"answer","status":429,"retry_after_s":3}},
           {"name":"broken","method":"POST","path":"/v2/orders","first":1,
            "fault":{"kind":"answer","status":502,"body":"<html>Bad Gateway</html>"}}"#,
    );
    let order = || venue.order(ALICE, "sell", "10", "2.5");
    let busy = venue.send(order());
    assert_eq!(busy.told(), (429, message("Too Many Requests").as_str()));
    assert_eq!(busy.header("retry-after"), Some("3"));
    assert_eq!(venue.send(order()).told(), (502, "<html>Bad Gateway</html>"));
    assert_eq!(venue.trace(), before);
    let good = venue.send(order());
    assert_eq!(good.told(), (200, r#"{"entrust_id":1}"#));
    assert_eq!(good.header("x-openmart-fault"), None);
    let rules = venue.controls.faults().rules;
    let counts: Vec<_> = rules.iter().map(|rule| (rule.seen, rule.struck)).collect();
    assert_eq!(counts, [(3, 1), (2, 1)], "who answers by himself is the last to see it");
}

#[test]
fn a_rule_is_about_its_key_and_route_only() {
    let venue = Venue::new();
    let rule = format!(
        r#"{{"name":"a","key":"{}","method":"DELETE","path":"/v2/orders/{{id}}",
            "fault":{{"kind":"answer","status":503}}}}"#,
        ALICE.text
    );
    break_by(&venue, &rule);
    let own = venue.placed(ALICE, "sell", "10", "2.5");
    let other = venue.placed(BOB, "sell", "10", "2.5");
    assert_eq!(venue.send(venue.cancel(ALICE, own)).status, 503);
    assert_eq!(venue.send(venue.cancel(BOB, other)).told(), (200, "{}"));
    let all = venue.private(ALICE, "DELETE", "/v2/orders?symbol=ACX_USDT&side=sell");
    assert_eq!(venue.send(all).told(), (200, "{}"));
    assert_eq!(struck(&venue), [1]);
}

#[test]
fn a_connection_that_ends_before_execution_has_done_nothing() {
    let venue = Venue::new();
    let before = venue.trace();
    break_by(
        &venue,
        r#"{"name":"a","method":"POST","nth":1,"fault":{"kind":"disconnect-before"}}"#,
    );
    let order = closing(venue.order(ALICE, "sell", "10", "2.5"));
    assert_eq!(raw_bytes(venue.address, &order), b"");
    assert_eq!(venue.trace(), before);
    assert_eq!(venue.placed(ALICE, "sell", "10", "2.5"), 1);
}

#[test]
fn an_order_whose_answer_is_lost_exists_once() {
    let venue = Venue::new();
    let (_, before) = venue.trace();
    break_by(
        &venue,
        r#"{"name":"a","method":"POST","path":"/v2/orders","nth":1,
            "fault":{"kind":"disconnect-after"}}"#,
    );
    let order = named_order(&venue, ALICE, "mine");
    assert_eq!(raw_bytes(venue.address, &closing(order.clone())), b"");
    // When the connection has ended, the order is there: nothing needs to be waited for.
    assert_eq!(venue.trace().1, before + 1);
    let hold = balance(&venue, "alice", ACX).hold;
    assert!(!hold.is_zero());
    // The client's own name for it finds it, and nothing is placed twice.
    assert_eq!(venue.send(order).told(), (200, r#"{"entrust_id":1}"#));
    assert_eq!(balance(&venue, "alice", ACX).hold, hold);
    let open = venue.exchange.view(|state| state.engine().orders_open());
    assert_eq!(open, 1);
    assert!(is_conserved(&venue));
}

#[test]
fn a_cancel_whose_answer_is_lost_has_happened() {
    let venue = Venue::new();
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    break_by(
        &venue,
        r#"{"name":"a","method":"DELETE","first":1,"fault":{"kind":"disconnect-after"}}"#,
    );
    assert_eq!(raw_bytes(venue.address, &closing(venue.cancel(ALICE, id))), b"");
    assert!(balance(&venue, "alice", ACX).hold.is_zero());
    let again = venue.send(venue.cancel(ALICE, id));
    assert_eq!((again.status, again.header("x-openmart-reason")), (404, Some("canceled")));
}

#[test]
fn a_connection_that_began_without_faults_meets_them() {
    let venue = Venue::new();
    let mut stream = connect(venue.address);
    let order = venue.order(ALICE, "sell", "10", "2.5").bytes();
    let mut send = || -> Reply {
        stream.write_all(&order).unwrap();
        read_one(&mut stream)
    };
    assert_eq!(send().status, 200);
    break_by(&venue, r#"{"name":"a","fault":{"kind":"answer","status":500}}"#);
    assert_eq!(send().status, 500);
    assert_eq!(struck(&venue), [1]);
    venue.controls.clear_faults();
    assert_eq!(send().status, 200);
    // And with both in one packet.
    break_by(&venue, r#"{"name":"a","nth":2,"fault":{"kind":"answer","status":500}}"#);
    let mut stream = connect(venue.address);
    stream.write_all(&[order.clone(), order.clone(), order.clone()].concat()).unwrap();
    let statuses = [(); 3].map(|()| read_one(&mut stream).status);
    assert_eq!(statuses, [200, 500, 200]);
}

#[test]
fn a_truncated_answer_says_how_long_it_should_have_been() {
    let venue = Venue::new();
    break_by(
        &venue,
        r#"{"name":"a","method":"POST","path":"/v2/orders",
            "fault":{"kind":"truncate-body","bytes":5}},
           {"name":"b","path":"/v2/symbols","fault":{"kind":"truncate-body"}}"#,
    );
    let answer = raw_bytes(venue.address, &venue.order(ALICE, "sell", "10", "2.5").bytes());
    let text = String::from_utf8(answer).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("content-length: 16\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\n{\"ent"), "{text}");
    let open = venue.exchange.view(|state| state.engine().order(OrderId(1)).is_some());
    assert!(open, "it was carried out");
    let answer = raw_bytes(venue.address, &Call::new("GET", "/v2/symbols").bytes());
    let whole = r#"["ACX_USDT","ETH_ACX"]"#;
    let text = String::from_utf8(answer).unwrap();
    assert!(text.ends_with(&format!("\r\n\r\n{}", &whole[..whole.len() / 2])), "{text}");
}

#[test]
fn a_slow_body_is_whole_in_the_end() {
    let venue = Venue::new();
    let whole = venue.get("/v2/symbols_details");
    break_by(
        &venue,
        r#"{"name":"a","fault":{"kind":"slow-body","chunk_bytes":100,"interval_ms":1}}"#,
    );
    let slow = venue.get("/v2/symbols_details");
    assert_eq!(slow.told(), whole.told());
    assert_eq!(struck(&venue), [1]);
}

#[test]
fn a_stale_read_shows_the_past_and_an_own_write_is_not_in_it() {
    let venue = Venue::new();
    let wallet = || venue.send(venue.private(ALICE, "GET", "/v2/wallet"));
    let of_bob = || venue.send(venue.private(BOB, "GET", "/v2/wallet"));
    let untouched = wallet();
    break_by(
        &venue,
        r#"{"name":"a","method":"GET","path":"/v2/wallet","fault":{"kind":"stale-read"}}"#,
    );
    assert_eq!(wallet().told(), untouched.told(), "there is no earlier answer yet");
    venue.placed(ALICE, "sell", "10", "2.5");
    assert_eq!(wallet().told(), untouched.told(), "the order is not seen yet");
    let held = wallet();
    assert_ne!(held.told(), untouched.told(), "one answer later it is");
    venue.placed(BOB, "sell", "20", "2.5");
    assert_ne!(of_bob().told(), held.told(), "nobody is shown what is another's");
    // Who may not read any more does not read what he was told before.
    let expired = venue.private(ALICE, "GET", "/v2/wallet").with("X-BM-TIMESTAMP", "1");
    assert_ne!(venue.send(expired).status, 200);
    venue.controls.clear_faults();
    assert_eq!(wallet().told(), held.told());
}

#[test]
fn a_skewed_clock_is_told_and_checked() {
    let venue = Venue::new();
    let ahead = 3_600_000;
    break_by(&venue, r#"{"name":"a","fault":{"kind":"clock-skew","ms":3600000}}"#);
    let told = format!(r#"{{"server_time":{}}}"#, NOW + ahead);
    assert_eq!(venue.get("/v2/time").told(), (200, told.as_str()));
    let wallet = |time: u64| {
        let call = venue.private(ALICE, "GET", "/v2/wallet");
        // Its token is of the same hour as the clock.
        let id = venue.exchange.view(|state| state.engine().key_by_text(ALICE.text).unwrap().id);
        let expires = openmart_model::Timestamp(NOW + ahead + 900_000);
        let token = venue.vault.issue(id, expires);
        venue.send(
            call.with("X-BM-TIMESTAMP", time.to_string())
                .with("X-BM-AUTHORIZATION", format!("Bearer {token}")),
        )
    };
    let refused = wallet(NOW);
    assert_ne!(refused.status, 200, "{}", refused.text());
    assert_eq!(wallet(NOW + ahead).status, 200);
    venue.controls.clear_faults();
    assert_eq!(wallet(NOW).status, 200);
}

#[test]
fn latency_comes_before_or_after_execution() {
    let venue = Venue::new();
    let mut updates = venue.exchange.subscribe(16);
    break_by(
        &venue,
        r#"{"name":"after","method":"POST","nth":1,
            "fault":{"kind":"latency","point":"after","delay":{"distribution":"fixed","ms":600000}}},
           {"name":"before","method":"POST","nth":2,
            "fault":{"kind":"latency","delay":{"distribution":"fixed","ms":600000}}},
           {"name":"short","method":"POST","nth":3,
            "fault":{"kind":"latency","delay":{"distribution":"pareto","min_ms":1,"shape":3.0}}}"#,
    );
    let order = venue.order(ALICE, "sell", "10", "2.5").bytes();
    let (mut after, mut before) = (connect(venue.address), connect(venue.address));
    after.write_all(&order).unwrap();
    // It is carried out, and its answer does not come.
    updates.next_blocking().unwrap();
    after.set_nonblocking(true).unwrap();
    assert!(after.read(&mut [0]).is_err());
    before.write_all(&order).unwrap();
    while struck(&venue) != [1, 1, 0] {
        std::thread::yield_now();
    }
    // What comes later and is carried out has the next id.
    assert_eq!(venue.placed(ALICE, "sell", "10", "2.5"), 2);
    assert_eq!(struck(&venue), [1, 1, 1]);
}

#[test]
fn the_same_seed_strikes_the_same_requests_whatever_others_do() {
    let statuses = |seed: u64, bob_in_between: bool| -> Vec<u16> {
        let venue = Venue::new();
        let rules = format!(
            r#"{{"seed":{seed},"rules":[{{"name":"half","path":"/v2/wallet","probability":0.5,
                "fault":{{"kind":"answer","status":503}}}}]}}"#
        );
        venue.controls.replace_faults(&serde_json::from_str(&rules).unwrap()).unwrap();
        let ask = |key| venue.send(venue.private(key, "GET", "/v2/wallet")).status;
        let one = |_| {
            if bob_in_between {
                ask(BOB);
            }
            ask(ALICE)
        };
        (0..32).map(one).collect()
    };
    let first = statuses(1, false);
    assert_eq!(first, statuses(1, true));
    assert_ne!(first, statuses(2, false));
    assert!(first.contains(&200) && first.contains(&503));
}

#[test]
fn touched_answers_say_so_only_if_asked_for() {
    let venue = Venue::new();
    let rules = r#"{"fault_header":true,"rules":[
        {"name":"slow","nth":1,"fault":{"kind":"latency","delay":{"distribution":"fixed","ms":0}}},
        {"name":"down","nth":2,"fault":{"kind":"answer","status":503}}]}"#;
    venue.controls.replace_faults(&serde_json::from_str(rules).unwrap()).unwrap();
    let named = |reply: Reply| reply.header("x-openmart-fault").map(str::to_owned);
    assert_eq!(named(venue.get("/v2/ping")).as_deref(), Some("slow"));
    assert_eq!(named(venue.get("/v2/ping")).as_deref(), Some("down"));
    assert_eq!(named(venue.get("/v2/ping")), None);
}
