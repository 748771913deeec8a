//! How connections end: their own doing, the server's, and those who never read.

use std::io::Write;

use openmart_model::Timestamp;
use tungstenite::Message;

use super::client::Client;
use crate::http::{Call, connect, read_one};
use crate::venue::{ALICE, BOB, NOW, Setup, Venue};

const PING: &str = r#"{"subscribe":"ping"}"#;

#[test]
fn who_does_not_subscribe_within_five_seconds_is_sent_away() {
    let venue = Venue::new();
    let mut idle = Client::new(&venue);
    let mut wrong = Client::new(&venue);
    let mut pinged = Client::new(&venue);
    let mut subscribed = Client::new(&venue);
    wrong.ask(r#"{"subscribe":"price","symbol":"NO_NE"}"#);
    pinged.ask(PING);
    subscribed.ask(r#"{"subscribe":"price","symbol":"ACX_USDT"}"#);
    // The publisher has answered this one, so it knows all that came before.
    idle.socket.flush().unwrap();
    while venue.tick() < 4 {}
    venue.clock.set(Timestamp(NOW + 4_999));
    assert_eq!(venue.tick(), 4);
    venue.clock.set(Timestamp(NOW + 5_000));
    venue.tick();
    assert_eq!((idle.end(), wrong.end()), (Some(1008), Some(1008)));
    for stays in [&mut pinged, &mut subscribed] {
        assert_eq!(stays.ask(PING), r#"{"subscribe":"pong"}"#);
    }
}

#[test]
fn the_server_pings_and_cuts_off_who_is_silent() {
    let venue = Venue::new();
    let mut alive = Client::new(&venue);
    let mut silent = Client::new(&venue);
    alive.ask(PING);
    silent.ask(PING);
    while venue.tick() < 2 {}
    for round in 1..=4 {
        venue.clock.set(Timestamp(NOW + round * 30_000));
        let sessions = venue.tick();
        // The last round finds nothing heard from the silent one for four intervals.
        assert_eq!(sessions, if round < 4 { 2 } else { 1 }, "round {round}");
        assert_eq!(alive.socket.read().unwrap(), Message::Ping("".into()));
        assert_eq!(alive.ask(PING), r#"{"subscribe":"pong"}"#);
    }
    assert_eq!(silent.end(), None);
}

#[test]
fn frames_that_are_too_long_or_no_text_end_it() {
    let venue = Venue::new();
    let mut huge = Client::new(&venue);
    // The server may hang up before it has all of it.
    let _ = huge.socket.send(Message::text("x".repeat(20_000)));
    assert!([Some(1009), None].contains(&huge.end()));
    let mut garbled = Client::new(&venue);
    // A masked text frame of one byte that is no UTF-8.
    garbled.socket.get_mut().write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).unwrap();
    assert_eq!(garbled.end(), Some(1007));
    let mut unmasked = Client::new(&venue);
    unmasked.socket.get_mut().write_all(&[0x81, 0x01, b'x']).unwrap();
    assert_eq!(unmasked.end(), Some(1002));
    assert_eq!(Client::new(&venue).ask(PING), r#"{"subscribe":"pong"}"#);
}

#[test]
fn who_never_reads_is_cut_off_and_nobody_else_notices() {
    let venue = Venue::new();
    venue.placed(ALICE, "sell", "900", "2.5");
    let mut reader = Client::new(&venue);
    let mut sleeper = Client::new(&venue);
    let trade = |precision| {
        format!(r#"{{"subscribe":"trade","symbol":"ACX_USDT","precision":{precision}}}"#)
    };
    reader.ask(&trade(4));
    for precision in 0..200 {
        sleeper.ask(&trade(precision));
    }
    // The system buffers some megabytes for it, and the mailbox some ticks.
    let (mut ticks, mut pushed) = (0, 0);
    while venue.tick() == 2 {
        ticks += 1;
        assert!(ticks < 2_000, "nobody is cut off");
        for _ in 0..10 {
            let id = venue.placed(ALICE, "sell", "10", "9.5");
            assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
        }
        venue.placed(BOB, "buy", "2", "2.5");
        pushed += reader.pushes().len();
    }
    assert!(pushed > 0);
    assert_eq!(sleeper.end(), None);
    reader.pushes();
    assert_eq!(reader.ask(PING), r#"{"subscribe":"pong"}"#);
    let id = venue.placed(ALICE, "sell", "10", "9.5");
    assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
}

#[test]
fn who_would_miss_trades_is_told_to_connect_again() {
    let mut setup = Setup::default();
    setup.gateway.stream_updates_max = 1;
    let venue = Venue::with(setup);
    venue.placed(ALICE, "sell", "900", "2.5");
    let mut trades = Client::new(&venue);
    let mut price = Client::new(&venue);
    trades.ask(r#"{"subscribe":"trade","symbol":"ACX_USDT"}"#);
    price.ask(r#"{"subscribe":"price","symbol":"ACX_USDT"}"#);
    // Only one update may wait here, and the stream pauses for some milliseconds before it takes in
    // more: of so many in a row, some find no room.
    for _ in 0..300 {
        venue.placed(BOB, "buy", "2", "2.5");
    }
    assert_eq!(trades.end(), Some(1013));
    assert_eq!(price.ask(PING), r#"{"subscribe":"pong"}"#);
    while venue.tick() > 1 {}
    assert!(price.pushes()[0].contains(r#""current_price":"2.5000""#));
    let mut again = Client::new(&venue);
    let first = again.ask(r#"{"subscribe":"trade","symbol":"ACX_USDT"}"#);
    assert!(first.contains(r#""amount":"5.00000000""#), "{first}");
}

#[test]
fn a_stream_keeps_its_seat_and_ends_with_the_server() {
    let mut setup = Setup::default();
    setup.gateway.connections_per_address_max = 2;
    let mut venue = Venue::with(setup);
    let mut client = Client::new(&venue);
    client.ask(PING);
    let ping = Call::new("GET", "/v2/ping").bytes();
    let mut second = connect(venue.address);
    second.write_all(&ping).unwrap();
    assert_eq!(read_one(&mut second).status, 200);
    let mut third = connect(venue.address);
    let _ = third.write_all(&ping);
    assert!(matches!(std::io::Read::read(&mut third, &mut [0; 16]), Ok(0) | Err(_)));
    drop(second);
    let goodbye = std::thread::spawn(move || client.end());
    venue.shut_down();
    assert_eq!(goodbye.join().unwrap(), Some(1001));
}
