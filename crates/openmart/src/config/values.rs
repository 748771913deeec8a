//! Values of single fields that can be checked where they stand.

use std::fmt;
use std::net::IpAddr;

use openmart_model::{AddressRange, FeeRate, Scopes, parse_decimal};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::venue::Secret;

/// Decimals of a fee rate: parts per million.
const FEE_DECIMALS: u8 = 6;
/// An IPv4 address in its IPv4-mapped form has so many bits before its own.
const IPV4_MAPPED_BITS: u8 = 96;

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

impl Address {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| "not an address or block")?;
        let (bits, octets) = match address {
            IpAddr::V4(address) => (32, address.to_ipv6_mapped().octets()),
            IpAddr::V6(address) => (128, address.octets()),
        };
        let prefix: u8 = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| "the prefix is not a number")?,
            None => bits,
        };
        if prefix > bits {
            return Err("the prefix is longer than the address");
        }
        let prefix_bits = if address.is_ipv4() { IPV4_MAPPED_BITS + prefix } else { prefix };
        let host = u128::MAX.checked_shr(u32::from(prefix_bits)).unwrap_or(0);
        if u128::from_be_bytes(octets) & host != 0 {
            return Err("the address has bits behind the prefix");
        }
        Ok(Self(AddressRange { address: octets, prefix_bits }))
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|rule| D::Error::custom(format_args!("{text:?}: {rule}")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_blocks_contain_what_they_say() {
        let mapped = |text: &str| text.parse::<std::net::Ipv4Addr>().unwrap().to_ipv6_mapped();
        let Address(range) = Address::parse("10.1.0.0/16").unwrap();
        assert!(range.contains(mapped("10.1.255.3").octets()));
        assert!(!range.contains(mapped("10.2.0.0").octets()));
        let Address(all) = Address::parse("0.0.0.0/0").unwrap();
        assert!(all.contains(mapped("203.0.113.9").octets()));
        assert!(!all.contains([1; 16]));
        let Address(one) = Address::parse("::1").unwrap();
        assert_eq!(one.prefix_bits, 128);
    }

    #[test]
    fn wrong_blocks_are_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.1/8", "::1/64", "a/8", "10.0.0.0/", "10.0.0.0/8/8"]
        {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
