//! The beginning of a journal as a journal of its own: what a fork and a rewind start from.
//!
//! What enters: a journal, which may be written to meanwhile, and a place for the copy. What leaves: a
//! journal with the same first entries, their times and sequences included. What it must not know: what
//! the entries mean.

use std::sync::Arc;

use openmart_journal::{AppendError, CommitError, Journal, Reader, Storage};

/// Why there is no copy. What was written of it is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The journal cannot be read that far.
    #[error(transparent)]
    Read(#[from] openmart_journal::ReadError),
    /// The place cannot be used.
    #[error(transparent)]
    Open(#[from] openmart_journal::OpenError),
    /// The place has entries already.
    #[error("the place for the copy is not empty: it has entries up to sequence {0}")]
    NotEmpty(u64),
    /// An entry cannot be written.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A batch cannot be made durable.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Copies the entries from the first to `until`, which must be durable, into an empty place.
///
/// # Errors
/// When one cannot be read (retention may have removed it) or the other not be written.
pub fn copy_entries(
    from: Arc<dyn Storage>,
    to: Arc<dyn Storage>,
    until: u64,
    options: openmart_journal::Options,
) -> Result<(), CopyError> {
    let mut reader = Reader::open(from, 1)?;
    let (mut journal, _) = Journal::open(to, options)?;
    if journal.last_sequence() > 0 {
        return Err(CopyError::NotEmpty(journal.last_sequence()));
    }
    while let Some(entry) = reader.next_entry(until)? {
        match journal.append(entry.time_ms, entry.payload) {
            Err(AppendError::BatchFull) => {
                journal.commit()?;
                journal.append(entry.time_ms, entry.payload)?;
            }
            appended => {
                appended?;
            }
        }
    }
    Ok(journal.commit()?)
}
