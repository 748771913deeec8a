//! Trouble of SQLite alone: what goes on, what stops, and that nothing is lost.
//!
//! A trigger makes the file full: it inserts into a table that has given out its last row id, which
//! SQLite reports like a disk without space. Without the trigger there is space again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmart_exchange::{
    Condition, Exchange, FollowerLimits, Location, OpenError, Options, SubmitError, rebuild_history,
};
use openmart_history::dump;
use openmart_journal::{MemoryStorage, Storage};
use openmart_model::{AccountId, OrderId, OrderStatus, Outcome, Side};
use tempfile::TempDir;

use crate::venue::{cancel, listing, options, placed, portrait, resting, run};

/// A journal in memory, history in a file, and at most so many rows between them.
pub(crate) struct Setup {
    pub(crate) storage: MemoryStorage,
    folder: TempDir,
    options: Options,
}

impl Setup {
    pub(crate) fn new(lag_rows_max: usize, options: Options) -> Self {
        let options = Options { history: FollowerLimits { lag_rows_max }, ..options };
        Self { storage: MemoryStorage::new(), folder: tempfile::tempdir().unwrap(), options }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("history.sqlite")
    }

    pub(crate) fn try_open(&self) -> Result<Exchange, OpenError> {
        let storage: Arc<dyn Storage> = Arc::new(self.storage.clone());
        let location = Location::File(self.path());
        Exchange::open_with(storage, location, self.options.clone()).map(|(exchange, _)| exchange)
    }

    /// The file's rows, and those of one that is written anew from the journal.
    fn rows(&self, last_sequence: u64) -> (Vec<String>, Vec<String>) {
        let anew = self.folder.path().join("anew.sqlite");
        let storage: Arc<dyn Storage> = Arc::new(self.storage.clone());
        rebuild_history(&storage, last_sequence, &anew).unwrap();
        (rows(&self.path()), rows(&anew))
    }
}

fn rows(path: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    dump(path, |row| rows.push(row)).unwrap();
    rows
}

/// From now on the file takes no order and no trade.
pub(crate) fn fill(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(
        "BEGIN;
         CREATE TABLE brim (id INTEGER PRIMARY KEY AUTOINCREMENT);
         INSERT INTO brim VALUES (9223372036854775807);
         CREATE TRIGGER full_orders AFTER INSERT ON orders BEGIN INSERT INTO brim VALUES (NULL); END;
         CREATE TRIGGER full_trades AFTER INSERT ON trades BEGIN INSERT INTO brim VALUES (NULL); END;
         COMMIT;",
    )
    .unwrap();
}

/// There is space again.
pub(crate) fn make_space(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch("DROP TRIGGER full_orders; DROP TRIGGER full_trades; DROP TABLE brim;")
        .unwrap();
}

fn with_orders(setup: &Setup, count: usize) -> (Exchange, Vec<OrderId>) {
    let exchange = setup.try_open().unwrap();
    run(&exchange, listing());
    let results = run(&exchange, (0..count).map(|_| resting(0, Side::Buy)));
    (exchange, results.into_iter().map(placed).collect())
}

fn assert_canceled(exchange: &Exchange, orders: &[OrderId]) {
    for order in orders {
        let found = exchange.find_order(AccountId(0), *order).unwrap().unwrap();
        assert_eq!(found.status, OrderStatus::Canceled, "{order:?}");
    }
}

