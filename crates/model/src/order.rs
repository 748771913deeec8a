//! Orders: what a client wishes, and what stands in the book or in the history.

use crate::ids::{AccountId, ClientOrderId, MarketId, OrderId, Timestamp};
use crate::units::{Amount, Price, Quantity};

/// Whether an order gives quote asset for base asset or the other way round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// Gives quote, receives base; rests among the bids.
    Buy,
    /// Gives base, receives quote; rests among the asks.
    Sell,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// 0 for a buy, 1 for a sell: the index into a pair.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How long a limit order may wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TimeInForce {
    /// Rests until it is filled or canceled. A post-only order is refused if it would take.
    GoodTillCanceled {
        /// Refuse the order instead of letting it take.
        post_only: bool,
    },
    /// Takes what it can at once; the rest is canceled.
    ImmediateOrCancel,
    /// Is filled entirely at once, or refused.
    FillOrKill,
}

impl TimeInForce {
    /// The ordinary good-till-canceled order, which may take.
    pub const GTC: Self = Self::GoodTillCanceled { post_only: false };
}

/// What an order asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OrderKind {
    /// At this price or better.
    Limit {
        /// Worst price.
        price: Price,
        /// Base asset wanted or offered.
        quantity: Quantity,
        /// How long it may wait.
        time_in_force: TimeInForce,
    },
    /// At any price, at once; the rest is canceled.
    Market {
        /// Base asset wanted or offered.
        quantity: Quantity,
    },
    /// At any price, at once, for at most so much quote asset: whole lots are taken as long as
    /// their notional fits; the rest is canceled.
    MarketNotional {
        /// Quote asset to spend on a buy, to receive on a sell (before the fee).
        notional: Amount,
    },
}

impl OrderKind {
    /// The limit price, if there is one.
    pub const fn price(self) -> Option<Price> {
        match self {
            Self::Limit { price, .. } => Some(price),
            Self::Market { .. } | Self::MarketNotional { .. } => None,
        }
    }

    /// The quantity asked for, if it was asked for as a quantity.
    pub const fn quantity(self) -> Option<Quantity> {
        match self {
            Self::Limit { quantity, .. } | Self::Market { quantity } => Some(quantity),
            Self::MarketNotional { .. } => None,
        }
    }
}

/// The wish to place an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// Whose balances it uses.
    pub account: AccountId,
    /// Where it trades.
    pub market: MarketId,
    /// Buy or sell.
    pub side: Side,
    /// What it asks for.
    pub kind: OrderKind,
    /// The client's own name for it; a second order under the same name is not placed.
    pub client_id: Option<ClientOrderId>,
}

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OrderStatus {
    /// In the book, untouched.
    Open,
    /// In the book, partly filled.
    PartiallyFilled,
    /// Filled entirely.
    Filled,
    /// Off the book before it was filled entirely.
    Canceled,
}

/// An accepted order, open or finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Its owner.
    pub account: AccountId,
    /// Its market.
    pub market: MarketId,
    /// Buy or sell.
    pub side: Side,
    /// What it asked for.
    pub kind: OrderKind,
    /// The client's own name for it.
    pub client_id: Option<ClientOrderId>,
    /// When it was accepted.
    pub time: Timestamp,
    /// Base asset traded so far.
    pub filled: Quantity,
    /// Quote asset traded so far, before fees.
    pub notional: Amount,
    /// Fees paid so far, in the asset it receives: base for a buy, quote for a sell.
    pub fees: Amount,
}

impl Order {
    /// The quantity asked for. For an order by notional, what it filled.
    pub fn quantity(&self) -> Quantity {
        self.kind.quantity().unwrap_or(self.filled)
    }

    /// What is not filled.
    pub fn remaining(&self) -> Quantity {
        self.quantity().checked_sub(self.filled).unwrap_or(Quantity::ZERO)
    }
}
