//! The tables, and how a connection is set up. Documented for users in `docs/history.md`.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Blame, HistoryError};
use crate::klines;

/// Name of the file in a data folder.
pub const FILE_NAME: &str = "history.sqlite";

/// The layout of the tables. Another number is another layout.
pub const SCHEMA_VERSION: u32 = 3;

/// Older layouts, which are brought to the present one when such a file is opened for writing: the first
/// had no candles, and up to the second an index was the lists of orders.
const VERSION_WITHOUT_KLINES: u32 = 1;
const VERSION_WITHOUT_LISTS: u32 = 2;

/// "This file belongs to Openmart", as SQLite's header can say it: `OMHI`.
const APPLICATION_ID: u32 = 0x4F4D_4849;

/// Statements kept prepared by each connection: more than there are.
const STATEMENTS_MAX: usize = 48;

/// How long a connection waits for a lock. Readers and the writer never wait for each other; a
/// user's own tool may hold one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Most KiB of pages that the writing connection keeps: the inner pages and hot leaves of all indexes.
const WRITER_CACHE_KIB: u32 = 16_384;

/// The same for each reading connection.
const READER_CACHE_KIB: u32 = 2_048;

/// Bytes that the write-ahead log is cut to when it starts over.
const LOG_BYTES_KEPT: u32 = 64 << 20;

