//! The operator's API: who may use it, and what it says.

use std::net::SocketAddr;

use openmart_gateway::{Admin, AdminToken, Operations};
use openmart_wire::admin::faults::FaultList;
use openmart_wire::admin::races::{Race, RaceKind, RaceList};

use crate::http::{Call, Reply};
use crate::venue::{ALICE, Venue};

const RULE: &str = r#"{"name":"a","path":"/v2/ping","fault":{"kind":"answer","status":503}}"#;

struct Operator {
    venue: Venue,
    address: SocketAddr,
    token: String,
}

impl Operator {
    fn new() -> Self {
        let venue = Venue::new();
        let folder = tempfile::tempdir().unwrap();
        let token = AdminToken::open_or_create(&folder.path().join("admin.token")).unwrap();
        let text = token.reveal().to_owned();
        let local = "127.0.0.1:0".parse().unwrap();
        let operations = Operations::bind(venue.exchange.clone(), local);
        let operations = venue.runtime.block_on(operations).unwrap();
        let operations = operations.with_admin(Admin::new(token, venue.controls.clone()));
        let address = operations.local_addr();
        venue.runtime.spawn(operations.run(std::future::pending()));
        Self { venue, address, token: text }
    }

    fn send(&self, method: &'static str, target: &str, body: &str) -> Reply {
        let call = Call::new(method, target).body(body);
        call.with("Authorization", format!("Bearer {}", self.token)).send(self.address)
    }
}

fn parsed<T: serde::de::DeserializeOwned>(reply: &Reply) -> T {
    assert_eq!(reply.status, 200, "{}", reply.text());
    serde_json::from_str(reply.text()).unwrap()
}

