//! Every refusal, in its order of precedence.

mod support;

use openmart_model::Side::{Buy, Sell};
use openmart_model::limits::{
    CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX, ORDERS_OPEN_PER_ACCOUNT_MAX, PRICE_LEVELS_PER_SIDE_MAX,
    SUPPLY_MAX,
};
use openmart_model::*;
use support::*;

/// One order that breaks every rule at once; each step mends the one that was reported.
#[test]
fn refusals_of_an_order_come_in_their_order() {
    let mut venue = Venue::with_policy(SelfTradePolicy::RefuseTaker);
    venue.rest(ALICE, Sell, 100_000, 100);
    venue.place_named(ALICE, Buy, limit(1_000, 10), "taken").unwrap();
    let halt = |status| Command::SetMarketStatus { market: MARKET, status };
    venue.apply(halt(MarketStatus::Halted)).unwrap();

    let mut order = NewOrder {
        account: AccountId(9),
        market: MarketId(9),
        side: Buy,
        kind: limit_for(0, 0, TimeInForce::FillOrKill),
        client_id: ClientOrderId::new("taken"),
    };
    let expect = |venue: &mut Venue, order: &NewOrder, reject| {
        assert_eq!(venue.apply(Command::Place(*order)), Err(reject));
    };
    expect(&mut venue, &order, Reject::UnknownAccount);
    order.account = ALICE;
    expect(&mut venue, &order, Reject::UnknownMarket);
    order.market = MARKET;
    expect(&mut venue, &order, Reject::ClientIdTaken { order: OrderId(2) });
    order.client_id = None;
    expect(&mut venue, &order, Reject::MarketHalted);
    venue.apply(halt(MarketStatus::Trading)).unwrap();
    expect(&mut venue, &order, Reject::ZeroQuantity);
    order.kind = limit_for(0, 1, TimeInForce::FillOrKill);
    expect(&mut venue, &order, Reject::QuantityTooSmall { min: Quantity::new(2) });
    order.kind = limit_for(0, 1_000_001, TimeInForce::FillOrKill);
    expect(&mut venue, &order, Reject::QuantityTooLarge { max: Quantity::new(1_000_000) });
    order.kind = limit_for(0, 2, TimeInForce::FillOrKill);
    expect(&mut venue, &order, Reject::ZeroPrice);
    order.kind = limit_for(1, 2, TimeInForce::FillOrKill);
    expect(&mut venue, &order, Reject::NotionalTooSmall { min: Amount::new(100 * TICK_LOT) });
    order.kind = limit_for(u64::MAX, 1_000_000, TimeInForce::FillOrKill);
    expect(&mut venue, &order, Reject::PriceAboveBand { max: Price::new(5_000) });
    order.kind = limit_for(5_000, 1_000_000, TimeInForce::FillOrKill);
    expect(&mut venue, &order, Reject::NotFillable);

    // At the own order's price, which the band of an empty side allows.
    venue.cancel(ALICE, OrderId(2)).unwrap();
    order.kind = limit_for(100_000, 1_000_000, TimeInForce::FillOrKill);
    expect(&mut venue, &order, Reject::SelfTrade);
    order.kind = limit_for(100_000, 1_000_000, TimeInForce::GoodTillCanceled { post_only: true });
    expect(&mut venue, &order, Reject::WouldTake);
    order.kind = limit_for(99_999, 1_000_000, TimeInForce::GoodTillCanceled { post_only: true });
    expect(&mut venue, &order, Reject::InsufficientFunds);
}

#[test]
fn the_band_follows_the_own_side_then_the_last_trade() {
    let mut venue = Venue::new();
    venue.rest(BOB, Sell, 1_000, 10);
    venue.rest(ALICE, Buy, 50_000, 10);
    assert_eq!(venue.engine.last_price(MARKET), Some(Price::new(1_000)));
    let above = |max| Err(Reject::PriceAboveBand { max: Price::new(max) });
    assert_eq!(venue.place(BOB, Sell, limit(5_001, 10)), above(5_000));
    venue.rest(BOB, Sell, 900, 10);
    assert_eq!(venue.place(BOB, Sell, limit(4_501, 10)), above(4_500));
    venue.rest(BOB, Sell, 4_500, 10);
    assert_eq!(venue.place(ALICE, Buy, limit(5_001, 10)), above(5_000));
}

