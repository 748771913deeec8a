//! Budgets of requests, by a clock that the test sets.

use openmart_gateway::{Budget, RateLimits};
use openmart_model::Timestamp;

use crate::http::{Call, Reply};
use crate::venue::{ALICE, BOB, NOW, Setup, Venue, form, message, token_call};

fn venue() -> Venue {
    let mut setup = Setup::default();
    setup.gateway.rate_limits = Some(RateLimits {
        token_key: Budget::per_minute(2),
        token_address: Budget::per_minute(5),
        public_address: Budget::per_minute(4),
        private_key: Budget::per_minute(3),
        cancel_key: Budget::per_minute(6),
        stream_interval_ms: 0,
    });
    Venue::with(setup)
}

fn is_limited(reply: &Reply, wait_s: &str) {
    let text = message("Visit too often, please try again later");
    assert_eq!(reply.told(), (429, text.as_str()));
    assert_eq!(reply.header("retry-after"), Some(wait_s));
}

#[test]
fn public_requests_share_the_budget_of_their_address() {
    let venue = venue();
    for target in ["/v2/ping", "/v2/nothing", "/v2/wallet", "/v2/ticker?symbol=NO_NE"] {
        assert_ne!(venue.get(target).status, 429, "{target}");
    }
    for target in ["/v2/ping", "/v2/nothing", "/v2/wallet", "/v2/time"] {
        is_limited(&venue.get(target), "15");
    }
    is_limited(&venue.send(Call::new("OPTIONS", "/v2/orders")), "15");
    let private = venue.private(ALICE, "GET", "/v2/wallet");
    assert_eq!(venue.send(private).status, 200, "a good token has a budget of its own");
    venue.clock.set(Timestamp(NOW + 15_000));
    assert_eq!(venue.get("/v2/ping").status, 200);
    is_limited(&venue.get("/v2/ping"), "15");
}

#[test]
fn private_requests_share_the_budget_of_their_key_and_cancels_have_another() {
    let venue = venue();
    let wallet = |key| venue.send(venue.private(key, "GET", "/v2/wallet"));
    assert_eq!(wallet(ALICE).status, 200);
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    let early = venue.private(ALICE, "GET", "/v2/wallet").with("x-bm-timestamp", "0");
    assert_eq!(venue.send(early).status, 400, "refused requests count as well");
    is_limited(&wallet(ALICE), "20");
    let before = venue.trace();
    is_limited(&venue.send(venue.order(ALICE, "sell", "10", "2.5")), "20");
    assert_eq!(venue.trace(), before);
    assert_eq!(wallet(BOB).status, 200, "keys do not share");
    assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
    for _ in 1..6 {
        assert_eq!(venue.send(venue.cancel(ALICE, id)).status, 404);
    }
    is_limited(&venue.send(venue.cancel(ALICE, id)), "10");
}

#[test]
fn tokens_have_a_budget_per_key_that_others_cannot_use_up() {
    let venue = venue();
    let wrong = form(BOB).replace(BOB.text, ALICE.text);
    for _ in 0..2 {
        assert_eq!(venue.send(token_call(&wrong)).status, 401);
    }
    for _ in 0..2 {
        assert_eq!(venue.send(token_call(&form(ALICE))).status, 200);
    }
    is_limited(&venue.send(token_call(&form(ALICE))), "30");
    is_limited(&venue.send(token_call(&form(BOB))), "12");
    venue.clock.set(Timestamp(NOW + 12_000));
    assert_eq!(venue.send(token_call(&form(BOB))).status, 200);
}
