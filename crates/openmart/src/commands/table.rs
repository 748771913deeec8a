//! Tables for people: a head, aligned columns, nothing drawn around them.

use std::fmt;

/// On which side of its column a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Between two columns.
const GAP: &str = "  ";

/// Rows of texts under a head.
#[derive(Debug)]
pub(super) struct Table {
    aligns: Vec<Align>,
    rows: Vec<Vec<String>>,
    /// What is said in place of rows.
    empty: &'static str,
}

impl Table {
    /// A table with these columns; `empty` is printed if there are no rows.
    pub(super) fn new<const N: usize>(columns: [(Align, String); N], empty: &'static str) -> Self {
        let (aligns, head) = columns.into_iter().unzip();
        Self { aligns, rows: vec![head], empty }
    }

    /// Adds a row with a text for each column.
    pub(super) fn row<const N: usize>(&mut self, row: [String; N]) {
        debug_assert_eq!(N, self.aligns.len(), "a text for each column");
        self.rows.push(row.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.len() == 1 {
            return writeln!(f, "{}", self.empty);
        }
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|text| text.chars().count())
                .max()
        };
        let widths: Vec<usize> =
            (0..self.aligns.len()).map(|column| width(column).unwrap_or_default()).collect();
        for row in &self.rows {
            let mut line = String::new();
            for ((text, align), width) in row.iter().zip(&self.aligns).zip(&widths) {
                if !line.is_empty() {
                    line.push_str(GAP);
                }
                match align {
                    Align::Left => line.push_str(&format!("{text:<width$}")),
                    Align::Right => line.push_str(&format!("{text:>width$}")),
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A column whose texts begin at the same place.
pub(super) fn left(head: impl Into<String>) -> (Align, String) {
    (Align::Left, head.into())
}

/// A column whose texts end at the same place: numbers with equally many decimals.
pub(super) fn right(head: impl Into<String>) -> (Align, String) {
    (Align::Right, head.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new([left("ASSET"), right("FREE")], "nothing");
        assert_eq!(table.to_string(), "nothing\n");
        table.row(["BTC".into(), "1000.00".into()]);
        table.row(["µUSDT".into(), "1.00".into()]);
        let expected = "ASSET     FREE\nBTC    1000.00\nµUSDT     1.00\n";
        assert_eq!(table.to_string(), expected);
    }
}
