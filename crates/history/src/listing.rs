//! Lists of finished orders in the file as of one sequence: totals, and ids by place.
//!
//! A list lies in two tables (see [`crate::lists`]): most of it counted by blocks of ids, and a few recent
//! rows, which are sorted in here.

use openmart_model::{AccountId, MarketId, OrderId, OrderStatus};

use crate::error::HistoryError;
use crate::lists::block_end;
use crate::reading::Reading;
use crate::rows::status_code;

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

/// One list, or two of the same account and market.
struct List {
    account: u32,
    market: u16,
    /// The same one twice if there is one list only.
    statuses: [u8; 2],
}

impl Reading<'_> {
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
                "SELECT (SELECT coalesce(sum(orders), 0) FROM order_counts \
                 WHERE account = ?1 AND market = ?2 AND status IN (?3, ?4)) \
                 + (SELECT count(*) FROM order_lists_recent \
                 WHERE account = ?1 AND market = ?2 AND status IN (?3, ?4))",
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
        let OrderIds { account, market, statuses, skipped } = ids;
        let list = List { account: account.0, market: market.0, statuses: statuses.codes() };
        self.walk(&list, skipped, take).map_err(self.blame().on("read"))
    }

    fn walk(
        &self,
        list: &List,
        skipped: u64,
        take: &mut dyn FnMut(OrderId) -> bool,
    ) -> rusqlite::Result<()> {
        let recent = self.recent_ids(list)?;
        // No more rows than are recent can lie between the others: begin so many before.
        let begin = skipped.saturating_sub(recent.len() as u64);
        let mut merge = Merge { recent: &recent, rank: begin, skipped, take };
        let Some((below, passed)) = self.enter(list, begin)? else {
            // Past the end, unless everything is recent.
            if begin == 0 {
                merge.rest();
            }
            return Ok(());
        };
        let [first, second] = list.statuses;
        let mut select;
        let mut rows = if first == second {
            select = self.connection().prepare_cached(
                "SELECT id FROM order_lists WHERE account = ?1 AND market = ?2 AND status = ?3 \
                 AND id < ?4 ORDER BY id DESC LIMIT -1 OFFSET ?5",
            )?;
            select.query((list.account, list.market, first, below, passed))?
        } else {
            select = self.connection().prepare_cached(
                "SELECT id FROM order_lists WHERE account = ?1 AND market = ?2 AND status = ?3 \
                 AND id < ?5 \
                 UNION ALL SELECT id FROM order_lists WHERE account = ?1 AND market = ?2 \
                 AND status = ?4 AND id < ?5 ORDER BY id DESC LIMIT -1 OFFSET ?6",
            )?;
            select.query((list.account, list.market, first, second, below, passed))?
        };
        let mut begun = begin == 0;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if !begun {
                merge.begin_at(id);
                begun = true;
            }
            if !merge.next(id) {
                return Ok(());
            }
        }
        merge.rest();
        Ok(())
    }

    /// Ids of recent rows, newest first.
    fn recent_ids(&self, list: &List) -> rusqlite::Result<Vec<u64>> {
        let [first, second] = list.statuses;
        let mut ids: Vec<u64> = self
            .connection()
            .prepare_cached(
                "SELECT id FROM order_lists_recent \
                 WHERE account = ? AND market = ? AND status IN (?, ?)",
            )?
            .query_map((list.account, list.market, first, second), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        ids.sort_unstable_by(|one, other| other.cmp(one));
        Ok(ids)
    }

    /// Where to enter what is not recent: below which id, and how many to pass there. Nothing: past its
    /// end.
    fn enter(&self, list: &List, mut passed: u64) -> rusqlite::Result<Option<(u64, u64)>> {
        let [first, second] = list.statuses;
        let mut counts = self.connection().prepare_cached(
            "SELECT block, sum(orders) FROM order_counts \
             WHERE account = ? AND market = ? AND status IN (?, ?) \
             GROUP BY block ORDER BY block DESC",
        )?;
        let mut rows = counts.query((list.account, list.market, first, second))?;
        while let Some(row) = rows.next()? {
            let (block, orders): (u64, u64) = (row.get(0)?, row.get(1)?);
            if passed < orders {
                return Ok(Some((block_end(block), passed)));
            }
            passed -= orders;
        }
        Ok(None)
    }
}

/// Sorts recent ids in among the others, both newest first.
struct Merge<'a> {
    /// Those that come next.
    recent: &'a [u64],
    /// How many of both have gone by.
    rank: u64,
    skipped: u64,
    take: &'a mut dyn FnMut(OrderId) -> bool,
}

impl Merge<'_> {
    /// Begins in the middle: this one of the others is next.
    fn begin_at(&mut self, id: u64) {
        let gone = self.recent.partition_point(|recent| *recent > id);
        self.recent = &self.recent[gone..];
        self.rank += gone as u64;
    }

    /// Hands out the next one of the others, and all recent ones before it. Whether more are wanted.
    fn next(&mut self, id: u64) -> bool {
        while let Some((recent, rest)) = self.recent.split_first()
            && *recent > id
        {
            self.recent = rest;
            if !self.hand_out(*recent) {
                return false;
            }
        }
        self.hand_out(id)
    }

    /// Hands out all recent ones that are left.
    fn rest(&mut self) {
        for id in self.recent {
            if !self.hand_out(*id) {
                return;
            }
        }
    }

    fn hand_out(&mut self, id: u64) -> bool {
        self.rank += 1;
        self.rank <= self.skipped || (self.take)(OrderId(id))
    }
}
