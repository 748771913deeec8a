//! Lists of finished orders on their way into the file: which orders an account has on a market, by status
//! and id.
//!
//! Enters: the orders of a transaction. Leaves: a row for each, in one of two tables of the same columns,
//! and counts by blocks of ids. With thousands of accounts nearly every order is alone on its page of a
//! table that is sorted by account, and a page costs ten times what a row does. So what a list gets
//! only little of goes to `order_lists_recent`, which is small, and moves on to `order_lists` later, together with what
//! its neighbours got meanwhile. It does not know what else there is of an order.

use rusqlite::{Connection, OptionalExtension};

use crate::facts::FinishedOrder;
use crate::inserts::Insert;
use crate::rows::status_code;

/// Bits of an order id within its block. A page passes at most so many rows of a list, some
/// milliseconds; a list has a count for each block that it has orders in.
const BLOCK_BITS: u32 = 16;

/// A list that gets so many rows in one transaction gets them in its final place at once.
const ROWS_TOGETHER: usize = 8;

/// So do all lists in a transaction of fewer orders: then there is time enough.
const TRANSACTION_ORDERS_MIN: usize = 1_000;

/// Rows that wait in `order_lists_recent`: some 5 MiB. More would bring more neighbours together, and a
/// transaction writes most of these pages. With the two limits above one list has
/// at most 7/1,000 of these rows, so that whoever reads it can sort them in.
const RECENT_ROWS_MAX: u64 = 1 << 18;

const COLUMNS_COUNT: usize = 4;

/// Columns of both tables: account, market, status, id.
type Row = (u32, u16, u8, u64);

/// The block that an order id is in.
pub(crate) const fn block(id: u64) -> u64 {
    id >> BLOCK_BITS
}

/// The first id after a block.
pub(crate) const fn block_end(block: u64) -> u64 {
    (block + 1) << BLOCK_BITS
}

/// What decides where rows go.
#[derive(Clone, Copy, Debug)]
struct Limits {
    rows_together: usize,
    transaction_orders_min: usize,
    recent_rows_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows_together: ROWS_TOGETHER,
            transaction_orders_min: TRANSACTION_ORDERS_MIN,
            recent_rows_max: RECENT_ROWS_MAX,
        }
    }
}

/// Where the writing of lists is, apart from what is in the file.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Lists {
    limits: Limits,
    /// Rows in `order_lists_recent`.
    recent_rows: u64,
    /// From which account on rows are moved next.
    move_from: u32,
}

impl Lists {
    /// As the file has them.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let count = "SELECT count(*) FROM order_lists_recent";
        let recent_rows = connection.query_row(count, (), |row| row.get(0))?;
        Ok(Self { recent_rows, ..Self::default() })
    }

    /// Adds orders to their lists, and calls `turn` after each row. Gives where that leads, if the
    /// transaction succeeds.
    pub(crate) fn add(
        self,
        connection: &Connection,
        orders: &[&FinishedOrder],
        turn: &mut dyn FnMut(),
    ) -> rusqlite::Result<Self> {
        let mut rows: Vec<Row> = orders.iter().map(|finished| row(finished)).collect();
        // In the order of the tables: each page is found and filled once.
        rows.sort_unstable();
        let few = rows.len() < self.limits.transaction_orders_min;
        let lists = rows.chunk_by(same_list);
        let (together, alone): (Vec<_>, Vec<_>) =
            lists.partition(|list| few || list.len() >= self.limits.rows_together);
        let count = |lists: &[&[Row]]| lists.iter().map(|list| list.len()).sum::<usize>();
        let (added, put_at_once) = (count(&alone), count(&together));
        put(connection, together.into_iter(), put_at_once, turn)?;
        let mut recent = Insert::into(connection, "order_lists_recent", COLUMNS_COUNT, added)?;
        for row in alone.into_iter().flatten() {
            insert(&mut recent, row)?;
            turn();
        }
        recent.finish();
        let added = added as u64;
        let lists = Self { recent_rows: self.recent_rows + added, ..self };
        if added == 0 || lists.recent_rows <= self.limits.recent_rows_max {
            return Ok(lists);
        }
        // A little more than came, so that rows do not pile up where many come.
        lists.move_on(connection, added + added / 4, turn)
    }

    /// Moves about so many recent rows to their final place: those of the next accounts.
    fn move_on(
        self,
        connection: &Connection,
        rows_wanted: u64,
        turn: &mut dyn FnMut(),
    ) -> rusqlite::Result<Self> {
        let first = self.move_from;
        let last: Option<u32> = connection
            .prepare_cached(
                "SELECT account FROM order_lists_recent WHERE account >= ? \
                 ORDER BY account, market, status, id LIMIT 1 OFFSET ?",
            )?
            .query_row((first, rows_wanted), |row| row.get(0))
            .optional()?;
        let last = last.unwrap_or(u32::MAX);
        let rows = connection
            .prepare_cached(
                "SELECT account, market, status, id FROM order_lists_recent \
                 WHERE account BETWEEN ? AND ? ORDER BY account, market, status, id",
            )?
            .query_map((first, last), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<rusqlite::Result<Vec<Row>>>()?;
        put(connection, rows.chunk_by(same_list), rows.len(), turn)?;
        connection
            .prepare_cached("DELETE FROM order_lists_recent WHERE account BETWEEN ? AND ?")?
            .execute((first, last))?;
        let recent_rows = self.recent_rows - rows.len() as u64;
        Ok(Self { recent_rows, move_from: last.checked_add(1).unwrap_or(0), ..self })
    }
}

