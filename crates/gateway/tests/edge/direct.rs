//! The way past the router: the same answers, byte for byte, and the same limits.
//!
//! Two venues that are alike get the same requests: one on fresh connections, where orders and cancels
//! go past the router, the other after a request that only the router knows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use openmart_gateway::{RateLimits, direct_request_bytes};
use openmart_model::{Command, MarketId, MarketStatus, Timestamp};

use crate::http::{Call, connect, read_one};
use crate::venue::{
    ALICE, BOB, CANCELER, ELSEWHERE, HERE, Key, NOW, READER, REVOKED, Setup, TRADER, Venue,
    message, sign,
};

const STEPS: u64 = 400;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(mixed ^ (mixed >> 31)) * u128::from(bound)) >> 64) as u64
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn key(&mut self) -> Key {
        let usual = [ALICE, BOB, ALICE, BOB, ALICE, BOB];
        let unusual = [READER, TRADER, CANCELER, ELSEWHERE, HERE, REVOKED];
        if self.below(4) == 0 { self.pick(&unusual) } else { self.pick(&usual) }
    }
}

/// An order or a cancel, good or refused.
fn wish(dice: &mut Dice, venue: &Venue, order: bool) -> Call {
    let key = dice.key();
    let mut call = if !order {
        let id = dice.below(60);
        let mut call = venue.cancel(key, id);
        if dice.below(4) == 0 {
            call = call.with("Content-Length", "0");
        }
        if dice.below(20) == 0 {
            let id = dice.pick(&["18446744073709551616", "007", "99999999999999999999"]);
            call = venue.signed(key, "DELETE", &format!("/v2/orders/{id}"), "entrust_id=7");
        }
        call
    } else {
        let side = dice.pick(&["buy", "sell"]);
        let amount = dice.pick(&["10", "3.25", "1", "0.1", "1e3", "-1", "99999999", "1.001"]);
        let price = dice.pick(&["2.5", "2.51", "2.49", "0", "100", "2.50001"]);
        let mut call = venue.order(key, side, amount, price);
        if dice.below(12) == 0 {
            call = call.body(dice.pick(&["{}", "[", "null", "{\"symbol\":\"NO_NE\"}", " "]));
        }
        call
    };
    match dice.below(14) {
        0 => call = call.with("X-BM-SIGNATURE", sign(key, "something else")),
        1 => call = call.with("X-BM-SIGNATURE", dice.pick(&["", "zz", "AB"])),
        2 => call = call.without("X-BM-SIGNATURE"),
        3 => call = call.with("X-BM-TIMESTAMP", dice.pick(&["0", "x", "", "1600000060001"])),
        4 => call = call.with("X-BM-AUTHORIZATION", dice.pick(&["Bearer 00", "Basic x", ""])),
        5 => call = call.without("X-BM-AUTHORIZATION"),
        _ => {}
    }
    match dice.below(8) {
        0 => call = call.with("Connection", "Keep-Alive"),
        1 => call = call.with("User-Agent", "test").with("Accept", "*/*").with("Cookie", "a=b"),
        _ => {}
    }
    call
}

/// Something that the way past the router must leave alone.
fn oddity(dice: &mut Dice, venue: &Venue) -> Vec<u8> {
    let cancel = venue.cancel(ALICE, dice.below(60));
    let order = venue.order(BOB, "buy", "10", "2.5");
    let call = match dice.below(16) {
        0 => cancel.also("X-BM-SIGNATURE", "00"),
        1 => cancel.also("X-BM-TIMESTAMP", NOW.to_string()),
        2 => cancel.body("{\"entrust_id\":7}"),
        3 => cancel.with("Content-Length", "0").also("Content-Length", "0"),
        4 => cancel.with("Content-Length", "0").also("Content-Length", "1"),
        5 => order.with("Transfer-Encoding", "chunked"),
        6 => order.also("Content-Length", "3"),
        7 => cancel.with("Connection", "upgrade").with("Upgrade", "websocket"),
        8 => cancel.with("Expect", "100-continue"),
        9 => cancel.target("/v2/orders/7?entrust_id=8"),
        10 => cancel.target("/v2/orders/%37"),
        11 => cancel.target("/v2/orders//7"),
        12 => cancel.method("PATCH"),
        13 => order.with("Content-Length", "+5"),
        14 => order.body(""),
        _ => {
            let text = String::from_utf8(cancel.bytes()).unwrap();
            let from = dice.pick(&["HTTP/1.1", "host: ", "\r\nhost", ": "]);
            let to = dice.pick(&["HTTP/1.0", " folded", "\n", ":\0", "\r\n\r\n"]);
            return text.replacen(from, to, 1).into_bytes();
        }
    };
    call.bytes()
}

