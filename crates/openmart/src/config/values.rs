//! Values of single fields that can be checked where they stand.

use std::fmt;

use openmart_gateway::parse_address_range;
use openmart_model::{AddressRange, FeeRate, Scopes, parse_decimal};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::venue::Secret;

/// Decimals of a fee rate: parts per million.
const FEE_DECIMALS: u8 = 6;

/// The text of a decimal number. In quotes, because a bare TOML number may be a float.
#[derive(Debug, Clone)]
pub(super) struct Decimal(pub(super) String);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Quoted).map(Self)
    }
}

/// Takes a string and says what to do with a number.
struct Quoted;

impl Visitor<'_> for Quoted {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number in quotes, such as \"0.01\", so that it stays exact")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// A fee rate, written as a fraction: `"0.001"` is 0.1 percent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fee(pub(super) FeeRate);

impl<'de> Deserialize<'de> for Fee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Decimal(text) = Decimal::deserialize(deserializer)?;
        let ppm = parse_decimal(&text, FEE_DECIMALS)
            .map_err(|error| D::Error::custom(format_args!("fee {text:?}: {error}")))?;
        let rate = u32::try_from(ppm).ok().and_then(FeeRate::from_ppm);
        let too_high = || D::Error::custom(format_args!("fee {text:?} is more than everything"));
        rate.map(Self).ok_or_else(too_high)
    }
}

/// One thing that a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    Read,
    Trade,
    Cancel,
}

impl Scope {
    pub(super) fn all_of(scopes: &[Self]) -> Scopes {
        let has = |scope| scopes.contains(&scope);
        Scopes { read: has(Self::Read), trade: has(Self::Trade), cancel: has(Self::Cancel) }
    }
}

/// An address or a block of addresses: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address(pub(super) AddressRange);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let range = parse_address_range(&text);
        range.map(Self).map_err(|rule| D::Error::custom(format_args!("{text:?}: {rule}")))
    }
}

/// A secret in the file.
#[derive(Debug, Clone)]
pub(super) struct SecretText(pub(super) Secret);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}
