//! Matching, fees and what becomes of the rest, order kind by order kind.

mod support;

use openmart_model::CloseReason::{Canceled, Expired, Filled, SelfTrade};
use openmart_model::Side::{Buy, Sell};
use openmart_model::*;
use support::*;

#[test]
fn better_prices_trade_first_and_older_orders_first_among_equals() {
    let mut venue = Venue::new();
    let first = venue.rest(BOB, Sell, 1_010, 100);
    let second = venue.rest(CAROL, Sell, 1_010, 100);
    let best = venue.rest(BOB, Sell, 1_005, 30);
    venue.rest(ALICE, Buy, 1_010, 180);
    assert_eq!(venue.trades(), [(best.0, 1_005, 30), (first.0, 1_010, 100), (second.0, 1_010, 50)]);
    let order = venue.engine.order(second).unwrap();
    assert_eq!((order.filled.lots(), order.remaining().lots()), (50, 50));
}

#[test]
fn each_side_pays_its_fee_in_what_it_receives() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_001, 333);
    venue.rest(ALICE, Buy, 1_010, 333);
    let (base, quote) = (333 * LOT, 1_001 * 333 * TICK_LOT);
    let (taker_fee, maker_fee) = (base * 2_000 / 1_000_000, quote * 1_000 / 1_000_000);
    assert_eq!(venue.available(ALICE, BASE), FUNDS + base - taker_fee);
    assert_eq!(venue.available(ALICE, QUOTE), FUNDS - quote, "paid the maker's price, not its own");
    assert_eq!(venue.available(BOB, BASE), FUNDS - base);
    assert_eq!(venue.available(BOB, QUOTE), FUNDS + quote - maker_fee);
    assert_eq!(venue.held(ALICE, QUOTE) + venue.held(BOB, BASE), 0);
    assert_eq!(venue.engine.fees_collected(BASE).units(), taker_fee);
    assert_eq!(venue.engine.fees_collected(QUOTE).units(), maker_fee);
}

#[test]
fn an_account_may_have_rates_of_its_own() {
    let mut venue = Venue::new();
    let fees = Some(FeeSchedule { maker: ppm(0), taker: ppm(500) });
    venue.apply(Command::SetAccountFees { account: ALICE, market: MARKET, fees }).unwrap();
    venue.rest(BOB, Sell, 1_000, 100);
    venue.rest(ALICE, Buy, 1_000, 100);
    assert_eq!(venue.engine.fees_collected(BASE).units(), 100 * LOT * 500 / 1_000_000);
    venue.apply(Command::SetAccountFees { account: ALICE, market: MARKET, fees: None }).unwrap();
    venue.rest(BOB, Sell, 1_000, 100);
    venue.rest(ALICE, Buy, 1_000, 100);
    assert_eq!(venue.engine.fees_collected(BASE).units(), 100 * LOT * 2_500 / 1_000_000);
}

#[test]
fn what_is_left_of_an_order_rests_and_is_held_at_its_own_price() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_000, 40);
    let order = venue.rest(ALICE, Buy, 1_020, 100);
    assert_eq!(venue.held(ALICE, QUOTE), 1_020 * 60 * TICK_LOT);
    assert_eq!(venue.engine.best_price(MARKET, Buy), Some(Price::new(1_020)));
    assert!(matches!(
        venue.events[..],
        [
            Event::Placed(_),
            Event::Traded(_),
            Event::Closed { rested: true, .. },
            Event::Rested { .. }
        ]
    ));
    venue.cancel(ALICE, order).unwrap();
    assert_eq!(venue.held(ALICE, QUOTE), 0);
    assert_eq!(venue.available(ALICE, QUOTE), FUNDS - 1_000 * 40 * TICK_LOT);
}

#[test]
fn immediate_or_cancel_does_not_wait() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_000, 40);
    let order = limit_for(1_000, 100, TimeInForce::ImmediateOrCancel);
    venue.place(ALICE, Buy, order).unwrap();
    assert_eq!(venue.closed(), [(1, Filled, 0), (2, Expired, 60)]);
    assert_eq!(venue.held(ALICE, QUOTE), 0);
    assert_eq!(venue.engine.orders_open(), 0);
}

