//! What only a book with very many orders shows: looking ahead changes nothing, and lists that grew
//! long shrink again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use openmart_engine::{Engine, LOOK_AHEAD_MAX};
use openmart_model::Side::{Buy, Sell};
use openmart_model::*;
use support::*;

/// Enough that looking ahead looks.
const ORDERS: u64 = 40_000;

/// Applies without the checks after every command that smaller tests have.
fn apply(engine: &mut Engine, command: &Command) -> (CommandResult, Vec<Event>) {
    let mut events = Vec::new();
    let sequence = engine.sequence() + 1;
    let result = engine.apply(sequence, Timestamp(sequence), command, &mut events);
    (result, events)
}

fn order(account: AccountId, side: Side, kind: OrderKind) -> Command {
    Command::Place(NewOrder { account, market: MARKET, side, kind, client_id: None })
}

/// Alice's bids and Bob's asks, on a thousand prices each.
fn large_book() -> Engine {
    let mut engine = Venue::with(MarketSpec { price_band_multiple: 0, ..spec() }).engine;
    for account in [ALICE, BOB] {
        for asset in [BASE, QUOTE] {
            let amount = Amount::new(FUNDS * 1_000_000);
            apply(&mut engine, &Command::Deposit { account, asset, amount }).0.unwrap();
        }
    }
    for at in 0..ORDERS {
        let away = at / 2 % 1_000;
        let command = if at % 2 == 0 {
            order(ALICE, Buy, limit(9_000 - away, 2 + at % 7))
        } else {
            order(BOB, Sell, limit(9_001 + away, 2 + at % 5))
        };
        apply(&mut engine, &command).0.unwrap();
    }
    engine.check().unwrap();
    engine
}

#[test]
fn looking_ahead_changes_nothing_whatever_the_commands_are() {
    let (mut ahead, mut plain) = (large_book(), large_book());
    let nobody = AccountId(99);
    let foreign = NewOrder {
        account: nobody,
        market: MarketId(7),
        side: Buy,
        kind: limit(1, 1),
        client_id: ClientOrderId::new("x"),
    };
    let mut commands = vec![
        Command::Place(foreign),
        Command::Place(NewOrder { market: MARKET, ..foreign }),
        Command::Cancel { account: nobody, order: OrderId(1) },
        Command::Cancel { account: ALICE, order: OrderId(0) },
        Command::Cancel { account: ALICE, order: OrderId(u64::MAX) },
        order(CAROL, Sell, OrderKind::Market { quantity: Quantity::new(50) }),
        order(CAROL, Buy, OrderKind::MarketNotional { notional: Amount::new(FUNDS / 10) }),
        order(CAROL, Buy, limit(u64::MAX, 5)),
        Command::CancelAll { account: CAROL, market: None, side: None },
    ];
    commands.extend((0..200).map(|at| Command::Cancel { account: ALICE, order: OrderId(at * 3) }));
    commands.extend((0..100).map(|at| order(CAROL, Sell, limit(8_980 + at, 20))));
    for batch in commands.chunks(LOOK_AHEAD_MAX + 9) {
        ahead.look_ahead(batch.iter());
        for command in batch {
            assert_eq!(apply(&mut ahead, command), apply(&mut plain, command));
        }
    }
    assert_eq!(ahead.digest(), plain.digest());
    ahead.check().unwrap();
}

#[test]
fn canceling_all_of_very_many_tells_them_oldest_first() {
    let mut engine = large_book();
    // Some go first, and others take their places in the account's list.
    for at in (1..ORDERS).step_by(6) {
        apply(&mut engine, &Command::Cancel { account: ALICE, order: OrderId(at) }).0.unwrap();
        apply(&mut engine, &order(ALICE, Buy, limit(7_000, 10))).0.unwrap();
    }
    let open: Vec<OrderId> = engine.open_orders(ALICE).map(|order| order.id).collect();
    assert!(open.is_sorted() && open.len() as u64 == ORDERS / 2);
    let command = Command::CancelAll { account: ALICE, market: None, side: None };
    let (result, events) = apply(&mut engine, &command);
    assert_eq!(result, Ok(Outcome::CanceledAll { orders: open.len() as u32 }));
    let closed = events.iter().map(|event| match event {
        Event::Closed { order, reason: CloseReason::Canceled, rested: true } => order.id,
        other => panic!("{other:?}"),
    });
    assert_eq!(closed.collect::<Vec<_>>(), open);
    assert_eq!(engine.open_orders_len(ALICE), 0);
    engine.check().unwrap();
}

#[test]
fn an_account_whose_orders_went_one_by_one_keeps_the_rest() {
    let mut engine = large_book();
    for at in 1..=ORDERS - 50 {
        let account = if at % 2 == 1 { ALICE } else { BOB };
        apply(&mut engine, &Command::Cancel { account, order: OrderId(at) }).0.unwrap();
    }
    engine.check().unwrap();
    let left: Vec<u64> = engine.open_orders(ALICE).map(|order| order.id.0).collect();
    assert_eq!(left, (ORDERS - 49..ORDERS).step_by(2).collect::<Vec<_>>());
    for order in left {
        apply(&mut engine, &Command::Cancel { account: ALICE, order: OrderId(order) }).0.unwrap();
    }
    engine.check().unwrap();
    assert_eq!(engine.best_price(MARKET, Buy), None);
}
