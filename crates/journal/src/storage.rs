//! The seam to the file system: everything the journal asks of a disk, and nothing more.
//!
//! [`file::FileStorage`] is the real one; [`memory::MemoryStorage`] is one that can fail, fill up
//! and crash on demand; [`gated::GatedStorage`] makes syncs wait for a test. All names are plain file names in one folder.

pub(crate) mod file;
pub(crate) mod gated;
pub(crate) mod memory;

use std::io;
use std::sync::Arc;

/// How an existing file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// For reading only.
    Read,
    /// For reading and writing.
    Write,
}

/// A folder of files. Implementations must be safe to use from several threads.
pub trait Storage: Send + Sync + 'static {
    /// How messages name the folder.
    fn folder(&self) -> String;

    /// Takes the folder for this process until the returned lock is dropped.
    fn lock(&self) -> Result<Lock, LockError>;

    /// Names of all files in the folder, in any order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Creates an empty file, replacing one of the same name.
    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>>;

    /// Opens an existing file.
    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>>;

    /// Removes a file. Durable only after [`sync_folder`](Self::sync_folder).
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Renames a file, replacing the target. Durable only after [`sync_folder`](Self::sync_folder).
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes creations, removals and renames durable.
    fn sync_folder(&self) -> io::Result<()>;
}

/// An open file with positioned reads and writes.
pub trait StorageFile: Send + Sync + 'static {
    /// Length of the file, bytes.
    fn size(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset`; returns fewer bytes than asked only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`, extending the file if need be. Durable only after
    /// [`sync`](Self::sync).
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes all writes to this file durable, its length included (`fdatasync`).
    fn sync(&self) -> io::Result<()>;
}

/// Keeps the folder taken while it lives.
pub struct Lock {
    _held: Box<dyn Send + Sync>,
}

impl Lock {
    /// Wraps whatever releases the folder when dropped.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self { _held: Box::new(held) }
    }
}

/// Why the folder could not be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has it.
    #[error(
        "data folder {folder} is in use by process {process}; \
         stop that process or choose another folder"
    )]
    InUse {
        /// The folder.
        folder: String,
        /// Its process id as the lock file tells it, or `unknown`.
        process: String,
    },
    /// The lock file could not be opened.
    #[error("cannot lock data folder {folder}: {source}")]
    Io {
        /// The folder.
        folder: String,
        /// What the system said.
        source: io::Error,
    },
}