#[test]
fn a_notional_that_cannot_be_counted_is_refused() {
    let spec =
        MarketSpec { price_band_multiple: 0, quantity_max: Quantity::new(u64::MAX), ..spec() };
    let mut venue = Venue::with(spec);
    for kind in [limit(u64::MAX, u64::MAX), limit(1 << 60, 1 << 40)] {
        assert_eq!(venue.place(ALICE, Sell, kind), Err(Reject::NotionalTooLarge));
    }
    let kind = OrderKind::MarketNotional { notional: Amount::new(u128::MAX) };
    assert_eq!(venue.place(ALICE, Sell, kind), Err(Reject::NotionalTooLarge));
    let kind = OrderKind::MarketNotional { notional: Amount::ZERO };
    assert_eq!(venue.place(ALICE, Sell, kind), Err(Reject::ZeroAmount));
}

#[test]
fn cancels_tell_nothing_about_other_peoples_orders() {
    let mut venue = Venue::new();
    let open = venue.rest(ALICE, Buy, 1_000, 10);
    let filled = venue.rest(ALICE, Buy, 1_001, 10);
    venue.rest(BOB, Sell, 1_001, 20);
    let canceled = OrderId(3);
    venue.cancel(BOB, canceled).unwrap();
    for (account, order) in [
        (BOB, open),
        (ALICE, filled),
        (BOB, canceled),
        (ALICE, OrderId(99)),
        (ALICE, OrderId(0)),
        (ALICE, OrderId(u64::MAX)),
    ] {
        assert_eq!(venue.cancel(account, order), Err(Reject::OrderNotOpen), "{account} {order}");
    }
    assert_eq!(venue.cancel(AccountId(9), open), Err(Reject::UnknownAccount));
}

#[test]
fn cancel_all_is_one_step_over_what_it_names() {
    let mut venue = Venue::new();
    for price in [990, 991, 992] {
        venue.rest(ALICE, Buy, price, 20);
        venue.rest(ALICE, Sell, price + 100, 20);
        venue.rest(BOB, Buy, price, 20);
    }
    let all = |account, market, side| Command::CancelAll { account, market, side };
    let buys = venue.apply(all(ALICE, Some(MARKET), Some(Buy)));
    assert_eq!(buys, Ok(Outcome::CanceledAll { orders: 3 }));
    assert_eq!(venue.closed().iter().map(|c| c.0).collect::<Vec<_>>(), [1, 4, 7]);
    assert_eq!(venue.apply(all(ALICE, None, None)), Ok(Outcome::CanceledAll { orders: 3 }));
    assert_eq!(venue.apply(all(ALICE, None, None)), Ok(Outcome::CanceledAll { orders: 0 }));
    assert_eq!(venue.engine.orders_open(), 3, "bob's are untouched");
    let unknown = venue.apply(all(ALICE, Some(MarketId(7)), None));
    assert_eq!(unknown, Err(Reject::UnknownMarket));
}

#[test]
fn a_halted_market_cancels_but_does_not_place() {
    let mut venue = Venue::new();
    let order = venue.rest(ALICE, Buy, 1_000, 10);
    let status = MarketStatus::Halted;
    venue.apply(Command::SetMarketStatus { market: MARKET, status }).unwrap();
    assert_eq!(venue.place(BOB, Sell, limit(1_000, 20)), Err(Reject::MarketHalted));
    assert!(venue.cancel(ALICE, order).is_ok());
}

#[test]
fn the_same_client_id_places_once() {
    let mut venue = Venue::new();
    let first = venue.place_named(ALICE, Buy, limit(1_000, 10), "mine");
    assert_eq!(first, Ok(Outcome::Placed { order: OrderId(1), duplicate: false }));
    let again = Ok(Outcome::Placed { order: OrderId(1), duplicate: true });
    assert_eq!(venue.place_named(ALICE, Buy, limit(1_000, 10), "mine"), again);
    assert_eq!(venue.events, []);
    let taken = Err(Reject::ClientIdTaken { order: OrderId(1) });
    assert_eq!(venue.place_named(ALICE, Buy, limit(1_000, 11), "mine"), taken);
    assert!(venue.place_named(BOB, Buy, limit(1_000, 10), "mine").is_ok(), "another's is free");
    venue.cancel(ALICE, OrderId(1)).unwrap();
    assert_eq!(venue.place_named(ALICE, Buy, limit(1_000, 10), "mine"), again, "after the end too");
}

#[test]
fn a_refused_order_does_not_use_its_client_id_up() {
    let mut venue = Venue::new();
    assert!(venue.place_named(ALICE, Buy, limit(1_000, 1), "mine").is_err());
    assert!(venue.place_named(ALICE, Buy, limit(1_000, 10), "mine").is_ok());
}