/// What the counts would be if no row were recent, in the order of their table: a query.
pub(crate) fn counts_of_all() -> String {
    format!(
        "SELECT account, market, status, block, sum(orders) FROM (\
         SELECT * FROM order_counts UNION ALL \
         SELECT account, market, status, id >> {BLOCK_BITS}, 1 FROM order_lists_recent \
         ) GROUP BY account, market, status, block"
    )
}

fn row(finished: &FinishedOrder) -> Row {
    let order = &finished.order;
    (order.account.0, order.market.0, status_code(finished.status()), order.id.0)
}

fn same_list(one: &Row, other: &Row) -> bool {
    (one.0, one.1, one.2) == (other.0, other.1, other.2)
}

/// Writes so many rows, ascending and list by list, to `order_lists`, and counts them.
fn put<'a>(
    connection: &Connection,
    lists: impl Iterator<Item = &'a [Row]>,
    rows: usize,
    turn: &mut dyn FnMut(),
) -> rusqlite::Result<()> {
    let mut insert_row = Insert::into(connection, "order_lists", COLUMNS_COUNT, rows)?;
    let mut add = connection.prepare_cached(
        "INSERT INTO order_counts VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT DO UPDATE SET orders = orders + excluded.orders",
    )?;
    for list in lists {
        for row in list {
            insert(&mut insert_row, row)?;
            turn();
        }
        for rows in list.chunk_by(|one, other| block(one.3) == block(other.3)) {
            let (account, market, status, id) = rows[0];
            add.execute((account, market, status, block(id), rows.len() as u64))?;
        }
    }
    insert_row.finish();
    Ok(())
}

fn insert(insert: &mut Insert<'_>, &(account, market, status, id): &Row) -> rusqlite::Result<()> {
    insert.value(account)?;
    insert.value(market)?;
    insert.value(status)?;
    insert.value(id)?;
    insert.run()
}

#[cfg(test)]
mod tests {
    use openmart_model::{
        AccountId, Amount, CloseReason, Event, MarketId, Order, OrderId, OrderKind, Price,
        Quantity, Side, TimeInForce, Timestamp,
    };

    use super::*;
    use crate::facts::Batch;
    use crate::follower::{FollowerLimits, History};
    use crate::listing::{OrderIds, Statuses};
    use crate::store::{Location, Store};

    const LIMITS: Limits =
        Limits { rows_together: 4, transaction_orders_min: 10, recent_rows_max: 60 };

    fn closed(id: u64, random: u64) -> Event {
        // One account has most orders, so that some lists get many at once and others one.
        let account = if random.is_multiple_of(3) { 3 } else { (random >> 8) % 12 };
        let kind = OrderKind::Limit {
            price: Price::new(7),
            quantity: Quantity::new(1),
            time_in_force: TimeInForce::GTC,
        };
        let order = Order {
            id: OrderId(id),
            account: AccountId(account as u32),
            market: MarketId((random >> 16) as u16 % 2),
            side: Side::Buy,
            kind,
            client_id: None,
            time: Timestamp(1),
            filled: Quantity::ZERO,
            notional: Amount::new(0),
            fees: Amount::new(0),
        };
        let filled = (random >> 24).is_multiple_of(3);
        let reason = if filled { CloseReason::Filled } else { CloseReason::Canceled };
        Event::Closed { order, reason, rested: true }
    }

