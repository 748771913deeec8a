//! The limits of the state, each reached once. Random commands keep their states too small for it.

use openmart_engine::Engine;
use openmart_model::limits::{
    ASSETS_MAX, CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX, KEYS_PER_ACCOUNT_MAX, MARKETS_MAX,
    ORDERS_OPEN_PER_ACCOUNT_MAX, PRICE_LEVELS_PER_SIDE_MAX,
};
use openmart_model::{
    AccountId, Amount, Asset, AssetId, ClientOrderId, Command, CommandResult, Event, FeeSchedule,
    FullReason, MarketId, MarketSpec, NewAccount, NewKey, NewOrder, OrderId, OrderKind, Outcome,
    Price, Quantity, Reject, Scopes, SelfTradePolicy, Side, TimeInForce, Timestamp,
};
use openmart_sim::pair::Pair;

const ACCOUNT: AccountId = AccountId(0);
const MARKET: MarketId = MarketId(0);
const NOW: Timestamp = Timestamp(1_600_000_000_000);

/// Two assets, a market and an account with plenty of both.
fn opening() -> Vec<Command> {
    let deposits = (0..2).map(|asset| (AssetId(asset), Amount::new(1 << 100))).collect();
    vec![
        Command::AddAsset(asset(0)),
        Command::AddAsset(asset(1)),
        Command::AddMarket(market(0, 1)),
        Command::AddAccount(NewAccount { name: "alice".into(), deposits, keys: vec![] }),
    ]
}

fn asset(number: usize) -> Asset {
    Asset { code: format!("A{number}"), name: String::new(), decimals: 8 }
}

fn market(base: u16, quote: u16) -> MarketSpec {
    MarketSpec {
        base: AssetId(base),
        quote: AssetId(quote),
        price_decimals: 4,
        quantity_decimals: 4,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(u64::MAX),
        notional_min_buy: Amount::ZERO,
        notional_min_sell: Amount::ZERO,
        fees: FeeSchedule::default(),
        self_trade: SelfTradePolicy::Allow,
        price_band_multiple: 0,
    }
}

fn limit(side: Side, ticks: u64, time_in_force: TimeInForce, client_id: Option<u64>) -> Command {
    let (price, quantity) = (Price::new(ticks), Quantity::new(1));
    let client_id = client_id.and_then(|number| ClientOrderId::new(&format!("c{number}")));
    let kind = OrderKind::Limit { price, quantity, time_in_force };
    Command::Place(NewOrder { account: ACCOUNT, market: MARKET, side, kind, client_id })
}

fn placed(order: u64, duplicate: bool) -> CommandResult {
    Ok(Outcome::Placed { order: OrderId(order), duplicate })
}

/// An engine alone, for what would take the oracle too long.
struct Alone {
    engine: Engine,
    events: Vec<Event>,
}

impl Alone {
    fn new() -> Self {
        let mut alone = Self { engine: Engine::new(), events: Vec::new() };
        opening().iter().for_each(|command| assert!(alone.apply(command).is_ok()));
        alone
    }

    fn apply(&mut self, command: &Command) -> CommandResult {
        self.events.clear();
        self.engine.apply(self.engine.sequence() + 1, NOW, command, &mut self.events)
    }

    fn bid(&mut self, ticks: u64) -> CommandResult {
        self.apply(&limit(Side::Buy, ticks, TimeInForce::GTC, None))
    }
}

#[test]
fn finished_client_ids_are_forgotten_oldest_first() {
    let mut pair = Pair::new();
    let mut apply = |command: &Command, digest: bool| {
        let result = pair.apply(NOW, command).expect("engine and oracle agree");
        if digest {
            pair.compare_digests().expect("engine and oracle agree");
        }
        result
    };
    opening().iter().for_each(|command| assert!(apply(command, false).is_ok()));

    // Number 0 stays open, so it is not counted and not forgotten.
    let open = limit(Side::Buy, 1, TimeInForce::GTC, Some(0));
    assert_eq!(apply(&open, true), placed(1, false));
    let expiring = |number| limit(Side::Buy, 1, TimeInForce::ImmediateOrCancel, Some(number));
    let max = CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX as u64;
    for number in 1..=max {
        assert_eq!(apply(&expiring(number), number % 2_500 == 0), placed(number + 1, false));
    }
    assert_eq!(apply(&expiring(1), true), placed(2, true), "the oldest is still remembered");

    assert_eq!(apply(&expiring(max + 1), true), placed(max + 2, false));
    assert_eq!(apply(&open, true), placed(1, true));
    assert_eq!(apply(&expiring(2), true), placed(3, true));
    assert_eq!(apply(&expiring(1), true), placed(max + 3, false), "the oldest is forgotten");
    assert_eq!(apply(&expiring(2), true), placed(max + 4, false), "and then the next");

    // Closed by now, number 0 is the newest of the finished ones, which pushes out number 3.
    let cancel = Command::Cancel { account: ACCOUNT, order: OrderId(1) };
    assert!(apply(&cancel, true).is_ok());
    assert_eq!(apply(&open, true), placed(1, true));
    assert_eq!(apply(&expiring(3), true), placed(max + 5, false));
    pair.restore().expect("the snapshot holds the remembered ids");
    pair.compare_digests().expect("engine and oracle agree");
}

