//! What can go wrong, one enum per boundary: open, append, commit, read, snapshot; and [`Damage`],
//! bytes on disk that cannot be what the journal wrote.

use std::fmt;
use std::io;

use crate::storage::LockError;

/// Bytes on disk that no crash of ours explains. Nothing is repaired: the operator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The data folder.
    pub folder: String,
    /// The file in it.
    pub file: String,
    /// Byte offset in that file.
    pub offset: u64,
    /// What is wrong there.
    pub what: DamageKind,
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, file, offset, what } = self;
        write!(out, "{file} in {folder} is damaged at byte {offset}: {what}; ")?;
        write!(out, "run `openmart journal verify {folder}`, then ")?;
        match what.remedy() {
            Remedy::RestoreBackup => write!(out, "restore the folder from a backup"),
            Remedy::MoveSnapshotAside => {
                write!(out, "move {file} out of the folder, or restore the folder from a backup")
            }
            Remedy::AcceptLoss => write!(
                out,
                "restore the folder from a backup; if the folder is a copy that was made while \
                 the exchange ran, or the loss is accepted, delete the file `acknowledged`"
            ),
            Remedy::Upgrade => write!(out, "use the version of openmart that wrote it"),
        }
    }
}

impl std::error::Error for Damage {}

/// What an operator can do about a [`Damage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// The journal itself is damaged.
    RestoreBackup,
    /// A snapshot contradicts the journal; without it the journal may open.
    MoveSnapshotAside,
    /// The end is missing, but what is left is sound.
    AcceptLoss,
    /// The file is from another version.
    Upgrade,
}

/// The ways in which a file can contradict the format or its neighbors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DamageKind {
    /// A segment header with wrong magic, checksum or padding.
    #[error("the segment header fails its check")]
    SegmentHeader,
    /// A format version this program does not know.
    #[error("format version {0} is not known to this program")]
    Version(u32),
    /// Name and header disagree, as when files were swapped.
    #[error("the file is named as segment {named} but holds segment {found}")]
    SegmentNumber {
        /// From the file name.
        named: u64,
        /// From the header.
        found: u64,
    },
    /// The file is not as long as it was made.
    #[error("the file is {actual} bytes long and should be {expected}")]
    SegmentLength {
        /// Bytes according to the header.
        expected: u64,
        /// Bytes of the file.
        actual: u64,
    },
    /// A segment between others, or the one after the last entry read, is gone.
    #[error("segment {0} is missing or empty though later entries are known to exist")]
    SegmentMissing(u64),
    /// A batch header with wrong magic or checksum.
    #[error("a batch header fails its check")]
    BatchHeader,
    /// Entries that do not match their checksum, or padding that is not zero.
    #[error("a batch of entries from sequence {0} fails its check")]
    BatchChecksum(u64),
    /// A batch whose checksum is right and whose fields contradict each other.
    #[error("the fields of a batch contradict each other: {0}")]
    BatchShape(&'static str),
    /// The next batch or segment does not carry the next sequence.
    #[error("sequence {expected} should follow, found {found}")]
    SequenceGap {
        /// The one that should be there.
        expected: u64,
        /// The one that is.
        found: u64,
    },
    /// The entries do not lead to the recorded hash.
    #[error("the hash chain breaks before sequence {0}")]
    ChainBreak(u64),
    /// Not the last batch: later ones follow a damaged one.
    #[error("a damaged batch is followed by more data, so it is not a write cut short")]
    DamageBeforeEnd,
    /// Bytes where there should be none.
    #[error("bytes after the last entry of the segment are not zero")]
    NotBlank,
    /// Entries that were acknowledged are gone from the end.
    #[error("the journal ends at sequence {last} but {acknowledged} was acknowledged")]
    AcknowledgedLost {
        /// Remembered in the file `acknowledged`.
        acknowledged: u64,
        /// Last sequence found.
        last: u64,
    },
    /// The remembered hash at an acknowledged sequence is another than the journal's.
    #[error("the journal holds other entries than those acknowledged up to sequence {0}")]
    AcknowledgedDiffers(u64),
    /// A snapshot file that fails its own check.
    #[error("the snapshot fails its check: {0}")]
    Snapshot(&'static str),
    /// A snapshot of a later state than the journal has.
    #[error("the snapshot stands at sequence {sequence} but the journal ends at {last}")]
    SnapshotBeyondEnd {
        /// Of the snapshot.
        sequence: u64,
        /// Last sequence of the journal.
        last: u64,
    },
    /// A snapshot of another history.
    #[error("the snapshot at sequence {0} does not belong to this journal (chain hash differs)")]
    SnapshotChain(u64),
    /// Old segments are gone and nothing replaces them.
    #[error("the journal begins at sequence {0} and no usable snapshot reaches that far")]
    NoStart(u64),
}

impl DamageKind {
    /// What an operator can do about it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Version(_) => Remedy::Upgrade,
            Self::AcknowledgedLost { .. } | Self::AcknowledgedDiffers(_) => Remedy::AcceptLoss,
            Self::Snapshot(_) | Self::SnapshotChain(_) => Remedy::MoveSnapshotAside,
            _ => Remedy::RestoreBackup,
        }
    }
}

