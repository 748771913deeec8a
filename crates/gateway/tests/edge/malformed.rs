//! Bodies, paths, queries and token requests that are not what they must be: each gets its 4xx, and
//! the state stays as it was.

use crate::http::{Call, exchange_bytes};
use crate::venue::{ALICE, BOB, NOW, Venue, client_secret, form, message, sign, token_call};

/// Sends each call and compares; nothing may have changed afterwards.
fn all_refused(venue: &Venue, calls: impl IntoIterator<Item = (Call, u16, String)>) {
    let before = venue.trace();
    for (call, status, text) in calls {
        let shown = format!("{call:?}");
        assert_eq!(venue.send(call).told(), (status, message(&text).as_str()), "{shown}");
        assert_eq!(venue.trace(), before, "{shown}");
    }
}

#[test]
fn bodies_of_orders() {
    let venue = Venue::new();
    let good = r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":2.5}"#;
    let order = |body: &str| {
        let signed = "amount=10&price=2.5&side=sell&symbol=ACX_USDT";
        venue.signed(ALICE, "POST", "/v2/orders", signed).body(body)
    };
    let cases = [
        ("", "Invalid request"),
        (" ", "Invalid request"),
        ("null", "Invalid request"),
        ("[]", "Invalid request"),
        ("\"text\"", "Invalid request"),
        ("{", "Invalid request"),
        ("{}{}", "Invalid request"),
        (&good[..good.len() - 1], "Invalid request"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":null}"#, "Invalid request"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":[10],"price":1}"#, "Invalid request"),
        (
            r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"amount":10,"price":1}"#,
            "Invalid request",
        ),
        (
            r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":1,"x":1,"x":1}"#,
            "Invalid request",
        ),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":1,"x":{}}"#, "Invalid request"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":01,"price":1}"#, "Invalid request"),
        ("symbol=ACX_USDT&side=sell&amount=10&price=2.5", "Invalid request"),
        ("{}", "Required String parameter 'symbol' is not present"),
        (r#"{"symbol":"ACX_USDT"}"#, "Required String parameter 'side' is not present"),
        (
            r#"{"symbol":"ACX_USDT","side":"buy"}"#,
            "Required String parameter 'amount' is not present",
        ),
        (
            r#"{"symbol":"ACX_USDT","side":"buy","amount":1}"#,
            "Required String parameter 'price' is not present",
        ),
        (r#"{"symbol":1,"side":"sell","amount":10,"price":1}"#, "Invalid symbol"),
        (r#"{"symbol":"A&B","side":"sell","amount":10,"price":1}"#, "Invalid symbol"),
        (r#"{"symbol":"","side":"sell","amount":10,"price":1}"#, "Invalid symbol"),
        (r#"{"symbol":"ACX_USDT","side":"hold","amount":10,"price":1}"#, "Invalid side"),
        (r#"{"symbol":"ACX_USDT","side":0,"amount":10,"price":1}"#, "Invalid side"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":-10,"price":1}"#, "Invalid amount"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":"+10","price":1}"#, "Invalid amount"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":"1 0","price":1}"#, "Invalid amount"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":"NaN","price":1}"#, "Invalid amount"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":"","price":1}"#, "Invalid amount"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":true,"price":1}"#, "Invalid amount"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":"1,5"}"#, "Invalid price"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":1e999}"#, "Invalid price"),
        (r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":"0x10"}"#, "Invalid price"),
        (
            r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":1,"client_order_id":"a b"}"#,
            "Invalid client_order_id",
        ),
        (
            r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":1,"client_order_id":""}"#,
            "Invalid client_order_id",
        ),
    ];
    all_refused(&venue, cases.map(|(body, text)| (order(body), 400, text.to_owned())));
    let bytes = [&good.as_bytes()[..12], b"\xff\xfe"].concat();
    let long = format!("{}{}", good, " ".repeat(5_000));
    all_refused(
        &venue,
        [
            (order("").body(bytes), 400, "Invalid request".to_owned()),
            (order(&long), 400, "Invalid request".to_owned()),
        ],
    );
    assert_eq!(venue.send(order(good)).told(), (200, r#"{"entrust_id":1}"#));
}

#[test]
fn numbers_off_the_grid_and_out_of_range() {
    let venue = Venue::new();
    venue.placed(BOB, "buy", "10", "2.4");
    let before = venue.trace().0;
    let placed =
        |side: &str, amount: &str, price: &str| venue.send(venue.order(ALICE, side, amount, price));
    for (side, amount, price, text) in [
        ("sell", "10.001", "2.5", "Invalid amount"),
        ("sell", "1e-3", "2.5", "Invalid amount"),
        ("sell", "0", "2.5", "Invalid amount"),
        ("sell", "10", "2.50001", "Invalid price"),
        ("sell", "10", "0", "Invalid price"),
        ("sell", "10", "0.0000", "Invalid price"),
        ("sell", "10", "1e30", "Invalid price"),
        ("sell", "0.09", "2.5", "Minimum amount is 0.1000000000"),
        ("sell", "5000000.01", "2.5", "Maximum amount is 5000000.0000000000"),
        ("sell", "1e25", "2.5", "Maximum amount is 5000000.0000000000"),
        ("sell", "1e30", "2.5", "Maximum amount is 5000000.0000000000"),
        ("buy", "2", "2.4999", "Minimum buy amount is 5.0000000000"),
        ("sell", "2", "2.9999", "Minimum sell amount is 6.0000000000"),
        ("buy", "10", "12.0001", "Maximum price is 12.0000"),
        ("buy", "4500", "12", "Place order error"),
        ("sell", "1000.01", "2.5", "Place order error"),
    ] {
        let reply = placed(side, amount, price);
        assert_eq!(reply.told(), (400, message(text).as_str()), "{side} {amount} at {price}");
        assert_eq!(venue.trace().0, before, "{side} {amount} at {price}");
    }
    assert_eq!(placed("buy", "10.0000000000", "1.2e1").status, 200);
}

#[test]
fn order_ids_in_the_path() {
    let venue = Venue::new();
    let open = venue.placed(ALICE, "sell", "10", "2.5012");
    let huge = "9".repeat(21);
    let mut calls = Vec::new();
    for id in ["x", "-1", "+1", "1.0", "1e0", "0x1", "%31", "1%20", "18446744073709551616", &huge] {
        let target = format!("/v2/orders/{id}");
        let signed = format!("entrust_id={id}");
        calls.push((
            venue.signed(ALICE, "DELETE", &target, &signed),
            400,
            "Invalid entrust_id".to_owned(),
        ));
        let shown = venue.private(ALICE, "GET", &target);
        calls.push((shown, 400, "Invalid entrust_id".to_owned()));
    }
    for body in [
        r#"{"entrust_id":2}"#.to_owned(),
        r#"{"entrust_id":"x"}"#.to_owned(),
        format!(r#"{{"entrust_id":{open},"entrust_id":2}}"#),
    ] {
        let call = venue.cancel(ALICE, open).body(body);
        calls.push((call, 400, "Invalid entrust_id".to_owned()));
    }
    let long = venue.cancel(ALICE, open).body(" ".repeat(4_097));
    calls.push((long, 400, "Invalid request".to_owned()));
    let shown = venue.private(ALICE, "GET", "/v2/orders/18446744073709551615");
    calls.push((shown, 404, "Not found".to_owned()));
    all_refused(&venue, calls);
}

#[test]
fn queries() {
    let venue = Venue::new();
    let missing =
        |kind: &str, name: &str| format!("Required {kind} parameter '{name}' is not present");
    let long = format!("x={}", "y".repeat(4_100));
    let private = [
        ("GET", "/v2/orders", String::new(), missing("String", "symbol")),
        ("GET", "/v2/orders", "symbol=&status=0".into(), missing("String", "symbol")),
        ("GET", "/v2/orders", "symbol=ACX_USDT".into(), missing("Integer", "status")),
        ("GET", "/v2/orders", "symbol=NO_NE&status=0".into(), "Unknown symbol".into()),
        ("GET", "/v2/orders", "symbol=acx_usdt&status=0".into(), "Unknown symbol".into()),
        ("GET", "/v2/orders", "symbol=ACX_USDT&status=x".into(), "Invalid status".into()),
        (
            "GET",
            "/v2/orders",
            "symbol=ACX_USDT&status=7".into(),
            "Invalid status. status must be in the range [0, 6]".into(),
        ),
        (
            "GET",
            "/v2/orders",
            "symbol=ACX_USDT&status=0&limit=0".into(),
            "Invalid limit. limit must be in the range (0, 1000]".into(),
        ),
        (
            "GET",
            "/v2/trades",
            "symbol=ACX_USDT&limit=1001".into(),
            "Invalid limit. limit must be in the range (0, 1000]".into(),
        ),
        ("GET", "/v2/trades", "symbol=ACX_USDT&limit=None".into(), "Invalid limit".into()),
        ("GET", "/v2/trades", "symbol=ACX_USDT&offset=-1".into(), "Invalid offset".into()),
        ("GET", "/v2/trades", "symbol=ACX_USDT&entrust_id=x".into(), "Invalid entrust_id".into()),
        ("GET", "/v2/trades", String::new(), missing("String", "symbol")),
        ("GET", "/v2/trades", "symbol=ACX_USDT&symbol=ETH_ACX".into(), "Invalid symbol".into()),
        ("GET", "/v2/trades", long.clone(), "Invalid request".into()),
        ("DELETE", "/v2/orders", "side=sell".into(), missing("String", "symbol")),
        ("DELETE", "/v2/orders", "symbol=ACX_USDT".into(), missing("String", "side")),
        ("DELETE", "/v2/orders", "symbol=ACX_USDT&side=both".into(), "Invalid side".into()),
        ("DELETE", "/v2/orders", "symbol=NO_NE&side=sell".into(), "Unknown symbol".into()),
        ("DELETE", "/v2/orders", "symbol=A%26B&side=sell".into(), "Unknown symbol".into()),
    ];
    let calls = private.map(|(method, path, query, text)| {
        (venue.private(ALICE, method, &format!("{path}?{query}")), 400, text)
    });
    all_refused(&venue, calls);
    let range = "Invalid precision. precision must be in the range [2, 4]";
    let public = [
        ("/v2/ticker?symbol=NO_NE".to_owned(), "Unknown symbol"),
        ("/v2/ticker?symbol=%FF".to_owned(), "Unknown symbol"),
        (format!("/v2/ticker?{long}"), "Invalid request"),
        ("/v2/symbols/NO_NE".to_owned(), "Unknown symbol"),
        ("/v2/symbols/NO_NE/orders".to_owned(), "Unknown symbol"),
        ("/v2/symbols/NO_NE/trades".to_owned(), "Unknown symbol"),
        ("/v2/symbols/%FF/trades".to_owned(), "Unknown symbol"),
        ("/v2/symbols/ACX_USDT/orders?precision=1".to_owned(), range),
        ("/v2/symbols/ACX_USDT/orders?precision=5".to_owned(), range),
        ("/v2/symbols/ACX_USDT/orders?precision=99999999999999999999".to_owned(), range),
        ("/v2/symbols/ACX_USDT/orders?precision=two".to_owned(), "Invalid precision"),
    ];
    all_refused(
        &venue,
        public.map(|(target, text)| (Call::new("GET", target), 400, text.to_owned())),
    );
}

#[test]
fn token_requests() {
    let venue = Venue::new();
    let good = form(ALICE);
    let proof = client_secret(ALICE, None);
    let with = |id: &str, secret: &str| {
        token_call(&format!("grant_type=client_credentials&client_id={id}&client_secret={secret}"))
    };
    let stale = (NOW - 60_001).to_string();
    let bad = "Invalid request".to_owned();
    let calls = [
        (token_call(""), 400, bad.clone()),
        (token_call("grant_type=client_credentials"), 400, bad.clone()),
        (token_call(&good.replace("client_credentials", "password")), 400, bad.clone()),
        (token_call(&format!("{good}&client_id={}", ALICE.text)), 400, bad.clone()),
        (token_call(&format!("{good}&timestamp=soon")), 400, bad.clone()),
        (token_call(&format!("{good}&x={}", "y".repeat(4_096))), 400, bad.clone()),
        (token_call(&good).with("Content-Type", "application/json"), 400, bad.clone()),
        (
            token_call(r#"{"grant_type":"client_credentials"}"#)
                .with("Content-Type", "application/json"),
            400,
            bad.clone(),
        ),
        (with("unknown", &proof), 401, bad.clone()),
        (with(BOB.text, &proof), 401, bad.clone()),
        (with(ALICE.text, ALICE.secret), 401, bad.clone()),
        (with(ALICE.text, &sign(ALICE, "entrust_id=1")), 401, bad.clone()),
        (with(ALICE.text, &proof[1..]), 401, bad.clone()),
        (token_call(&format!("{good}&timestamp={NOW}")), 401, bad.clone()),
        (token_call(&format!("{good}&timestamp={stale}")), 400, "Invalid timestamp".to_owned()),
        (token_call(&form(crate::venue::ELSEWHERE)), 403, "Forbidden".to_owned()),
    ];
    all_refused(&venue, calls);
    venue.revoke(crate::venue::REVOKED);
    all_refused(&venue, [(token_call(&form(crate::venue::REVOKED)), 401, bad)]);
    assert_eq!(venue.send(token_call(&good)).status, 200);
}

/// What is not HTTP, or more of it than allowed, is answered by the server below the router: with a
/// status, and without a body.
#[test]
fn requests_that_are_not_http() {
    let venue = Venue::new();
    let before = venue.trace();
    let many: String = (0..70).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = "y".repeat(20_000);
    for (bytes, status) in [
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("GET /v2/ping HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), 400),
        ("GET /v2/ping HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n".to_owned(), 400),
        (format!("GET /v2/ping HTTP/1.1\r\nhost: a\r\n{many}\r\n"), 431),
        (format!("GET /v2/ping HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"), 431),
        (format!("GET /v2/ping?{long} HTTP/1.1\r\nhost: a\r\n\r\n"), 431),
    ] {
        let reply = exchange_bytes(venue.address, bytes.as_bytes());
        assert_eq!(reply.told(), (status, ""), "{}", &bytes[..40.min(bytes.len())]);
        assert_eq!(venue.trace(), before);
    }
}
