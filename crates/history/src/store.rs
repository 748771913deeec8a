//! The writing side of the file: batches in, each in one transaction with the sequence it reaches.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmart_marketdata::PublicTrade;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::error::{Blame, HistoryError};
use crate::facts::{Batch, Fill, FinishedOrder, Role, Traded};
use crate::fill_counts::FillCounts;
use crate::inserts::Insert;
use crate::klines::Candles;
use crate::lists::Lists;
use crate::numbers::Number;
use crate::rows::{kind_columns, reason_code, side_code, status_code};
use crate::schema;

/// Rows that share one transaction, more or less. Larger ones are faster for each row, and hold more
/// back; beyond this the gain is small.
pub const TRANSACTION_ROWS_MAX: usize = 20_000;

/// Columns of each table that a row is inserted into.
const ORDER_COLUMNS_COUNT: usize = 17;
const TRADE_COLUMNS_COUNT: usize = 8;
const FILL_COLUMNS_COUNT: usize = 12;

/// Where the file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// This file, created if there is none.
    File(PathBuf),
    /// A file in a temporary folder that goes away with whoever uses it.
    Temporary,
    /// No file and no rows, only how far they would be: for simulations, in which writing rows would
    /// take longer than everything else. Nothing can be read from it.
    Nowhere {
        /// The last sequence whose rows count as written.
        applied: u64,
    },
}

/// The file, open for writing. There must be one only.
pub struct Store {
    /// None: rows go nowhere.
    pub(crate) connection: Option<Connection>,
    pub(crate) place: Arc<Place>,
    /// What is applied and committed.
    applied: u64,
    pub(crate) lists: Lists,
}

/// Where the file is, and what keeps it there.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) blame: Blame,
    temporary: Option<TempDir>,
}

impl Place {
    fn new(location: Location) -> Result<Self, HistoryError> {
        let (path, temporary) = match location {
            Location::File(path) => (path, None),
            Location::Temporary => {
                let folder = tempfile::Builder::new().prefix("openmart-history-").tempdir();
                let folder = folder.map_err(|error| HistoryError::Stopped {
                    reason: format!("cannot make a temporary folder: {error}").into(),
                })?;
                (folder.path().join(schema::FILE_NAME), Some(folder))
            }
            Location::Nowhere { .. } => (PathBuf::from("nowhere"), None),
        };
        Ok(Self { blame: Blame::new(&path), path, temporary })
    }

    /// How commits are synced. With `NORMAL`, a power cut may take the last ones back, and what is
    /// missing is replayed; a temporary file is gone after one anyway.
    fn synchronous(&self) -> &'static str {
        if self.temporary.is_some() { "off" } else { "normal" }
    }
}

impl Store {
    /// Opens the file, creating it if there is none.
    ///
    /// # Errors
    /// If SQLite cannot, or the file is something else.
    pub fn open(location: Location) -> Result<Self, HistoryError> {
        if let Location::Nowhere { applied } = location {
            let place = Arc::new(Place::new(location)?);
            return Ok(Self { connection: None, place, applied, lists: Lists::default() });
        }
        let place = Place::new(location)?;
        let Place { path, blame, .. } = &place;
        let connection = schema::open_writer(path, place.synchronous(), blame)?;
        let applied = connection
            .query_row("SELECT sequence FROM applied", (), |row| row.get(0))
            .map_err(blame.on("read"))?;
        let lists = Lists::of(&connection).map_err(blame.on("read"))?;
        Ok(Self { connection: Some(connection), place: Arc::new(place), applied, lists })
    }

    /// The last sequence whose rows are all in the file.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    pub(crate) fn is_nowhere(&self) -> bool {
        self.connection.is_none()
    }

    /// Writes a batch and how far it reaches, in one transaction. What was applied before is left
    /// out. After an error nothing has changed, and it may be tried again.
    ///
    /// # Errors
    /// If SQLite cannot.
    pub fn apply(&mut self, batch: &Batch) -> Result<(), HistoryError> {
        self.apply_in_turns(batch, &mut || ())
    }

    /// As [`apply`](Self::apply), and calls `turn` after each row of the larger tables, when no lock is held that
    /// others wait for.
    pub(crate) fn apply_in_turns(
        &mut self,
        batch: &Batch,
        turn: &mut dyn FnMut(),
    ) -> Result<(), HistoryError> {
        if batch.through <= self.applied {
            return Ok(());
        }
        let (applied, lists) = (self.applied, self.lists);
        let mut write = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            let lists = write_rows(&transaction, batch, applied, lists, turn)?;
            transaction
                .prepare_cached("UPDATE applied SET sequence = ?")?
                .execute([batch.through])?;
            transaction.commit()?;
            Ok(lists)
        };
        if let Some(connection) = &mut self.connection {
            self.lists = write(connection).map_err(self.place.blame.on("write to"))?;
        }
        self.applied = batch.through;
        Ok(())
    }

    /// Makes everything applied survive a power cut. (A process that is killed loses nothing anyway.)
    ///
    /// # Errors
    /// If SQLite cannot.
    pub fn sync(&mut self) -> Result<(), HistoryError> {
        let Some(connection) = self.connection.as_ref().filter(|_| self.place.temporary.is_none())
        else {
            return Ok(());
        };
        // A commit under FULL syncs the whole log up to itself. It needs something to commit.
        let sync = |connection: &Connection| {
            connection.pragma_update(None, "synchronous", "full")?;
            let flushed = connection.execute("UPDATE flushes SET count = count + 1", ());
            connection.pragma_update(None, "synchronous", "normal")?;
            flushed.map(drop)
        };
        sync(connection).map_err(self.place.blame.on("sync"))
    }

    /// Copies the whole log into the file and empties it, unless somebody is reading.
    ///
    /// # Errors
    /// If SQLite cannot.
    pub fn truncate_log(&self) -> Result<(), HistoryError> {
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
            .map_err(self.place.blame.on("checkpoint"))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("place", &self.place).field("applied", &self.applied).finish()
    }
}

