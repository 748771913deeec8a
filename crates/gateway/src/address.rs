//! Blocks of network addresses as operators write them.

use std::net::{IpAddr, Ipv6Addr};

use openmart_model::AddressRange;

/// An IPv4 address in its IPv4-mapped form has so many bits before its own.
const IPV4_MAPPED_BITS: u8 = 96;

/// Reads an address or a block of addresses: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_address_range(text: &str) -> Result<AddressRange, &'static str> {
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
    Ok(AddressRange { address: octets, prefix_bits })
}

/// Writes a block as [`parse_address_range`] reads it.
pub(crate) fn address_range_text(range: &AddressRange) -> String {
    let address = Ipv6Addr::from(range.address);
    let own_bits = range.prefix_bits.checked_sub(IPV4_MAPPED_BITS);
    match address.to_ipv4_mapped().zip(own_bits) {
        Some((address, bits)) => format!("{address}/{bits}"),
        None => format!("{address}/{}", range.prefix_bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_blocks_contain_what_they_say() {
        let mapped = |text: &str| text.parse::<std::net::Ipv4Addr>().unwrap().to_ipv6_mapped();
        let range = parse_address_range("10.1.0.0/16").unwrap();
        assert!(range.contains(mapped("10.1.255.3").octets()));
        assert!(!range.contains(mapped("10.2.0.0").octets()));
        let all = parse_address_range("0.0.0.0/0").unwrap();
        assert!(all.contains(mapped("203.0.113.9").octets()));
        assert!(!all.contains([1; 16]));
        assert_eq!(parse_address_range("::1").unwrap().prefix_bits, 128);
    }

    #[test]
    fn wrong_blocks_are_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.1/8", "::1/64", "a/8", "10.0.0.0/", "10.0.0.0/8/8"]
        {
            assert!(parse_address_range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for text in ["10.1.0.0/16", "0.0.0.0/0", "127.0.0.1/32", "::1/128", "2001:db8::/32", "::/0"]
        {
            let range = parse_address_range(text).unwrap();
            assert_eq!(address_range_text(&range), text);
        }
    }
}
