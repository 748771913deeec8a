//! A data folder whose journal holds given commands in exactly this order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, ensure};
use openmart_exchange::{Exchange, Options, RecoveryReport};
use openmart_history::{FILE_NAME, Location, Store};
use openmart_journal::{FileStorage, Journal};
use openmart_model::Command;

/// Commands that share one sync, as under load.
const BATCH_ENTRIES: usize = 256;

/// Time stamped on every entry.
const NOW_MS: u64 = 1_600_000_000_000;

/// Removed with the value.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Writes the commands through the journal's own writer, past the pipeline, in which cancels would
    /// overtake what they cancel.
    pub(crate) fn write(path: PathBuf, commands: impl Iterator<Item = Command>) -> Result<Self> {
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        let folder = Self { path };
        let storage = Arc::new(FileStorage::create(&folder.path)?);
        let (mut journal, _) = Journal::open(storage, openmart_journal::Options::default())?;
        for command in commands {
            journal.append_with(NOW_MS, |buffer| command.encode(buffer))?;
            if journal.staged() == BATCH_ENTRIES {
                journal.commit()?;
            }
        }
        journal.commit()?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it as production does, but for the snapshots, which would shorten the next start.
    pub(crate) fn open(&self) -> Result<(Exchange, RecoveryReport)> {
        let options = Options { snapshot_entries: 0, ..Options::default() };
        let (exchange, report) = Exchange::open_folder(&self.path, options)?;
        ensure!(report.torn_tail.is_none() && report.damaged_snapshots.is_empty(), "{report}");
        Ok((exchange, report))
    }

    /// Copies what is in the log of history into its file.
    pub(crate) fn truncate_history_log(&self) -> Result<()> {
        let history = Store::open(Location::File(self.path.join(FILE_NAME)))?;
        Ok(history.truncate_log()?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