#[test]
fn the_oldest_client_ids_of_closed_orders_are_forgotten() {
    let mut venue = Venue::new();
    let engine = &mut venue.engine;
    let mut apply = |command: Command| {
        let sequence = engine.sequence() + 1;
        engine.apply(sequence, Timestamp(0), &command, &mut Vec::new())
    };
    let mut place = |id: &str| {
        let client_id = ClientOrderId::new(id);
        let (account, market, side) = (ALICE, MARKET, Buy);
        let kind = limit_for(1_000, 10, TimeInForce::ImmediateOrCancel);
        match apply(Command::Place(NewOrder { account, market, side, kind, client_id })) {
            Ok(Outcome::Placed { duplicate, .. }) => duplicate,
            other => panic!("{other:?}"),
        }
    };
    for n in 0..CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX {
        assert!(!place(&format!("id-{n}")));
    }
    assert!(place("id-0"), "still remembered");
    assert!(!place("one-more"));
    assert!(!place("id-0"), "forgotten, so placed anew");
    assert!(place("id-2"));
    venue.engine.check().unwrap();
}

#[test]
fn an_account_has_at_most_so_many_open_orders() {
    let mut venue = Venue::new();
    let engine = &mut venue.engine;
    let order = |account| {
        let (market, side, kind) = (MARKET, Buy, limit(10, 10));
        Command::Place(NewOrder { account, market, side, kind, client_id: None })
    };
    let mut events = Vec::new();
    let mut place = |account| {
        events.clear();
        let sequence = engine.sequence() + 1;
        engine.apply(sequence, Timestamp(0), &order(account), &mut events)
    };
    for _ in 0..ORDERS_OPEN_PER_ACCOUNT_MAX {
        place(ALICE).unwrap();
    }
    assert_eq!(place(ALICE), Err(Reject::Full(FullReason::AccountOrders)));
    assert!(place(BOB).is_ok());
    let all = Command::CancelAll { account: ALICE, market: None, side: None };
    let orders = ORDERS_OPEN_PER_ACCOUNT_MAX as u32;
    assert_eq!(venue.apply(all), Ok(Outcome::CanceledAll { orders }));
}

#[test]
fn one_side_of_a_book_has_at_most_so_many_price_levels() {
    let mut venue = Venue::with(MarketSpec { price_band_multiple: 0, ..spec() });
    let engine = &mut venue.engine;
    let mut place = |price| {
        let (account, market, side, kind) = (ALICE, MARKET, Sell, limit(price, 2));
        let order = NewOrder { account, market, side, kind, client_id: None };
        let sequence = engine.sequence() + 1;
        engine.apply(sequence, Timestamp(0), &Command::Place(order), &mut Vec::new())
    };
    let levels = PRICE_LEVELS_PER_SIDE_MAX as u64;
    for price in 1_000..1_000 + levels {
        place(price).unwrap();
    }
    assert_eq!(place(999), Err(Reject::Full(FullReason::PriceLevels)));
    assert!(place(1_000).is_ok(), "a level that is there takes more orders");
    venue.engine.check().unwrap();
}

#[test]
fn money_in_and_out() {
    let mut venue = Venue::new();
    let deposit = |asset, amount| Command::Deposit { account: BOB, asset, amount };
    let withdraw = |amount| Command::Withdraw { account: BOB, asset: BASE, amount };
    assert_eq!(venue.apply(deposit(AssetId(5), Amount::new(1))), Err(Reject::UnknownAsset));
    assert_eq!(venue.apply(deposit(BASE, Amount::ZERO)), Err(Reject::ZeroAmount));
    assert_eq!(venue.apply(deposit(BASE, SUPPLY_MAX)), Err(Reject::SupplyTooLarge));
    let room = SUPPLY_MAX.checked_sub(Amount::new(3 * FUNDS)).unwrap();
    assert!(venue.apply(deposit(BASE, room)).is_ok());
    assert_eq!(venue.apply(deposit(BASE, Amount::new(1))), Err(Reject::SupplyTooLarge));
    assert!(venue.apply(withdraw(room)).is_ok());
    venue.rest(BOB, Sell, 1_000, 100);
    assert_eq!(venue.apply(withdraw(Amount::new(FUNDS))), Err(Reject::InsufficientFunds));
    assert!(venue.apply(withdraw(Amount::new(FUNDS - 100 * LOT))).is_ok());
    assert_eq!(venue.held(BOB, BASE), 100 * LOT);
}

