//! The small exchange that parsers with a server behind them are tried on.

use std::sync::Arc;

use openmart_exchange::{Exchange, Options};
use openmart_gateway::Vault;
use openmart_journal::MemoryStorage;
use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, FeeSchedule, MarketId, MarketSpec, NewAccount,
    NewKey, NewOrder, OrderKind, Price, Quantity, Scopes, SelfTradePolicy, Side, TimeInForce,
};

pub(super) const KEY: &str = "6591f7c2491db0a23a1d8ad6911c825e";
pub(super) const SECRET: &str = "8c08d9d5c3d15b105dbddaf96e427ac6";
pub(super) const MEMO: &str = "memo";

/// An exchange in memory with one market, and one account with a key and orders.
pub(super) fn open(vault: &Vault, mut options: Options) -> Exchange {
    options.journal.background = false;
    let storage = Arc::new(MemoryStorage::new());
    let (exchange, _) = Exchange::open(storage, options).expect("an empty folder opens");
    for command in listing(vault) {
        let receipt = exchange.execute_blocking(command).expect("the exchange runs");
        receipt.result.expect("it can be listed");
    }
    exchange
}

/// One market, and one account with a key and orders.
fn listing(vault: &Vault) -> Vec<Command> {
    let asset = |code: &str| {
        Command::AddAsset(Asset { code: code.into(), name: code.into(), decimals: 10 })
    };
    let market = Command::AddMarket(MarketSpec {
        base: AssetId(0),
        quote: AssetId(1),
        price_decimals: 4,
        quantity_decimals: 2,
        depth_decimals_min: 2,
        quantity_min: Quantity::new(10),
        quantity_max: Quantity::new(500_000_000),
        notional_min_buy: Amount::new(1_000),
        notional_min_sell: Amount::new(1_000),
        fees: FeeSchedule::default(),
        self_trade: SelfTradePolicy::Allow,
        price_band_multiple: 5,
    });
    let key = NewKey {
        key: KEY.into(),
        sealed_secret: vault.seal(SECRET, KEY),
        memo: MEMO.into(),
        scopes: Scopes::ALL,
        ranges: vec![],
    };
    let much = Amount::new(1_000_000_000_000_000_000);
    let deposits = vec![(AssetId(0), much), (AssetId(1), much)];
    let account = NewAccount { name: "alice".into(), deposits, keys: vec![key] };
    let order = |side, price| {
        let time_in_force = TimeInForce::GTC;
        let (price, quantity) = (Price::new(price), Quantity::new(1_000));
        let kind = OrderKind::Limit { price, quantity, time_in_force };
        let (account, market, client_id) = (AccountId(0), MarketId(0), None);
        Command::Place(NewOrder { account, market, side, kind, client_id })
    };
    let mut commands = vec![asset("A"), asset("B"), market, Command::AddAccount(account)];
    commands.extend([order(Side::Buy, 9_900), order(Side::Sell, 10_100), order(Side::Buy, 10_100)]);
    commands
}
