//! How many rows each list has, kept beside the rows so that totals and deep pages count nothing.
//!
//! Orders are counted by blocks of ids: a page deep in a list is found by adding up the counts of
//! the blocks before it, and at most one block is passed row by row. Fills are numbered within their
//! list as they are added, which is in order.

use std::collections::HashMap;

use openmart_model::{AccountId, MarketId};
use rusqlite::{Connection, OptionalExtension};

use crate::facts::FinishedOrder;
use crate::rows::status_code;

/// Bits of an order id within its block. A page passes at most so many rows of an index, some
/// milliseconds; a list has a count for each block that it has orders in.
const BLOCK_BITS: u32 = 16;

/// The block that an order id is in.
pub(crate) const fn block(id: u64) -> u64 {
    id >> BLOCK_BITS
}

/// The first id after a block.
pub(crate) const fn block_end(block: u64) -> u64 {
    (block + 1) << BLOCK_BITS
}

/// The counts that one transaction changes.
#[derive(Default)]
pub(crate) struct Counts {
    orders: HashMap<(u32, u16, u8, u64), u64>,
    fills: HashMap<(u32, u16), u64>,
}

impl Counts {
    /// Counts one more order.
    pub(crate) fn add_order(&mut self, finished: &FinishedOrder) {
        let order = &finished.order;
        let status = status_code(finished.status());
        let key = (order.account.0, order.market.0, status, block(order.id.0));
        *self.orders.entry(key).or_default() += 1;
    }

    /// The place of one more fill in its list.
    pub(crate) fn add_fill(
        &mut self,
        connection: &Connection,
        account: AccountId,
        market: MarketId,
    ) -> rusqlite::Result<u64> {
        let key = (account.0, market.0);
        let count = match self.fills.get(&key) {
            Some(count) => *count,
            None => fills(connection, account, market)?,
        };
        self.fills.insert(key, count + 1);
        Ok(count)
    }

    /// Writes the counts.
    pub(crate) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut add = connection.prepare_cached(
            "INSERT INTO order_counts VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT DO UPDATE SET orders = orders + excluded.orders",
        )?;
        // In the order of the table: neighbours are on one page, found while it is at hand.
        let mut orders: Vec<_> = self.orders.into_iter().collect();
        orders.sort_unstable();
        for ((account, market, status, block), orders) in orders {
            add.execute((account, market, status, block, orders))?;
        }
        let mut set = connection.prepare_cached(
            "INSERT INTO fill_counts VALUES (?, ?, ?) \
             ON CONFLICT DO UPDATE SET fills = excluded.fills",
        )?;
        let mut fills: Vec<_> = self.fills.into_iter().collect();
        fills.sort_unstable();
        for ((account, market), fills) in fills {
            set.execute((account, market, fills))?;
        }
        Ok(())
    }
}

/// How many fills an account has on a market.
pub(crate) fn fills(
    connection: &Connection,
    account: AccountId,
    market: MarketId,
) -> rusqlite::Result<u64> {
    let mut count = connection
        .prepare_cached("SELECT fills FROM fill_counts WHERE account = ? AND market = ?")?;
    Ok(count.query_row((account.0, market.0), |row| row.get(0)).optional()?.unwrap_or(0))
}
