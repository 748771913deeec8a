//! A folder whose files are synced once, at the end: for a run that tells nobody about a command before all of
//! them are on disk, and that begins anew if it is cut short.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use openmart_journal::{Access, FileStorage, Lock, LockError, Storage, StorageFile};

/// A folder that is complete only after [`Deferred::sync_all`].
pub(super) struct Deferred {
    folder: FileStorage,
    /// Everything that was opened for writing.
    written: Mutex<Vec<Arc<dyn StorageFile>>>,
}

impl Deferred {
    pub(super) fn new(folder: FileStorage) -> Self {
        Self { folder, written: Mutex::default() }
    }

    /// Makes everything durable that was written.
    pub(super) fn sync_all(&self) -> io::Result<()> {
        let written =
            std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        written.iter().try_for_each(|file| file.sync())?;
        self.folder.sync_folder()
    }

    fn unsynced(&self, file: Arc<dyn StorageFile>) -> Arc<dyn StorageFile> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(file.clone());
        Arc::new(Unsynced(file))
    }
}

impl Storage for Deferred {
    fn folder(&self) -> String {
        self.folder.folder()
    }

    fn lock(&self) -> Result<Lock, LockError> {
        self.folder.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.folder.list()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        Ok(self.unsynced(self.folder.create(name)?))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        let file = self.folder.open(name, access)?;
        Ok(if access == Access::Write { self.unsynced(file) } else { file })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }
}

struct Unsynced(Arc<dyn StorageFile>);

impl StorageFile for Unsynced {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
