//! What a venue lists and whom it serves.
//!
//! What enters: names, decimals and amounts as a test writes them. What leaves: commands in exact
//! units. What it must not know: how commands are carried out.
//!
//! The defaults are the demo's, whose keys, markets and balances are promises of the program.

use openmart_gateway::Vault;
use openmart_model::limits::ASSET_DECIMALS_DEFAULT;
use openmart_model::{
    Amount, Asset, AssetId, Command, FeeRate, FeeSchedule, MarketSpec, NewAccount, NewKey,
    Quantity, Scopes, SelfTradePolicy, parse_decimal,
};

use crate::error::StartError;

/// Symbol, price decimals, quantity decimals.
const MARKETS: [(&str, u8, u8); 4] =
    [("BMX_ETH", 8, 2), ("BTC_USDT", 2, 5), ("ETH_USDT", 2, 4), ("ETH_BTC", 6, 4)];

/// Code, name, and what each account begins with.
const ASSETS: [(&str, &str, &str); 4] = [
    ("BTC", "Bitcoin", "1000"),
    ("ETH", "Ethereum", "10000"),
    ("BMX", "BitMart Token", "10000000"),
    ("USDT", "Tether", "100000000"),
];

/// What an account begins with of an asset that the demo has not.
const DEPOSIT_DEFAULT: &str = "1000000";

/// Name, key, secret, memo.
const ACCOUNTS: [(&str, &str, &str, &str); 2] = [
    ("alice", "6591f7c2491db0a23a1d8ad6911c825e", "8c08d9d5c3d15b105dbddaf96e427ac6", "mymemo"),
    ("bob", "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0", "5ec2e75ec2e75ec2e75ec2e75ec2e75e", "bob"),
];

const FEE_MAKER_PPM: u32 = 1_000;
const FEE_TAKER_PPM: u32 = 2_000;

/// 0.00001 of the quote asset.
const NOTIONAL_MIN: Amount = Amount::new(10u128.pow(ASSET_DECIMALS_DEFAULT as u32 - 5));

/// Depth can be grouped by this many decimals less than the price has.
const DEPTH_DECIMALS_LESS: u8 = 2;

/// Largest order, in whole coins.
const QUANTITY_MAX_COINS: u64 = 100_000_000;

/// Highest price as a multiple of the best one.
const PRICE_BAND_MULTIPLE: u32 = 5;

/// A market, with the demo's rules and fees (0.1 % maker, 0.2 % taker) unless told otherwise.
#[derive(Clone, Debug)]
pub struct Market {
    symbol: String,
    price_decimals: u8,
    quantity_decimals: u8,
    fee_maker_ppm: u32,
    fee_taker_ppm: u32,
}

impl Market {
    /// A market by its symbol, such as `BTC_USDT`.
    pub fn new(symbol: &str, price_decimals: u8, quantity_decimals: u8) -> Self {
        Self {
            symbol: symbol.to_owned(),
            price_decimals,
            quantity_decimals,
            fee_maker_ppm: FEE_MAKER_PPM,
            fee_taker_ppm: FEE_TAKER_PPM,
        }
    }

    /// Fees in parts per million; more than everything counts as nothing.
    pub fn fees_ppm(mut self, maker: u32, taker: u32) -> Self {
        (self.fee_maker_ppm, self.fee_taker_ppm) = (maker, taker);
        self
    }

    fn codes(&self) -> Result<(&str, &str), StartError> {
        let codes = self.symbol.split_once('_');
        codes.ok_or_else(|| StartError::Symbol { symbol: self.symbol.clone() })
    }

    fn spec(&self, base: AssetId, quote: AssetId) -> Result<MarketSpec, StartError> {
        let decimals = self.quantity_decimals;
        let lots_max = 10u64.checked_pow(u32::from(decimals));
        let lots_max = lots_max.and_then(|lots| lots.checked_mul(QUANTITY_MAX_COINS));
        let too_many = || StartError::Decimals { symbol: self.symbol.clone(), decimals };
        let rate = |ppm| FeeRate::from_ppm(ppm).unwrap_or_default();
        Ok(MarketSpec {
            base,
            quote,
            price_decimals: self.price_decimals,
            quantity_decimals: decimals,
            depth_decimals_min: self.price_decimals.saturating_sub(DEPTH_DECIMALS_LESS),
            quantity_min: Quantity::new(1),
            quantity_max: Quantity::new(lots_max.ok_or_else(too_many)?),
            notional_min_buy: NOTIONAL_MIN,
            notional_min_sell: NOTIONAL_MIN,
            fees: FeeSchedule { maker: rate(self.fee_maker_ppm), taker: rate(self.fee_taker_ppm) },
            self_trade: SelfTradePolicy::RefuseTaker,
            price_band_multiple: PRICE_BAND_MULTIPLE,
        })
    }
}

/// A key as its owner has it. Known to everybody, of use in one test only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key itself.
    pub key: String,
    /// What requests are signed with.
    pub secret: String,
    /// The memo that a token request names.
    pub memo: String,
}

/// An account with one key that may do everything.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) name: String,
    pub(crate) key: Key,
    deposits: Option<Vec<(String, String)>>,
}

