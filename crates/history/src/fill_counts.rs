//! How many fills each list has, kept beside the rows so that totals and deep pages count nothing: fills
//! are numbered within their list as they are added, which is in order.

use std::collections::HashMap;

use openmart_model::{AccountId, MarketId};
use rusqlite::{Connection, OptionalExtension};

/// The counts that one transaction changes.
#[derive(Default)]
pub(crate) struct FillCounts(HashMap<(u32, u16), u64>);

impl FillCounts {
    /// The place of one more fill in its list.
    pub(crate) fn add(
        &mut self,
        connection: &Connection,
        account: AccountId,
        market: MarketId,
    ) -> rusqlite::Result<u64> {
        let key = (account.0, market.0);
        let count = match self.0.get(&key) {
            Some(count) => *count,
            None => fills(connection, account, market)?,
        };
        self.0.insert(key, count + 1);
        Ok(count)
    }

    /// Writes the counts.
    pub(crate) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut set = connection.prepare_cached(
            "INSERT INTO fill_counts VALUES (?, ?, ?) \
             ON CONFLICT DO UPDATE SET fills = excluded.fills",
        )?;
        // In the order of the table: neighbours are on one page, found while it is at hand.
        let mut fills: Vec<_> = self.0.into_iter().collect();
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