#[test]
fn price_levels_of_a_side_are_bounded() {
    let mut alone = Alone::new();
    let max = PRICE_LEVELS_PER_SIDE_MAX as u64;
    // From both ends inwards, so that levels open in the middle as well.
    for at in 0..max / 2 {
        assert!(alone.bid(1 + at).is_ok() && alone.bid(max - at).is_ok());
    }
    let full = Err(Reject::Full(FullReason::PriceLevels));
    assert_eq!(alone.bid(max + 1), full);
    assert!(alone.bid(max).is_ok(), "a level that is there takes more");
    let ask = limit(Side::Sell, max + 1, TimeInForce::GTC, None);
    assert!(alone.apply(&ask).is_ok(), "the other side has its own bound");
    assert_eq!(alone.bid(max + 1), full, "even if it would not rest");
    let now = limit(Side::Buy, max + 2, TimeInForce::ImmediateOrCancel, None);
    assert!(alone.apply(&now).is_ok(), "what cannot rest needs no level");

    let cancel = Command::Cancel { account: ACCOUNT, order: OrderId(1) };
    assert!(alone.apply(&cancel).is_ok());
    assert!(alone.bid(max + 1).is_ok(), "a level that went makes room");
    alone.engine.check().expect("nothing is broken");
}

#[test]
fn open_orders_of_an_account_are_bounded() {
    let mut alone = Alone::new();
    for _ in 0..ORDERS_OPEN_PER_ACCOUNT_MAX {
        assert!(alone.bid(5).is_ok());
    }
    assert_eq!(alone.bid(5), Err(Reject::Full(FullReason::AccountOrders)));
    let now = limit(Side::Buy, 5, TimeInForce::ImmediateOrCancel, None);
    assert!(alone.apply(&now).is_ok());
    let cancel = Command::Cancel { account: ACCOUNT, order: OrderId(77) };
    assert!(alone.apply(&cancel).is_ok());
    assert!(alone.bid(5).is_ok());
    alone.engine.check().expect("nothing is broken");

    let all = Command::CancelAll { account: ACCOUNT, market: None, side: None };
    let orders = ORDERS_OPEN_PER_ACCOUNT_MAX as u32;
    assert_eq!(alone.apply(&all), Ok(Outcome::CanceledAll { orders }));
    assert_eq!(alone.events.len(), ORDERS_OPEN_PER_ACCOUNT_MAX);
    alone.engine.check().expect("nothing is broken");
}

#[test]
fn keys_of_an_account_are_bounded() {
    let mut alone = Alone::new();
    let key = |number: usize| NewKey {
        key: format!("k{number}"),
        sealed_secret: vec![1],
        memo: String::new(),
        scopes: Scopes::ALL,
        ranges: vec![],
    };
    let keys = (0..=KEYS_PER_ACCOUNT_MAX).map(key).collect();
    let account = NewAccount { name: "bob".into(), deposits: vec![], keys };
    let full = Err(Reject::Full(FullReason::Keys));
    assert_eq!(alone.apply(&Command::AddAccount(account)), full);
    let add = |number| Command::AddKey { account: ACCOUNT, key: key(number) };
    for number in 0..KEYS_PER_ACCOUNT_MAX {
        assert!(alone.apply(&add(number)).is_ok());
    }
    assert_eq!(alone.apply(&add(KEYS_PER_ACCOUNT_MAX)), full);
    assert_eq!(alone.apply(&add(0)), Err(Reject::AlreadyExists));
}

#[test]
fn assets_and_markets_are_bounded() {
    let mut alone = Alone::new();
    for number in 2..ASSETS_MAX {
        assert!(alone.apply(&Command::AddAsset(asset(number))).is_ok());
    }
    let full = Err(Reject::Full(FullReason::Assets));
    assert_eq!(alone.apply(&Command::AddAsset(asset(ASSETS_MAX))), full);
    assert_eq!(alone.apply(&Command::AddAsset(asset(0))), Err(Reject::AlreadyExists));

    let pairs = (0..ASSETS_MAX as u16).flat_map(|base| (0..5).map(move |quote| (base, quote)));
    let mut pairs = pairs.filter(|(base, quote)| base != quote && (*base, *quote) != (0, 1));
    for _ in 1..MARKETS_MAX {
        let (base, quote) = pairs.next().expect("there are more pairs than markets");
        assert!(alone.apply(&Command::AddMarket(market(base, quote))).is_ok());
    }
    let (base, quote) = pairs.next().expect("there are more pairs than markets");
    let full = Err(Reject::Full(FullReason::Markets));
    assert_eq!(alone.apply(&Command::AddMarket(market(base, quote))), full);
}
