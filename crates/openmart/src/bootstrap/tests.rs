//! Whatever is missing is added once, and nothing else happens.

use openmart_model::{
    Amount, Asset, Event, FeeRate, FeeSchedule, Outcome, Quantity, Scopes, SelfTradePolicy,
    Timestamp,
};

use super::*;

fn asset(code: &str) -> Asset {
    Asset { code: code.into(), name: code.into(), decimals: 10 }
}

fn key(text: Option<&str>, secret: Option<&str>, memo: &str) -> VenueKey {
    VenueKey {
        key: text.map(str::to_owned),
        secret: secret.map(Secret::new),
        memo: memo.into(),
        scopes: Scopes::ALL,
        ranges: Vec::new(),
    }
}

fn venue() -> Venue {
    let market = MarketSpec {
        base: AssetId(0),
        quote: AssetId(1),
        price_decimals: 2,
        quantity_decimals: 5,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(1_000_000),
        notional_min_buy: Amount::ZERO,
        notional_min_sell: Amount::ZERO,
        fees: FeeSchedule::default(),
        self_trade: SelfTradePolicy::RefuseTaker,
        price_band_multiple: 0,
    };
    let account = VenueAccount {
        name: "desk".into(),
        deposits: vec![(AssetId(1), Amount::new(500))],
        keys: vec![key(Some("k"), Some("s"), "m"), key(None, None, "generated")],
    };
    Venue {
        assets: vec![asset("BTC"), asset("USDT")],
        markets: vec![market],
        accounts: vec![account],
    }
}

fn vault() -> Vault {
    Vault::from_key([7; 32])
}

fn apply(engine: &mut Engine, plan: &Plan) -> Vec<Event> {
    let mut events = Vec::new();
    for step in &plan.steps {
        let sequence = engine.sequence() + 1;
        engine.apply(sequence, Timestamp(0), &step.command, &mut events).expect(&step.what);
    }
    events
}

fn started() -> Engine {
    let mut engine = Engine::new();
    let plan = plan(&engine, &venue(), &vault()).unwrap();
    apply(&mut engine, &plan);
    engine
}

#[test]
fn an_empty_exchange_gets_everything_and_the_next_start_nothing() {
    let mut engine = Engine::new();
    let first = plan(&engine, &venue(), &vault()).unwrap();
    apply(&mut engine, &first);
    assert_eq!(first.steps.len(), 4, "two assets, a market, an account with its keys");
    let account = engine.account_by_name("desk").unwrap();
    assert_eq!(engine.balance(account, AssetId(1)).available, Amount::new(500));
    let [issued] = &first.issued[..] else { panic!("one key was generated") };
    let generated = engine.key_by_text(&issued.key).unwrap();
    let unsealed = vault().unseal(&generated.spec.sealed_secret, &issued.key).unwrap();
    assert_eq!(unsealed.expose(), issued.secret.reveal());

    let second = plan(&engine, &venue(), &vault()).unwrap();
    assert!(second.steps.is_empty(), "{:?}", second.steps);
    assert!(second.differences.is_empty() && second.issued.is_empty());
}

#[test]
fn what_is_new_is_added_to_what_is_there() {
    let mut engine = started();
    let mut venue = venue();
    venue.assets.insert(0, asset("ETH"));
    let eth_usdt = MarketSpec { base: AssetId(0), quote: AssetId(2), ..venue.markets[0].clone() };
    let btc_usdt = MarketSpec { base: AssetId(1), quote: AssetId(2), ..venue.markets[0].clone() };
    venue.markets = vec![eth_usdt, btc_usdt];
    venue.accounts[0].deposits = vec![(AssetId(2), Amount::new(9_999))];
    venue.accounts[0].keys.push(key(Some("k2"), None, "second"));
    let plan = plan(&engine, &venue, &vault()).unwrap();
    apply(&mut engine, &plan);
    assert_eq!(engine.asset_by_code("ETH"), Some(AssetId(2)));
    let market = engine.market(engine.market_by_symbol("ETH_USDT").unwrap()).unwrap();
    assert_eq!((market.spec.base, market.spec.quote), (AssetId(2), AssetId(1)));
    let account = engine.account_by_name("desk").unwrap();
    assert_eq!(engine.balance(account, AssetId(1)).available, Amount::new(500), "credited once");
    assert_eq!(engine.key_by_text("k2").unwrap().account, account);
    assert_eq!(plan.issued[0].key, "k2", "its secret was generated");
    assert_eq!(plan.steps.len(), 3);
}

#[test]
fn fees_are_set_and_other_differences_told() {
    let mut engine = started();
    let mut venue = venue();
    venue.markets[0].fees.maker = FeeRate::from_ppm(5).unwrap();
    venue.markets[0].price_band_multiple = 3;
    venue.markets[0].quantity_min = Quantity::new(2);
    venue.assets[0].name = "Bitcoin".into();
    venue.accounts[0].keys[0].secret = Some(Secret::new("another"));
    venue.accounts[0].keys[0].scopes.trade = false;
    let plan = plan(&engine, &venue, &vault()).unwrap();
    let before = engine.market(openmart_model::MarketId(0)).unwrap().spec.clone();
    assert!(matches!(plan.steps[..], [Step { command: Command::SetMarketFees { .. }, .. }]));
    apply(&mut engine, &plan);
    let after = engine.market(openmart_model::MarketId(0)).unwrap().spec.clone();
    assert_eq!(after, MarketSpec { fees: venue.markets[0].fees, ..before });
    let [asset, market, key] = &plan.differences[..] else { panic!("{:?}", plan.differences) };
    assert!(asset.contains("named \"BTC\" here and \"Bitcoin\""), "{asset}");
    assert!(market.contains("other quantity_min, price_band_multiple here"), "{market}");
    assert!(key.contains("other secret, scopes here"), "{key}");
    assert!(!key.contains("another"), "no secret is told");
}

#[test]
fn a_revoked_key_stays_revoked() {
    let mut engine = started();
    let id = engine.key_by_text("k").unwrap().id;
    let sequence = engine.sequence() + 1;
    let revoked =
        engine.apply(sequence, Timestamp(0), &Command::RevokeKey { key: id }, &mut vec![]);
    assert_eq!(revoked, Ok(Outcome::Done));
    let plan = plan(&engine, &venue(), &vault()).unwrap();
    assert!(plan.steps.is_empty());
    assert!(plan.differences[0].contains("is revoked and stays so"));
}

#[test]
fn contradictions_are_refused() {
    let engine = started();
    let mut other_decimals = venue();
    other_decimals.assets[1].decimals = 8;
    let error = plan(&engine, &other_decimals, &vault()).unwrap_err();
    assert!(error.to_string().starts_with("asset USDT has 10 decimals here and 8"), "{error}");
    let mut taken = venue();
    taken.accounts[0].name = "another".into();
    let error = plan(&engine, &taken, &vault()).unwrap_err();
    assert!(error.to_string().contains("already belongs to account desk"), "{error}");
}
