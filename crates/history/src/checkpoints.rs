//! The thread that copies the write-ahead log into the file, so that no commit waits for that.
//!
//! It enters whenever it is asked to, and leaves when the writer has ended. It knows nothing of rows.

use std::sync::PoisonError;

use rusqlite::Connection;

use crate::backlog::Shared;

/// Copies the log into the file whenever asked, until closing.
pub(crate) fn checkpoints(connection: &Connection, shared: &Shared) {
    let mut queue = shared.lock();
    loop {
        if queue.checkpoint_wanted {
            queue.checkpoint_wanted = false;
            drop(queue);
            // What it cannot copy now it copies the next time; a broken disk breaks the writer.
            let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
            queue = shared.lock();
        } else if queue.ended {
            return;
        } else {
            queue = shared.checkpoint.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
