//! A file that is doubted: are its pages in order, and its rows those of another history?
//!
//! SQLite's pages have no checksums. What breaks the form of the file it finds by itself; a price that
//! became another one is found only by comparing.

use std::path::Path;

use rusqlite::{Connection, Row};

use crate::dump::selects;
use crate::error::{Blame, HistoryError};
use crate::schema;
use crate::store::Store;

/// A file, seen as it was when this was opened.
#[derive(Debug)]
pub struct Audit {
    connection: Connection,
    blame: Blame,
    applied: u64,
}

impl Audit {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// If SQLite cannot, or it is no history of this version.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let blame = Blame::new(path);
        let connection = schema::open_at_rest(path, &blame)?;
        let begin = || {
            connection.execute_batch("BEGIN")?;
            connection.query_row("SELECT sequence FROM applied", (), |row| row.get(0))
        };
        let applied = begin().map_err(blame.on("read"))?;
        Ok(Self { connection, blame, applied })
    }

    /// The last sequence whose rows should all be there.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Has SQLite check every page, and each index against its table. Takes as long as reading the file.
    ///
    /// # Errors
    /// If something is wrong.
    pub fn check_pages(&self) -> Result<(), HistoryError> {
        let found: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))
            .map_err(self.blame.on("read"))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(self.blame.damaged("a page")),
        }
    }

    /// Compares every row with those of a history that is right. Gives how many there are.
    ///
    /// # Errors
    /// If one differs, or either cannot be read.
    pub fn compare(&self, right: &Store) -> Result<u64, HistoryError> {
        let Some(right) = &right.connection else {
            return Err(HistoryError::Stopped {
                reason: "there is nothing to compare with".into(),
            });
        };
        let mut rows = 0;
        for (table, select) in selects() {
            let same = self.compare_table(right, &select, &mut rows);
            if !same.map_err(self.blame.on("read"))? {
                return Err(self.blame.damaged(table));
            }
        }
        Ok(rows)
    }

    fn compare_table(
        &self,
        right: &Connection,
        select: &str,
        rows: &mut u64,
    ) -> rusqlite::Result<bool> {
        let (mut ours, mut theirs) = (self.connection.prepare(select)?, right.prepare(select)?);
        let columns = theirs.column_count();
        if ours.column_count() != columns {
            return Ok(false);
        }
        let (mut ours, mut theirs) = (ours.query(())?, theirs.query(())?);
        loop {
            match (ours.next()?, theirs.next()?) {
                (None, None) => return Ok(true),
                (Some(our), Some(their)) if same(our, their, columns)? => *rows += 1,
                _ => return Ok(false),
            }
        }
    }
}

fn same(one: &Row<'_>, other: &Row<'_>, columns: usize) -> rusqlite::Result<bool> {
    for column in 0..columns {
        if one.get_ref(column)? != other.get_ref(column)? {
            return Ok(false);
        }
    }
    Ok(true)
}
