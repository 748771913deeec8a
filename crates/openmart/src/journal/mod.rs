//! `openmart journal`: looking into a data folder while no exchange needs to run.
//!
//! What enters: a data folder. What leaves: a verdict, entries, or a state, on standard output.
//! Nothing in the folder is changed, and no lock is taken: a folder that is in use can be looked at,
//! and what is being written just then may look like damage at the end. The one exception is
//! `rebuild-history`, which takes the folder and replaces `history.sqlite` in it.

mod history;
mod json;
mod rebuild;
mod replay;
mod show;
mod verify;
mod words;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use openmart_exchange::HISTORY_FILE_NAME;
use openmart_journal::{FileStorage, Storage};

use crate::arguments::Journal;

/// Runs one of the tools.
pub(crate) fn run(tool: &Journal) -> anyhow::Result<()> {
    match tool {
        Journal::Verify { dir, history } => {
            let history = history.then(|| dir.join(HISTORY_FILE_NAME));
            verify::run(open(dir)?, history.as_deref())
        }
        Journal::Show { dir, from, to, json } => show::run(open(dir)?, *from, *to, *json),
        Journal::Replay { dir, to, json } => replay::run(open(dir)?, *to, *json),
        Journal::RebuildHistory { dir } => rebuild::run(&open(dir)?, dir),
    }
}

fn open(dir: &Path) -> anyhow::Result<Arc<dyn Storage>> {
    let storage = FileStorage::existing(dir)
        .with_context(|| format!("cannot open the data folder {}", dir.display()))?;
    let names = storage.list().with_context(|| format!("cannot list {}", dir.display()))?;
    let has_journal = names.iter().any(|name| name.starts_with("segment-"));
    ensure!(has_journal, "there is no journal in {}", dir.display());
    Ok(Arc::new(storage))
}
