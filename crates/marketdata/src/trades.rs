//! The last trades of a market, as everybody may see them: without orders and accounts.

use alloc::collections::VecDeque;

use openmart_model::{
    Amount, Codec, DecodeError, Price, Quantity, Reader, Side, Timestamp, Trade, TradeId, Writer,
};

/// Trades that are kept of each market: as many as the API's list of public trades shows. Older
/// ones are history.
pub const TRADES_KEPT: usize = 50;

/// One match of two orders, without saying whose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicTrade {
    /// Its id; ascending, so that what is new since another trade is what has a higher one.
    pub id: TradeId,
    /// When it happened.
    pub time: Timestamp,
    /// At what price.
    pub price: Price,
    /// How much base asset.
    pub quantity: Quantity,
    /// How much quote asset.
    pub notional: Amount,
    /// Whether the arriving order bought or sold.
    pub taker_side: Side,
}

impl PublicTrade {
    /// What everybody may see of a trade.
    pub fn new(time: Timestamp, trade: &Trade) -> Self {
        let Trade { id, price, quantity, notional, taker_side, .. } = *trade;
        Self { id, time, price, quantity, notional, taker_side }
    }
}

/// At most [`TRADES_KEPT`] trades, oldest first.
#[derive(Clone, Default, Debug)]
pub(crate) struct RecentTrades(VecDeque<PublicTrade>);

impl RecentTrades {
    pub(crate) fn push(&mut self, trade: PublicTrade) {
        if self.0.len() == TRADES_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(trade);
    }

    pub(crate) fn last(&self) -> Option<&PublicTrade> {
        self.0.back()
    }

    pub(crate) fn newest_first(&self) -> impl ExactSizeIterator<Item = &PublicTrade> {
        self.0.iter().rev()
    }
}

impl Codec for PublicTrade {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.id);
        writer.put(&self.time);
        writer.put(&self.price);
        writer.put(&self.quantity);
        writer.put(&self.notional);
        writer.put(&self.taker_side);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let trade = Self {
            id: reader.get()?,
            time: reader.get()?,
            price: reader.get()?,
            quantity: reader.get()?,
            notional: reader.get()?,
            taker_side: reader.get()?,
        };
        if trade.price.ticks() == 0 || trade.quantity.is_zero() || trade.notional.is_zero() {
            return Err(reader.error("a trade of something"));
        }
        Ok(trade)
    }
}

impl Codec for RecentTrades {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&(self.0.len() as u32));
        self.0.iter().for_each(|trade| writer.put(trade));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count: u32 = reader.get()?;
        if count as usize > TRADES_KEPT {
            return Err(reader.error("at most 50 trades"));
        }
        let mut trades = Self::default();
        for _ in 0..count {
            let trade: PublicTrade = reader.get()?;
            let follows = |last: &PublicTrade| last.id < trade.id && last.time <= trade.time;
            if !trades.last().is_none_or(follows) {
                return Err(reader.error("trades in their order"));
            }
            trades.push(trade);
        }
        Ok(trades)
    }
}
