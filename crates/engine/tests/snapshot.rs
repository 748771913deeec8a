//! A state that was written and read back is the same state, and foreign bytes are no state.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use openmart_engine::Engine;
use openmart_model::Side::{Buy, Sell};
use openmart_model::*;
use support::*;

fn bytes_of(engine: &Engine) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.snapshot(&mut Writer::new(&mut bytes));
    bytes
}

fn busy_venue() -> Venue {
    let mut venue = Venue::new();
    for step in 0..6 {
        venue.rest(BOB, Sell, 1_000 + step, 50);
        venue.place_named(ALICE, Buy, limit(900 + step, 40), &format!("a{step}")).unwrap();
    }
    venue.rest(CAROL, Buy, 1_002, 120);
    venue.place_named(CAROL, Sell, limit(905, 10), "closed").unwrap();
    let fees = Some(FeeSchedule { maker: ppm(1), taker: ppm(2) });
    venue.apply(Command::SetAccountFees { account: BOB, market: MARKET, fees }).unwrap();
    let key = NewKey {
        key: "00ff".into(),
        sealed_secret: vec![7; 40],
        memo: "desk".into(),
        scopes: Scopes::ALL,
        ranges: vec![AddressRange { address: [0; 16], prefix_bits: 8 }],
    };
    venue.apply(Command::AddKey { account: BOB, key }).unwrap();
    venue
}

#[test]
fn a_restored_state_goes_on_as_the_original_would() {
    let mut original = busy_venue();
    let bytes = bytes_of(&original.engine);
    let mut reader = Reader::new(&bytes);
    let restored = Engine::restore(&mut reader).unwrap();
    reader.finish().unwrap();
    assert_eq!(restored.digest(), original.engine.digest());
    assert_eq!(bytes_of(&restored), bytes);

    let mut copy = Venue { engine: restored, events: Vec::new() };
    for price in (898..1_010).rev() {
        let order = |account, side| {
            let (market, kind) = (MARKET, limit(price, 33));
            Command::Place(NewOrder { account, market, side, kind, client_id: None })
        };
        for command in [order(ALICE, Sell), order(BOB, Buy)] {
            assert_eq!(original.apply(command.clone()), copy.apply(command));
            assert_eq!(original.events, copy.events);
        }
    }
    assert_eq!(bytes_of(&original.engine), bytes_of(&copy.engine));
}

#[test]
fn changed_or_cut_bytes_never_give_an_unsound_state() {
    let venue = busy_venue();
    let bytes = bytes_of(&venue.engine);
    for cut in 0..bytes.len() {
        assert!(Engine::restore(&mut Reader::new(&bytes[..cut])).is_err(), "cut at {cut}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(engine) = Engine::restore(&mut Reader::new(&changed)) {
            engine.check().unwrap();
            assert_ne!(bytes_of(&engine), bytes, "bit {bit} was lost");
        }
    }
}

#[test]
fn time_never_goes_back() {
    let mut engine = Engine::new();
    let rules = Command::SetRules { version: 1 };
    for (sequence, time, seen) in [(1, 500, 500), (2, 400, 500), (3, 501, 501)] {
        engine.apply(sequence, Timestamp(time), &rules, &mut Vec::new()).unwrap();
        assert_eq!(engine.time(), Timestamp(seen));
    }
}

#[test]
#[should_panic(expected = "without a gap")]
fn a_gap_in_the_journal_stops_the_engine() {
    Engine::new().apply(2, Timestamp(0), &Command::SetRules { version: 1 }, &mut Vec::new()).ok();
}
