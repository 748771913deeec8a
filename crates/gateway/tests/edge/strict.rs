//! What strict mode asks for beyond the historic API.

use crate::venue::{ALICE, NOW, Venue, client_secret, form, message, sign, token_call};

#[test]
fn an_order_needs_a_client_order_id_that_its_signature_covers() {
    let venue = Venue::strict();
    let before = venue.trace();
    let refused = venue.send(venue.order(ALICE, "sell", "10", "2.5"));
    let text = message("Required String parameter 'client_order_id' is not present");
    assert_eq!(refused.told(), (400, text.as_str()));

    let body = concat!(
        r#"{"symbol":"ACX_USDT","side":"sell","amount":10,"price":2.5,"#,
        r#""client_order_id":"mine"}"#,
    );
    let uncovered = "amount=10&price=2.5&side=sell&symbol=ACX_USDT";
    let call = venue.signed(ALICE, "POST", "/v2/orders", uncovered).body(body);
    let text = message("Invalid X-BM-SIGNATURE");
    assert_eq!(venue.send(call.clone()).told(), (400, text.as_str()));
    assert_eq!(venue.trace(), before);

    let covered = "amount=10&client_order_id=mine&price=2.5&side=sell&symbol=ACX_USDT";
    let call = call.with("X-BM-SIGNATURE", sign(ALICE, covered));
    assert_eq!(venue.send(call.clone()).told(), (200, r#"{"entrust_id":1}"#));
    let (digest, _) = venue.trace();
    assert_eq!(venue.send(call).told(), (200, r#"{"entrust_id":1}"#));
    assert_eq!(venue.trace().0, digest, "a replay changes nothing");
    assert_eq!(venue.send(venue.cancel(ALICE, 1)).told(), (200, "{}"));
}

#[test]
fn a_token_request_needs_a_fresh_timestamp_that_its_proof_covers() {
    let venue = Venue::strict();
    let with = |covered: Option<&str>, sent: &str| {
        let proof = client_secret(ALICE, covered);
        venue.send(token_call(&format!(
            "grant_type=client_credentials&client_id={}&client_secret={proof}&timestamp={sent}",
            ALICE.text
        )))
    };
    let at = |time: u64| with(Some(&time.to_string()), &time.to_string());
    let missing = message("Required Long parameter 'timestamp' is not present");
    assert_eq!(venue.send(token_call(&form(ALICE))).told(), (400, missing.as_str()));
    let stale = message("Invalid timestamp");
    assert_eq!(at(NOW - 60_001).told(), (400, stale.as_str()));
    assert_eq!(at(NOW + 60_001).told(), (400, stale.as_str()));
    let wrong = message("Invalid request");
    assert_eq!(with(None, &NOW.to_string()).told(), (401, wrong.as_str()));
    let other = (NOW - 1).to_string();
    assert_eq!(with(Some(&other), &NOW.to_string()).told(), (401, wrong.as_str()));
    assert_eq!(at(NOW - 60_000).status, 200);
    assert_eq!(at(NOW).status, 200);
}
