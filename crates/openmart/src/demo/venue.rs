//! What the demo lists and whom it serves. Keys, markets and balances are promises: documents,
//! tests and tutorials name them.

use std::collections::BTreeMap;

use openmart_liquidity::VALUE_DECIMALS;
use openmart_model::{
    Amount, Asset, AssetId, FeeRate, FeeSchedule, MarketSpec, Quantity, Scopes, SelfTradePolicy,
    limits::ASSET_DECIMALS_DEFAULT,
};

use crate::venue::{Secret, Venue, VenueAccount, VenueKey};

/// An account whose key everybody knows.
#[derive(Debug)]
pub(crate) struct KnownAccount {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) memo: &'static str,
}

/// The accounts of the demo. The first has the sample key of the API's own documents.
pub(crate) const ACCOUNTS: [KnownAccount; 2] = [
    KnownAccount {
        name: "alice",
        key: "6591f7c2491db0a23a1d8ad6911c825e",
        secret: "8c08d9d5c3d15b105dbddaf96e427ac6",
        memo: "mymemo",
    },
    KnownAccount {
        name: "bob",
        key: "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
        secret: "5ec2e75ec2e75ec2e75ec2e75ec2e75e",
        memo: "bob",
    },
];

/// Code, name, and what each account begins with, in whole coins.
const ASSETS: [(&str, &str, u128); 4] = [
    ("BTC", "Bitcoin", 1_000),
    ("ETH", "Ethereum", 10_000),
    ("BMX", "BitMart Token", 10_000_000),
    ("USDT", "Tether", 100_000_000),
];
const BTC: AssetId = AssetId(0);
const ETH: AssetId = AssetId(1);
const BMX: AssetId = AssetId(2);
const USDT: AssetId = AssetId(3);

/// Base, quote, price decimals, quantity decimals.
const MARKETS: [(AssetId, AssetId, u8, u8); 4] =
    [(BMX, ETH, 8, 2), (BTC, USDT, 2, 5), (ETH, USDT, 2, 4), (ETH, BTC, 6, 4)];

const FEE_MAKER_PPM: u32 = 1_000;
const FEE_TAKER_PPM: u32 = 2_000;

/// 0.00001 of the quote asset.
const NOTIONAL_MIN: Amount = Amount::new(10u128.pow(ASSET_DECIMALS_DEFAULT as u32 - 5));

/// Depth can be grouped by this many decimals less than the price has; two on nearly every market
/// of the historic exchange.
const DEPTH_DECIMALS_LESS: u8 = 2;

/// Largest order, in whole base coins: more than there is of any coin here.
const QUANTITY_MAX_COINS: u64 = 100_000_000;

/// Highest price as a multiple of the best one, as the historic exchange had it.
const PRICE_BAND_MULTIPLE: u32 = 5;

/// Everything the demo is to have.
pub(crate) fn venue() -> Venue {
    Venue {
        assets: ASSETS.map(|(code, name, _)| asset(code, name)).into(),
        markets: MARKETS.map(market).into(),
        accounts: ACCOUNTS.iter().map(account).collect(),
    }
}

/// What the makers and takers begin with: values in USDT. BMX is worth 0.0002 ETH, so that the orders of the
/// printed session and of the README, far below it, rest.
pub(crate) fn values() -> BTreeMap<String, u128> {
    let tenths = 10u128.pow(u32::from(VALUE_DECIMALS) - 1);
    [("BTC", 600_000), ("ETH", 30_000), ("BMX", 6), ("USDT", 10)]
        .map(|(code, value)| (code.to_owned(), value * tenths))
        .into()
}

/// Whether a key is one that everybody knows.
pub(crate) fn is_known_key(key: &str) -> bool {
    ACCOUNTS.iter().any(|account| account.key == key)
}

fn asset(code: &str, name: &str) -> Asset {
    Asset { code: code.into(), name: name.into(), decimals: ASSET_DECIMALS_DEFAULT }
}

fn market(
    (base, quote, price_decimals, quantity_decimals): (AssetId, AssetId, u8, u8),
) -> MarketSpec {
    let rate = |ppm| FeeRate::from_ppm(ppm).unwrap_or_default();
    let lots_per_coin = 10u64.pow(u32::from(quantity_decimals));
    MarketSpec {
        base,
        quote,
        price_decimals,
        quantity_decimals,
        depth_decimals_min: price_decimals - DEPTH_DECIMALS_LESS,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(QUANTITY_MAX_COINS * lots_per_coin),
        notional_min_buy: NOTIONAL_MIN,
        notional_min_sell: NOTIONAL_MIN,
        fees: FeeSchedule { maker: rate(FEE_MAKER_PPM), taker: rate(FEE_TAKER_PPM) },
        self_trade: SelfTradePolicy::RefuseTaker,
        price_band_multiple: PRICE_BAND_MULTIPLE,
    }
}

fn account(known: &KnownAccount) -> VenueAccount {
    let one = 10u128.pow(u32::from(ASSET_DECIMALS_DEFAULT));
    let deposits =
        ASSETS.iter().zip(0..).map(|((_, _, coins), at)| (AssetId(at), Amount::new(coins * one)));
    let key = VenueKey {
        key: Some(known.key.into()),
        secret: Some(Secret::new(known.secret)),
        memo: known.memo.into(),
        scopes: Scopes::ALL,
        ranges: Vec::new(),
    };
    VenueAccount { name: known.name.into(), deposits: deposits.collect(), keys: vec![key] }
}