#[test]
fn fill_or_kill_is_all_or_nothing() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_000, 40);
    venue.rest(BOB, Sell, 1_001, 60);
    let order = |price, quantity| limit_for(price, quantity, TimeInForce::FillOrKill);
    assert_eq!(venue.place(ALICE, Buy, order(1_000, 41)), Err(Reject::NotFillable));
    assert_eq!(venue.place(ALICE, Buy, order(1_001, 101)), Err(Reject::NotFillable));
    venue.place(ALICE, Buy, order(1_001, 100)).unwrap();
    assert_eq!(venue.trades(), [(1, 1_000, 40), (2, 1_001, 60)]);
}

#[test]
fn post_only_never_takes() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_000, 40);
    let order = |price| limit_for(price, 50, TimeInForce::GoodTillCanceled { post_only: true });
    assert_eq!(venue.place(ALICE, Buy, order(1_000)), Err(Reject::WouldTake));
    venue.place(ALICE, Buy, order(999)).unwrap();
    assert_eq!(venue.engine.order(OrderId(2)).unwrap().kind, order(999));
}

#[test]
fn market_orders_take_what_there_is() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_000, 40);
    venue.rest(BOB, Sell, 3_000, 40);
    venue.place(ALICE, Buy, OrderKind::Market { quantity: Quantity::new(100) }).unwrap();
    assert_eq!(venue.trades(), [(1, 1_000, 40), (2, 3_000, 40)]);
    assert_eq!(venue.closed().last(), Some(&(3, Expired, 20)));
    venue.place(ALICE, Sell, OrderKind::Market { quantity: Quantity::new(100) }).unwrap();
    assert_eq!(venue.closed(), [(4, Expired, 100)], "an empty book fills nothing");
}

#[test]
fn orders_by_notional_take_whole_lots() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_000, 40);
    venue.rest(BOB, Sell, 2_000, 40);
    let spend = |ticks_lots: u128| OrderKind::MarketNotional {
        notional: Amount::new(ticks_lots * TICK_LOT + 1),
    };
    venue.place(ALICE, Buy, spend(1_000 * 40 + 2_000 * 3 + 1_999)).unwrap();
    assert_eq!(venue.trades(), [(1, 1_000, 40), (2, 2_000, 3)]);
    assert_eq!(venue.closed().last(), Some(&(3, Filled, 0)));
    venue.place(ALICE, Buy, spend(1_999)).unwrap();
    assert_eq!(venue.closed(), [(4, Expired, 0)], "it does not pay for one lot");
    venue.place(ALICE, Buy, spend(2_000 * 1_000)).unwrap();
    assert_eq!(venue.closed().last(), Some(&(5, Expired, 0)), "the book ran empty");
}

#[test]
fn a_sell_by_notional_ends_where_it_takes_a_part() {
    let spec = MarketSpec {
        self_trade: SelfTradePolicy::RefuseTaker,
        notional_min_buy: Amount::ZERO,
        notional_min_sell: Amount::ZERO,
        ..spec()
    };
    let mut venue = Venue::with(spec);
    venue.rest(BOB, Buy, 4, 100);
    venue.rest(ALICE, Buy, 3, 100);
    // 119 at 4 is 29 lots with 3 left, which would pay one more lot at the own order's 3.
    let receive = OrderKind::MarketNotional { notional: Amount::new(119 * TICK_LOT) };
    venue.place(ALICE, Sell, receive).unwrap();
    assert_eq!(venue.trades(), [(1, 4, 29)]);
}

#[test]
fn a_market_buy_beyond_its_funds_is_refused_whole() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_000_000, 200);
    let ask = OrderKind::Market { quantity: Quantity::new(101) };
    assert_eq!(venue.place(ALICE, Buy, ask), Err(Reject::InsufficientFunds));
    let spend = OrderKind::MarketNotional { notional: Amount::new(FUNDS + 1) };
    assert_eq!(venue.place(ALICE, Buy, spend), Err(Reject::InsufficientFunds));
    venue.place(ALICE, Buy, OrderKind::Market { quantity: Quantity::new(100) }).unwrap();
    assert_eq!(venue.available(ALICE, QUOTE), 0);
}

