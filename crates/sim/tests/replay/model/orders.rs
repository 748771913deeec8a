//! The lives of all orders, as the events tell them.

use openmart_model::{AccountId, CloseReason, Event, MarketId, Order, Side, Trade};
use serde_json::{Value, json};

use super::{Model, side_text};

/// An order and everything that happened to it.
pub(crate) struct Life {
    /// As it was placed.
    pub(crate) placed: Order,
    pub(super) trades: Vec<Trade>,
    rested: bool,
    pub(crate) closed: Option<CloseReason>,
}

impl Life {
    pub(super) fn filled(&self) -> u64 {
        self.trades.iter().map(|trade| trade.quantity.lots()).sum()
    }

    /// An order by notional asked for what it got.
    fn asked(&self) -> u64 {
        self.placed.kind.quantity().map_or(self.filled(), |quantity| quantity.lots())
    }

    pub(super) fn remaining(&self) -> u64 {
        self.asked() - self.filled()
    }

    pub(super) fn in_book(&self) -> bool {
        self.rested && self.closed.is_none()
    }

    /// By the numbers of the API.
    fn status(&self) -> u8 {
        match self.closed {
            None if self.filled() == 0 => 1,
            None => 2,
            Some(CloseReason::Filled) => 3,
            Some(_) => 4,
        }
    }

    fn fees(&self) -> u128 {
        let mut fees = 0;
        for trade in &self.trades {
            let taken = trade.taker_order == self.placed.id;
            fees += if taken { trade.taker_fee } else { trade.maker_fee }.units();
        }
        fees
    }
}

impl Model<'_> {
    /// All orders ever accepted, oldest first: the first has the id 1.
    pub(crate) fn lives(self) -> Vec<Life> {
        let mut lives: Vec<Life> = Vec::new();
        for event in self.records.iter().flat_map(|record| &record.events) {
            match event {
                Event::Placed(placed) => {
                    assert_eq!(placed.id.0, lives.len() as u64 + 1, "ids are dense");
                    let (trades, rested, closed) = (Vec::new(), false, None);
                    lives.push(Life { placed: *placed, trades, rested, closed });
                }
                Event::Traded(trade) => {
                    lives[trade.taker_order.index() - 1].trades.push(*trade);
                    lives[trade.maker_order.index() - 1].trades.push(*trade);
                }
                Event::Rested { order, .. } => lives[order.index() - 1].rested = true,
                Event::Closed { order, reason, .. } => {
                    lives[order.id.index() - 1].closed = Some(*reason);
                }
                _ => {}
            }
        }
        lives
    }

    /// How many orders the filter shows.
    pub(crate) fn orders_total(self, account: AccountId, market: MarketId, filter: u8) -> usize {
        let meant = |life: &Life| is_meant(life, account, market, filter);
        self.lives().into_iter().filter(meant).count()
    }

    pub(crate) fn order_page(
        self,
        (account, market): (AccountId, MarketId),
        filter: u8,
        offset: u64,
        limit: u64,
    ) -> Value {
        let mut rows = Vec::new();
        for life in self.lives().iter().rev() {
            if is_meant(life, account, market, filter) {
                rows.push(self.order_text(life));
            }
        }
        let total = rows.len() as u64;
        json!({
            "orders": page_of(rows, offset, limit),
            "total_pages": pages(total, limit), "total_orders": total, "current_page": offset,
        })
    }

    /// One order, if it is the account's.
    pub(crate) fn order(self, account: AccountId, id: u64) -> Option<Value> {
        let lives = self.lives();
        let life = lives.iter().find(|life| life.placed.id.0 == id)?;
        (life.placed.account == account).then(|| self.order_text(life))
    }

    fn order_text(self, life: &Life) -> Value {
        let Order { id, market, side, kind, time, .. } = life.placed;
        let spec = self.spec(market);
        let received = if side == Side::Buy { spec.base } else { spec.quote };
        let lots = |lots: u64| self.lots_text(market, u128::from(lots));
        json!({
            "entrust_id": id.0, "symbol": self.symbol(market), "timestamp": time.0,
            "side": side_text(side),
            "price": self.price_text(market, kind.price().map_or(0, |price| price.ticks())),
            "fees": self.amount_text(received, openmart_model::Amount::new(life.fees())),
            "original_amount": lots(life.asked()),
            "executed_amount": lots(life.filled()),
            "remaining_amount": lots(life.remaining()),
            "status": life.status(),
        })
    }
}

fn is_meant(life: &Life, account: AccountId, market: MarketId, filter: u8) -> bool {
    let shown = match filter {
        0 => true,
        5 => [1, 2].contains(&life.status()),
        6 => [3, 4].contains(&life.status()),
        one => one == life.status(),
    };
    shown && life.placed.account == account && life.placed.market == market
}

/// The rows of a page; none past the end.
pub(super) fn page_of(rows: Vec<Value>, offset: u64, limit: u64) -> Vec<Value> {
    let mut page = Vec::new();
    for (place, row) in rows.into_iter().enumerate() {
        if place as u64 / limit == offset {
            page.push(row);
        }
    }
    page
}

pub(super) fn pages(total: u64, limit: u64) -> u64 {
    let whole = total / limit;
    if total.is_multiple_of(limit) { whole } else { whole + 1 }
}
