//! From the tables of the file to exact units, with every cross-reference checked.

use std::collections::BTreeSet;
use std::ops::Range;

use openmart_liquidity::VALUE_DECIMALS;
use openmart_model::limits::{ASSET_DECIMALS_DEFAULT, NAME_BYTES_MAX, SUPPLY_MAX};
use openmart_model::{
    Amount, Asset, AssetId, DecimalError, FeeSchedule, Market, MarketSpec, Quantity, parse_decimal,
};
use toml::Spanned;

use super::Fault;
use super::file::{AccountTable, AssetTable, File, KeyTable, MarketTable};
use super::values::{Decimal, Scope};
use crate::liquidity::Seeded;
use crate::venue::{Venue, VenueAccount, VenueKey};

/// Largest order of a market that does not say, in whole coins.
const QUANTITY_MAX_COINS: u64 = 1_000_000_000;

/// A fault and the byte at which it lies.
type Placed<T> = Result<T, (usize, Fault)>;

/// Puts a fault at its place.
fn at<T>(span: Range<usize>, result: Result<T, Fault>) -> Placed<T> {
    result.map_err(|fault| (span.start, fault))
}

pub(super) fn venue(file: &File) -> Placed<Venue> {
    let mut venue = Venue::default();
    let mut seen = Seen::default();
    for table in &file.assets {
        let asset = at(table.span(), asset(table.get_ref()))?;
        at(table.span(), seen.once("asset", &asset.code))?;
        venue.assets.push(asset);
    }
    for table in &file.markets {
        at(table.span(), seen.once("market", table.get_ref().symbol.get_ref()))?;
        let spec = market(&venue, table.get_ref())?;
        venue.markets.push(spec);
    }
    for table in &file.accounts {
        at(table.span(), seen.once("account", &table.get_ref().name))?;
        let account = account(&venue, &mut seen, table)?;
        venue.accounts.push(account);
    }
    Ok(venue)
}

/// The makers and takers, if they are wanted; what is wrong about them is found in any case.
pub(super) fn liquidity(file: &File) -> Placed<Option<Seeded>> {
    let Some(table) = &file.liquidity else { return Ok(None) };
    let (span, table) = (table.span(), table.get_ref());
    let mut seeded = Seeded::default();
    for (name, value) in &table.settings {
        let set = seeded.settings.set(name, *value);
        let fault = |source| Fault::Setting { name: name.clone(), source };
        at(span.clone(), set.map_err(fault))?;
    }
    for (code, value) in &table.values {
        let listed = file.assets.iter().any(|asset| asset.get_ref().code == *code.get_ref());
        at(
            code.span(),
            listed.then_some(()).ok_or_else(|| Fault::UnknownAsset(code.get_ref().clone())),
        )?;
        let value_units = units("values", Some(value), VALUE_DECIMALS, 0)?;
        seeded.values.insert(code.get_ref().clone(), value_units);
    }
    Ok(table.enabled.then_some(seeded))
}