impl Account {
    /// An account by its name. `alice` and `bob` have the demo's keys, others one that is made of the
    /// name. It begins with the demo's balances unless [`deposit`](Self::deposit) says otherwise.
    pub fn new(name: &str) -> Self {
        let known = ACCOUNTS.iter().find(|(known, ..)| *known == name);
        let key = match known {
            Some((_, key, secret, memo)) => {
                Key { key: (*key).into(), secret: (*secret).into(), memo: (*memo).into() }
            }
            None => Key {
                key: format!("key-{name}"),
                secret: format!("secret-{name}"),
                memo: name.to_owned(),
            },
        };
        Self { name: name.to_owned(), key, deposits: None }
    }

    /// Its key.
    pub fn key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// Credits an amount, such as `"0.5"`, at the start. With a first one the account begins with
    /// nothing else.
    pub fn deposit(mut self, asset: &str, amount: &str) -> Self {
        let deposits = self.deposits.get_or_insert_default();
        deposits.push((asset.to_owned(), amount.to_owned()));
        self
    }

    /// Begins with nothing.
    pub fn without_funds(mut self) -> Self {
        self.deposits.get_or_insert_default();
        self
    }

    fn command(&self, assets: &[String], vault: &Vault) -> Result<NewAccount, StartError> {
        let everything = || {
            let amount = |code: &str| {
                let known = ASSETS.iter().find(|(known, ..)| *known == code);
                known.map_or(DEPOSIT_DEFAULT, |(.., amount)| amount).to_owned()
            };
            assets.iter().map(|code| (code.clone(), amount(code))).collect()
        };
        let wishes = self.deposits.clone().unwrap_or_else(everything);
        let deposits = wishes.into_iter().map(|(asset, amount)| {
            let units = parse_decimal(&amount, ASSET_DECIMALS_DEFAULT).map_err(|source| {
                let (name, asset, amount) = (self.name.clone(), asset.clone(), amount.clone());
                StartError::Amount { name, asset, amount, source }
            })?;
            Ok((asset_id(assets, &asset), Amount::new(units)))
        });
        let key = NewKey {
            key: self.key.key.clone(),
            sealed_secret: vault.seal(&self.key.secret, &self.key.key),
            memo: self.key.memo.clone(),
            scopes: Scopes::ALL,
            ranges: Vec::new(),
        };
        let deposits = deposits.collect::<Result<_, StartError>>()?;
        Ok(NewAccount { name: self.name.clone(), deposits, keys: vec![key] })
    }
}

/// The demo's markets.
pub(crate) fn demo_markets() -> Vec<Market> {
    MARKETS.map(|(symbol, price, quantity)| Market::new(symbol, price, quantity)).into()
}

/// The demo's accounts.
pub(crate) fn demo_accounts() -> Vec<Account> {
    ACCOUNTS.map(|(name, ..)| Account::new(name)).into()
}

/// What is to be done in an empty exchange, in this order, each with its words.
pub(crate) fn commands(
    markets: &[Market],
    accounts: &[Account],
    vault: &Vault,
) -> Result<Vec<(String, Command)>, StartError> {
    let assets = codes(markets, accounts)?;
    let mut commands = Vec::new();
    for code in &assets {
        let known = ASSETS.iter().find(|(known, ..)| known == code);
        let name = known.map_or(code.as_str(), |(_, name, _)| name).to_owned();
        let asset = Asset { code: code.clone(), name, decimals: ASSET_DECIMALS_DEFAULT };
        commands.push((format!("add asset {code}"), Command::AddAsset(asset)));
    }
    for market in markets {
        let (base, quote) = market.codes()?;
        let spec = market.spec(asset_id(&assets, base), asset_id(&assets, quote))?;
        commands.push((format!("list {}", market.symbol), Command::AddMarket(spec)));
    }
    for account in accounts {
        let opened = Command::AddAccount(account.command(&assets, vault)?);
        commands.push((format!("open account {}", account.name), opened));
    }
    Ok(commands)
}

/// Every asset that a market or a deposit names: the demo's in its order, then others as they come.
fn codes(markets: &[Market], accounts: &[Account]) -> Result<Vec<String>, StartError> {
    let mut named: Vec<&str> = Vec::new();
    for market in markets {
        let (base, quote) = market.codes()?;
        named.extend([base, quote]);
    }
    for (code, _) in accounts.iter().flat_map(|account| account.deposits.iter().flatten()) {
        named.push(code);
    }
    let known = ASSETS.iter().map(|(code, ..)| *code).filter(|code| named.contains(code));
    let mut codes: Vec<String> = known.map(str::to_owned).collect();
    for code in named {
        if !codes.iter().any(|found| found == code) {
            codes.push(code.to_owned());
        }
    }
    Ok(codes)
}

/// The exchange numbers assets as they are added. One that is missing is one it refuses.
fn asset_id(assets: &[String], code: &str) -> AssetId {
    let found = assets.iter().position(|asset| asset == code);
    AssetId(found.and_then(|index| u16::try_from(index).ok()).unwrap_or(u16::MAX))
}