/// A failed call to the file system.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {file} in {folder}: {source}")]
pub struct FileError {
    /// What was tried: `read`, `write`, `sync` and so on.
    pub action: &'static str,
    /// The file, or `the folder`.
    pub file: String,
    /// The data folder.
    pub folder: String,
    /// What the system said.
    pub source: io::Error,
}

/// Why a journal does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder is taken or cannot be.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The bytes on disk are not to be trusted.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The file system failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The options contradict each other.
    #[error("journal options: {0}")]
    Options(&'static str),
}

/// Why entries cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes on disk are not to be trusted.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The file system failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// Retention has removed the segment that held this sequence.
    #[error("sequence {sequence} is no longer kept in {folder}")]
    Gone {
        /// The sequence asked for.
        sequence: u64,
        /// The data folder.
        folder: String,
    },
    /// The journal does not reach this sequence.
    #[error("sequence {sequence} lies beyond the end of the journal in {folder}")]
    BeyondEnd {
        /// The sequence asked for.
        sequence: u64,
        /// The data folder.
        folder: String,
    },
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damage(damage) => Self::Damage(damage),
            ReadError::File(error) => Self::File(error),
            ReadError::Gone { sequence, folder } | ReadError::BeyondEnd { sequence, folder } => {
                Self::Damage(Damage {
                    folder,
                    file: crate::names::segment(1),
                    offset: 0,
                    what: DamageKind::NoStart(sequence),
                })
            }
        }
    }
}

/// Why an entry was not staged. The journal is as before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The batch has no room left: commit, then append again.
    #[error("the batch is full: commit before appending more")]
    BatchFull,
    /// The payload can never fit.
    #[error("a payload of {bytes} bytes exceeds the limit of {bytes_max}")]
    PayloadTooLong {
        /// Length offered.
        bytes: usize,
        /// Longest length possible.
        bytes_max: usize,
    },
    /// The disk is full and so is the reserve.
    #[error("the disk is full and the journal's reserve is used up")]
    Full,
    /// An earlier write or sync failed.
    #[error("the journal stopped after a failure: {0}")]
    Poisoned(String),
}

/// Why staged entries were not made durable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// No room, neither in the segment nor in the reserve. Nothing was written; the staged
    /// entries are discarded, their sequences free again, and the journal stays usable.
    #[error("the disk is full and the journal's reserve is used up; the batch was discarded")]
    Full,
    /// A write or sync failed. The journal is poisoned. Whether the batch survives is unknown
    /// until the journal is opened again.
    #[error("the journal stopped: {0}")]
    File(#[from] FileError),
    /// An earlier write or sync failed.
    #[error("the journal stopped after a failure: {0}")]
    Poisoned(String),
}

/// Why a snapshot was not kept. The journal and older snapshots are unharmed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The sequence is not durable yet.
    #[error("a snapshot at sequence {sequence} is ahead of the durable end {last}")]
    AheadOfJournal {
        /// Sequence offered.
        sequence: u64,
        /// Last durable sequence.
        last: u64,
    },
    /// A later snapshot is there already.
    #[error("a snapshot at sequence {sequence} is older than the newest at {newest}")]
    Older {
        /// Sequence offered.
        sequence: u64,
        /// Sequence of the newest one kept.
        newest: u64,
    },
    /// The hash given is not the journal's at that sequence.
    #[error("the chain hash given is not the journal's at sequence {0}")]
    ChainDiffers(u64),
    /// The journal could not be read to check the hash.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file system failed, perhaps for lack of space.
    #[error(transparent)]
    File(#[from] FileError),
    /// The journal was poisoned: its end is not certain.
    #[error("the journal stopped after a failure: {0}")]
    Poisoned(String),
}

/// The data folder, for errors: a storage's name for itself and shorthands to build errors.
pub(crate) trait Blame {
    fn name(&self) -> String;

    fn damage(&self, file: &str, offset: u64, what: DamageKind) -> Damage {
        Damage { folder: self.name(), file: file.to_owned(), offset, what }
    }

    fn failed(&self, action: &'static str, file: &str, source: io::Error) -> FileError {
        FileError { action, file: file.to_owned(), folder: self.name(), source }
    }
}

impl<S: crate::storage::Storage + ?Sized> Blame for S {
    fn name(&self) -> String {
        self.folder()
    }
}
