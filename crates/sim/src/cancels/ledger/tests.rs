//! The ledger finds what cannot be.

use openmart_model::{
    Amount, AssetId, NewOrder, Order, OrderKind, TimeInForce, Timestamp, Trade, TradeId,
};

use super::*;
use crate::cancels::markets;

const OWNER: AccountId = AccountId(1);
const CANCEL: Command = Command::Cancel { account: OWNER, order: OrderId(1) };

fn order(id: u64, side: Side, quantity: u64) -> (Command, Order) {
    let (price, quantity) = (Price::new(100), Quantity::new(quantity));
    let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
    let (account, market, client_id) = (OWNER, MarketId(0), None);
    let place = Command::Place(NewOrder { account, market, side, kind, client_id });
    let (filled, notional, fees) = (Quantity::ZERO, Amount::ZERO, Amount::ZERO);
    let (id, time) = (OrderId(id), Timestamp(0));
    let order = Order { id, account, market, side, kind, client_id, time, filled, notional, fees };
    (place, order)
}

fn rested(order: &Order) -> Event {
    let Order { id, market, side, .. } = *order;
    let (price, remaining) = (Price::new(100), order.remaining());
    Event::Rested { order: id, market, side, price, remaining }
}

fn fill(taker: u64, quantity: u64) -> Event {
    Event::Traded(Trade {
        id: TradeId(1),
        market: MarketId(0),
        price: Price::new(100),
        quantity: Quantity::new(quantity),
        notional: Amount::ZERO,
        taker_side: Side::Buy,
        taker_order: OrderId(taker),
        taker_account: OWNER,
        taker_fee: Amount::ZERO,
        maker_order: OrderId(1),
        maker_account: OWNER,
        maker_fee: Amount::ZERO,
    })
}

/// A ledger with one resting order of five lots, which is then canceled or not.
fn ledger(canceled: bool) -> (Ledger, Order) {
    let mut ledger = Ledger::new(markets(), 3);
    let (place, order) = order(1, Side::Sell, 5);
    let placed = Ok(Outcome::Placed { order: order.id, duplicate: false });
    ledger.apply(&place, &placed, &[Event::Placed(order), rested(&order)]).unwrap();
    assert!(!ledger.hold(OWNER, AssetId(0)).is_zero());
    if canceled {
        let (result, closed) = cancel(&order);
        ledger.apply(&CANCEL, &result, &[closed]).unwrap();
        assert!(ledger.hold(OWNER, AssetId(0)).is_zero());
    }
    (ledger, order)
}

fn cancel(order: &Order) -> (CommandResult, Event) {
    let remaining = order.remaining();
    let closed = Event::Closed { order: *order, reason: CloseReason::Canceled, rested: true };
    (Ok(Outcome::Canceled { order: order.id, remaining }), closed)
}

fn refused(told: Result<(), String>, why: &str) {
    let what = told.expect_err(why);
    assert!(what.contains(why), "{what}");
}

#[test]
fn a_fill_after_a_cancel_is_found() {
    for (canceled, lots, why) in [(true, 1, "not in the book"), (false, 6, "more")] {
        let (mut ledger, _) = ledger(canceled);
        let (place, taker) = order(2, Side::Buy, 8);
        let placed = Ok(Outcome::Placed { order: taker.id, duplicate: false });
        refused(ledger.apply(&place, &placed, &[Event::Placed(taker), fill(2, lots)]), why);
    }
}

#[test]
fn a_second_end_is_found() {
    let (mut ledger, order) = ledger(true);
    let closed = Event::Closed { order, reason: CloseReason::SelfTrade, rested: true };
    let (place, _) = self::order(2, Side::Buy, 1);
    refused(ledger.apply(&place, &Ok(Outcome::Done), &[closed]), "ended twice");
}

#[test]
fn results_that_are_not_so_are_found() {
    let (mut open, order) = ledger(false);
    refused(open.apply(&CANCEL, &Err(Reject::OrderNotOpen), &[]), "the truth Ok");
    let (result, closed) = cancel(&order);
    refused(open.apply(&CANCEL, &result, &[]), "something else");
    let (mut gone, _) = ledger(true);
    refused(gone.apply(&CANCEL, &result, &[closed]), "OrderNotOpen");
    refused(gone.apply(&CANCEL, &Err(Reject::UnknownAccount), &[]), "OrderNotOpen");
    let nobody = Command::Cancel { account: AccountId(3), order: order.id };
    refused(gone.apply(&nobody, &Err(Reject::OrderNotOpen), &[]), "UnknownAccount");
    refused(gone.apply(&CANCEL, &Err(Reject::OrderNotOpen), &[closed]), "a refusal has");
}

#[test]
fn an_order_left_behind_is_found() {
    let (mut ledger, _) = ledger(false);
    let (place, order) = order(2, Side::Buy, 1);
    let placed = Ok(Outcome::Placed { order: order.id, duplicate: false });
    refused(ledger.apply(&place, &placed, &[Event::Placed(order)]), "neither rests");
}

#[test]
fn a_cancel_all_that_leaves_something_is_found() {
    let (mut ledger, _) = ledger(false);
    let all = Command::CancelAll { account: OWNER, market: None, side: None };
    let done = |orders| Ok(Outcome::CanceledAll { orders });
    refused(ledger.apply(&all, &done(0), &[]), "the truth");
    refused(ledger.apply(&all, &done(1), &[]), "left an order");
}
