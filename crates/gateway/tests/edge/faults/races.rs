//! Races that a client runs into without knowing, and the truth of what they leave behind.

use std::io::{ErrorKind, Read, Write};

use openmart_model::{Event, OrderStatus};
use openmart_wire::admin::races::{ArmRace, Race, RaceKind, RaceState};

use super::{ACX, USDT, balance, is_conserved};
use crate::http::{Call, connect, read_one};
use crate::stream::client::Client;
use crate::venue::{ALICE, BOB, Key, Venue, message};

const TRADE: &str = r#"{"subscribe":"trade","symbol":"ACX_USDT"}"#;

fn arm(venue: &Venue, key: Key, race: RaceKind, percent: Option<u8>) {
    let armed = venue.controls.arm_race(&ArmRace { key: key.text.into(), race, percent }).unwrap();
    assert_eq!(armed.state, RaceState::Armed);
}

/// The only race, which must be over.
fn over(venue: &Venue) -> Race {
    let races = venue.controls.races().races;
    let [race] = &races[..] else { panic!("{races:?}") };
    race.clone()
}

/// Status, filled and quantity in lots.
fn order(venue: &Venue, id: u64) -> (OrderStatus, u64, u64) {
    venue.exchange.view(|state| {
        let view = state.recent_order(openmart_model::OrderId(id)).unwrap();
        (view.status, view.order.filled.lots(), view.order.quantity().lots())
    })
}

#[test]
fn a_fill_comes_just_before_the_cancel() {
    for side in ["sell", "buy"] {
        let venue = Venue::new();
        // Others who are better or earlier, whom a true taker would meet first, and one behind.
        let (better, behind) = if side == "sell" { ("2.4", "2.6") } else { ("2.6", "2.4") };
        let first = venue.placed(BOB, side, "12", better);
        let earlier = venue.placed(BOB, side, "40", "2.5");
        arm(&venue, ALICE, RaceKind::FillBeforeCancel, None);
        let by_bob = venue.placed(BOB, side, "10", behind);
        let id = venue.placed(ALICE, side, "10", "2.5");
        let later = venue.placed(BOB, side, "10", "2.5");
        // Somebody else's cancel finds nothing, and is not the one that the race waits for.
        assert_eq!(venue.send(venue.cancel(BOB, id)).status, 404);
        assert_eq!(over(&venue).state, RaceState::Placed);
        let refused = venue.send(venue.cancel(ALICE, id));
        assert_eq!(refused.told(), (404, message("Not found").as_str()));
        assert_eq!(refused.header("x-openmart-reason"), Some("filled"));
        assert_eq!(order(&venue, id), (OrderStatus::Filled, 1_000, 1_000));
        assert_eq!(order(&venue, first).0, OrderStatus::Filled);
        assert_eq!(order(&venue, earlier).0, OrderStatus::Filled, "price, then time");
        assert_eq!(order(&venue, later).0, OrderStatus::Open);
        assert_eq!(order(&venue, by_bob).0, OrderStatus::Open);
        let race = over(&venue);
        assert_eq!((race.state, race.order), (RaceState::Done, Some(id)));
        assert!(!race.house_orders.is_empty());
        assert!(is_conserved(&venue));
        // The next order of the key meets nothing.
        let next = venue.placed(ALICE, side, "10", "2.5");
        assert_eq!(venue.send(venue.cancel(ALICE, next)).told(), (200, "{}"));
    }
}

#[test]
fn a_part_is_filled_and_the_cancel_takes_the_rest() {
    let venue = Venue::new();
    let before = balance(&venue, "alice", ACX);
    arm(&venue, ALICE, RaceKind::PartialBeforeCancel, Some(30));
    let id = venue.placed(ALICE, "sell", "100", "2.5");
    assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
    assert_eq!(order(&venue, id), (OrderStatus::Canceled, 3_000, 10_000));
    let after = balance(&venue, "alice", ACX);
    assert!(after.hold.is_zero());
    assert_eq!(before.available.units() - after.available.units(), 30 * 10_000_000_000);
    assert_eq!(over(&venue).state, RaceState::Done);
    assert!(is_conserved(&venue));
}

