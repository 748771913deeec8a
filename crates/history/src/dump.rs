//! Every row of a history as text, to compare two of them.

use std::path::Path;

use rusqlite::types::ValueRef;

use crate::error::{Blame, HistoryError};
use crate::lists;
use crate::schema;

/// Every table and view that depends on the events alone, in the order of its key.
const TABLES: [(&str, &str); 7] = [
    ("applied", "one"),
    ("orders", "id"),
    ("listed", "account, market, status, id"),
    ("fills", "account, market, position"),
    ("fill_counts", "account, market"),
    ("trades", "market, id"),
    ("klines", "market, step, open_ms"),
];

/// What selects all that depends on the events alone, in an order of its own.
pub(crate) fn selects() -> impl Iterator<Item = (&'static str, String)> {
    let tables =
        TABLES.iter().map(|(table, key)| (*table, format!("SELECT * FROM {table} ORDER BY {key}")));
    // Which rows are counted, and which are still to be, is the writer's choice. All together is not.
    tables.chain([("order_counts", lists::counts_of_all())])
}

/// Hands out every row of the file as a line: the table, then the values. Histories of the same
/// events give the same lines.
///
/// # Errors
/// If SQLite cannot read it, or it is no history.
pub fn dump(path: &Path, mut line: impl FnMut(String)) -> Result<(), HistoryError> {
    let blame = Blame::new(path);
    let connection = schema::open_reader(path, &blame)?;
    let mut read = || -> rusqlite::Result<()> {
        let whole = connection.unchecked_transaction()?;
        for (table, select) in selects() {
            let mut all = whole.prepare(&select)?;
            let columns = all.column_count();
            let mut rows = all.query(())?;
            while let Some(row) = rows.next()? {
                let mut text = table.to_owned();
                for column in 0..columns {
                    text.push(' ');
                    text.push_str(&value(row.get_ref(column)?));
                }
                line(text);
            }
        }
        Ok(())
    };
    read().map_err(blame.on("read"))
}

fn value(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        other => format!("{other:?}"),
    }
}
