//! What is refused, and that the connection stays.

use tungstenite::Message;

use super::client::Client;
use crate::http::Call;
use crate::venue::{Setup, Venue, message};
use openmart_gateway::RateLimits;
use openmart_model::Timestamp;

const PONG: &str = r#"{"subscribe":"pong"}"#;

#[test]
fn what_makes_no_sense_is_refused_and_the_connection_stays() {
    let venue = Venue::new();
    let mut client = Client::new(&venue);
    let padded = format!(r#"{{"subscribe":"ping","x":"{}"}}"#, "x".repeat(5_000));
    for (frame, text) in [
        ("", "Invalid request"),
        ("hello", "Invalid request"),
        ("[1]", "Invalid request"),
        ("{\"subscribe\":", "Invalid request"),
        (padded.as_str(), "Invalid request"),
        (r#"{"event":"ping"}"#, "Unknown topic"),
        (r#"{"subscribe":"kline5","symbol":"ACX_USDT"}"#, "Unknown topic"),
        (r#"{"unsubscribe":"nothing"}"#, "Unknown topic"),
        (r#"{"subscribe":"price"}"#, "Unknown symbol"),
        (r#"{"subscribe":"price","symbol":"NO_NE"}"#, "Unknown symbol"),
        (r#"{"unsubscribe":"price","symbol":"NO_NE"}"#, "Unknown symbol"),
        (r#"{"subscribe":"order","symbol":"ACX_USDT","precision":1}"#, "Invalid precision"),
        (r#"{"subscribe":"order","symbol":"ACX_USDT","precision":5}"#, "Invalid precision"),
        (r#"{"subscribe":"order","symbol":"ACX_USDT","precision":260}"#, "Invalid precision"),
        (r#"{"subscribe":"trade","symbol":"ACX_USDT","precision":"six"}"#, "Invalid precision"),
        (r#"{"subscribe":"kline","symbol":"ACX_USDT","step":2}"#, "Invalid step"),
    ] {
        assert_eq!(client.ask(frame), message(text), "{frame}");
        assert_eq!(client.ask(r#"{"subscribe":"ping"}"#), PONG, "{frame}");
    }
    for binary in [b"".as_slice(), br#"{"subscribe":"ping"}"#, b"\xff\xfe"] {
        client.socket.send(Message::binary(binary.to_vec())).unwrap();
        assert_eq!(client.hear(), message("Invalid request"));
    }
    assert_eq!(client.ask(r#"{"subscribe":"ping"}"#), PONG);
}

#[test]
fn twenty_errors_in_a_row_end_it() {
    let venue = Venue::new();
    let mut client = Client::new(&venue);
    for round in 0..2 {
        for _ in 0..19 {
            assert_eq!(client.ask("?"), message("Invalid request"), "round {round}");
        }
        assert_eq!(client.ask(r#"{"subscribe":"ping"}"#), PONG);
    }
    for _ in 0..20 {
        assert_eq!(client.ask("?"), message("Invalid request"));
    }
    assert_eq!(client.end(), Some(1008));
}

#[test]
fn there_are_at_most_200_subscriptions() {
    let venue = Venue::new();
    let mut client = Client::new(&venue);
    let trade = |precision| {
        format!(r#"{{"subscribe":"trade","symbol":"ACX_USDT","precision":{precision}}}"#)
    };
    for precision in 0..200 {
        let first = client.ask(&trade(precision));
        let echo = format!(r#"{{"subscribe":"trade","precision":{precision},"#);
        assert!(first.starts_with(&echo), "{first}");
    }
    assert_eq!(client.ask(&trade(200)), message("Too many subscriptions"));
    assert!(client.ask(&trade(7)).contains("data"), "one that is there already");
    let end = r#"{"unsubscribe":"trade","symbol":"ACX_USDT","precision":7}"#;
    assert_eq!(client.ask(end), end);
    assert!(client.ask(&trade(200)).contains("data"));
    assert_eq!(client.ask(&trade(7)), message("Too many subscriptions"));
}

#[test]
fn a_new_connection_of_an_address_waits_four_seconds() {
    let mut setup = Setup::default();
    setup.gateway.rate_limits = Some(RateLimits::historic());
    let venue = Venue::with(setup);
    assert!(Client::try_new(venue.address).is_ok());
    assert_eq!(Client::try_new(venue.address).err(), Some(429));
    let now = openmart_exchange::Clock::now(&*venue.clock);
    venue.clock.set(Timestamp(now.0 + 3_999));
    assert_eq!(Client::try_new(venue.address).err(), Some(429));
    venue.clock.set(Timestamp(now.0 + 4_000));
    assert!(Client::try_new(venue.address).is_ok());
}

#[test]
fn messages_count_as_public_requests_of_their_address() {
    let mut setup = Setup::default();
    let limits = RateLimits {
        public_address: openmart_gateway::Budget::per_minute(3),
        ..RateLimits::historic()
    };
    setup.gateway.rate_limits = Some(limits);
    let venue = Venue::with(setup);
    let mut client = Client::new(&venue);
    for _ in 0..3 {
        assert_eq!(client.ask(r#"{"subscribe":"ping"}"#), PONG);
    }
    let refusal = message("Visit too often, please try again later");
    assert_eq!(client.ask(r#"{"subscribe":"ping"}"#), refusal);
    assert_eq!(venue.get("/v2/ping").status, 429);
}

#[test]
fn a_handshake_that_is_none_is_refused() {
    let venue = Venue::new();
    let upgrade = || {
        Call::new("GET", "/")
            .with("upgrade", "websocket")
            .with("sec-websocket-version", "13")
            .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    assert_eq!(venue.get("/").told(), (404, message("Not found").as_str()));
    let invalid = message("Invalid request");
    // `send` asks for the connection to be closed, which is no upgrade.
    assert_eq!(venue.send(upgrade()).told(), (400, invalid.as_str()));
    assert_eq!(venue.send(upgrade().without("sec-websocket-key")).status, 400);
    assert_eq!(venue.send(upgrade().method("POST")).status, 404);
    assert_eq!(venue.send(upgrade().target("/v2/ping")).told(), (200, "{}"));
}
