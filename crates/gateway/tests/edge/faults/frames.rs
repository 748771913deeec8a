//! Frames of the stream that get lost, come twice, late or out of turn.

use super::{break_by, struck};
use crate::stream::client::Client;
use crate::venue::{ALICE, BOB, Venue};

const TRADE: &str = r#"{"subscribe":"trade","symbol":"ACX_USDT"}"#;
const PRICE: &str = r#"{"subscribe":"price","symbol":"ACX_USDT"}"#;

/// A venue with a client that follows trades, and a market in which BOB can buy ten times.
fn following(rule: &str) -> (Venue, Client) {
    let venue = Venue::new();
    venue.placed(ALICE, "sell", "100", "2.5");
    let mut client = Client::new(&venue);
    client.ask(TRADE);
    venue.tick();
    if !rule.is_empty() {
        break_by(&venue, rule);
    }
    (venue, client)
}

/// A trade of this quantity, and a tick; the quantities that were pushed, one text for each frame.
fn trade(venue: &Venue, client: &mut Client, quantity: &str) -> Vec<String> {
    venue.placed(BOB, "buy", quantity, "2.5");
    tick(venue, client)
}

fn tick(venue: &Venue, client: &mut Client) -> Vec<String> {
    venue.tick();
    client.pushes().iter().map(|push| counts(push)).collect()
}

fn counts(push: &str) -> String {
    let push: serde_json::Value = serde_json::from_str(push).unwrap();
    let trades = push["data"]["trades"].as_array().cloned().unwrap_or_default();
    let counts: Vec<_> = trades.iter().map(|trade| trade["count"].as_str().unwrap()).collect();
    counts.join(" ")
}

#[test]
fn a_dropped_frame_is_lost_for_good() {
    let (venue, mut client) =
        following(r#"{"name":"a","channel":"trade","nth":2,"fault":{"kind":"drop-frame"}}"#);
    assert_eq!(trade(&venue, &mut client, "2"), ["2.00"]);
    assert_eq!(trade(&venue, &mut client, "3"), Vec::<String>::new());
    assert_eq!(trade(&venue, &mut client, "4"), ["4.00"]);
    assert_eq!(struck(&venue), [1]);
    let trades = venue.get("/v2/symbols/ACX_USDT/trades");
    assert_eq!(trades.text().matches("\"count\"").count(), 3, "the trade itself is not lost");
}

#[test]
fn a_duplicated_frame_comes_twice() {
    let (venue, mut client) = following(
        r#"{"name":"a","symbol":"ACX_USDT","every":2,"fault":{"kind":"duplicate-frame"}}"#,
    );
    assert_eq!(trade(&venue, &mut client, "2"), ["2.00"]);
    assert_eq!(trade(&venue, &mut client, "3"), ["3.00", "3.00"]);
}

#[test]
fn a_reordered_frame_comes_after_the_next_one() {
    let (venue, mut client) =
        following(r#"{"name":"a","first":1,"fault":{"kind":"reorder-frame"}}"#);
    assert_eq!(trade(&venue, &mut client, "2"), Vec::<String>::new());
    assert_eq!(trade(&venue, &mut client, "3"), ["3.00", "2.00"]);
    assert_eq!(trade(&venue, &mut client, "4"), ["4.00"]);
}

#[test]
fn a_delayed_frame_keeps_its_place_among_its_own() {
    let (venue, mut client) = following(
        r#"{"name":"a","channel":"trade","first":1,"fault":{"kind":"delay-frame","ticks":2}}"#,
    );
    client.ask(PRICE);
    venue.tick();
    assert_eq!(trade(&venue, &mut client, "2"), [""], "the price is not held up");
    assert_eq!(trade(&venue, &mut client, "3"), [""], "what is behind waits as well");
    assert_eq!(tick(&venue, &mut client), ["2.00", "3.00"]);
    assert_eq!(trade(&venue, &mut client, "4").concat(), "4.00");
}

#[test]
fn frames_that_wait_are_sent_when_faults_end() {
    let (venue, mut client) = following(
        r#"{"name":"a","nth":1,"fault":{"kind":"delay-frame","ticks":1000}},
           {"name":"b","nth":2,"fault":{"kind":"reorder-frame"}}"#,
    );
    assert_eq!(trade(&venue, &mut client, "2"), Vec::<String>::new());
    venue.controls.clear_faults();
    assert_eq!(tick(&venue, &mut client), ["2.00"]);
}

#[test]
fn every_session_meets_the_same() {
    let (venue, mut one) =
        following(r#"{"name":"a","probability":0.5,"fault":{"kind":"drop-frame"}}"#);
    let mut two = Client::new(&venue);
    two.ask(TRADE);
    venue.tick();
    let mut dropped = 0;
    for _ in 0..12 {
        let seen = trade(&venue, &mut one, "2");
        let also: Vec<String> = two.pushes().iter().map(|push| counts(push)).collect();
        assert_eq!(seen, also);
        dropped += usize::from(seen.is_empty());
    }
    assert!((1..12).contains(&dropped), "{dropped}");
}
