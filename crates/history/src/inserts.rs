//! Rows on their way into a table: some rows to a statement, which is looked up once for a transaction and
//! bound column by column.
//!
//! It does not know what the columns mean. An insert that fails leaves some rows of its statement behind: it
//! must be in a transaction that is taken back then. In return SQLite keeps no copies of the pages that it changes.

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::numbers::Number;

/// Rows that one statement inserts. Each further one of a statement costs half of the first: its place is
/// looked for beside the last one, and not from the root. With more of them little is gained.
const ROWS_TOGETHER: usize = 16;

/// An insert into a table, in the order of its columns, of a number of rows that is known before.
pub(crate) struct Insert<'a> {
    together: CachedStatement<'a>,
    alone: CachedStatement<'a>,
    columns: usize,
    /// Rows that are not inserted yet.
    left: usize,
    /// Rows whose columns are bound, waiting for others.
    waiting: usize,
    /// Columns that are bound, of all of them and of the row at hand.
    bound: usize,
}

impl<'a> Insert<'a> {
    /// Prepares to insert so many rows into a table with so many columns.
    pub(crate) fn into(
        connection: &'a Connection,
        table: &str,
        columns: usize,
        rows: usize,
    ) -> rusqlite::Result<Self> {
        let row = format!("({})", vec!["?"; columns].join(", "));
        let insert = |rows: usize| {
            let rows = vec![row.as_str(); rows].join(", ");
            connection.prepare_cached(&format!("INSERT OR FAIL INTO {table} VALUES {rows}"))
        };
        let (together, alone) = (insert(ROWS_TOGETHER)?, insert(1)?);
        Ok(Self { together, alone, columns, left: rows, waiting: 0, bound: 0 })
    }

    /// Rows of the statement that comes next.
    fn rows(&self) -> usize {
        if self.left >= ROWS_TOGETHER { ROWS_TOGETHER } else { 1 }
    }

    fn statement(&mut self) -> &mut CachedStatement<'a> {
        if self.rows() > 1 { &mut self.together } else { &mut self.alone }
    }

    /// Sets the next column.
    pub(crate) fn value(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.bound += 1;
        let column = self.bound;
        self.statement().raw_bind_parameter(column, value)
    }

    /// Sets the next column to a number of any size.
    pub(crate) fn number(&mut self, number: impl Into<Number>) -> rusqlite::Result<()> {
        let Number(number) = number.into();
        match i64::try_from(number) {
            Ok(number) => self.value(number),
            Err(_) => self.value(Number(number)),
        }
    }

    /// Inserts the row, all of whose columns are set, as soon as there are as many as go together.
    pub(crate) fn run(&mut self) -> rusqlite::Result<()> {
        assert!(self.left > 0, "no more rows than were announced");
        self.waiting += 1;
        // A column that is not set would silently keep its value of a row before.
        assert_eq!(self.bound, self.waiting * self.columns, "every column is set once");
        if self.waiting < self.rows() {
            return Ok(());
        }
        self.statement().raw_execute()?;
        self.left -= self.waiting;
        (self.waiting, self.bound) = (0, 0);
        Ok(())
    }

    /// There are no more rows. Without this it is not sure that all are inserted.
    pub(crate) fn finish(self) {
        assert_eq!(self.left, 0, "no fewer rows than were announced");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_nothing_of_the_one_before() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n ANY, text TEXT) STRICT").unwrap();
        let mut insert = Insert::into(&connection, "t", 2, 3).unwrap();
        for (number, text) in [(u128::MAX, Some("a")), (7, None), (1 << 63, Some("b"))] {
            insert.number(number).unwrap();
            insert.value(text).unwrap();
            insert.run().unwrap();
        }
        insert.finish();
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
        let mut insert = Insert::into(&connection, "t", 2, 1).unwrap();
        insert.value(1).unwrap();
        let _ = insert.run();
    }

    #[test]
    fn any_number_of_rows_is_inserted() {
        for count in (0..5 * ROWS_TOGETHER).chain([1_000, 1_003]) {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE TABLE t (n ANY, text TEXT) STRICT").unwrap();
            let mut insert = Insert::into(&connection, "t", 2, count).unwrap();
            for number in 0..count {
                insert.value(number).unwrap();
                insert.value((number % 3 == 0).then(|| number.to_string())).unwrap();
                insert.run().unwrap();
            }
            insert.finish();
            let rows: Vec<(usize, Option<String>)> = connection
                .prepare("SELECT n, text FROM t ORDER BY rowid")
                .unwrap()
                .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let expected =
                (0..count).map(|number| (number, (number % 3 == 0).then(|| number.to_string())));
            assert!(rows.into_iter().eq(expected), "{count}");
        }
    }

    #[test]
    #[should_panic(expected = "no fewer rows than were announced")]
    fn a_row_that_does_not_come_is_noticed() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a ANY) STRICT").unwrap();
        let mut insert = Insert::into(&connection, "t", 1, 2).unwrap();
        insert.value(1).unwrap();
        insert.run().unwrap();
        insert.finish();
    }
}