/// Sends all of it, perhaps in two pieces, and reads so many answers, or to the end. Each line of the
/// answers but the date, which must be a date.
fn answers(to: SocketAddr, bytes: &[u8], split_at: usize, count: Option<usize>) -> String {
    let mut stream = connect(to);
    stream.set_nodelay(true).unwrap();
    let (first, second) = bytes.split_at(split_at.min(bytes.len()));
    // A server that has refused may have hung up before it got all.
    let _ = stream.write_all(first).and_then(|()| stream.write_all(second));
    match count {
        None => without_dates(&read_to_end(&mut stream)),
        Some(count) => (0..count).map(|_| without_dates(&read_one(&mut stream).whole())).collect(),
    }
}

fn read_to_end(stream: &mut TcpStream) -> String {
    let (mut text, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        text.extend(&chunk[..count]);
    }
    String::from_utf8(text).unwrap()
}

fn without_dates(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("date: ") {
        Some(date) => {
            assert!(date.len() == 31 && date.ends_with(" GMT\r\n"), "{date:?}");
            "date\r\n".to_owned()
        }
        None => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The bytes of a request that only the router knows and that ends the connection.
fn last() -> Vec<u8> {
    Call::new("GET", "/v2/time").with("Connection", "close").bytes()
}

/// Somewhere in the head of a request. Not in a body: whoever is refused by his head before his body is
/// there is hung up on by the router.
fn split_at(dice: &mut Dice, requests: &[Vec<u8>]) -> usize {
    let chosen = dice.below(requests.len() as u64) as usize;
    let before: usize = requests[..chosen].iter().map(Vec::len).sum();
    before + dice.below(120.min(requests[chosen].len() as u64)) as usize
}

fn compare(first_seed: u64, setup: impl Fn() -> Setup) {
    let (direct, routed) = (Venue::with(setup()), Venue::with(setup()));
    for venue in [&direct, &routed] {
        venue.revoke(REVOKED);
    }
    let ping = Call::new("GET", "/v2/ping").bytes();
    let pong = answers(routed.address, &ping, 0, Some(1));
    let (mut past_the_router, mut all) = (0, 0);
    for seed in first_seed..first_seed + STEPS {
        let dice = &mut Dice(seed);
        if dice.below(20) == 0 {
            let statuses = [MarketStatus::Trading, MarketStatus::Trading, MarketStatus::Halted];
            let command =
                Command::SetMarketStatus { market: MarketId(0), status: dice.pick(&statuses) };
            for venue in [&direct, &routed] {
                venue.exchange.execute_blocking(command.clone()).unwrap().result.unwrap();
            }
        }
        let mut requests: Vec<Vec<u8>> =
            (0..dice.below(6)).map(|_| wish(dice, &direct, false).bytes()).collect();
        // Last, since the router hangs up on an order that is refused by its head if it has not read
        // the body by then.
        let ordered = dice.below(2) == 0;
        if ordered {
            requests.push(wish(dice, &direct, true).bytes());
        }
        all += requests.len();
        past_the_router += requests
            .iter()
            .filter(|bytes| direct_request_bytes(bytes) == Some(bytes.len()))
            .count();
        let count = ordered.then_some(requests.len());
        if !ordered && dice.below(3) == 0 {
            requests.push(oddity(dice, &direct));
        }
        if !ordered {
            requests.push(last());
        }
        let bytes = requests.concat();
        let split_at = split_at(dice, &requests);
        let found = answers(direct.address, &bytes, split_at, count);
        let after_ping = [&ping[..], &bytes].concat();
        let split_after_ping = split_at + ping.len();
        let more = count.map(|count| count + 1);
        let expected = answers(routed.address, &after_ping, split_after_ping, more);
        let expected = expected.strip_prefix(&pong).unwrap();
        let sent = String::from_utf8_lossy(&bytes);
        assert_eq!(found, expected, "seed {seed}, split at {split_at}, sent:\n{sent}");
        assert_eq!(direct.trace(), routed.trace(), "seed {seed}, sent:\n{sent}");
    }
    assert!(past_the_router * 10 > all * 9, "{past_the_router} of {all} went past the router");
    let counts = |venue: &Venue| {
        let counts = venue.requests.counts().into_iter();
        counts.filter(|(_, path, ..)| path.contains("orders")).collect::<Vec<_>>()
    };
    assert_eq!(counts(&direct), counts(&routed));
}

#[test]
fn answers_are_those_of_the_router() {
    compare(0, Setup::default);
}

#[test]
fn budgets_are_those_of_the_router() {
    compare(10_000, || {
        let mut setup = Setup::default();
        let mut limits = RateLimits::historic();
        limits.cancel_key = openmart_gateway::Budget::per_minute(60);
        limits.private_key = openmart_gateway::Budget::per_minute(60);
        // The first request of the other connection must not count.
        limits.public_address = openmart_gateway::Budget::per_minute(1_000_000);
        setup.gateway.rate_limits = Some(limits);
        setup
    });
}

#[test]
fn strictness_is_that_of_the_router() {
    compare(20_000, || {
        let mut setup = Setup::default();
        setup.gateway.mode = openmart_gateway::SignatureMode::Strict;
        setup
    });
}

/// More than one read, more than one group, and all in order.
#[test]
fn many_requests_at_once_are_answered_in_order() {
    let venue = Venue::new();
    let mut stream = connect(venue.address);
    let first = venue.placed(ALICE, "sell", "10", "2.5");
    let orders: u64 = 150;
    let mut bytes = Vec::new();
    for _ in 0..orders {
        bytes.extend(venue.order(ALICE, "sell", "3", "2.5").bytes());
    }
    // A cancel must not overtake the order that it cancels, although cancels go first.
    for id in first + 1..=first + orders {
        bytes.extend(venue.cancel(ALICE, id).bytes());
    }
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
    let mut sequence = 0;
    for id in first + 1..=first + orders {
        let reply = read_one(&mut stream);
        assert_eq!(reply.told(), (200, format!(r#"{{"entrust_id":{id}}}"#).as_str()));
        assert!(reply.sequence().unwrap() > first);
        sequence = sequence.max(reply.sequence().unwrap());
    }
    for _ in 0..orders {
        let reply = read_one(&mut stream);
        assert_eq!(reply.told(), (200, "{}"));
        assert_eq!(reply.sequence(), Some(sequence + 1));
        sequence += 1;
    }
    writing.join().unwrap();
}

/// What a connection remembers of those who spoke on it lets nobody in.
#[test]
fn every_request_of_a_connection_is_checked_as_the_first() {
    let venue = Venue::new();
    let [mut of_alice, mut of_bob] = [(ALICE, "sell"), (BOB, "buy")].map(|(key, side)| {
        let price = if side == "sell" { "2.6" } else { "2.4" };
        (0..6).map(|_| venue.placed(key, side, "10", price)).collect::<Vec<u64>>()
    });
    let mut stream = connect(venue.address);
    let mut ask = |call: &Call| {
        stream.write_all(&call.bytes()).unwrap();
        let reply = read_one(&mut stream);
        (reply.status, reply.text().to_owned())
    };
    let done = (200, "{}".to_owned());
    let refused = |text: &str| (401, message(text));
    // Two keys in turns, then the token of one with the signature of the other.
    for _ in 0..2 {
        assert_eq!(ask(&venue.cancel(ALICE, of_alice.pop().unwrap())), done);
        assert_eq!(ask(&venue.cancel(BOB, of_bob.pop().unwrap())), done);
    }
    let id = of_alice[0];
    let theirs = sign(BOB, &format!("entrust_id={id}"));
    let (status, _) = ask(&venue.cancel(ALICE, id).with("X-BM-SIGNATURE", theirs));
    assert_ne!(status, 200);
    // A token that differs in its last character from the one before.
    let token = venue.token(ALICE);
    let (rest, last) = token.split_at(token.len() - 1);
    let forged = format!("Bearer {rest}{}", if last == "0" { '1' } else { '0' });
    let unauthorized = refused("Unauthorized");
    assert_eq!(ask(&venue.cancel(ALICE, id).with("X-BM-AUTHORIZATION", forged)), unauthorized);
    assert_eq!(ask(&venue.cancel(ALICE, of_alice.pop().unwrap())), done);
    // A key that may do less, and one that is revoked while the connection knows it.
    assert_eq!(ask(&venue.cancel(READER, id)).0, 403);
    assert_eq!(ask(&venue.cancel(CANCELER, of_alice.pop().unwrap())), done);
    venue.revoke(CANCELER);
    assert_eq!(ask(&venue.cancel(CANCELER, id)), unauthorized);
    // A token that gets too old between two requests.
    assert_eq!(ask(&venue.cancel(ALICE, of_alice.pop().unwrap())), done);
    venue.clock.set(Timestamp(NOW + 900_000));
    let late = venue.cancel(ALICE, id).with("X-BM-TIMESTAMP", (NOW + 900_000).to_string());
    assert_eq!(ask(&late), unauthorized);
    assert_eq!(venue.exchange.view(|state| state.engine().orders_open()), of_alice.len() + 4);
}

/// Answers of refused cancels, for which the past is asked, and of others at the same desk.
#[test]
fn many_connections_get_their_own_answers() {
    let venue = Venue::new();
    let ids: Vec<u64> = (0..40).map(|_| venue.placed(ALICE, "sell", "3", "2.5")).collect();
    let mut streams: Vec<TcpStream> = ids.iter().map(|_| connect(venue.address)).collect();
    for (stream, id) in streams.iter_mut().zip(&ids) {
        let [cancel, unknown] = [*id, 1_000_000 + id].map(|id| venue.cancel(ALICE, id).bytes());
        stream.write_all(&[&cancel[..], &cancel, &unknown].concat()).unwrap();
    }
    let mut sequences = Vec::new();
    for stream in &mut streams {
        let replies = [read_one(stream), read_one(stream), read_one(stream)];
        assert_eq!(replies.each_ref().map(|reply| reply.status), [200, 404, 404]);
        let reasons = replies.each_ref().map(|reply| reply.header("x-openmart-reason"));
        assert_eq!(reasons, [None, Some("canceled"), Some("unknown")]);
        let all = replies.each_ref().map(|reply| reply.sequence().unwrap());
        assert!(all.is_sorted(), "in order: {all:?}");
        sequences.extend(all);
    }
    sequences.sort_unstable();
    sequences.dedup();
    assert_eq!(sequences.len(), 3 * ids.len());
}

#[test]
fn a_connection_that_stays_silent_is_closed() {
    let mut setup = Setup::default();
    setup.gateway.header_timeout = Duration::from_millis(20);
    let venue = Venue::with(setup);
    let half = &venue.cancel(ALICE, 1).bytes()[..60];
    for sent in [&b""[..], half] {
        let mut stream = connect(venue.address);
        stream.write_all(sent).unwrap();
        assert_eq!(read_to_end(&mut stream), "");
    }
    let mut stream = connect(venue.address);
    stream.write_all(&venue.cancel(ALICE, 1).bytes()).unwrap();
    assert_eq!(read_one(&mut stream).status, 404);
    assert_eq!(read_to_end(&mut stream), "");
}

/// The head alone waits for its body past the router for a while and then before it.
#[test]
fn a_body_that_never_comes_is_refused() {
    let mut setup = Setup::default();
    setup.gateway.body_timeout = Duration::from_millis(20);
    let venue = Venue::with(setup);
    let bytes = venue.order(ALICE, "sell", "10", "2.5").bytes();
    let mut stream = connect(venue.address);
    stream.write_all(&bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(read_one(&mut stream).status, 400);
}

#[test]
fn a_head_that_never_ends_is_refused() {
    let venue = Venue::new();
    let mut bytes = b"DELETE /v2/orders/1 HTTP/1.1\r\ncookie: ".to_vec();
    bytes.extend(vec![b'x'; 64 * 1_024]);
    let text = answers(venue.address, &bytes, 10, None);
    assert!(text.starts_with("HTTP/1.1 431 "), "{text}");
}
