//! Rows on their way into a table: one statement for all rows of a transaction, looked up once and bound
//! column by column.
//!
//! It does not know what the columns mean. Several rows in one statement would cost more, not less: SQLite
//! then keeps copies of the pages that it changes, to take the statement back by itself.

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::numbers::Number;

/// An insert into a table, in the order of its columns.
pub(crate) struct Insert<'a> {
    statement: CachedStatement<'a>,
    /// Columns of the row that are bound already.
    bound: usize,
}

impl<'a> Insert<'a> {
    /// Prepares to insert into a table with so many columns.
    pub(crate) fn into(
        connection: &'a Connection,
        table: &str,
        columns: usize,
    ) -> rusqlite::Result<Self> {
        let values = vec!["?"; columns].join(", ");
        let statement =
            connection.prepare_cached(&format!("INSERT INTO {table} VALUES ({values})"))?;
        Ok(Self { statement, bound: 0 })
    }

    /// Sets the next column.
    pub(crate) fn value(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.bound += 1;
        self.statement.raw_bind_parameter(self.bound, value)
    }

    /// Sets the next column to a number of any size.
    pub(crate) fn number(&mut self, number: impl Into<Number>) -> rusqlite::Result<()> {
        let Number(number) = number.into();
        match i64::try_from(number) {
            Ok(number) => self.value(number),
            Err(_) => self.value(Number(number)),
        }
    }

    /// Inserts the row, all of whose columns are set.
    pub(crate) fn run(&mut self) -> rusqlite::Result<()> {
        // A column that is not set would silently keep its value of the row before.
        assert_eq!(self.bound, self.statement.parameter_count(), "every column is set once");
        self.bound = 0;
        self.statement.raw_execute().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_nothing_of_the_one_before() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n ANY, text TEXT) STRICT").unwrap();
        let mut insert = Insert::into(&connection, "t", 2).unwrap();
        for (number, text) in [(u128::MAX, Some("a")), (7, None), (1 << 63, Some("b"))] {
            insert.number(number).unwrap();
            insert.value(text).unwrap();
            insert.run().unwrap();
        }
        let rows: Vec<String> = connection
            .prepare("SELECT quote(n) || ' ' || quote(text) FROM t ORDER BY rowid")
            .unwrap()
            .query_map((), |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let most = u128::MAX.to_string();
        assert_eq!(
            rows,
            [format!("'{most}' 'a'"), "7 NULL".into(), "'9223372036854775808' 'b'".into()]
        );
    }

    #[test]
    #[should_panic(expected = "every column is set once")]
    fn a_column_that_is_not_set_is_noticed() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a ANY, b ANY) STRICT").unwrap();
        let mut insert = Insert::into(&connection, "t", 2).unwrap();
        insert.value(1).unwrap();
        let _ = insert.run();
    }
}
