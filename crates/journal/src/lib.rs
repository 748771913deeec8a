//! A durable log of opaque entries, and a store for opaque state snapshots, in one data folder.
//!
//! What enters: payload bytes with a time, and state bytes with the sequence they stand for.
//! What leaves: the same bytes, in order, after a crash, or a refusal that names file and offset.
//! What it must not know: commands, orders, accounts, networks, clocks. A payload is bytes.
//!
//! One [`Journal`] writes; any number of [`Reader`]s read beside it. An entry is durable once
//! [`Journal::commit`] has returned `Ok`. The bytes on disk are described field by field in
//! `docs/journal-format.md`.
//!
//! ```
//! use std::sync::Arc;
//! use openmart_journal::{Journal, MemoryStorage, Options};
//!
//! let storage = Arc::new(MemoryStorage::new());
//! let (mut journal, _) = Journal::open(storage.clone(), Options::default())?;
//! assert_eq!(journal.append(1_700_000_000_000, b"first")?, 1);
//! assert_eq!(journal.append(1_700_000_000_001, b"second")?, 2);
//! journal.commit()?;
//! drop(journal);
//!
//! let (_journal, mut recovery) = Journal::open(storage, Options::default())?;
//! let mut seen = Vec::new();
//! recovery.replay(|entry| seen.push((entry.sequence, entry.payload.to_vec())))?;
//! assert_eq!(seen, [(1, b"first".to_vec()), (2, b"second".to_vec())]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod acknowledged;
mod chain;
mod check;
mod error;
mod format;
mod names;
mod options;
mod prepare;
mod reader;
mod recovery;
mod segment;
mod snapshot;
mod storage;
mod tail;
mod verify;
mod writer;

pub use check::{check_acknowledged_bytes, check_segment_bytes, check_snapshot_bytes};
pub use error::{
    AppendError, CommitError, Damage, DamageKind, FileError, OpenError, ReadError, Remedy,
    SnapshotError,
};
pub use format::{BATCH_BYTES_MAX, Entry, PAYLOAD_BYTES_MAX, SECTOR_BYTES};
pub use options::{Options, Retention};
pub use reader::Reader;
pub use recovery::{Recovery, TornTail};
pub use snapshot::{SnapshotData, SnapshotWriter};
pub use storage::file::FileStorage;
pub use storage::gated::{Gate, GatedStorage};
pub use storage::memory::{CrashPolicy, MemoryStorage};
pub use storage::{Access, Lock, LockError, Storage, StorageFile};
pub use verify::{SnapshotCheck, VerifyReport, verify};
pub use writer::{Journal, Space};