    fn rows(connection: &Connection, select: &str) -> Vec<(u32, u16, u8, u64)> {
        connection
            .prepare(select)
            .unwrap()
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    /// Compares the lists in the file with the orders in it. Gives how many are recent.
    fn check(connection: &Connection, lists: Lists, context: &str) -> u64 {
        let listed = rows(connection, "SELECT * FROM listed ORDER BY 1, 2, 3, 4");
        let orders = "SELECT account, market, status, id FROM orders ORDER BY 1, 2, 3, 4";
        assert_eq!(listed, rows(connection, orders), "{context}");
        let count =
            |select: &str| -> u64 { connection.query_row(select, (), |row| row.get(0)).unwrap() };
        let recent = count("SELECT count(*) FROM order_lists_recent");
        assert_eq!(lists.recent_rows, recent, "{context}");
        let counted = count("SELECT coalesce(sum(orders), 0) FROM order_counts");
        assert_eq!(counted + recent, listed.len() as u64, "{context}");
        recent
    }

    /// Every page of every list.
    fn check_pages(history: &History, all: &[(u32, u16, u8, u64)], context: &str) {
        let reading = history.read().unwrap();
        for (account, market) in (0..12).flat_map(|account| [(account, 0), (account, 1)]) {
            for (filled, canceled) in [(true, false), (false, true), (true, true)] {
                let asked = |status| (status == 1 && filled) || (status == 2 && canceled);
                let mine = all.iter().filter(|row| (row.0, row.1) == (account, market));
                let mut ids: Vec<u64> = mine.filter(|row| asked(row.2)).map(|row| row.3).collect();
                ids.sort_unstable();
                ids.reverse();
                let statuses = Statuses { filled, canceled };
                let (account, market) = (AccountId(account), MarketId(market));
                let total = reading.orders_total(account, market, statuses).unwrap();
                assert_eq!(total, ids.len() as u64, "{context}");
                for skipped in 0..ids.len() + 2 {
                    let mut found = Vec::new();
                    let list = OrderIds { account, market, statuses, skipped: skipped as u64 };
                    let mut take = |id: OrderId| {
                        found.push(id.0);
                        found.len() < 6
                    };
                    reading.order_ids(list, &mut take).unwrap();
                    let page: Vec<u64> = ids.iter().skip(skipped).take(6).copied().collect();
                    assert_eq!(found, page, "{context} {account:?} after {skipped}");
                }
            }
        }
    }

    #[test]
    fn rows_that_wait_are_listed_as_those_in_their_place() {
        for seed in 0..6_u64 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("history.sqlite");
            let mut state = seed;
            let mut random = || {
                state =
                    state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
                state >> 24
            };
            // Far apart, over many blocks, and closed in no order.
            let mut ids: Vec<u64> = (1..=900).map(|n| n * 7_001).collect();
            for at in (1..ids.len()).rev() {
                ids.swap(at, random() as usize % (at + 1));
            }
            let (mut recent_most, mut all_moved) = (0, false);
            let (mut sequence, mut moved_before) = (0, 0);
            for life in 0..3 {
                let mut store = Store::open(Location::File(path.clone())).unwrap();
                store.lists.limits = LIMITS;
                for turn in 0..12 {
                    let orders =
                        if random().is_multiple_of(4) { 5 } else { 10 + random() as usize % 20 };
                    let orders = orders.min(ids.len());
                    let events: Vec<Event> =
                        ids.drain(..orders).map(|id| closed(id, random())).collect();
                    sequence += 1;
                    let mut batch = Batch::default();
                    batch.add(sequence, Timestamp(1), &events);
                    store.apply(&batch).unwrap();
                    let context = format!("seed {seed} life {life} turn {turn}");
                    let connection = store.connection.as_ref().unwrap();
                    let recent = check(connection, store.lists, &context);
                    recent_most = recent.max(recent_most);
                    all_moved |= recent < moved_before;
                    moved_before = recent;
                }
                let all = rows(store.connection.as_ref().unwrap(), "SELECT * FROM listed");
                let history = History::start(store, FollowerLimits::default()).unwrap();
                check_pages(&history, &all, &format!("seed {seed} life {life}"));
            }
            assert!(all_moved, "seed {seed}: some were moved");
            assert!((60..120).contains(&recent_most), "seed {seed}: {recent_most} waited");
        }
    }
}
