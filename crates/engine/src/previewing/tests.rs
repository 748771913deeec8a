//! Walking by levels tells what walking by orders tells.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloc::vec;
use alloc::vec::Vec;

use openmart_model::*;

use super::*;

const OWNER: AccountId = AccountId(0);
const MARKETS: u16 = 2;
/// So many that a walk may be long on each of the four sides.
const ORDERS: usize = ORDERS_WALKED_MAX * 6;
const POLICIES: [SelfTradePolicy; 5] = [
    SelfTradePolicy::Allow,
    SelfTradePolicy::CancelMaker,
    SelfTradePolicy::RefuseTaker,
    SelfTradePolicy::CancelTaker,
    SelfTradePolicy::CancelBoth,
];

/// A small generator of numbers without a pattern.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

fn apply(engine: &mut Engine, command: &Command) -> CommandResult {
    engine.apply(engine.sequence() + 1, Timestamp(1), command, &mut Vec::new())
}

fn order(account: u64, market: u64, side: Side, kind: OrderKind) -> NewOrder {
    let (account, market) = (AccountId(account as u32), MarketId(market as u16));
    NewOrder { account, market, side, kind, client_id: None }
}

fn limit(price: u64, quantity: u64) -> OrderKind {
    let (price, quantity) = (Price::new(price), Quantity::new(quantity));
    OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC }
}

/// Two markets and four accounts, one of which has a quarter of the orders, or few of them.
fn engine(random: &mut Random, policy: SelfTradePolicy) -> Engine {
    let mut engine = Engine::new();
    for code in ["QUOTE", "A", "B"] {
        let asset = Asset { code: code.into(), name: "".into(), decimals: 8 };
        apply(&mut engine, &Command::AddAsset(asset)).unwrap();
    }
    for market in 0..MARKETS {
        let spec = MarketSpec {
            base: AssetId(market + 1),
            quote: AssetId(0),
            price_decimals: 2,
            quantity_decimals: 2,
            depth_decimals_min: 0,
            quantity_min: Quantity::new(1),
            quantity_max: Quantity::new(5_000),
            notional_min_buy: Amount::ZERO,
            notional_min_sell: Amount::ZERO,
            fees: FeeSchedule::default(),
            self_trade: policy,
            price_band_multiple: 0,
        };
        apply(&mut engine, &Command::AddMarket(spec)).unwrap();
    }
    for name in ["owner", "one", "two", "three"] {
        let deposits = (0..=MARKETS).map(|n| (AssetId(n), Amount::new(1 << 60))).collect();
        let account = NewAccount { name: name.into(), deposits, keys: vec![] };
        apply(&mut engine, &Command::AddAccount(account)).unwrap();
    }
    let owned = 1 + random.below(400);
    for _ in 0..ORDERS {
        let account = if random.below(owned) == 0 { 0 } else { 1 + random.below(3) };
        let (side, away) = ([Side::Buy, Side::Sell][random.below(2) as usize], random.below(20));
        let price = if side == Side::Buy { 99 - away } else { 101 + away };
        let resting = order(account, random.below(2), side, limit(price, 1 + random.below(9)));
        apply(&mut engine, &Command::Place(resting)).unwrap();
    }
    // Levels whose orders were filled in part.
    for side in [Side::Buy, Side::Sell] {
        let taken = OrderKind::Market { quantity: Quantity::new(1 + random.below(60)) };
        apply(&mut engine, &Command::Place(order(3, 0, side, taken))).ok();
    }
    engine.check().unwrap();
    engine
}

fn wish(random: &mut Random) -> NewOrder {
    let (side, away) = ([Side::Buy, Side::Sell][random.below(2) as usize], random.below(25));
    let price = if side == Side::Buy { 99 + away } else { 101 - away };
    let quantity = 1 + random.below(2_500);
    let kind = match random.below(3) {
        0 => limit(price, quantity),
        1 => OrderKind::Market { quantity: Quantity::new(quantity) },
        // A lot at a price of one tick is 10,000 units.
        _ => OrderKind::MarketNotional {
            notional: Amount::new(random.below(2_500) as u128 * 1_003_333),
        },
    };
    order(u64::from(OWNER.0), random.below(2), side, kind)
}

#[test]
fn both_walks_tell_the_same() {
    let (mut met, mut long) = (0, 0);
    for seed in 0..60 {
        let mut random = Random(seed);
        let engine = engine(&mut random, POLICIES[seed as usize % POLICIES.len()]);
        for _ in 0..50 {
            let order = wish(&mut random);
            let listing = engine.listings.get(order.market).unwrap();
            let own = engine.own_levels(&order);
            let by_levels = engine.preview_by_levels(listing, &order, &own);
            let by_orders = engine.preview_by_orders(listing, &order, usize::MAX).unwrap();
            let refuses = listing.market.spec.self_trade == SelfTradePolicy::RefuseTaker;
            let told = |p: &Preview| (p.quantity, p.notional, refuses && p.meets_own);
            assert_eq!(told(&by_levels), told(&by_orders), "seed {seed}: {order:?}");
            let chosen = engine.preview(listing, &order);
            assert_eq!(told(&chosen), told(&by_orders), "seed {seed}: {order:?}");
            let near = engine.preview_by_orders(listing, &order, ORDERS_WALKED_MAX);
            met += u32::from(by_orders.meets_own);
            long += u32::from(near.is_none());
        }
    }
    assert!(met > 500 && long > 200, "{met} met their own, {long} went far");
}