fn write_rows(
    connection: &Connection,
    batch: &Batch,
    applied: u64,
    lists: Lists,
    turn: &mut dyn FnMut(),
) -> rusqlite::Result<Lists> {
    let (mut counts, mut candles) = (FillCounts::default(), Candles::default());
    let new = batch.orders.iter().filter(|finished| finished.sequence > applied);
    let mut orders: Vec<&FinishedOrder> = new.collect();
    // Neighbours in the file one after the other: each page is found and filled once.
    orders.sort_unstable_by_key(|finished| finished.order.id);
    let mut order_rows = Insert::into(connection, "orders", ORDER_COLUMNS_COUNT, orders.len())?;
    for finished in &orders {
        write_order(&mut order_rows, finished)?;
        turn();
    }
    order_rows.finish();
    let lists = lists.add(connection, &orders, turn)?;
    let new = || batch.trades.iter().filter(|traded| traded.sequence > applied);
    let trades = new().count();
    let mut trade_rows = Insert::into(connection, "trades", TRADE_COLUMNS_COUNT, trades)?;
    let mut fill_rows = Insert::into(connection, "fills", FILL_COLUMNS_COUNT, 2 * trades)?;
    for traded in new() {
        write_trade(&mut trade_rows, traded)?;
        candles.add(traded.trade.market, &PublicTrade::new(traded.time, &traded.trade));
        for fill in Fill::both(traded.time, &traded.trade) {
            let position = counts.add(connection, fill.account, fill.market)?;
            write_fill(&mut fill_rows, position, &fill)?;
            turn();
        }
    }
    trade_rows.finish();
    fill_rows.finish();
    counts.write(connection)?;
    candles.write(connection)?;
    Ok(lists)
}

fn write_order(row: &mut Insert<'_>, finished: &FinishedOrder) -> rusqlite::Result<()> {
    let FinishedOrder { order, reason, time, sequence } = finished;
    let (kind, price, quantity, budget) = kind_columns(order.kind);
    row.value(order.id.0)?;
    row.value(order.account.0)?;
    row.value(order.market.0)?;
    row.value(status_code(finished.status()))?;
    row.value(reason_code(*reason))?;
    row.value(side_code(order.side))?;
    row.value(kind)?;
    row.value(price.map(|price| Number::from(price.ticks())))?;
    row.value(quantity.map(|quantity| Number::from(quantity.lots())))?;
    row.value(budget.map(|budget| Number(budget.units())))?;
    row.number(order.filled.lots())?;
    row.number(order.notional.units())?;
    row.number(order.fees.units())?;
    row.value(order.client_id.as_ref().map(|id| id.as_str()))?;
    row.number(order.time.0)?;
    row.number(time.0)?;
    row.value(*sequence)?;
    row.run()
}

fn write_trade(row: &mut Insert<'_>, traded: &Traded) -> rusqlite::Result<()> {
    let Traded { trade, time, sequence } = traded;
    row.value(trade.market.0)?;
    row.value(trade.id.0)?;
    row.number(trade.price.ticks())?;
    row.number(trade.quantity.lots())?;
    row.number(trade.notional.units())?;
    row.value(side_code(trade.taker_side))?;
    row.number(time.0)?;
    row.value(*sequence)?;
    row.run()
}

fn write_fill(row: &mut Insert<'_>, position: u64, fill: &Fill) -> rusqlite::Result<()> {
    row.value(fill.account.0)?;
    row.value(fill.market.0)?;
    row.value(position)?;
    row.value(fill.trade.0)?;
    row.value(fill.order.0)?;
    row.value(side_code(fill.side))?;
    row.value(fill.role == Role::Taker)?;
    row.number(fill.price.ticks())?;
    row.number(fill.quantity.lots())?;
    row.number(fill.notional.units())?;
    row.number(fill.fee.units())?;
    row.number(fill.time.0)?;
    row.run()
}