#[test]
fn nothing_is_told_or_done_without_the_token() {
    let operator = Operator::new();
    let wrong = "0".repeat(64);
    for (method, target) in [
        ("GET", "/admin/faults"),
        ("POST", "/admin/faults"),
        ("PUT", "/admin/faults"),
        ("DELETE", "/admin/faults"),
        ("DELETE", "/admin/faults/a"),
        ("GET", "/admin/races"),
        ("POST", "/admin/races"),
        ("DELETE", "/admin/races"),
        ("GET", "/admin/time"),
        ("POST", "/admin/time"),
        ("GET", "/admin/state"),
        ("POST", "/admin/state/snapshot"),
        ("POST", "/admin/state/fork"),
        ("DELETE", "/admin/state/fork/1"),
        ("POST", "/admin/state/rewind"),
        ("GET", "/admin/accounts"),
        ("POST", "/admin/accounts"),
        ("GET", "/admin/accounts/alice"),
        ("POST", "/admin/deposits"),
        ("POST", "/admin/withdrawals"),
        ("GET", "/admin/keys"),
        ("POST", "/admin/keys"),
        ("DELETE", "/admin/keys/a"),
        ("GET", "/admin/assets"),
        ("POST", "/admin/assets"),
        ("GET", "/admin/markets"),
        ("POST", "/admin/markets"),
        ("POST", "/admin/markets/halt"),
        ("POST", "/admin/markets/resume"),
        ("GET", "/admin/status"),
        ("POST", "/admin/snapshot"),
    ] {
        let call = Call::new(method, target).body(format!(r#"{{"rules":[{RULE}]}}"#));
        for call in [
            call.clone(),
            call.clone().with("Authorization", format!("Bearer {wrong}")),
            call.clone().with("Authorization", operator.token.clone()),
            call.with("Authorization", "Bearer "),
        ] {
            let reply = call.send(operator.address);
            assert_eq!(reply.status, 401, "{method} {target}");
            assert!(reply.text().starts_with(r#"{"message":"this needs the operator's token"#));
        }
    }
    assert!(operator.venue.controls.faults().rules.is_empty());
    // Health needs none, and the exchange's own listener has nothing of this.
    assert_eq!(Call::new("GET", "/health/live").send(operator.address).status, 200);
    let elsewhere = Call::new("GET", "/admin/faults").send(operator.venue.address);
    assert_eq!(elsewhere.status, 404);
}

#[test]
fn faults_are_added_listed_counted_and_removed() {
    let operator = Operator::new();
    let rules = format!(r#"{{"rules":[{RULE}]}}"#);
    let list: FaultList = parsed(&operator.send("POST", "/admin/faults", &rules));
    assert_eq!((list.seed, list.rules.len()), (0, 1));
    assert_eq!(operator.venue.get("/v2/ping").status, 503);
    let list: FaultList = parsed(&operator.send("GET", "/admin/faults", ""));
    assert_eq!((list.rules[0].seen, list.rules[0].struck), (1, 1));
    let metrics = Call::new("GET", "/metrics").send(operator.address);
    for line in ["openmart_fault_rules 1", "openmart_faults_struck 1", "openmart_races_waiting 0"] {
        assert!(metrics.text().lines().any(|found| found == line), "{line}");
    }
    let taken = operator.send("POST", "/admin/faults", &rules);
    let sentence = "fault rule 1 (\\\"a\\\"): there is a rule of this name already";
    assert_eq!(taken.told(), (400, format!(r#"{{"message":"{sentence}"}}"#).as_str()));
    let other = RULE.replace("\"a\"", "\"b\"");
    let all = format!(r#"{{"seed":9,"fault_header":true,"rules":[{other}]}}"#);
    let list: FaultList = parsed(&operator.send("PUT", "/admin/faults", &all));
    assert_eq!((list.seed, list.fault_header, list.rules[0].seen), (9, true, 0));
    assert_eq!(operator.send("DELETE", "/admin/faults/a", "").status, 404);
    let list: FaultList = parsed(&operator.send("DELETE", "/admin/faults/b", ""));
    assert!(list.rules.is_empty());
    assert_eq!(operator.venue.get("/v2/ping").status, 200);
    parsed::<FaultList>(&operator.send("PUT", "/admin/faults", &all));
    parsed::<FaultList>(&operator.send("DELETE", "/admin/faults", ""));
    assert_eq!(operator.venue.get("/v2/ping").status, 200);
}

#[test]
fn races_are_armed_listed_and_forgotten() {
    let operator = Operator::new();
    let arm = format!(r#"{{"key":"{}","race":"partial-before-cancel"}}"#, ALICE.text);
    let race: Race = parsed(&operator.send("POST", "/admin/races", &arm));
    assert_eq!((race.id, race.race, race.percent), (1, RaceKind::PartialBeforeCancel, 50));
    let list: RaceList = parsed(&operator.send("GET", "/admin/races", ""));
    assert_eq!(list.races, [race]);
    let list: RaceList = parsed(&operator.send("DELETE", "/admin/races", ""));
    assert!(list.races.is_empty());
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let operator = Operator::new();
    for (target, body) in [
        ("/admin/faults", ""),
        ("/admin/faults", "{}"),
        ("/admin/faults", "[1"),
        ("/admin/faults", r#"{"rules":[{"name":"a","fault":{"kind":"explode"}}]}"#),
        ("/admin/faults", r#"{"rules":[],"more":1}"#),
        ("/admin/races", r#"{"key":"x","race":"maybe"}"#),
        ("/admin/races", r#"{"key":"x","race":"fill-before-cancel","percent":300}"#),
    ] {
        let reply = operator.send("POST", target, body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.text().starts_with(r#"{"message":""#), "{}", reply.text());
    }
    let long = " ".repeat(300_000);
    assert_eq!(operator.send("POST", "/admin/faults", &long).status, 413);
    assert_eq!(operator.send("PATCH", "/admin/faults", "").status, 405);
    assert!(operator.venue.controls.faults().rules.is_empty());
    assert!(operator.venue.controls.races().races.is_empty());
}

#[test]
fn time_and_state_of_an_exchange_that_is_kept_are_nobodys_toys() {
    let operator = Operator::new();
    let trace = operator.venue.trace();
    for (method, target, body) in [
        ("GET", "/admin/time", ""),
        ("POST", "/admin/time", r#"{"freeze":true}"#),
        ("GET", "/admin/state", ""),
        ("POST", "/admin/state/snapshot", r#"{"name":"a"}"#),
        ("POST", "/admin/state/fork", "{}"),
        ("DELETE", "/admin/state/fork/1", ""),
        ("POST", "/admin/state/rewind", r#"{"sequence":1}"#),
    ] {
        let reply = operator.send(method, target, body);
        assert_eq!(reply.status, 403, "{method} {target}");
        assert!(reply.text().contains("ephemeral exchanges only"), "{}", reply.text());
    }
    assert_eq!(operator.venue.trace(), trace);
}