const TABLES: &str = "
CREATE TABLE applied (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    sequence INTEGER NOT NULL
) STRICT;
CREATE TABLE flushes (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    count INTEGER NOT NULL
) STRICT;
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    market INTEGER NOT NULL,
    status INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    side INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    price ANY,
    quantity ANY,
    budget ANY,
    filled ANY NOT NULL,
    notional ANY NOT NULL,
    fees ANY NOT NULL,
    client_id TEXT,
    placed_ms ANY NOT NULL,
    closed_ms ANY NOT NULL,
    sequence INTEGER NOT NULL
) STRICT;
CREATE TABLE order_counts (
    account INTEGER NOT NULL,
    market INTEGER NOT NULL,
    status INTEGER NOT NULL,
    block INTEGER NOT NULL,
    orders INTEGER NOT NULL,
    PRIMARY KEY (account, market, status, block)
) STRICT, WITHOUT ROWID;
CREATE TABLE fills (
    account INTEGER NOT NULL,
    market INTEGER NOT NULL,
    position INTEGER NOT NULL,
    trade INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    side INTEGER NOT NULL,
    taker INTEGER NOT NULL,
    price ANY NOT NULL,
    quantity ANY NOT NULL,
    notional ANY NOT NULL,
    fee ANY NOT NULL,
    time_ms ANY NOT NULL,
    PRIMARY KEY (account, market, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX fills_of_order ON fills (order_id, account, market, position);
CREATE TABLE fill_counts (
    account INTEGER NOT NULL,
    market INTEGER NOT NULL,
    fills INTEGER NOT NULL,
    PRIMARY KEY (account, market)
) STRICT, WITHOUT ROWID;
CREATE TABLE trades (
    market INTEGER NOT NULL,
    id INTEGER NOT NULL,
    price ANY NOT NULL,
    quantity ANY NOT NULL,
    notional ANY NOT NULL,
    taker_side INTEGER NOT NULL,
    time_ms ANY NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (market, id)
) STRICT, WITHOUT ROWID;
INSERT INTO applied VALUES (1, 0);
INSERT INTO flushes VALUES (1, 0);
";

const LISTS: &str = "
CREATE TABLE order_lists (
    account INTEGER NOT NULL,
    market INTEGER NOT NULL,
    status INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (account, market, status, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE order_lists_recent (
    account INTEGER NOT NULL,
    market INTEGER NOT NULL,
    status INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (account, market, status, id)
) STRICT, WITHOUT ROWID;
CREATE VIEW listed AS
    SELECT account, market, status, id FROM order_lists
    UNION ALL SELECT account, market, status, id FROM order_lists_recent;
";

/// Fills the lists of a file that has counted its orders, but in which an index listed them.
const LIST_ALL: &str = "
INSERT INTO order_lists SELECT account, market, status, id FROM orders
    ORDER BY account, market, status, id;
DROP INDEX orders_listed;
";

const KLINES: &str = "
CREATE TABLE klines (
    market INTEGER NOT NULL,
    step INTEGER NOT NULL,
    open_ms ANY NOT NULL,
    open ANY NOT NULL,
    high ANY NOT NULL,
    low ANY NOT NULL,
    close ANY NOT NULL,
    volume ANY NOT NULL,
    turnover ANY NOT NULL,
    PRIMARY KEY (market, step, open_ms)
) STRICT, WITHOUT ROWID;
";

/// Opens the writing connection, creating file and tables if there are none.
pub(crate) fn open_writer(
    path: &Path,
    synchronous: &str,
    blame: &Blame,
) -> Result<Connection, HistoryError> {
    let on = |error| blame.on("open")(error);
    let mut connection = Connection::open(path).map_err(on)?;
    set_up(&connection, WRITER_CACHE_KIB).map_err(on)?;
    let fresh = tables(&connection).map_err(on)? == 0;
    let old = match versions(&connection, blame)? {
        (APPLICATION_ID, old @ (VERSION_WITHOUT_KLINES | VERSION_WITHOUT_LISTS)) => Some(old),
        _ => None,
    };
    if !fresh && old.is_none() {
        check(&connection, blame)?;
    }
    connection.pragma_update(None, "journal_mode", "wal").map_err(on)?;
    connection.pragma_update(None, "synchronous", synchronous).map_err(on)?;
    // Another thread copies the log into the file, so that no commit waits for it.
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(on)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT).map_err(on)?;
    if fresh {
        let transaction = connection.transaction().map_err(on)?;
        transaction.execute_batch(TABLES).map_err(on)?;
        transaction.execute_batch(LISTS).map_err(on)?;
        transaction.execute_batch(KLINES).map_err(on)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(on)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(on)?;
        transaction.commit().map_err(on)?;
    }
    if let Some(old) = old {
        bring_up(&mut connection, old).map_err(blame.on("bring up to date"))?;
    }
    Ok(connection)
}

/// Brings a file of an older layout to the present one, from what is in it: at once or, after a crash, once
/// more. The journal is not needed, whose first segments may be gone.
fn bring_up(connection: &mut Connection, old: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    if old <= VERSION_WITHOUT_KLINES {
        transaction.execute_batch(KLINES)?;
        klines::fold_all(&transaction)?;
    }
    if old <= VERSION_WITHOUT_LISTS {
        transaction.execute_batch(LISTS)?;
        transaction.execute_batch(LIST_ALL)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
}

/// Opens a connection that only reads.
pub(crate) fn open_reader(path: &Path, blame: &Blame) -> Result<Connection, HistoryError> {
    let on = |error| blame.on("open")(error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(on)?;
    set_up(&connection, READER_CACHE_KIB).map_err(on)?;
    check(&connection, blame)?;
    Ok(connection)
}

/// Opens a file to be checked, without a trace in its folder if nobody has left a log there.
pub(crate) fn open_at_rest(path: &Path, blame: &Blame) -> Result<Connection, HistoryError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return open_reader(path, blame);
    }
    let on = |error| blame.on("open")(error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                address.push(char::from(*byte));
            }
            _ => address.push_str(&format!("%{byte:02x}")),
        }
    }
    address.push_str("?immutable=1");
    let connection = Connection::open_with_flags(address, flags).map_err(on)?;
    set_up(&connection, READER_CACHE_KIB).map_err(on)?;
    check(&connection, blame)?;
    Ok(connection)
}

/// Opens the connection that copies the log into the file.
pub(crate) fn open_checkpointer(path: &Path, blame: &Blame) -> Result<Connection, HistoryError> {
    let connection = Connection::open(path).map_err(blame.on("open"))?;
    set_up(&connection, READER_CACHE_KIB).map_err(blame.on("open"))?;
    Ok(connection)
}

fn set_up(connection: &Connection, cache_kib: u32) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))
}

fn tables(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
}

/// To which program the file belongs, and in which layout.
fn versions(connection: &Connection, blame: &Blame) -> Result<(u32, u32), HistoryError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let application = pragma("application_id").map_err(blame.on("open"))?;
    let version = pragma("user_version").map_err(blame.on("open"))?;
    Ok((application, version))
}

fn check(connection: &Connection, blame: &Blame) -> Result<(), HistoryError> {
    let (application, version) = versions(connection, blame)?;
    if (application, version) == (APPLICATION_ID, SCHEMA_VERSION) {
        return Ok(());
    }
    let found = match application {
        APPLICATION_ID => format!("it has version {version}"),
        _ => "another program wrote it".to_owned(),
    };
    let (file, expected) = (blame.file.clone(), SCHEMA_VERSION);
    Err(HistoryError::Foreign { file, expected, found: found.into() })
}
