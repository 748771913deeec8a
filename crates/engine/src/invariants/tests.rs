//! Each way in which a state can contradict itself is found.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use openmart_model::*;

use crate::Engine;
use crate::orders::NONE;

const OWNER: AccountId = AccountId(0);

/// One account with three bids at one price, one bid below them and one ask.
fn engine() -> Engine {
    let mut engine = Engine::new();
    let asset =
        |code: &str| Command::AddAsset(Asset { code: code.into(), name: "".into(), decimals: 8 });
    let funds = Amount::new(1_000_000_000_000);
    let account = |name: &str| {
        let deposits = vec![(AssetId(0), funds), (AssetId(1), funds)];
        Command::AddAccount(NewAccount { name: name.into(), deposits, keys: vec![] })
    };
    let market = Command::AddMarket(MarketSpec {
        base: AssetId(0),
        quote: AssetId(1),
        price_decimals: 2,
        quantity_decimals: 2,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(1_000),
        notional_min_buy: Amount::ZERO,
        notional_min_sell: Amount::ZERO,
        fees: FeeSchedule::default(),
        self_trade: SelfTradePolicy::Allow,
        price_band_multiple: 0,
    });
    let order = |side, price| {
        let (price, quantity) = (Price::new(price), Quantity::new(5));
        let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
        let (account, market) = (OWNER, MarketId(0));
        Command::Place(NewOrder { account, market, side, kind, client_id: None })
    };
    let bids = [100, 100, 100, 90].map(|price| order(Side::Buy, price));
    let opening = [asset("BASE"), asset("QUOTE"), market, account("owner"), account("other")];
    for command in opening.into_iter().chain(bids).chain([order(Side::Sell, 110)]) {
        let sequence = engine.sequence() + 1;
        engine.apply(sequence, Timestamp(1), &command, &mut Vec::new()).unwrap();
    }
    engine
}

/// The slot of the n-th order.
fn at(engine: &Engine, order: u64) -> u32 {
    engine.orders.find(OrderId(order)).unwrap()
}

/// What is broken, and the beginning of what the check says.
type Defect = (fn(&mut Engine), &'static str);

const DEFECTS: &[Defect] = &[
    (|e| slot(e, 1).next = NONE, "order 1 does not belong"),
    (|e| next(e, 1, 3), "order 1 does not belong"),
    (|e| slot(e, 2).previous = NONE, "order 1 does not belong"),
    (|e| next(e, 3, 1), "order 3 does not belong"),
    (|e| slot(e, 2).price = Price::new(90), "account 0 holds"),
    (|e| slot(e, 2).remaining = Quantity::ZERO, "account 0 holds"),
    (|e| move_level(e, 2, 4), "order 1 does not belong"),
    (|e| move_level(e, 4, 1), "a price level of market 0"),
    (|e| fill_level(e, 2), "a price of market 0 counts 14 lots"),
    (|e| slot(e, 2).side = Side::Sell, "account 0 holds"),
    (|e| slot(e, 2).account = AccountId(1), "account 0 holds"),
    (|e| slot(e, 2).place = 0, "order 2 is not listed"),
    (|e| unlink(e, 2), "order 2 does not belong"),
    (|e| unlink(e, 4), "order 4 does not belong"),
    (|e| unlist(e, 2), "order 2 is not listed"),
    (|e| list_twice(e, 2), "5 orders are open"),
    (|e| e.orders.remove(at(e, 4)), "account 0 holds"),
    (|e| create(e, 0), "asset 0"),
    (|e| hold_more(e, 0), "account 0 holds"),
];

fn slot(engine: &mut Engine, order: u64) -> &mut crate::orders::Slot {
    let at = at(engine, order);
    engine.orders.slot_mut(at)
}

fn unlink(engine: &mut Engine, order: u64) {
    let at = at(engine, order);
    let slot = *engine.orders.slot(at);
    engine.listings.unlink(&mut engine.orders, &slot);
}

fn unlist(engine: &mut Engine, order: u64) {
    let place = slot(engine, order).place;
    engine.accounts.trading_mut(OWNER).open.remove(place, &mut engine.orders);
}

fn next(engine: &mut Engine, order: u64, next: u64) {
    let next = at(engine, next);
    slot(engine, order).next = next;
}

fn move_level(engine: &mut Engine, order: u64, to: u64) {
    let level = slot(engine, to).level;
    slot(engine, order).level = level;
}

fn fill_level(engine: &mut Engine, order: u64) {
    let level = slot(engine, order).level;
    engine.listings.levels.fill(level, Quantity::new(1));
}

fn list_twice(engine: &mut Engine, order: u64) {
    let at = at(engine, order);
    engine.accounts.trading_mut(OWNER).open.add(at);
}

fn more_hold(engine: &mut Engine, asset: u16) -> &mut Balance {
    let balance = engine.accounts.balance_mut(OWNER, AssetId(asset));
    balance.hold = balance.hold.checked_add(Amount::new(1)).unwrap();
    balance
}

fn create(engine: &mut Engine, asset: u16) {
    more_hold(engine, asset);
}

fn hold_more(engine: &mut Engine, asset: u16) {
    let balance = more_hold(engine, asset);
    balance.available = balance.available.checked_sub(Amount::new(1)).unwrap();
}

#[test]
fn a_sound_state_passes_and_every_defect_is_found() {
    engine().check().unwrap();
    for (number, (defect, said)) in DEFECTS.iter().enumerate() {
        let mut engine = engine();
        defect(&mut engine);
        let violation = engine.check().expect_err(&alloc::format!("defect {number} is not found"));
        let told = violation.to_string();
        assert!(told.starts_with(said), "defect {number} is told as: {told}");
    }
}