/// Names that are taken, each with the kind of thing it names.
#[derive(Default)]
struct Seen(BTreeSet<(&'static str, String)>);

impl Seen {
    fn once(&mut self, what: &'static str, name: &str) -> Result<(), Fault> {
        if self.0.insert((what, name.to_owned())) {
            return Ok(());
        }
        Err(Fault::Twice { what, name: name.to_owned() })
    }
}

fn asset(table: &AssetTable) -> Result<Asset, Fault> {
    let asset = Asset {
        code: table.code.clone(),
        name: table.name.clone().unwrap_or_else(|| table.code.clone()),
        decimals: table.decimals.unwrap_or(ASSET_DECIMALS_DEFAULT),
    };
    let listable = asset.validate();
    listable.map_err(|source| Fault::NotListable { name: table.code.clone(), source })?;
    Ok(asset)
}

fn asset_named(venue: &Venue, code: &str) -> Result<AssetId, Fault> {
    let found = venue.assets.iter().position(|asset| asset.code == code);
    let index = found.and_then(|index| u16::try_from(index).ok());
    index.map(AssetId).ok_or_else(|| Fault::UnknownAsset(code.to_owned()))
}

fn market(venue: &Venue, table: &MarketTable) -> Placed<MarketSpec> {
    let (span, symbol) = (table.symbol.span(), table.symbol.get_ref());
    let codes = symbol.split_once('_').ok_or_else(|| Fault::Symbol(symbol.clone()));
    let (base, quote) = at(span.clone(), codes)?;
    let base = at(span.clone(), asset_named(venue, base))?;
    let quote = at(span.clone(), asset_named(venue, quote))?;
    let quote_decimals = venue.assets[quote.index()].decimals;
    let quantity = |field, text: &Option<Spanned<Decimal>>, default| {
        let units = units(field, text.as_ref(), table.quantity_decimals, u128::from(default))?;
        let too_large = |_| Fault::Decimal {
            field,
            text: text.as_ref().map_or(String::new(), |text| text.get_ref().0.clone()),
            decimals: table.quantity_decimals,
            source: DecimalError::TooLarge,
        };
        let place = text.as_ref().map_or(0..0, Spanned::span);
        at(place, u64::try_from(units).map_err(too_large)).map(Quantity::new)
    };
    let lots_per_coin = 10u64.checked_pow(u32::from(table.quantity_decimals));
    let quantity_max =
        lots_per_coin.map_or(u64::MAX, |lots| lots.saturating_mul(QUANTITY_MAX_COINS));
    let notional = |field, text: &Option<Spanned<Decimal>>| {
        units(field, text.as_ref(), quote_decimals, 0).map(Amount::new)
    };
    let spec = MarketSpec {
        base,
        quote,
        price_decimals: table.price_decimals,
        quantity_decimals: table.quantity_decimals,
        depth_decimals_min: table.depth_decimals_min,
        quantity_min: quantity("quantity_min", &table.quantity_min, 1)?,
        quantity_max: quantity("quantity_max", &table.quantity_max, quantity_max)?,
        notional_min_buy: notional("notional_min_buy", &table.notional_min_buy)?,
        notional_min_sell: notional("notional_min_sell", &table.notional_min_sell)?,
        fees: FeeSchedule { maker: table.fee_maker.0, taker: table.fee_taker.0 },
        self_trade: table.self_trade.into(),
        price_band_multiple: table.price_band_multiple,
    };
    let (base, quote) = (&venue.assets[base.index()], &venue.assets[quote.index()]);
    let listable = Market::new(spec.clone(), base, quote).map(|_| ());
    at(span, listable.map_err(|source| Fault::NotListable { name: symbol.clone(), source }))?;
    Ok(spec)
}

/// A decimal text in units, or the default when the field is not there.
fn units(
    field: &'static str,
    text: Option<&Spanned<Decimal>>,
    decimals: u8,
    default: u128,
) -> Placed<u128> {
    let Some(text) = text else { return Ok(default) };
    let Decimal(decimal) = text.get_ref();
    let fault = |source| Fault::Decimal { field, text: decimal.clone(), decimals, source };
    at(text.span(), parse_decimal(decimal, decimals).map_err(fault))
}

fn account(venue: &Venue, seen: &mut Seen, table: &Spanned<AccountTable>) -> Placed<VenueAccount> {
    let AccountTable { name, deposits, keys } = table.get_ref();
    at(table.span(), text("name", name))?;
    let mut credited = Vec::new();
    for (code, amount) in deposits {
        let asset = at(code.span(), asset_named(venue, code.get_ref()))?;
        let decimals = venue.assets[asset.index()].decimals;
        let amount_units = units("deposits", Some(amount), decimals, 0)?;
        if amount_units == 0 || amount_units > SUPPLY_MAX.units() {
            let rule = "a deposit is more than zero and at most 2^107 smallest units";
            return at(amount.span(), Err(Fault::Text { field: "deposits", rule }));
        }
        credited.push((asset, Amount::new(amount_units)));
    }
    let keys = keys.iter().map(|key| at(key.span(), account_key(seen, name, key.get_ref())));
    Ok(VenueAccount { name: name.clone(), deposits: credited, keys: keys.collect::<Placed<_>>()? })
}

fn account_key(seen: &mut Seen, account: &str, table: &KeyTable) -> Result<VenueKey, Fault> {
    let KeyTable { key, secret, memo, scopes, addresses } = table;
    memo_text(memo)?;
    match key {
        Some(key) => {
            key_text("key", key)?;
            seen.once("key", key)?;
        }
        // A generated key is recognised by its memo when the program starts again.
        None => {
            seen.once("generated key with the memo", &format!("{memo} of account {account}"))?
        }
    }
    if let Some(secret) = secret {
        key_text("secret", secret.0.reveal())?;
    }
    Ok(VenueKey {
        key: key.clone(),
        secret: secret.as_ref().map(|text| text.0.clone()),
        memo: memo.clone(),
        scopes: Scope::all_of(scopes),
        ranges: addresses.iter().map(|address| address.0).collect(),
    })
}

fn text(field: &'static str, text: &str) -> Result<(), Fault> {
    let rule = "1 to 64 bytes";
    let good = (1..=NAME_BYTES_MAX).contains(&text.len());
    if good { Ok(()) } else { Err(Fault::Text { field, rule }) }
}

/// Keys and secrets are part of the colon-separated login proof and of form-encoded bodies.
fn key_text(field: &'static str, key: &str) -> Result<(), Fault> {
    let rule = "1 to 64 visible ASCII characters without a colon";
    let good = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    if good { text(field, key) } else { Err(Fault::Text { field, rule }) }
}

fn memo_text(memo: &str) -> Result<(), Fault> {
    let rule = "at most 64 printable ASCII characters without a colon";
    let printable = |byte: u8| (byte == b' ' || byte.is_ascii_graphic()) && byte != b':';
    let good = memo.len() <= NAME_BYTES_MAX && memo.bytes().all(printable);
    if good { Ok(()) } else { Err(Fault::Text { field: "memo", rule }) }
}
