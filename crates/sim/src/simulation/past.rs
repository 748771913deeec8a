//! Where history is, and what a crash leaves of it: after the death of a process everything committed,
//! after a power cut everything committed or only what the last flush made safe.

use std::path::{Path, PathBuf};

use openmart_exchange::{HISTORY_FILE_NAME, HistoryStatus, Location};
use openmart_history::{Location as StoreLocation, Store, dump};
use tempfile::TempDir;

use super::model::Model;

/// Where temporary files cost no disk, if there is such a place.
const MEMORY_FOLDER: &str = "/dev/shm";

#[derive(Debug)]
pub(super) enum Past {
    /// Rows in a file, and copies of it.
    File { folder: TempDir, flushed: u64 },
    /// No rows: only how far they would be.
    Nowhere { applied: u64, flushed: u64 },
}

impl Past {
    pub(super) fn new(rows: bool) -> Result<Self, String> {
        if !rows {
            return Ok(Self::Nowhere { applied: 0, flushed: 0 });
        }
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("openmart-sim-");
        let memory = Path::new(MEMORY_FOLDER);
        let folder = if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() };
        Ok(Self::File { folder: folder.map_err(told)?, flushed: 0 })
    }

    pub(super) fn location(&self) -> Location {
        match self {
            Self::File { folder, .. } => Location::File(folder.path().join(HISTORY_FILE_NAME)),
            Self::Nowhere { applied, .. } => Location::Nowhere { applied: *applied },
        }
    }

    /// Takes note of how far history is by now, and keeps a copy of what has just been flushed.
    pub(super) fn follow(&mut self, status: &HistoryStatus) -> Result<(), String> {
        match self {
            Self::File { folder, flushed } if status.flushed > *flushed => {
                *flushed = status.flushed;
                copy(folder.path(), "", "safe-")
            }
            Self::File { .. } => Ok(()),
            Self::Nowhere { applied, flushed } => {
                *applied = status.applied;
                *flushed = (*flushed).max(status.flushed);
                Ok(())
            }
        }
    }

    /// Goes back to what was flushed. Only while nobody has the file open.
    pub(super) fn cut_to_flushed(&mut self) -> Result<(), String> {
        match self {
            // Before the first flush there is nothing that is sure to be there.
            Self::File { folder, flushed: 0 } => remove(folder.path(), ""),
            Self::File { folder, .. } => {
                remove(folder.path(), "")?;
                copy(folder.path(), "safe-", "")
            }
            Self::Nowhere { applied, flushed } => {
                *applied = *flushed;
                Ok(())
            }
        }
    }

    /// How far it certainly is.
    pub(super) fn applied(&self) -> u64 {
        match self {
            Self::File { flushed, .. } => *flushed,
            Self::Nowhere { applied, .. } => *applied,
        }
    }

    /// Whether it has rows.
    pub(super) fn has_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// Compares every row with those of a history that was written at once from what is true.
    pub(super) fn compare_rows(&self, model: &Model) -> Result<(), String> {
        let Self::File { folder, .. } = self else {
            return Ok(());
        };
        let fresh = folder.path().join("fresh.sqlite");
        let mut store = Store::open(StoreLocation::File(fresh.clone())).map_err(told)?;
        store.apply(&model.history()).map_err(told)?;
        let lines = |path: &Path| {
            let mut lines = Vec::new();
            dump(path, |line| lines.push(line)).map_err(told).map(|()| lines)
        };
        let found = lines(&folder.path().join(HISTORY_FILE_NAME))?;
        let expected = lines(&fresh)?;
        if found == expected {
            return Ok(());
        }
        let at = found.iter().zip(&expected).position(|(found, expected)| found != expected);
        let at = at.unwrap_or(found.len().min(expected.len()));
        Err(format!(
            "rows of history differ at line {at}: found {:?}, expected {:?}",
            found.get(at),
            expected.get(at)
        ))
    }
}

fn files(folder: &Path, prefix: &str) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| folder.join(format!("{prefix}{HISTORY_FILE_NAME}{end}")))
}

/// Copies the file and its log; a start makes the rest anew.
fn copy(folder: &Path, from: &str, to: &str) -> Result<(), String> {
    let pairs = files(folder, from).into_iter().zip(files(folder, to));
    for (from, to) in pairs.take(2) {
        if from.exists() {
            std::fs::copy(from, to).map_err(told)?;
        } else if to.exists() {
            std::fs::remove_file(to).map_err(told)?;
        }
    }
    Ok(())
}

fn remove(folder: &Path, prefix: &str) -> Result<(), String> {
    let there = files(folder, prefix).into_iter().filter(|file| file.exists());
    there.into_iter().try_for_each(|file| std::fs::remove_file(file).map_err(told))
}

fn told(error: impl std::fmt::Display) -> String {
    format!("the simulation itself cannot go on: {error}")
}