#[test]
fn a_part_of_too_little_is_missed_and_said() {
    let venue = Venue::new();
    arm(&venue, ALICE, RaceKind::PartialBeforeCancel, None);
    // Half of a lot more than the smallest order.
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    venue.placed(BOB, "buy", "9.9", "2.5");
    assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
    let race = over(&venue);
    assert_eq!(race.state, RaceState::Missed);
    assert_eq!(race.reason.as_deref(), Some("the order is too small to be filled in part"));
}

#[test]
fn the_cancel_comes_just_before_the_taker() {
    let venue = Venue::new();
    let mut updates = venue.exchange.subscribe(64);
    arm(&venue, ALICE, RaceKind::CancelBeforeFill, None);
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    let before = balance(&venue, "alice", USDT);
    assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
    assert_eq!(order(&venue, id), (OrderStatus::Canceled, 0, 1_000));
    assert_eq!(balance(&venue, "alice", USDT), before);
    let race = over(&venue);
    assert_eq!(race.state, RaceState::Done);
    let [taker] = race.house_orders[..] else { panic!("{race:?}") };
    assert_eq!(order(&venue, taker), (OrderStatus::Canceled, 0, 1_000), "it found nothing");
    // The taker stands right behind the cancel.
    let mut canceled_at = None;
    while let Ok(Some(update)) = updates.try_next() {
        for event in update.events.iter() {
            match event {
                Event::Closed { order, .. } if order.id.0 == id => {
                    canceled_at = Some(update.sequence);
                }
                Event::Placed(order) if order.id.0 == taker => {
                    assert_eq!(Some(update.sequence - 1), canceled_at);
                }
                Event::Traded(trade) => panic!("{trade:?}"),
                _ => {}
            }
        }
    }
    assert!(canceled_at.is_some() && is_conserved(&venue));
}