#[test]
fn cancels_go_on_while_the_file_is_full_and_are_written_afterwards() {
    let setup = Setup::new(10, options());
    let (exchange, orders) = with_orders(&setup, 40);
    fill(&setup.path());
    let (first, rest) = orders.split_first().unwrap();
    run(&exchange, [cancel(0, *first)]);
    let error = exchange.snapshot().wait().unwrap_err().to_string();
    assert!(error.contains("full"), "{error}");
    // Beyond the lag at which others would have to wait.
    for order in rest {
        let receipt = exchange.execute_blocking(cancel(0, *order)).unwrap();
        assert!(matches!(receipt.result, Ok(Outcome::Canceled { .. })));
    }
    let status = exchange.status();
    assert_eq!((status.condition, status.history.lag_rows), (Condition::Running, 40));
    assert!(status.history.trouble.unwrap().contains("full"));
    assert_canceled(&exchange, &orders);

    make_space(&setup.path());
    while exchange.snapshot().wait().is_err() {
        std::thread::yield_now();
    }
    let status = exchange.status();
    assert_eq!((status.history.trouble, status.history.lag_rows), (None, 0));
    assert_canceled(&exchange, &orders);
    exchange.close().unwrap();
    let (written, anew) = setup.rows(status.sequence);
    assert_eq!(written, anew);
}

#[test]
fn a_file_that_stays_full_stops_the_exchange_and_nothing_is_lost() {
    let setup = Setup::new(10, options());
    let (exchange, orders) = with_orders(&setup, 60);
    fill(&setup.path());
    run(&exchange, [cancel(0, orders[0])]);
    exchange.snapshot().wait().unwrap_err();
    let (mut canceled, mut refused) = (vec![orders[0]], None);
    for order in &orders[1..] {
        match exchange.execute_blocking(cancel(0, *order)) {
            Ok(_) => canceled.push(*order),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    // Four times the usual lag, and the one with which it was too much.
    assert_eq!(canceled.len(), 41);
    assert!(matches!(refused, Some(SubmitError::Stopped { .. })), "{refused:?}");
    let status = exchange.status();
    assert!(matches!(&status.condition, Condition::Stopped { reason } if reason.contains("full")));
    assert_canceled(&exchange, &canceled);
    let shown = portrait(&exchange);
    exchange.close().unwrap_err();
    drop(exchange);

    assert!(matches!(setup.try_open(), Err(OpenError::History(_))), "still full");
    make_space(&setup.path());
    let exchange = setup.try_open().unwrap();
    assert_eq!(portrait(&exchange), shown);
    assert_eq!(exchange.status().condition, Condition::Running);
    exchange.close().unwrap();
    let (written, anew) = setup.rows(status.sequence);
    assert_eq!(written, anew);
}

#[test]
fn a_file_that_fails_otherwise_stops_the_exchange_at_once_and_can_be_rebuilt() {
    let setup = Setup::new(1_000, options());
    let (exchange, orders) = with_orders(&setup, 10);
    let file = rusqlite::Connection::open(setup.path()).unwrap();
    file.execute_batch("DROP TABLE order_counts").unwrap();
    drop(file);
    run(&exchange, [cancel(0, orders[0])]);
    let error = exchange.snapshot().wait().unwrap_err().to_string();
    assert!(error.contains("order_counts"), "{error}");
    // The next one finds out, itself being durable and applied; no further one is taken.
    run(&exchange, [cancel(0, orders[1])]);
    let refused = exchange.execute_blocking(cancel(0, orders[2]));
    assert!(matches!(refused, Err(SubmitError::Stopped { .. })), "{refused:?}");
    assert_canceled(&exchange, &orders[..2]);
    let stopped = place(&exchange);
    exchange.close().unwrap_err();
    drop(exchange);

    assert!(matches!(setup.try_open(), Err(OpenError::History(_))), "still damaged");
    let storage: Arc<dyn Storage> = Arc::new(setup.storage.clone());
    rebuild_history(&storage, stopped.0, &setup.path()).unwrap();
    let exchange = setup.try_open().unwrap();
    assert_eq!(place(&exchange), stopped);
    assert_canceled(&exchange, &orders[..2]);
    exchange.close().unwrap();
    let (written, anew) = setup.rows(stopped.0);
    assert_eq!(written, anew);
}

/// Where an exchange stands, and what it holds.
fn place(exchange: &Exchange) -> (u64, u64) {
    exchange.view(|state| (state.sequence(), state.engine().digest()))
}
