//! Events: the facts that a command made true. Whatever is read elsewhere is a fold over them.

use crate::ids::{AccountId, AssetId, KeyId, MarketId, OrderId, TradeId};
use crate::market::MarketStatus;
use crate::order::{Order, Side};
use crate::units::{Amount, Price, Quantity};

/// A fact. Sequence and time are those of the command it belongs to.
///
/// The events of one order run: [`Placed`](Self::Placed), any number of [`Traded`](Self::Traded),
/// then [`Closed`](Self::Closed), or [`Rested`](Self::Rested) and everything further with later
/// commands, the last being `Closed`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// An order was accepted; nothing of it has traded yet.
    Placed(Order),
    /// Two orders matched.
    Traded(Trade),
    /// What was left of an accepted order entered the book.
    Rested {
        /// Which order.
        order: OrderId,
        /// Its market.
        market: MarketId,
        /// Its side.
        side: Side,
        /// Its price.
        price: Price,
        /// What is in the book.
        remaining: Quantity,
    },
    /// An order is finished. The order is as it ended, all of its fills included.
    Closed {
        /// The finished order.
        order: Order,
        /// Why.
        reason: CloseReason,
        /// Whether it was in the book: its remaining quantity leaves the depth.
        rested: bool,
    },
    /// An account was credited from outside.
    Deposited {
        /// Who.
        account: AccountId,
        /// What.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// An account was debited to the outside.
    Withdrawn {
        /// Who.
        account: AccountId,
        /// What.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// An asset was added.
    AssetAdded(AssetId),
    /// A market was listed.
    MarketAdded(MarketId),
    /// A market was halted or resumed.
    MarketStatusSet(MarketId, MarketStatus),
    /// Fees were changed.
    FeesSet(MarketId, Option<AccountId>),
    /// An account was opened.
    AccountAdded(AccountId),
    /// A key was added.
    KeyAdded(KeyId),
    /// A key was revoked.
    KeyRevoked(KeyId),
}

/// Why an order is finished.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CloseReason {
    /// Filled entirely.
    Filled,
    /// Its owner canceled it.
    Canceled,
    /// It was not to wait for the rest.
    Expired,
    /// It met an order of its own account.
    SelfTrade,
}

/// One match of two orders, at the maker's price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trade {
    /// Its id.
    pub id: TradeId,
    /// Where.
    pub market: MarketId,
    /// At what price.
    pub price: Price,
    /// How much base asset.
    pub quantity: Quantity,
    /// How much quote asset.
    pub notional: Amount,
    /// Whether the arriving order bought or sold.
    pub taker_side: Side,
    /// The arriving order.
    pub taker_order: OrderId,
    /// Its owner.
    pub taker_account: AccountId,
    /// What its owner paid, in the asset received.
    pub taker_fee: Amount,
    /// The resting order.
    pub maker_order: OrderId,
    /// Its owner.
    pub maker_account: AccountId,
    /// What its owner paid, in the asset received.
    pub maker_fee: Amount,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_fits_two_cache_lines() {
        assert_eq!(size_of::<Order>(), 120);
        assert_eq!(size_of::<Event>(), 128);
    }
}
