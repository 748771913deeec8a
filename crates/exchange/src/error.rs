//! What can go wrong between a caller and the pipeline: open, submit, snapshot, close.
//!
//! A [`Reject`](openmart_model::Reject) is none of these: it is the outcome of a command that went
//! all the way.

use std::sync::Arc;

use openmart_model::DecodeError;

use crate::intake::Lane;

/// Why a command has no outcome.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// Too many commands wait already. The command was not carried out; try again shortly.
    #[error("overloaded: {limit} {lane} are waiting already")]
    Overloaded {
        /// Which queue is full.
        lane: Lane,
        /// Its limit.
        limit: usize,
    },
    /// There is no space for more entries. The command was not carried out. Before the last of the
    /// space is used up, cancels are still taken.
    #[error("the disk is full: only cancels are taken, while the reserve lasts")]
    DiskFull,
    /// The command is longer than an entry of the journal can be. It was not carried out.
    #[error("a command of {bytes} bytes is longer than the {limit} that an entry holds")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The longest that fits.
        limit: usize,
    },
    /// The exchange takes no more commands. The command was not carried out.
    #[error("the exchange has stopped: {reason}")]
    Stopped {
        /// Why: it was closed, or what failed.
        reason: Arc<str>,
    },
    /// The exchange stopped while the command was being made durable. Whether it was carried out
    /// is known only after the next start, when it shows or does not show in the state.
    #[error("the exchange stopped while it took the command, the outcome is in doubt: {reason}")]
    InDoubt {
        /// What failed.
        reason: Arc<str>,
    },
}

/// Why an exchange does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data folder cannot be used.
    #[error("cannot use the data folder {folder}: {source}")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal does not open.
    #[error(transparent)]
    Journal(#[from] openmart_journal::OpenError),
    /// The journal cannot be read.
    #[error(transparent)]
    Read(#[from] openmart_journal::ReadError),
    /// The snapshot's bytes are sound, and yet not a state that this program can read.
    #[error("the snapshot at sequence {sequence} cannot be read: {source}")]
    SnapshotForm {
        /// Where the snapshot stands.
        sequence: u64,
        /// What was found.
        source: DecodeError,
    },
    /// The snapshot says that it stands at another sequence than the state within.
    #[error("the snapshot at sequence {sequence} holds the state at sequence {found}")]
    SnapshotSequence {
        /// Where the snapshot stands.
        sequence: u64,
        /// Where its state stands.
        found: u64,
    },
    /// The state restored from the snapshot is not the one that was written.
    #[error(
        "the snapshot at sequence {sequence} restores to digest {found:016x} \
         but was written with {expected:016x}"
    )]
    SnapshotDigest {
        /// Where the snapshot stands.
        sequence: u64,
        /// As written.
        expected: u64,
        /// As restored.
        found: u64,
    },
    /// An entry's bytes are sound, and yet not a command that this program can read.
    #[error("the entry at sequence {sequence} is not a command: {source}")]
    Entry {
        /// Which entry.
        sequence: u64,
        /// What was found.
        source: DecodeError,
    },
    /// The recovered state breaks an invariant, such as the conservation of an asset.
    #[error("the state recovered at sequence {sequence} breaks an invariant: {what}")]
    Invariant {
        /// Last entry applied.
        sequence: u64,
        /// Which invariant, and where.
        what: String,
    },
    /// History does not open, or cannot be written.
    #[error(transparent)]
    History(#[from] openmart_history::HistoryError),
    /// History knows of entries that the journal does not have: they are not of one another.
    #[error(
        "{file} has entries up to sequence {applied} but the journal ends at {last}: they do not \
         belong together; restore both from one backup, or rebuild history from the journal with \
         `openmart journal rebuild-history`"
    )]
    HistoryAhead {
        /// The file.
        file: String,
        /// The last sequence in it.
        applied: u64,
        /// The last sequence of the journal.
        last: u64,
    },
    /// History lacks entries that the journal no longer has.
    #[error(
        "{file} has entries up to sequence {applied} only, and the journal begins at {first}: \
         restore a newer copy of the file, or the older segments; then, if need be, \
         `openmart journal rebuild-history`"
    )]
    HistoryBehind {
        /// The file.
        file: String,
        /// The last sequence in it.
        applied: u64,
        /// The first sequence that the journal still has.
        first: u64,
    },
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// A limit is zero.
    #[error("exchange options: {0}")]
    Options(&'static str),
}

/// Why a snapshot was not written. Nothing else suffers: the journal has everything.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It could not be made or written.
    #[error("the snapshot was not written: {reason}")]
    Failed {
        /// What failed.
        reason: Arc<str>,
    },
    /// The exchange has stopped.
    #[error("the exchange has stopped: {reason}")]
    Stopped {
        /// Why.
        reason: Arc<str>,
    },
}

/// What did not go well while closing. Everything acknowledged is durable all the same.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// The exchange had stopped before, after a failure.
    #[error("the exchange had stopped before it was closed: {reason}")]
    Stopped {
        /// What failed.
        reason: Arc<str>,
    },
    /// The last snapshot was not written: the next start replays more.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}
