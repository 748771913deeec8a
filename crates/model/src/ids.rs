//! Numbers and texts that name things. Accounts, assets, markets and keys are numbered densely from
//! 0 in the order they were added; orders and trades are counted from 1.

use core::fmt;
use core::num::NonZeroU8;

use crate::limits::CLIENT_ORDER_ID_BYTES_MAX;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub $int);

        impl $name {
            /// The number as an index into a dense table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Who holds balances and places orders.
    AccountId(u32)
}
id! {
    /// Something that is held: a coin, a currency.
    AssetId(u16)
}
id! {
    /// A place where a base asset trades against a quote asset.
    MarketId(u16)
}
id! {
    /// An API key.
    KeyId(u32)
}
id! {
    /// An accepted order. Ascending from 1 over all markets, below 2^53.
    OrderId(u64)
}
id! {
    /// One match of two orders. Ascending from 1 over all markets, below 2^53.
    TradeId(u64)
}

/// Milliseconds since 1970 UTC, as the journal entry says. Never goes back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Timestamp(pub u64);

/// A name that a client gives to its own order: 1 to 32 characters out of letters, digits, `_` and
/// `-`. Placing twice under one name places once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientOrderId {
    bytes: [u8; CLIENT_ORDER_ID_BYTES_MAX],
    /// Never zero, which leaves that value to say that there is no id at all.
    length: NonZeroU8,
}

impl ClientOrderId {
    /// Takes a text, or gives nothing when it is empty, too long or has another character.
    pub fn new(text: &str) -> Option<Self> {
        let source = text.as_bytes();
        let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if source.len() > CLIENT_ORDER_ID_BYTES_MAX {
            return None;
        }
        let length = NonZeroU8::new(source.len() as u8)?;
        if !source.iter().all(allowed) {
            return None;
        }
        let mut bytes = [0; CLIENT_ORDER_ID_BYTES_MAX];
        bytes[..source.len()].copy_from_slice(source);
        Some(Self { bytes, length })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.length.get())]).unwrap_or_default()
    }
}

impl fmt::Debug for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_order_id_takes_only_its_alphabet() {
        assert_eq!(ClientOrderId::new("a-B_9").unwrap().as_str(), "a-B_9");
        assert!(ClientOrderId::new(&"x".repeat(32)).is_some());
        for bad in ["", "a b", "a&b", "é", &"x".repeat(33)] {
            assert_eq!(ClientOrderId::new(bad), None, "{bad:?}");
        }
    }
}
