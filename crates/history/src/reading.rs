//! The file as of one sequence: orders by id, ids and fills by place in their list, totals.

use openmart_model::limits::ID_LIMIT;
use openmart_model::{AccountId, MarketId, OrderId, OrderStatus};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::counts::{self, block_end};
use crate::error::{Blame, HistoryError};
use crate::facts::{Fill, FinishedOrder};
use crate::readers::{Lent, Readers};
use crate::rows::{FILL_COLUMNS, ORDER_COLUMNS, read_fill, read_order, status_code};

/// Which finished orders.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Statuses {
    /// Filled ones.
    pub filled: bool,
    /// Canceled ones, with or without a fill.
    pub canceled: bool,
}

impl Statuses {
    /// Whether none is asked for.
    pub fn is_empty(self) -> bool {
        !self.filled && !self.canceled
    }

    /// Whether an order of this status is asked for.
    pub fn shows(self, status: OrderStatus) -> bool {
        match status {
            OrderStatus::Filled => self.filled,
            OrderStatus::Canceled => self.canceled,
            OrderStatus::Open | OrderStatus::PartiallyFilled => false,
        }
    }

    /// The codes asked for, the same one twice if there is one only.
    fn codes(self) -> [u8; 2] {
        let (filled, canceled) =
            (status_code(OrderStatus::Filled), status_code(OrderStatus::Canceled));
        match (self.filled, self.canceled) {
            (true, false) => [filled, filled],
            (false, true) => [canceled, canceled],
            _ => [filled, canceled],
        }
    }
}

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

    /// How many finished orders an account has on a market.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn orders_total(
        &self,
        account: AccountId,
        market: MarketId,
        statuses: Statuses,
    ) -> Result<u64, HistoryError> {
        if statuses.is_empty() {
            return Ok(0);
        }
        let [first, second] = statuses.codes();
        self.connection()
            .prepare_cached(
                "SELECT coalesce(sum(orders), 0) FROM order_counts \
                 WHERE account = ? AND market = ? AND status IN (?, ?)",
            )
            .and_then(|mut sum| {
                sum.query_row((account.0, market.0, first, second), |row| row.get(0))
            })
            .map_err(self.blame().on("read"))
    }

    /// Hands out the ids of finished orders, newest first, after so many of them, until `take` has
    /// enough and says so by giving false.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn order_ids(
        &self,
        ids: OrderIds,
        take: &mut dyn FnMut(OrderId) -> bool,
    ) -> Result<(), HistoryError> {
        if ids.statuses.is_empty() {
            return Ok(());
        }
        self.walk_ids(ids, take).map_err(self.blame().on("read"))
    }

    fn walk_ids(
        &self,
        OrderIds { account, market, statuses, skipped }: OrderIds,
        take: &mut dyn FnMut(OrderId) -> bool,
    ) -> rusqlite::Result<()> {
        let [first, second] = statuses.codes();
        let Some((below, skipped)) = self.enter(account, market, [first, second], skipped)? else {
            return Ok(());
        };
        let mut select;
        let mut rows = if first == second {
            select = self.connection().prepare_cached(
                "SELECT id FROM orders WHERE account = ?1 AND market = ?2 AND status = ?3 \
                 AND id < ?4 ORDER BY id DESC LIMIT -1 OFFSET ?5",
            )?;
            select.query((account.0, market.0, first, below, skipped))?
        } else {
            select = self.connection().prepare_cached(
                "SELECT id FROM orders WHERE account = ?1 AND market = ?2 AND status = ?3 \
                 AND id < ?5 \
                 UNION ALL SELECT id FROM orders WHERE account = ?1 AND market = ?2 \
                 AND status = ?4 AND id < ?5 ORDER BY id DESC LIMIT -1 OFFSET ?6",
            )?;
            select.query((account.0, market.0, first, second, below, skipped))?
        };
        while let Some(row) = rows.next()? {
            if !take(OrderId(row.get(0)?)) {
                break;
            }
        }
        Ok(())
    }

    /// Where to enter a list: below which id, and how many to pass there. Nothing: past its end.
    fn enter(
        &self,
        account: AccountId,
        market: MarketId,
        [first, second]: [u8; 2],
        mut skipped: u64,
    ) -> rusqlite::Result<Option<(u64, u64)>> {
        let mut counts = self.connection().prepare_cached(
            "SELECT block, sum(orders) FROM order_counts \
             WHERE account = ? AND market = ? AND status IN (?, ?) \
             GROUP BY block ORDER BY block DESC",
        )?;
        let mut rows = counts.query((account.0, market.0, first, second))?;
        while let Some(row) = rows.next()? {
            let (block, orders): (u64, u64) = (row.get(0)?, row.get(1)?);
            if skipped < orders {
                return Ok(Some((block_end(block), skipped)));
            }
            skipped -= orders;
        }
        Ok(None)
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
            None => counts::fills(self.connection(), account, market),
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
                let total = counts::fills(self.connection(), account, market)?;
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

/// Which finished orders, and where in their list to begin.
#[derive(Clone, Copy, Debug)]
pub struct OrderIds {
    /// Of whom.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// Which ones.
    pub statuses: Statuses,
    /// How many of the newest to pass.
    pub skipped: u64,
}
