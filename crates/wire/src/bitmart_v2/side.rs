//! The side of an order, in the two spellings of the API: a word and, in own trades, a number.

use serde::{Deserialize, Serialize};

/// Which way an order goes. In JSON `"buy"` or `"sell"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Buys the base asset.
    Buy,
    /// Sells the base asset.
    Sell,
}

impl Side {
    /// Reads `buy` or `sell` in any case; requests may be written so, responses never are.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("buy") {
            Some(Self::Buy)
        } else if text.eq_ignore_ascii_case("sell") {
            Some(Self::Sell)
        } else {
            None
        }
    }

    /// The lower-case word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The side as the number 0 (buy) or 1 (sell): `entrustType` of own trades.
pub(super) mod as_number {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    use super::Side;

    pub(crate) fn serialize<S: Serializer>(side: &Side, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(match side {
            Side::Buy => 0,
            Side::Sell => 1,
        })
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Side, D::Error> {
        match u8::deserialize(input)? {
            0 => Ok(Side::Buy),
            1 => Ok(Side::Sell),
            other => Err(D::Error::custom(format_args!("entrustType {other} is neither 0 nor 1"))),
        }
    }
}
