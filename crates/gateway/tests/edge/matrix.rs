//! Every private route against everything that can be wrong with a request to it, generated.

use std::sync::Arc;

use openmart_journal::{CrashPolicy, MemoryStorage};
use openmart_model::Timestamp;

use crate::http::Call;
use crate::venue::{
    ALICE, BOB, CANCELER, ELSEWHERE, HERE, Key, NOW, READER, REVOKED, Setup, TRADER, Venue, form,
    message, sign, token_call,
};

/// A route that needs a token, and what a good request to it is.
struct Private {
    method: &'static str,
    target: String,
    /// The message that must be signed, if any.
    signed: Option<String>,
    body: String,
    /// The one of alice's lesser keys that may do it.
    may: Key,
}

/// All of them, for a venue in which alice has one open order.
fn routes(open: u64) -> Vec<Private> {
    let read = |target: String| Private {
        method: "GET",
        target,
        signed: None,
        body: String::new(),
        may: READER,
    };
    vec![
        read("/v2/wallet".into()),
        read("/v2/orders?symbol=ACX_USDT&status=0".into()),
        read(format!("/v2/orders/{open}")),
        read("/v2/trades?symbol=ACX_USDT".into()),
        Private {
            method: "POST",
            target: "/v2/orders".into(),
            signed: Some("amount=10&price=2.5&side=sell&symbol=ACX_USDT".into()),
            body: r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":2.5}"#.into(),
            may: TRADER,
        },
        Private {
            method: "DELETE",
            target: format!("/v2/orders/{open}"),
            signed: Some(format!("entrust_id={open}")),
            body: String::new(),
            may: CANCELER,
        },
        Private {
            method: "DELETE",
            target: "/v2/orders?symbol=ACX_USDT&side=sell".into(),
            signed: Some("side=sell&symbol=ACX_USDT".into()),
            body: String::new(),
            may: CANCELER,
        },
    ]
}

impl Private {
    fn good(&self, venue: &Venue, key: Key) -> Call {
        let call = venue.private(key, self.method, &self.target).body(self.body.clone());
        match &self.signed {
            Some(message) => call.with("X-BM-SIGNATURE", sign(key, message)),
            None => call,
        }
    }
}

