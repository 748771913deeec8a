//! Numbers in the file: an integer when SQLite's 64 signed bits hold it, its decimal digits as text
//! when they do not. Amounts have 128 bits; nothing is ever rounded.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// A number on its way into the file.
#[derive(Clone, Copy)]
pub(crate) struct Number(pub(crate) u128);

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(u128::from(number))
    }
}

impl From<u128> for Number {
    fn from(number: u128) -> Self {
        Self(number)
    }
}

impl ToSql for Number {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match i64::try_from(self.0) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Text(self.0.to_string()),
        };
        Ok(ToSqlOutput::Owned(value))
    }
}

/// A number as it comes out of the file; nothing if there is none.
pub(crate) fn number(value: ValueRef<'_>) -> Option<u128> {
    match value {
        ValueRef::Integer(number) => u128::try_from(number).ok(),
        ValueRef::Text(digits) => {
            let digits = std::str::from_utf8(digits).ok()?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_exactly() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n ANY) STRICT").unwrap();
        let limit = i64::MAX as u128;
        for wanted in [0, 1, limit - 1, limit, limit + 1, u128::from(u64::MAX), u128::MAX] {
            connection.execute("DELETE FROM t", ()).unwrap();
            connection.execute("INSERT INTO t VALUES (?)", [Number(wanted)]).unwrap();
            let found = connection
                .query_row("SELECT n FROM t", (), |row| Ok(number(row.get_ref(0)?)))
                .unwrap();
            assert_eq!(found, Some(wanted));
        }
        for bad in
            [ValueRef::Integer(-1), ValueRef::Null, ValueRef::Text(b"-1"), ValueRef::Text(b"")]
        {
            assert_eq!(number(bad), None);
        }
    }
}
