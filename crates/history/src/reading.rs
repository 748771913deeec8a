//! The file as of one sequence: orders by id, fills by place in their list, totals.

use openmart_model::limits::ID_LIMIT;
use openmart_model::{AccountId, MarketId, OrderId};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::{Blame, HistoryError};
use crate::facts::{Fill, FinishedOrder};
use crate::fill_counts;
use crate::readers::{Lent, Readers};
use crate::rows::{FILL_COLUMNS, ORDER_COLUMNS, read_fill, read_order};

/// A view of the file that stays the same while it lives, however much is written meanwhile. Keep it
/// short: the write-ahead log cannot start over before it ends.
pub struct Reading<'a> {
    lent: Lent<'a>,
    applied: u64,
}

impl<'a> Reading<'a> {
    pub(crate) fn begin(readers: &'a Readers) -> Result<Self, HistoryError> {
        let lent = readers.lend()?;
        let begin = |connection: &Connection| {
            connection.execute_batch("BEGIN")?;
            connection
                .prepare_cached("SELECT sequence FROM applied")?
                .query_row((), |row| row.get(0))
        };
        let applied = begin(lent.connection()).map_err(readers.place().blame.on("read"))?;
        Ok(Self { lent, applied })
    }

    /// The sequence up to which everything is in view, and nothing after it.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// A finished order, whoever owns it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn order(&self, order: OrderId) -> Result<Option<FinishedOrder>, HistoryError> {
        const SELECT: &str = "SELECT id, account, market, status, reason, side, kind, price, \
             quantity, budget, filled, notional, fees, client_id, placed_ms, closed_ms, sequence \
             FROM orders WHERE id = ?";
        debug_assert!(SELECT.contains(ORDER_COLUMNS));
        if order.0 >= ID_LIMIT {
            return Ok(None);
        }
        let found = self
            .connection()
            .prepare_cached(SELECT)
            .and_then(|mut select| select.query_row([order.0], read_order).optional())
            .map_err(self.blame().on("read"))?;
        match found {
            Some(None) => Err(self.blame().damaged("an order")),
            found => Ok(found.flatten()),
        }
    }

    /// How many fills an account has on a market, or one order of it there.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn fills_total(
        &self,
        account: AccountId,
        market: MarketId,
        order: Option<OrderId>,
    ) -> Result<u64, HistoryError> {
        let total = match order {
            Some(order) if order.0 >= ID_LIMIT => return Ok(0),
            None => fill_counts::fills(self.connection(), account, market),
            Some(order) => self
                .connection()
                .prepare_cached(
                    "SELECT count(*) FROM fills \
                     WHERE order_id = ? AND account = ? AND market = ?",
                )
                .and_then(|mut count| {
                    count.query_row((order.0, account.0, market.0), |row| row.get(0))
                }),
        };
        total.map_err(self.blame().on("read"))
    }

    /// At most `count` fills, newest first, after so many of them.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn fills(
        &self,
        account: AccountId,
        market: MarketId,
        order: Option<OrderId>,
        skipped: u64,
        count: usize,
    ) -> Result<Vec<Fill>, HistoryError> {
        let read = || match order {
            Some(order) if order.0 >= ID_LIMIT => Ok(Vec::new()),
            None => {
                let total = fill_counts::fills(self.connection(), account, market)?;
                let Some(below) = total.checked_sub(skipped) else {
                    return Ok(Vec::new());
                };
                self.connection()
                    .prepare_cached(&format!(
                        "SELECT {FILL_COLUMNS} FROM fills WHERE account = ? AND market = ? \
                         AND position < ? ORDER BY position DESC LIMIT ?"
                    ))?
                    .query_map((account.0, market.0, below, count as u64), |row: &Row<'_>| {
                        read_fill(row)
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            }
            Some(order) => self
                .connection()
                .prepare_cached(&format!(
                    "SELECT {FILL_COLUMNS} FROM fills WHERE order_id = ? AND account = ? \
                     AND market = ? ORDER BY position DESC LIMIT ? OFFSET ?"
                ))?
                .query_map(
                    (order.0, account.0, market.0, count as u64, skipped.min(ID_LIMIT)),
                    |row: &Row<'_>| read_fill(row),
                )?
                .collect(),
        };
        let fills = read().map_err(self.blame().on("read"))?;
        let whole: Option<Vec<Fill>> = fills.into_iter().collect();
        whole.ok_or_else(|| self.blame().damaged("a fill"))
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.lent.connection()
    }

    pub(crate) fn blame(&self) -> &Blame {
        &self.lent.readers.place().blame
    }
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("applied", &self.applied).finish_non_exhaustive()
    }
}
