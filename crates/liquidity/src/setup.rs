//! What a flow begins with: which assets have a value, which markets take part, what each account is credited.
//!
//! What enters: values by code, and the state of an exchange. What leaves: the same by id, or why it cannot be.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_engine::Engine;
use openmart_model::limits::SUPPLY_MAX;
use openmart_model::{Amount, AssetId, MarketId};

use crate::market::Trading;
use crate::reference::Reference;

/// Decimals of the values that assets begin with.
pub const VALUE_DECIMALS: u8 = 10;

/// No account is credited more whole coins of an asset at once, whatever its value.
const CREDIT_COINS_MAX: f64 = 1e15;

/// Nor more than this part of what there may be of an asset.
const CREDIT_PART: u128 = 1 << 12;

/// Why there can be no flow on an exchange.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No asset of that code.
    #[error("there is no asset {0} to have a value")]
    UnknownAsset(String),
    /// A value of nothing.
    #[error("the value of {0} is zero")]
    ZeroValue(String),
    /// Not one market of which both assets have a value.
    #[error("there is no market of two assets that have a value")]
    NoMarket,
    /// The name of one of the makers or takers is that of an account with keys, which is somebody's own.
    #[error("account {0} has API keys: it is not one of the makers and takers")]
    AccountInUse(String),
}

/// The values as they were given, by asset.
pub(crate) fn homes(
    values: &BTreeMap<String, u128>,
    engine: &Engine,
) -> Result<BTreeMap<AssetId, f64>, SetupError> {
    let one = (0..VALUE_DECIMALS).fold(1.0, |power, _| power * 10.0);
    let homes = values.iter().map(|(code, units)| {
        let asset = engine.asset_by_code(code);
        let asset = asset.ok_or_else(|| SetupError::UnknownAsset(code.clone()))?;
        match units {
            0 => Err(SetupError::ZeroValue(code.clone())),
            units => Ok((asset, *units as f64 / one)),
        }
    });
    homes.collect()
}

/// The values that the last trades tell: those that can be reached from what is worth 1.
pub(crate) fn continued(homes: &BTreeMap<AssetId, f64>, engine: &Engine) -> BTreeMap<AssetId, f64> {
    let steady = homes.iter().filter(|(_, home)| **home == 1.0);
    let mut values: BTreeMap<AssetId, f64> = steady.map(|(asset, home)| (*asset, *home)).collect();
    let mut known = 0;
    while known < values.len() {
        known = values.len();
        for (id, market) in (0..).map(MarketId).zip(engine.markets()) {
            let Some(last) = engine.last_price(id) else { continue };
            let (base, quote) = (market.spec.base, market.spec.quote);
            let one = (0..market.spec.price_decimals).fold(1.0, |power, _| power * 10.0);
            let price = last.ticks() as f64 / one;
            let told = match (values.get(&base), values.get(&quote)) {
                (None, Some(quote_value)) => (base, quote_value * price),
                (Some(base_value), None) => (quote, base_value / price),
                _ => continue,
            };
            if homes.contains_key(&told.0) {
                values.insert(told.0, told.1);
            }
        }
    }
    values
}

pub(crate) fn markets(reference: &Reference, engine: &Engine) -> Vec<Trading> {
    let listed = (0..).map(MarketId).zip(engine.markets());
    let trading = listed.filter_map(|(id, market)| {
        let base = reference.find(market.spec.base)?;
        let quote = reference.find(market.spec.quote)?;
        Some(Trading::new(id, market, base, quote))
    });
    trading.collect()
}

/// An asset's part of an account's first balance, in smallest units.
pub(crate) fn credit(account_value: u64, home: f64, asset: AssetId, engine: &Engine) -> Amount {
    let decimals = engine.assets().get(asset.index()).map_or(0, |asset| asset.decimals);
    let coins = (account_value as f64 / home).clamp(1.0, CREDIT_COINS_MAX);
    // Whole coins, so that the rest is exact.
    let units = coins as u128 * 10u128.pow(u32::from(decimals));
    Amount::new(units.min(SUPPLY_MAX.units() / CREDIT_PART))
}
