//! When several things are wrong with an order, which one is told: the faults of one request are
//! mended one after the other, and each time the next one shows.

use crate::http::Call;
use crate::venue::{ALICE, CANCELER, NOW, Venue, message, sign};

#[test]
fn faults_of_an_order_show_in_their_documented_order() {
    let venue = Venue::new();
    venue.placed(ALICE, "buy", "10", "2.4");
    let body = |symbol: &str, amount: &str, price: &str| {
        format!(r#"{{"symbol":"{symbol}","side":"buy","amount":{amount},"price":{price}}}"#)
    };
    let signature = |symbol: &str, amount: &str, price: &str| {
        sign(ALICE, &format!("amount={amount}&price={price}&side=buy&symbol={symbol}"))
    };
    let token = |key| format!("Bearer {}", venue.token(key));
    let call = Call::new("POST", "/v2/orders")
        .with("X-BM-TIMESTAMP", "0")
        .with("X-BM-SIGNATURE", "no")
        .body("{");
    let shows = |call: &Call, status: u16, text: &str| {
        assert_eq!(venue.send(call.clone()).told(), (status, message(text).as_str()));
    };
    shows(&call, 401, "Unauthorized");
    let call = call.with("X-BM-AUTHORIZATION", token(CANCELER));
    shows(&call, 400, "Invalid X-BM-TIMESTAMP");
    let call = call.with("X-BM-TIMESTAMP", NOW.to_string());
    shows(&call, 403, "Forbidden");
    let call = call.with("X-BM-AUTHORIZATION", token(ALICE));
    shows(&call, 400, "Invalid request");
    let call = call.body(body("NO_NE", "0.001", "1e9"));
    shows(&call, 400, "Invalid X-BM-SIGNATURE");

    // From here on every request is signed; symbol, amount, price, notional, band, balance.
    for (symbol, amount, price, text) in [
        ("NO_NE", "0.001", "1e-5", "Unknown symbol"),
        ("ACX_USDT", "0.001", "1e-5", "Invalid amount"),
        ("ACX_USDT", "0.01", "1e-5", "Invalid price"),
        ("ACX_USDT", "0.01", "13", "Minimum amount is 0.1000000000"),
        ("ACX_USDT", "0.1", "13", "Minimum buy amount is 5.0000000000"),
        ("ACX_USDT", "4000", "13", "Maximum price is 12.0000"),
        ("ACX_USDT", "4000", "12", "Place order error"),
    ] {
        let call = call
            .clone()
            .body(body(symbol, amount, price))
            .with("X-BM-SIGNATURE", signature(symbol, amount, price));
        shows(&call, 400, text);
    }
    let call = call
        .body(body("ACX_USDT", "100", "12"))
        .with("X-BM-SIGNATURE", signature("ACX_USDT", "100", "12"));
    assert_eq!(venue.send(call).status, 200);
}