fn key(text: &str) -> NewKey {
    NewKey {
        key: text.into(),
        sealed_secret: vec![1],
        memo: "desk".into(),
        scopes: Scopes::ALL,
        ranges: vec![],
    }
}

#[test]
fn accounts_and_keys_are_added_whole_or_not_at_all() {
    let mut venue = Venue::new();
    let account = |name: &str, deposits: &[(AssetId, u128)], keys: &[NewKey]| {
        let deposits = deposits.iter().map(|(asset, a)| (*asset, Amount::new(*a))).collect();
        Command::AddAccount(NewAccount { name: name.into(), deposits, keys: keys.into() })
    };
    let half = SUPPLY_MAX.units() / 2;
    let cases = [
        (account("dave", &[(AssetId(9), 1)], &[]), Reject::UnknownAsset),
        (account("alice", &[], &[]), Reject::AlreadyExists),
        (account("dave", &[], &[key("k"), key("k")]), Reject::AlreadyExists),
        (account("", &[], &[]), Reject::InvalidText),
        (account("dave", &[], &[key("")]), Reject::InvalidText),
        (account("dave", &[], &[NewKey { memo: "a:b".into(), ..key("k") }]), Reject::InvalidText),
        (account("dave", &[(BASE, 0)], &[]), Reject::ZeroAmount),
        (account("dave", &[(BASE, half), (BASE, half)], &[]), Reject::SupplyTooLarge),
    ];
    for (command, reject) in cases {
        assert_eq!(venue.apply(command), Err(reject));
    }
    let dave = venue.apply(account("dave", &[(BASE, 5), (BASE, 6)], &[key("k")]));
    assert_eq!(dave, Ok(Outcome::AccountAdded(AccountId(3))));
    assert_eq!(venue.available(AccountId(3), BASE), 11);
    let again = Command::AddKey { account: ALICE, key: key("k") };
    assert_eq!(venue.apply(again), Err(Reject::AlreadyExists));
    assert_eq!(venue.apply(Command::RevokeKey { key: KeyId(1) }), Err(Reject::UnknownKey));
    assert_eq!(venue.apply(Command::RevokeKey { key: KeyId(0) }), Ok(Outcome::Done));
    assert!(venue.engine.key_by_text("k").unwrap().revoked);
}

#[test]
fn listings_are_checked() {
    let mut venue = Venue::new();
    let asset = |code: &str, decimals| {
        Command::AddAsset(Asset { code: code.into(), name: String::new(), decimals })
    };
    assert_eq!(venue.apply(asset("BASE", 4)), Err(Reject::AlreadyExists));
    for (command, why) in [
        (asset("low", 4), ListingError::AssetCode),
        (asset("", 4), ListingError::AssetCode),
        (asset("DEEP", 19), ListingError::AssetDecimals),
    ] {
        assert_eq!(venue.apply(command), Err(Reject::NotListable(why)));
    }
    venue.apply(asset("THIRD", 4)).unwrap();
    let third = MarketSpec { quote: AssetId(2), ..spec() };
    for (changed, why) in [
        (MarketSpec { quote: BASE, ..third.clone() }, ListingError::SameAsset),
        (MarketSpec { price_decimals: 3, ..third.clone() }, ListingError::QuoteDecimals),
        (MarketSpec { depth_decimals_min: 3, ..third.clone() }, ListingError::DepthDecimals),
        (
            MarketSpec { price_decimals: 0, quantity_decimals: 5, base: QUOTE, ..third.clone() },
            ListingError::QuoteDecimals,
        ),
        (MarketSpec { quantity_min: Quantity::ZERO, ..third.clone() }, ListingError::QuantityRange),
    ] {
        assert_eq!(venue.apply(Command::AddMarket(changed)), Err(Reject::NotListable(why)));
    }
    assert_eq!(venue.apply(Command::AddMarket(spec())), Err(Reject::AlreadyExists));
    let added = venue.apply(Command::AddMarket(third));
    assert_eq!(added, Ok(Outcome::MarketAdded(MarketId(1))));
    assert_eq!(venue.engine.market_by_symbol("BASE_THIRD"), Some(MarketId(1)));
}

#[test]
fn rules_are_known_versions_only() {
    let mut venue = Venue::new();
    assert_eq!(venue.apply(Command::SetRules { version: 1 }), Ok(Outcome::Done));
    for version in [0, 2] {
        assert_eq!(venue.apply(Command::SetRules { version }), Err(Reject::UnknownRules));
    }
}