type Fault = (String, Call, u16, &'static str);

fn faults(venue: &Venue, route: &Private) -> Vec<Fault> {
    let good = || route.good(venue, ALICE);
    let mut faults: Vec<Fault> = Vec::new();
    let mut add = |name: &str, call: Call, status, text| {
        faults.push((format!("{} {} {name}", route.method, route.target), call, status, text));
    };
    let token = venue.token(ALICE);
    let unauthorized = (401, "Unauthorized");
    for (name, value) in [
        ("empty token", "Bearer ".to_owned()),
        ("no scheme", token.clone()),
        ("wrong scheme", format!("Basic {token}")),
        ("made up token", format!("Bearer {}", "a".repeat(token.len()))),
        ("short token", format!("Bearer {}", &token[2..])),
        ("long token", format!("Bearer {token}0")),
        ("blank in token", format!("Bearer {} {}", &token[..9], &token[9..])),
        ("comma token", format!("Bearer {token}, Bearer {token}")),
        ("foreign vault", {
            let other = openmart_gateway::Vault::from_key([43; 32]);
            let id = venue.exchange.view(|s| s.engine().key_by_text(ALICE.text).unwrap().id);
            format!("Bearer {}", other.issue(id, Timestamp(NOW + 900_000)))
        }),
        ("token of no key", {
            let none = openmart_model::KeyId(9_999);
            format!("Bearer {}", venue.vault.issue(none, Timestamp(NOW + 900_000)))
        }),
        ("expired token", {
            let id = venue.exchange.view(|s| s.engine().key_by_text(ALICE.text).unwrap().id);
            format!("Bearer {}", venue.vault.issue(id, Timestamp(NOW)))
        }),
    ] {
        add(name, good().with("x-bm-authorization", value), unauthorized.0, unauthorized.1);
    }
    add("no token", good().without("x-bm-authorization"), 401, "Unauthorized");
    let twice = good().also("x-bm-authorization", format!("Bearer {token}"));
    add("token twice", twice, 401, "Unauthorized");
    add("revoked key", route.good(venue, REVOKED), 401, "Unauthorized");

    let clock = "Invalid X-BM-TIMESTAMP";
    let long = "1".repeat(400);
    for value in [
        "",
        "now",
        "-1",
        "+1600000000000",
        "1600000000000.0",
        "1.6e12",
        "0x5",
        "16000000 00000",
        &long,
    ] {
        let call = good().with("x-bm-timestamp", value);
        add(&format!("timestamp {value:?}"), call, 400, clock);
    }
    for skew in [-60_001, 60_001, -3_600_000, i64::MAX - NOW as i64] {
        let call = good().with("x-bm-timestamp", (NOW as i64 + skew).to_string());
        add(&format!("clock {skew} off"), call, 400, clock);
    }
    add("no timestamp", good().without("x-bm-timestamp"), 400, clock);
    add("timestamp twice", good().also("x-bm-timestamp", NOW.to_string()), 400, clock);

    for key in [READER, TRADER, CANCELER] {
        if key.text != route.may.text {
            add(&format!("scope of {}", key.memo), route.good(venue, key), 403, "Forbidden");
        }
    }
    add("wrong address", route.good(venue, ELSEWHERE), 403, "Forbidden");
    if let Some(signed) = &route.signed {
        let bad = "Invalid X-BM-SIGNATURE";
        for (name, value) in [
            ("empty", String::new()),
            ("short", "ab".repeat(31)),
            ("long", "ab".repeat(33)),
            ("not hex", "zz".repeat(32)),
            ("zero", "00".repeat(32)),
            ("other secret", sign(BOB, signed)),
            ("other message", sign(ALICE, &format!("{signed}0"))),
            ("no message", sign(ALICE, "")),
        ] {
            let call = good().with("x-bm-signature", value);
            add(&format!("signature {name}"), call, 400, bad);
        }
        let again = good().also("x-bm-signature", sign(ALICE, signed));
        add("signature twice", again, 400, bad);
        // Of these routes only cancel-all may go without.
        if !signed.starts_with("side=") {
            add("no signature", good().without("x-bm-signature"), 400, bad);
        }
    }
    for method in ["PUT", "PATCH", "TRACE", "get"] {
        add(&format!("as {method}"), good().method(method), 405, "Method not allowed");
    }
    faults
}

#[test]
fn everything_wrong_is_refused_and_changes_nothing() {
    let venue = Venue::new();
    let open = venue.placed(ALICE, "sell", "10", "2.5012");
    venue.revoke(REVOKED);
    let before = venue.trace();
    let mut tried = 0;
    for route in routes(open) {
        for (name, call, status, text) in faults(&venue, &route) {
            let reply = venue.send(call);
            assert_eq!(reply.told(), (status, message(text).as_str()), "{name}");
            assert_eq!(reply.sequence(), None, "{name}");
            assert_eq!(venue.trace(), before, "{name}");
            tried += 1;
        }
    }
    assert!(tried > 230, "{tried}");
}

#[test]
fn the_same_requests_without_a_fault_are_answered() {
    for place in 0..routes(0).len() {
        for lesser in [false, true] {
            let venue = Venue::new();
            let open = venue.placed(ALICE, "sell", "10", "2.5012");
            let route = &routes(open)[place];
            let keys = if lesser { [route.may, HERE] } else { [ALICE, ALICE] };
            for (at, key) in keys.into_iter().enumerate() {
                for skew in [-60_000, 60_000] {
                    let time = (NOW as i64 + skew).to_string();
                    let reply = venue.send(route.good(&venue, key).with("x-bm-timestamp", time));
                    // The second cancel comes too late, but it is heard.
                    let late = route.target == format!("/v2/orders/{open}")
                        && route.method == "DELETE"
                        && (at, skew) != (0, -60_000);
                    let expected = if late { 404 } else { 200 };
                    assert_eq!(reply.status, expected, "{} {}", route.method, route.target);
                }
            }
        }
    }
}

#[test]
fn orders_of_others_look_like_none() {
    let venue = Venue::new();
    let open = venue.placed(ALICE, "sell", "10", "2.5012");
    let absent = open + 1;
    let shown = |id| venue.send(venue.private(BOB, "GET", &format!("/v2/orders/{id}")));
    assert_eq!(shown(open).told(), shown(absent).told());
    assert_eq!(shown(open).told(), (404, message("Not found").as_str()));
    let (digest, _) = venue.trace();
    let (foreign, none) =
        (venue.send(venue.cancel(BOB, open)), venue.send(venue.cancel(BOB, absent)));
    assert_eq!((foreign.told(), none.told()), (none.told(), foreign.told()));
    assert_eq!(foreign.header("x-openmart-reason"), none.header("x-openmart-reason"));
    assert_eq!(venue.trace().0, digest);
}

#[test]
fn a_revoked_key_ends_in_the_middle_of_its_tokens_life() {
    let venue = Venue::new();
    let wallet = venue.private(REVOKED, "GET", "/v2/wallet");
    let order = venue.order(REVOKED, "sell", "10", "2.5012");
    assert_eq!(venue.send(wallet.clone()).status, 200);
    assert_eq!(venue.send(order.clone()).status, 200);
    venue.revoke(REVOKED);
    assert_eq!(venue.send(wallet).told(), (401, message("Unauthorized").as_str()));
    assert_eq!(venue.send(order).told(), (401, message("Unauthorized").as_str()));
}

#[test]
fn a_revoked_key_stays_revoked_after_a_power_cut_and_other_tokens_stay_good() {
    let storage = MemoryStorage::new();
    let on = |storage: &MemoryStorage| {
        Venue::with(Setup { storage: Arc::new(storage.clone()), ..Setup::default() })
    };
    let venue = on(&storage);
    let wallets = [REVOKED, ALICE].map(|key| venue.private(key, "GET", "/v2/wallet"));
    let order = venue.order(REVOKED, "sell", "10", "2.5012");
    let statuses = |venue: &Venue| wallets.clone().map(|wallet| venue.send(wallet).status);
    assert_eq!(statuses(&venue), [200, 200]);
    let before = on(&storage.crash_image(CrashPolicy::Drop));
    assert_eq!(statuses(&before), [200, 200], "not revoked yet");
    venue.revoke(REVOKED);
    let cut = storage.crash_image(CrashPolicy::Drop);
    let after = on(&cut);
    assert_eq!(statuses(&after), [401, 200]);
    assert_eq!(after.send(order).told(), (401, message("Unauthorized").as_str()));
    assert_eq!(after.send(token_call(&form(REVOKED))).status, 401);
    // From a snapshot as well.
    after.exchange.snapshot().wait().unwrap();
    assert_eq!(statuses(&on(&cut.crash_image(CrashPolicy::Drop))), [401, 200]);
}

#[test]
fn public_routes_ask_for_nothing_and_take_one_method() {
    let venue = Venue::new();
    for target in [
        "/v2/ping",
        "/v2/time",
        "/v2/steps",
        "/v2/currencies",
        "/v2/symbols",
        "/v2/symbols_details",
        "/v2/symbols/ACX_USDT",
        "/v2/ticker",
        "/v2/symbols/ACX_USDT/orders",
        "/v2/symbols/ACX_USDT/trades",
        "/v2/symbols/ACX_USDT/kline?from=0&to=0",
    ] {
        let odd = Call::new("GET", target)
            .with("X-BM-AUTHORIZATION", "Bearer nonsense")
            .with("X-BM-TIMESTAMP", "never")
            .with("Content-Type", "application/json")
            .body(r#"{"symbol":1}"#);
        assert_eq!(venue.send(odd.clone()).status, 200, "{target}");
        for method in ["POST", "PUT", "DELETE"] {
            let reply = venue.send(odd.clone().method(method));
            assert_eq!(reply.told(), (405, message("Method not allowed").as_str()), "{target}");
        }
    }
    for target in ["/", "/v2", "/v2/", "/v3/ping", "/v2/ping/x", "/v2//ping", "/v2/ping//"] {
        assert_eq!(venue.get(target).told(), (404, message("Not found").as_str()), "{target}");
    }
}
