//! `openmart journal rebuild-history`: the history file anew, from the entries alone.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use openmart_exchange::{HISTORY_FILE_NAME, rebuild_history};
use openmart_journal::{Storage, verify};

use crate::printing::print;

/// Takes the folder, checks the journal, and replaces the file.
pub(super) fn run(storage: &Arc<dyn Storage>, dir: &Path) -> anyhow::Result<()> {
    let _lock = storage.lock()?;
    let until = verify(storage.clone())?.last_sequence;
    let path = dir.join(HISTORY_FILE_NAME);
    let entries = rebuild_history(storage, until, &path)?;
    print(|out| writeln!(out, "wrote {} from {entries} entries", path.display()))
}
