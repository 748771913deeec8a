//! What each channel says, byte for byte.

use std::io::Write;

use openmart_model::Timestamp;
use tungstenite::WebSocket;
use tungstenite::protocol::Role;

use super::client::Client;
use crate::http::{Call, connect, read_one};
use crate::venue::{ALICE, BOB, NOW, Venue};

const DEPTH: &str = r#"{"subscribe":"order","symbol":"ACX_USDT","precision":4}"#;
const TRADE: &str = r#"{"subscribe":"trade","symbol":"ACX_USDT"}"#;
const PRICE: &str = r#"{"subscribe":"price","symbol":"ACX_USDT"}"#;

/// After a first push, a tick passes over the subscription: there is at most one push per tick.
fn subscribed(venue: &Venue, client: &mut Client, request: &str) -> String {
    let first = client.ask(request);
    venue.tick();
    assert_eq!(client.pushes(), Vec::<String>::new());
    first
}

fn depth(sells: &str) -> String {
    format!(
        r#"{{"subscribe":"depth","symbol":"ACX_USDT","precision":4,"data":{{"buys":[],"sells":[{sells}]}}}}"#
    )
}

#[test]
fn the_book_is_pushed_whole_when_it_has_changed() {
    let venue = Venue::new();
    let mut client = Client::new(&venue);
    assert_eq!(subscribed(&venue, &mut client, DEPTH), depth(""));
    let first = venue.placed(ALICE, "sell", "18.4", "2.5012");
    venue.placed(ALICE, "sell", "40", "2.503");
    venue.tick();
    let near = r#"{"amount":"18.40","total":"18.40","price":"2.5012","count":"1"},"#;
    let far =
        |total| format!(r#"{{"amount":"40.00","total":"{total}","price":"2.5030","count":"1"}}"#);
    assert_eq!(client.pushes(), [depth(&(near.to_owned() + &far("58.40")))]);
    venue.tick();
    assert_eq!(client.pushes(), Vec::<String>::new(), "nothing has changed");
    // Two changes that undo each other are none.
    let passing = venue.placed(ALICE, "sell", "10", "2.6");
    venue.send(venue.cancel(ALICE, passing));
    venue.tick();
    assert_eq!(client.pushes(), Vec::<String>::new());
    assert_eq!(venue.send(venue.cancel(ALICE, first)).told(), (200, "{}"));
    venue.tick();
    assert_eq!(client.pushes(), [depth(&far("40.00"))]);
}

#[test]
fn the_book_is_grouped_as_asked_and_never_deeper_than_20_levels() {
    let venue = Venue::new();
    for step in 0..25 {
        venue.placed(ALICE, "sell", "10", &format!("2.50{step:02}"));
    }
    let mut client = Client::new(&venue);
    let top = client.ask(r#"{"subscribe":"depth","symbol":"ACX_USDT"}"#);
    assert_eq!(top.matches(r#""price""#).count(), 20);
    assert!(top.contains(r#""precision":4,"#));
    let grouped = client.ask(r#"{"precision":"2","symbol":"ACX_USDT","subscribe":"depth"}"#);
    assert_eq!(
        grouped,
        concat!(
            r#"{"subscribe":"depth","symbol":"ACX_USDT","precision":2,"data":{"buys":[],"sells":["#,
            r#"{"amount":"10.00","total":"10.00","price":"2.50","count":"1"},"#,
            r#"{"amount":"240.00","total":"250.00","price":"2.51","count":"24"}]}}"#
        )
    );
}

fn trades(precision: u16, trades: &[(u64, &str, &str, &str)]) -> String {
    let trade = |(time, side, amount, count): &(u64, &str, &str, &str)| {
        format!(
            r#"{{"side":"{side}","amount":"{amount}","price":"2.5012","count":"{count}","time":{time}}}"#
        )
    };
    let trades: Vec<String> = trades.iter().map(trade).collect();
    format!(
        r#"{{"subscribe":"trade","precision":{precision},"symbol":"ACX_USDT","data":{{"trades":[{}]}}}}"#,
        trades.join(",")
    )
}

#[test]
fn trades_come_once_and_newest_first() {
    let venue = Venue::new();
    venue.placed(ALICE, "sell", "100", "2.5012");
    venue.placed(BOB, "buy", "10", "2.5012");
    let mut early = Client::new(&venue);
    let first = trades(4, &[(NOW, "buy", "25.01200000", "10.00")]);
    assert_eq!(early.ask(TRADE), first);
    venue.clock.set(Timestamp(NOW + 1));
    venue.placed(BOB, "buy", "2", "2.5012");
    // The tick counts as that of the first push; nothing is lost by it.
    venue.tick();
    assert_eq!(early.pushes(), Vec::<String>::new());
    venue.clock.set(Timestamp(NOW + 2));
    venue.placed(BOB, "buy", "3", "2.5012");
    let mut late = Client::new(&venue);
    let newest = (NOW + 2, "buy", "7.50360000", "3.00");
    let middle = (NOW + 1, "buy", "5.00240000", "2.00");
    let oldest = (NOW, "buy", "25.01200000", "10.00");
    let other_precision = r#"{"subscribe":"trade","symbol":"ACX_USDT","precision":"6"}"#;
    assert_eq!(late.ask(other_precision), trades(6, &[newest, middle, oldest]));
    venue.clock.set(Timestamp(NOW + 3));
    venue.placed(BOB, "buy", "4", "2.5012");
    let last = (NOW + 3, "buy", "10.00480000", "4.00");
    venue.tick();
    assert_eq!(early.pushes(), [trades(4, &[last, newest, middle])]);
    assert_eq!(late.pushes(), Vec::<String>::new());
    venue.tick();
    assert_eq!(early.pushes(), Vec::<String>::new());
    assert_eq!(late.pushes(), [trades(6, &[last])]);
}

#[test]
fn a_first_push_has_15_trades_and_later_ones_all_of_them() {
    let venue = Venue::new();
    let buy = |count: usize| {
        for _ in 0..count {
            venue.placed(BOB, "buy", "2", "2.5012");
        }
    };
    venue.placed(ALICE, "sell", "900", "2.5012");
    buy(20);
    let mut client = Client::new(&venue);
    let first = subscribed(&venue, &mut client, TRADE);
    assert_eq!(first.matches(r#""side""#).count(), 15);
    // More than market data keeps.
    buy(70);
    venue.tick();
    let pushes = client.pushes();
    assert_eq!(pushes.len(), 1);
    assert_eq!(pushes[0].matches(r#""side""#).count(), 70);
}

#[test]
fn the_last_24_hours_are_pushed_when_they_have_changed() {
    let venue = Venue::new();
    venue.placed(ALICE, "sell", "18.4", "2.5012");
    let price = |open: &str, volume: &str, last: &str, change: &str, time: u64| {
        format!(
            concat!(
                r#"{{"subscribe":"price","symbol":"ACX_USDT","data":{{"open_price":"{}","#,
                r#""highest_price":"{}","lowest_price":"{}","volume":"{}","current_price":"{}","#,
                r#""fluctuation":"{}","rate":"{} USDT","timestamp":{}}}}}"#
            ),
            open, last, open, volume, last, change, last, time
        )
    };
    let mut client = Client::new(&venue);
    let zero = price("0.0000", "0.0000", "0.0000", "+0.0000", NOW);
    assert_eq!(subscribed(&venue, &mut client, PRICE), zero);
    venue.clock.set(Timestamp(NOW + 512));
    venue.placed(BOB, "buy", "10", "2.5012");
    venue.tick();
    let traded = price("2.5012", "25.0120", "2.5012", "+0.0000", NOW + 512);
    assert_eq!(client.pushes(), [traded]);
    // Neither time nor orders are news.
    venue.clock.set(Timestamp(NOW + 700));
    venue.placed(BOB, "buy", "10", "2.4");
    venue.tick();
    assert_eq!(client.pushes(), Vec::<String>::new());
    venue.placed(ALICE, "sell", "20", "2.6");
    venue.placed(BOB, "buy", "18.4", "2.6");
    venue.tick();
    let higher = price("2.5012", "72.0220", "2.6000", "+0.0395", NOW + 700);
    assert_eq!(client.pushes(), [higher]);
}

#[test]
fn a_ping_is_answered_and_the_protocol_s_own_too() {
    let venue = Venue::new();
    let mut client = Client::new(&venue);
    assert_eq!(client.ask(r#"{"subscribe":"ping"}"#), r#"{"subscribe":"pong"}"#);
    client.socket.send(tungstenite::Message::Ping("hello".into())).unwrap();
    let pong = client.socket.read().unwrap();
    assert_eq!(pong, tungstenite::Message::Pong("hello".into()));
}

/// Nothing that came with the handshake, or was read with it, is lost.
#[test]
fn a_message_sent_in_one_piece_with_the_handshake_is_answered() {
    const MESSAGE: &[u8] = br#"{"subscribe":"ping"}"#;
    let venue = Venue::new();
    let handshake = format!(
        "GET / HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        venue.address
    );
    // A text frame, masked with zeros.
    let frame = [&[0x81, 0x80 | MESSAGE.len() as u8, 0, 0, 0, 0], MESSAGE].concat();
    // Right behind the handshake, and behind a request before it on the same connection.
    for before in [&[][..], &Call::new("GET", "/v2/ping").bytes()] {
        let mut stream = connect(venue.address);
        stream.write_all(&[before, handshake.as_bytes(), &frame].concat()).unwrap();
        if !before.is_empty() {
            assert_eq!(read_one(&mut stream).status, 200);
        }
        assert_eq!(read_one(&mut stream).status, 101);
        let mut client = Client { socket: WebSocket::from_raw_socket(stream, Role::Client, None) };
        assert_eq!(client.hear(), r#"{"subscribe":"pong"}"#);
    }
}

#[test]
fn an_unsubscribe_is_echoed_and_ends_what_it_names() {
    let venue = Venue::new();
    let mut client = Client::new(&venue);
    let order = |precision| {
        format!(r#"{{"subscribe":"order","symbol":"ACX_USDT","precision":{precision}}}"#)
    };
    let subscribe_all = |client: &mut Client| {
        for precision in [2, 3, 4] {
            client.ask(&order(precision));
        }
        venue.tick();
    };
    let mut change = {
        let mut price = 30_000;
        move |venue: &Venue| {
            price += 100;
            venue.placed(ALICE, "sell", "10", &format!("{}.{:04}", price / 10_000, price % 10_000));
            venue.tick();
        }
    };
    subscribe_all(&mut client);
    change(&venue);
    assert_eq!(client.pushes().len(), 3);
    let one = r#"{ "symbol":"ACX_USDT", "unsubscribe":"depth", "precision":"3", "x":[1] }"#;
    assert_eq!(client.ask(one), one);
    change(&venue);
    let pushes = client.pushes();
    assert_eq!(pushes.len(), 2);
    assert!(!pushes.iter().any(|push| push.contains(r#""precision":3,"#)));
    for all in [
        r#"{"unsubscribe":"order","symbol":"ACX_USDT"}"#,
        r#"{"subscribe":"depth_cancel","symbol":"ACX_USDT"}"#,
        r#"{"subscribe":"order_cancel","symbol":"ACX_USDT"}"#,
    ] {
        assert_eq!(client.ask(all), all);
        change(&venue);
        assert_eq!(client.pushes(), Vec::<String>::new(), "{all}");
        subscribe_all(&mut client);
        change(&venue);
        assert_eq!(client.pushes().len(), 3);
    }
    let nothing = r#"{"unsubscribe":"ping"}"#;
    assert_eq!(client.ask(nothing), nothing);
}

#[test]
fn a_repeated_subscribe_pushes_again_but_counts_once() {
    let venue = Venue::new();
    let mut client = Client::new(&venue);
    let first = subscribed(&venue, &mut client, DEPTH);
    assert_eq!(subscribed(&venue, &mut client, DEPTH), first);
    venue.placed(ALICE, "sell", "10", "2.5");
    venue.tick();
    assert_eq!(client.pushes().len(), 1);
}

#[test]
fn the_running_candle_is_pushed_when_it_has_changed_or_another_begins() {
    let venue = Venue::new();
    venue.placed(ALICE, "sell", "18.4", "2.5012");
    let kline = |step: u32, close: &str, volume: &str, time: u64| {
        format!(
            concat!(
                r#"{{"subscribe":"kline","symbol":"ACX_USDT","step":"{}","data":{{"#,
                r#""open_price":"{}","highest_price":"{}","lowest_price":"{}","volume":"{}","#,
                r#""current_price":"{}","timestamp":{}}}}}"#
            ),
            step, close, close, close, volume, close, time
        )
    };
    let five = r#"{"subscribe":"kline","symbol":"ACX_USDT","step":5}"#;
    let one = r#"{"subscribe":"kline","symbol":"ACX_USDT"}"#;
    let mut client = Client::new(&venue);
    assert_eq!(subscribed(&venue, &mut client, five), kline(5, "0.0000", "0.0000", NOW));
    assert_eq!(subscribed(&venue, &mut client, one), kline(1, "0.0000", "0.0000", NOW));
    venue.clock.set(Timestamp(NOW + 512));
    venue.placed(BOB, "buy", "10", "2.5012");
    venue.tick();
    let traded = |step| kline(step, "2.5012", "10.0000", NOW + 512);
    assert_eq!(client.pushes(), [traded(5), traded(1)]);
    // 1,600,000,000 s are 40 s into a minute and 100 s into five.
    venue.clock.set(Timestamp(NOW + 20_000));
    venue.tick();
    assert_eq!(client.pushes(), [kline(1, "2.5012", "0.0000", NOW + 20_000)]);
    venue.tick();
    assert_eq!(client.pushes(), Vec::<String>::new());
    let end = r#"{"unsubscribe":"kline","symbol":"ACX_USDT","step":"1"}"#;
    assert_eq!(client.ask(end), end);
    venue.placed(BOB, "buy", "5", "2.5012");
    venue.tick();
    assert_eq!(client.pushes(), [kline(5, "2.5012", "15.0000", NOW + 20_000)]);
    let all = r#"{"subscribe":"kline_cancel","symbol":"ACX_USDT"}"#;
    assert_eq!(client.ask(all), all);
    venue.placed(BOB, "buy", "2", "2.5012");
    venue.tick();
    assert_eq!(client.pushes(), Vec::<String>::new());
}
