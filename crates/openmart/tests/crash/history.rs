//! The history that lived through the kills, against one that is written anew from the journal.

use std::fs;
use std::path::Path;

use openmart_history::{FILE_NAME, dump};

use crate::support::process::{run, text};
use crate::venue::Venue;

/// The file that lived through all kills must have the rows of one that is written anew elsewhere.
pub(crate) fn history_is_what_the_journal_says(venue: &Venue) {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for file in fs::read_dir(venue.data_dir()).expect("the data folder") {
        let file = file.expect("a file of the data folder");
        if !file.file_name().to_string_lossy().starts_with(FILE_NAME) {
            fs::copy(file.path(), copy.path().join(file.file_name())).expect("a copy");
        }
    }
    let output = run(["journal", "rebuild-history", copy.path().to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let rows = |folder: &Path| {
        let mut rows = Vec::new();
        dump(&folder.join(FILE_NAME), |row| rows.push(row)).expect("a history");
        rows
    };
    let (lived, rebuilt) = (rows(Path::new(venue.data_dir())), rows(copy.path()));
    println!("history has {} rows", lived.len());
    for table in ["orders ", "fills ", "trades "] {
        let some = lived.iter().filter(|row| row.starts_with(table)).count();
        assert!(some > 10, "{some} rows of {table}");
    }
    let differing = lived.iter().zip(&rebuilt).find(|(lived, rebuilt)| lived != rebuilt);
    assert_eq!(differing, None);
    assert_eq!(lived.len(), rebuilt.len());
}