/// Own order in the middle: carol's, alice's, carol's; then alice buys through all of them.
fn meet_own(policy: SelfTradePolicy, time_in_force: TimeInForce) -> (Venue, CommandResult) {
    let mut venue = Venue::with_policy(policy);
    venue.rest(CAROL, Sell, 1_000, 10);
    venue.rest(ALICE, Sell, 1_001, 20);
    venue.rest(CAROL, Sell, 1_002, 30);
    let result = venue.place(ALICE, Buy, limit_for(1_002, 45, time_in_force));
    (venue, result)
}

#[test]
fn self_trade_policies() {
    use SelfTradePolicy::*;
    let (venue, _) = meet_own(Allow, TimeInForce::GTC);
    assert_eq!(venue.trades(), [(1, 1_000, 10), (2, 1_001, 20), (3, 1_002, 15)]);
    assert_eq!(venue.closed(), [(1, Filled, 0), (2, Filled, 0), (4, Filled, 0)]);

    let (venue, result) = meet_own(RefuseTaker, TimeInForce::GTC);
    assert_eq!(result, Err(Reject::SelfTrade));
    assert_eq!(venue.trades(), []);

    let (venue, _) = meet_own(CancelTaker, TimeInForce::GTC);
    assert_eq!(venue.closed(), [(1, Filled, 0), (4, SelfTrade, 35)]);

    let (venue, _) = meet_own(CancelMaker, TimeInForce::GTC);
    assert_eq!(venue.trades(), [(1, 1_000, 10), (3, 1_002, 30)]);
    assert_eq!(venue.closed(), [(1, Filled, 0), (2, SelfTrade, 20), (3, Filled, 0)]);
    assert_eq!(venue.engine.order(OrderId(4)).unwrap().remaining().lots(), 5);

    let (venue, _) = meet_own(CancelBoth, TimeInForce::GTC);
    assert_eq!(venue.closed(), [(1, Filled, 0), (2, SelfTrade, 20), (4, SelfTrade, 35)]);
    assert_eq!(venue.held(ALICE, BASE) + venue.held(ALICE, QUOTE), 0);
}

#[test]
fn fill_or_kill_counts_only_what_the_policy_lets_trade() {
    use SelfTradePolicy::*;
    for policy in [CancelTaker, CancelMaker, CancelBoth] {
        let (_, result) = meet_own(policy, TimeInForce::FillOrKill);
        assert_eq!(result, Err(Reject::NotFillable), "{policy:?}");
    }
    let (venue, result) = meet_own(Allow, TimeInForce::FillOrKill);
    assert!(result.is_ok());
    assert_eq!(venue.trades().len(), 3);
}

#[test]
fn an_order_satisfied_before_its_own_is_not_refused() {
    let mut venue = Venue::with_policy(SelfTradePolicy::RefuseTaker);
    venue.rest(CAROL, Sell, 1_000, 10);
    venue.rest(ALICE, Sell, 1_000, 20);
    assert!(venue.place(ALICE, Buy, limit(1_000, 10)).is_ok());
    assert_eq!(venue.place(ALICE, Buy, limit(1_000, 10)), Err(Reject::SelfTrade));
}

#[test]
fn a_canceled_order_never_trades_again() {
    let mut venue = Venue::new();
    let order = venue.rest(BOB, Sell, 1_000, 40);
    let remaining = Quantity::new(40);
    assert_eq!(venue.cancel(BOB, order), Ok(Outcome::Canceled { order, remaining }));
    assert_eq!(venue.closed(), [(1, Canceled, 40)]);
    assert_eq!(venue.available(BOB, BASE), FUNDS);
    venue.rest(ALICE, Buy, 1_000, 40);
    assert_eq!(venue.trades(), []);
}