#[test]
fn the_stream_tells_of_the_fill_before_the_answer_to_placing_comes() {
    let venue = Venue::new();
    let mut client = Client::new(&venue);
    client.ask(TRADE);
    let mut updates = venue.exchange.subscribe(64);
    arm(&venue, ALICE, RaceKind::EventBeforeResponse, None);
    let mut stream = connect(venue.address);
    stream.write_all(&venue.order(ALICE, "sell", "10", "2.5").bytes()).unwrap();
    // The order is filled, and yet there is no answer, however long one would wait.
    while !updates.next_blocking().unwrap().events.iter().any(|e| matches!(e, Event::Traded(_))) {}
    let trades =
        venue.send(venue.private(ALICE, "GET", "/v2/trades?symbol=ACX_USDT&limit=10&offset=0"));
    assert!(trades.text().contains("\"entrust_id\":1"), "{}", trades.text());
    stream.set_nonblocking(true).unwrap();
    let nothing = stream.read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    venue.tick();
    venue.tick();
    assert!(client.hear().contains("\"count\":\"10.00\""));
    // Whether the wait began before or after these ticks, two more end it.
    venue.tick();
    venue.tick();
    let answer = read_one(&mut stream);
    assert_eq!(answer.told(), (200, r#"{"entrust_id":1}"#));
    assert_eq!(order(&venue, 1).0, OrderStatus::Filled);
    assert!(is_conserved(&venue));
}

#[test]
fn without_a_stream_the_fill_comes_before_the_answer_all_the_same() {
    let venue = Venue::new();
    arm(&venue, ALICE, RaceKind::EventBeforeResponse, Some(40));
    let id = venue.placed(ALICE, "buy", "100", "2.5");
    assert_eq!(order(&venue, id), (OrderStatus::PartiallyFilled, 4_000, 10_000));
    assert_eq!(over(&venue).state, RaceState::Done);
}

#[test]
fn a_race_waits_for_an_order_that_is_accepted_and_for_its_own_key() {
    let venue = Venue::new();
    arm(&venue, ALICE, RaceKind::FillBeforeCancel, None);
    let by_bob = venue.placed(BOB, "sell", "10", "2.5");
    assert_eq!(venue.send(venue.cancel(BOB, by_bob)).told(), (200, "{}"));
    let refused = venue.send(venue.order(ALICE, "sell", "100000000", "2.5"));
    assert_ne!(refused.status, 200);
    assert_eq!(over(&venue).state, RaceState::Armed);
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    // Somebody else takes it before.
    venue.placed(BOB, "buy", "10", "2.5");
    let refused = venue.send(venue.cancel(ALICE, id));
    assert_eq!(refused.header("x-openmart-reason"), Some("filled"));
    let race = over(&venue);
    assert_eq!(race.reason.as_deref(), Some("the order was not open any more"));
    assert_eq!(venue.controls.clear_races().races, []);
    assert_eq!(venue.get("/v2/ping").status, 200);
    assert!(Call::new("GET", "/v2/ping").send(venue.address).status == 200);
}

/// Cancels all of somebody's orders on one side.
fn cancel_all(venue: &Venue, key: Key, side: &str) {
    let target = format!("/v2/orders?symbol=ACX_USDT&side={side}");
    let signed = venue.signed(key, "DELETE", &target, &format!("side={side}&symbol=ACX_USDT"));
    assert_eq!(venue.send(signed).told(), (200, "{}"));
}

#[test]
fn a_cancel_all_meets_the_races_of_all_the_orders_that_it_cancels() {
    let venue = Venue::new();
    // The best price first, since a taker would take it first.
    for (race, percent) in [
        (RaceKind::FillBeforeCancel, None),
        (RaceKind::PartialBeforeCancel, Some(30)),
        (RaceKind::CancelBeforeFill, None),
        (RaceKind::FillBeforeCancel, None),
    ] {
        arm(&venue, ALICE, race, percent);
    }
    let filled = venue.placed(ALICE, "sell", "10", "2.5");
    let partly = venue.placed(ALICE, "sell", "100", "2.6");
    let canceled = venue.placed(ALICE, "sell", "10", "2.7");
    let bid = venue.placed(ALICE, "buy", "10", "2.4");
    let plain = venue.placed(ALICE, "sell", "10", "2.8");
    let by_bob = venue.placed(BOB, "sell", "10", "2.9");
    let states = || venue.controls.races().races.into_iter().map(|race| (race.order, race.state));
    let all = |state| [filled, partly, canceled, bid].map(|id| (Some(id), state));
    assert!(states().eq(all(RaceState::Placed)));

    // Somebody else's is not the one they wait for.
    cancel_all(&venue, BOB, "sell");
    assert_eq!(order(&venue, by_bob).0, OrderStatus::Canceled);
    assert!(states().eq(all(RaceState::Placed)));

    cancel_all(&venue, ALICE, "sell");
    assert_eq!(order(&venue, filled), (OrderStatus::Filled, 1_000, 1_000));
    assert_eq!(order(&venue, partly), (OrderStatus::Canceled, 3_000, 10_000));
    assert_eq!(order(&venue, canceled), (OrderStatus::Canceled, 0, 1_000));
    assert_eq!(order(&venue, plain), (OrderStatus::Canceled, 0, 1_000));
    let mut by_order: Vec<_> = states().collect();
    by_order.sort_by_key(|(order, _)| *order);
    let done = |id| (Some(id), RaceState::Done);
    let waits = (Some(bid), RaceState::Placed);
    assert_eq!(by_order, [done(filled), done(partly), done(canceled), waits]);
    assert!(is_conserved(&venue));

    cancel_all(&venue, ALICE, "buy");
    assert_eq!(order(&venue, bid).0, OrderStatus::Filled);
    assert!(states().all(|(_, state)| state == RaceState::Done));
    assert!(is_conserved(&venue));
}
