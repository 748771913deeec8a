//! Refusals: a command that was not carried out and left the state as it was.

use core::fmt;

use crate::ids::OrderId;
use crate::market::ListingError;
use crate::units::{Amount, Price, Quantity};

/// Why a command was refused.
///
/// The variants stand in order of precedence: when several would apply, the first one is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reject {
    /// There is no such account.
    UnknownAccount,
    /// There is no such asset.
    UnknownAsset,
    /// There is no such market.
    UnknownMarket,
    /// There is no such key.
    UnknownKey,
    /// The account has no such open order: it never existed, belongs to somebody else, or is
    /// finished. These three look the same on purpose.
    OrderNotOpen,
    /// Name, key, code or symbol is taken.
    AlreadyExists,
    /// The asset or market breaks a listing condition.
    NotListable(ListingError),
    /// A name, key, memo, secret or list of address ranges is empty or too long.
    InvalidText,
    /// The rules version is not one that this program knows, or goes back.
    UnknownRules,
    /// The client order id was used for another order, which asked for something else.
    ClientIdTaken {
        /// The order that has it.
        order: OrderId,
    },
    /// The market takes no orders at present.
    MarketHalted,
    /// The quantity is zero.
    ZeroQuantity,
    /// The quantity is below the market's smallest.
    QuantityTooSmall {
        /// The smallest.
        min: Quantity,
    },
    /// The quantity is above the market's largest.
    QuantityTooLarge {
        /// The largest.
        max: Quantity,
    },
    /// The price is zero.
    ZeroPrice,
    /// Price times quantity is below the market's smallest notional.
    NotionalTooSmall {
        /// The smallest, in the quote asset.
        min: Amount,
    },
    /// Price times quantity is more than there can be of any asset.
    NotionalTooLarge,
    /// The price is above the market's band.
    PriceAboveBand {
        /// The highest price allowed now.
        max: Price,
    },
    /// The amount is zero.
    ZeroAmount,
    /// The post-only order would have taken.
    WouldTake,
    /// The order would have met an order of its own account, and the market refuses that.
    SelfTrade,
    /// The fill-or-kill order could not be filled entirely.
    NotFillable,
    /// The available balance does not cover it.
    InsufficientFunds,
    /// There would be more of the asset than the exchange can count.
    SupplyTooLarge,
    /// A limit of the exchange is reached; which one is told.
    Full(FullReason),
}

/// The limit that is reached; see [`limits`](crate::limits).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FullReason {
    /// Open orders of this account.
    AccountOrders,
    /// Open orders of the exchange.
    Orders,
    /// Price levels of this side of the book.
    PriceLevels,
    /// Assets.
    Assets,
    /// Markets.
    Markets,
    /// Accounts.
    Accounts,
    /// Keys of this account.
    Keys,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAccount => f.write_str("unknown account"),
            Self::UnknownAsset => f.write_str("unknown asset"),
            Self::UnknownMarket => f.write_str("unknown market"),
            Self::UnknownKey => f.write_str("unknown key"),
            Self::OrderNotOpen => f.write_str("no such open order"),
            Self::AlreadyExists => f.write_str("already exists"),
            Self::NotListable(why) => why.fmt(f),
            Self::InvalidText => f.write_str("a name, key, memo or range is empty or too long"),
            Self::UnknownRules => f.write_str("unknown rules version"),
            Self::ClientIdTaken { order } => {
                write!(
                    f,
                    "client order id is taken by order {order}, which asked for something else"
                )
            }
            Self::MarketHalted => f.write_str("market is halted"),
            Self::ZeroQuantity => f.write_str("quantity is zero"),
            Self::QuantityTooSmall { min } => write!(f, "quantity is below {} lots", min.lots()),
            Self::QuantityTooLarge { max } => write!(f, "quantity is above {} lots", max.lots()),
            Self::ZeroPrice => f.write_str("price is zero"),
            Self::NotionalTooSmall { min } => write!(f, "notional is below {min:?} units"),
            Self::NotionalTooLarge => f.write_str("notional is too large"),
            Self::PriceAboveBand { max } => write!(f, "price is above {} ticks", max.ticks()),
            Self::ZeroAmount => f.write_str("amount is zero"),
            Self::WouldTake => f.write_str("post-only order would take"),
            Self::SelfTrade => f.write_str("order would trade with its own account"),
            Self::NotFillable => f.write_str("fill-or-kill order cannot be filled"),
            Self::InsufficientFunds => f.write_str("insufficient funds"),
            Self::SupplyTooLarge => f.write_str("total of the asset would be too large"),
            Self::Full(reason) => f.write_str(match reason {
                FullReason::AccountOrders => "too many open orders of this account",
                FullReason::Orders => "too many open orders",
                FullReason::PriceLevels => "too many price levels on this side of the book",
                FullReason::Assets => "too many assets",
                FullReason::Markets => "too many markets",
                FullReason::Accounts => "too many accounts",
                FullReason::Keys => "too many keys of this account",
            }),
        }
    }
}

impl core::error::Error for Reject {}
