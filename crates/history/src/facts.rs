//! What history keeps of the events: finished orders, and trades with both of their halves.

use openmart_model::{
    AccountId, Amount, CloseReason, Event, MarketId, Order, OrderId, OrderStatus, Price, Quantity,
    Side, Timestamp, Trade, TradeId,
};

use crate::pile::Pile;

/// An order that is finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FinishedOrder {
    /// The order as it ended.
    pub order: Order,
    /// Why it is finished.
    pub reason: CloseReason,
    /// When it was finished.
    pub time: Timestamp,
    /// The entry that finished it.
    pub sequence: u64,
}

impl FinishedOrder {
    /// What became of it: filled or canceled.
    pub fn status(&self) -> OrderStatus {
        match self.reason {
            CloseReason::Filled => OrderStatus::Filled,
            CloseReason::Canceled | CloseReason::Expired | CloseReason::SelfTrade => {
                OrderStatus::Canceled
            }
        }
    }
}

/// A trade as both owners know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traded {
    /// The trade.
    pub trade: Trade,
    /// When.
    pub time: Timestamp,
    /// The entry that made it.
    pub sequence: u64,
}

/// What an order did in a trade.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// It rested in the book.
    Maker,
    /// It arrived.
    Taker,
}

/// One order's half of a trade. An account that traded with itself has both halves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
    /// The trade.
    pub trade: TradeId,
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// Whether the order bought or sold.
    pub side: Side,
    /// Whether it rested or arrived.
    pub role: Role,
    /// At what price.
    pub price: Price,
    /// How much base asset.
    pub quantity: Quantity,
    /// How much quote asset, before the fee.
    pub notional: Amount,
    /// What its owner paid, in the asset received: base for a buy, quote for a sell.
    pub fee: Amount,
    /// When.
    pub time: Timestamp,
}

impl Fill {
    /// Both halves of a trade, the maker's first: the order in which they are listed, oldest first.
    pub fn both(time: Timestamp, trade: &Trade) -> [Self; 2] {
        let maker = Self {
            trade: trade.id,
            order: trade.maker_order,
            account: trade.maker_account,
            market: trade.market,
            side: trade.taker_side.opposite(),
            role: Role::Maker,
            price: trade.price,
            quantity: trade.quantity,
            notional: trade.notional,
            fee: trade.maker_fee,
            time,
        };
        let taker = Self {
            order: trade.taker_order,
            account: trade.taker_account,
            side: trade.taker_side,
            role: Role::Taker,
            fee: trade.taker_fee,
            ..maker
        };
        [maker, taker]
    }
}

/// What some commands made true, complete up to a sequence.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Batch {
    pub(crate) through: u64,
    pub(crate) orders: Pile<FinishedOrder>,
    pub(crate) trades: Pile<Traded>,
}

impl Batch {
    /// Adds the events of the next command. Sequences ascend, and commands without events are added
    /// too, so that it is known how far the batch reaches.
    pub fn add(&mut self, sequence: u64, time: Timestamp, events: &[Event]) {
        debug_assert!(sequence > self.through, "entries come in order");
        self.through = sequence;
        for event in events {
            match event {
                Event::Traded(trade) => {
                    self.trades.push(Traded { trade: *trade, time, sequence });
                }
                Event::Closed { order, reason, .. } => {
                    self.orders.push(FinishedOrder {
                        order: *order,
                        reason: *reason,
                        time,
                        sequence,
                    });
                }
                _ => {}
            }
        }
    }

    /// The last sequence added; 0 before the first.
    pub fn through(&self) -> u64 {
        self.through
    }

    /// Rows that it becomes: one for each order, three for each trade.
    pub fn rows(&self) -> usize {
        self.orders.len() + 3 * self.trades.len()
    }

    /// Adds a batch that follows this one.
    pub(crate) fn append(&mut self, next: Self) {
        self.through = next.through;
        self.orders.append(next.orders);
        self.trades.append(next.trades);
    }
}
