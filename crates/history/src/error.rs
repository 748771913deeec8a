//! What can go wrong between the exchange and its history.

use std::sync::Arc;

/// Why history did not do what was asked of it. Nothing is lost by any of these: the journal has
/// everything, and the file can be rebuilt from it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// SQLite refused.
    #[error("history: cannot {attempt} {file}: {reason}")]
    Sqlite {
        /// What was attempted.
        attempt: &'static str,
        /// The file.
        file: Arc<str>,
        /// What SQLite said.
        reason: Arc<str>,
        /// Whether the disk was full, so that it may work later.
        disk_full: bool,
    },
    /// The file is not a history that this program can read.
    #[error("history: {file} is not a history of version {expected}: {found}")]
    Foreign {
        /// The file.
        file: Arc<str>,
        /// The version that this program reads and writes.
        expected: u32,
        /// What it says instead.
        found: Arc<str>,
    },
    /// A value in the file is none that was ever written.
    #[error(
        "history: {what} in {file} is damaged; rebuild it with `openmart journal rebuild-history`"
    )]
    Damaged {
        /// The file.
        file: Arc<str>,
        /// Which value.
        what: &'static str,
    },
    /// Its thread has stopped.
    #[error("history has stopped: {reason}")]
    Stopped {
        /// Why.
        reason: Arc<str>,
    },
}

impl HistoryError {
    /// Whether the disk was full.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Sqlite { disk_full: true, .. })
    }
}

/// Makes errors that name the file.
#[derive(Clone, Debug)]
pub(crate) struct Blame {
    pub(crate) file: Arc<str>,
}

impl Blame {
    pub(crate) fn new(file: &std::path::Path) -> Self {
        Self { file: Arc::from(file.display().to_string()) }
    }

    /// What to do with an error of SQLite while attempting something.
    pub(crate) fn on(
        &self,
        attempt: &'static str,
    ) -> impl FnOnce(rusqlite::Error) -> HistoryError + use<'_> {
        move |error| {
            let code = error.sqlite_error_code();
            let disk_full = code == Some(rusqlite::ErrorCode::DiskFull);
            let reason = Arc::from(error.to_string());
            HistoryError::Sqlite { attempt, file: self.file.clone(), reason, disk_full }
        }
    }

    pub(crate) fn damaged(&self, what: &'static str) -> HistoryError {
        HistoryError::Damaged { file: self.file.clone(), what }
    }
}
