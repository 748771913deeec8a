//! Orders, fills, trades and candles as rows, and back. The codes are documented in `docs/history.md`.

use openmart_model::{
    AccountId, Amount, ClientOrderId, CloseReason, MarketId, Order, OrderId, OrderKind,
    OrderStatus, Price, Quantity, Side, TimeInForce, Timestamp, TradeId,
};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use openmart_marketdata::{KlineRow, PublicTrade};

use crate::facts::{Fill, FinishedOrder, Role};
use crate::numbers::number;

/// Columns of an order, in the order in which they are written and read.
pub(crate) const ORDER_COLUMNS: &str = "id, account, market, status, reason, side, kind, price, \
     quantity, budget, filled, notional, fees, client_id, placed_ms, closed_ms, sequence";

/// Columns of a fill, in the order in which they are read.
pub(crate) const FILL_COLUMNS: &str = "account, market, trade, order_id, side, taker, price, \
     quantity, notional, fee, time_ms";

/// Columns of a candle, in the order in which they are written behind its market and step, and read.
pub(crate) const KLINE_COLUMNS: &str = "open_ms, open, high, low, close, volume, turnover";

/// Columns of a public trade, in the order in which they are read.
pub(crate) const TRADE_COLUMNS: &str = "id, time_ms, price, quantity, notional, taker_side";

/// The code of a status in the file.
pub(crate) const fn status_code(status: OrderStatus) -> u8 {
    match status {
        OrderStatus::Filled => 1,
        _ => 2,
    }
}

pub(crate) const fn reason_code(reason: CloseReason) -> u8 {
    match reason {
        CloseReason::Filled => 0,
        CloseReason::Canceled => 1,
        CloseReason::Expired => 2,
        CloseReason::SelfTrade => 3,
    }
}

pub(crate) const fn side_code(side: Side) -> u8 {
    side.index() as u8
}

/// The code of an order's kind, and what it asked for: price, quantity, budget.
pub(crate) fn kind_columns(
    kind: OrderKind,
) -> (u8, Option<Price>, Option<Quantity>, Option<Amount>) {
    match kind {
        OrderKind::Limit { price, quantity, time_in_force } => {
            let code = match time_in_force {
                TimeInForce::GoodTillCanceled { post_only: false } => 0,
                TimeInForce::GoodTillCanceled { post_only: true } => 1,
                TimeInForce::ImmediateOrCancel => 2,
                TimeInForce::FillOrKill => 3,
            };
            (code, Some(price), Some(quantity), None)
        }
        OrderKind::Market { quantity } => (4, None, Some(quantity), None),
        OrderKind::MarketNotional { notional } => (5, None, None, Some(notional)),
    }
}

/// Reads a row of [`ORDER_COLUMNS`]. Nothing: it is none that was written.
pub(crate) fn read_order(row: &Row<'_>) -> rusqlite::Result<Option<FinishedOrder>> {
    let columns = Columns(row);
    Ok((|| {
        let kind = columns.kind()?;
        let client_id = match row.get_ref(13).ok()? {
            ValueRef::Null => None,
            ValueRef::Text(text) => Some(ClientOrderId::new(std::str::from_utf8(text).ok()?)?),
            _ => return None,
        };
        let order = Order {
            id: OrderId(columns.number(0)?),
            account: AccountId(columns.number(1)?),
            market: MarketId(columns.number(2)?),
            side: columns.side(5)?,
            kind,
            client_id,
            time: Timestamp(columns.number(14)?),
            filled: Quantity::new(columns.number(10)?),
            notional: Amount::new(columns.number(11)?),
            fees: Amount::new(columns.number(12)?),
        };
        let reason = match columns.number::<u8>(4)? {
            0 => CloseReason::Filled,
            1 => CloseReason::Canceled,
            2 => CloseReason::Expired,
            3 => CloseReason::SelfTrade,
            _ => return None,
        };
        let (time, sequence) = (Timestamp(columns.number(15)?), columns.number(16)?);
        Some(FinishedOrder { order, reason, time, sequence })
    })())
}

/// Reads a row of [`FILL_COLUMNS`]. Nothing: it is none that was written.
pub(crate) fn read_fill(row: &Row<'_>) -> rusqlite::Result<Option<Fill>> {
    let columns = Columns(row);
    Ok((|| {
        Some(Fill {
            account: AccountId(columns.number(0)?),
            market: MarketId(columns.number(1)?),
            trade: TradeId(columns.number(2)?),
            order: OrderId(columns.number(3)?),
            side: columns.side(4)?,
            role: match columns.number::<u8>(5)? {
                0 => Role::Maker,
                1 => Role::Taker,
                _ => return None,
            },
            price: Price::new(columns.number(6)?),
            quantity: Quantity::new(columns.number(7)?),
            notional: Amount::new(columns.number(8)?),
            fee: Amount::new(columns.number(9)?),
            time: Timestamp(columns.number(10)?),
        })
    })())
}

/// Reads a row of [`KLINE_COLUMNS`]. Nothing: it is none that was written.
pub(crate) fn read_kline(row: &Row<'_>) -> rusqlite::Result<Option<KlineRow>> {
    let columns = Columns(row);
    Ok((|| {
        Some(KlineRow {
            open_time: Timestamp(columns.number(0)?),
            open: Price::new(columns.number(1)?),
            high: Price::new(columns.number(2)?),
            low: Price::new(columns.number(3)?),
            close: Price::new(columns.number(4)?),
            volume_lots: columns.number(5)?,
            turnover: Amount::new(columns.number(6)?),
        })
    })())
}

/// Reads a row of [`TRADE_COLUMNS`]. Nothing: it is none that was written.
pub(crate) fn read_trade(row: &Row<'_>) -> rusqlite::Result<Option<PublicTrade>> {
    let columns = Columns(row);
    Ok((|| {
        Some(PublicTrade {
            id: TradeId(columns.number(0)?),
            time: Timestamp(columns.number(1)?),
            price: Price::new(columns.number(2)?),
            quantity: Quantity::new(columns.number(3)?),
            notional: Amount::new(columns.number(4)?),
            taker_side: columns.side(5)?,
        })
    })())
}

struct Columns<'a, 'b>(&'a Row<'b>);

impl Columns<'_, '_> {
    fn number<T: TryFrom<u128>>(&self, column: usize) -> Option<T> {
        T::try_from(number(self.0.get_ref(column).ok()?)?).ok()
    }

    fn side(&self, column: usize) -> Option<Side> {
        match self.number::<u8>(column)? {
            0 => Some(Side::Buy),
            1 => Some(Side::Sell),
            _ => None,
        }
    }

    fn kind(&self) -> Option<OrderKind> {
        let (price, quantity) =
            (|| Some(Price::new(self.number(7)?)), || Some(Quantity::new(self.number(8)?)));
        let time_in_force = match self.number::<u8>(6)? {
            0 => TimeInForce::GoodTillCanceled { post_only: false },
            1 => TimeInForce::GoodTillCanceled { post_only: true },
            2 => TimeInForce::ImmediateOrCancel,
            3 => TimeInForce::FillOrKill,
            4 => return Some(OrderKind::Market { quantity: quantity()? }),
            5 => {
                let notional = Amount::new(self.number(9)?);
                return Some(OrderKind::MarketNotional { notional });
            }
            _ => return None,
        };
        Some(OrderKind::Limit { price: price()?, quantity: quantity()?, time_in_force })
    }
}
