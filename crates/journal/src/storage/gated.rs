//! Storage in memory whose syncs wait at a gate, so that a test can look at the moment before an
//! entry is durable. While the gate is shut, no sync of the gated files returns.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::memory::MemoryStorage;
use super::{Access, Lock, LockError, Storage, StorageFile};

/// A gate that syncs pass. Clones are handles of the same one; it begins open.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    shared: Arc<(Mutex<Position>, Condvar)>,
}

#[derive(Debug, Default)]
struct Position {
    shut: bool,
    waiting: usize,
}

impl Gate {
    /// Lets no sync return from now on.
    pub fn shut(&self) {
        self.change(|position| position.shut = true);
    }

    /// Lets all syncs return.
    pub fn open(&self) {
        self.change(|position| position.shut = false);
    }

    /// Returns once a sync waits at the gate.
    pub fn wait_for_sync(&self) {
        self.wait_while(|position| position.waiting == 0);
    }

    fn pass(&self) {
        self.change(|position| position.waiting += 1);
        self.wait_while(|position| position.shut);
        self.change(|position| position.waiting -= 1);
    }

    fn change(&self, change: impl FnOnce(&mut Position)) {
        change(&mut self.position());
        self.shared.1.notify_all();
    }

    fn wait_while(&self, mut unmet: impl FnMut(&Position) -> bool) {
        let mut position = self.position();
        while unmet(&position) {
            position = self.shared.1.wait(position).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn position(&self) -> MutexGuard<'_, Position> {
        // Both fields are right at all times.
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Storage in memory behind a gate.
#[derive(Debug)]
pub struct GatedStorage {
    /// Where the bytes are.
    pub inner: MemoryStorage,
    /// What syncs wait at.
    pub gate: Gate,
    /// How the names of the gated files begin; empty for all of them.
    pub gated: &'static str,
}

impl GatedStorage {
    fn gated(&self, name: &str, file: Arc<dyn StorageFile>) -> Arc<dyn StorageFile> {
        match name.starts_with(self.gated) {
            true => Arc::new(GatedFile { inner: file, gate: self.gate.clone() }),
            false => file,
        }
    }
}

impl Storage for GatedStorage {
    fn folder(&self) -> String {
        self.inner.folder()
    }

    fn lock(&self) -> Result<Lock, LockError> {
        self.inner.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        Ok(self.gated(name, self.inner.create(name)?))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        Ok(self.gated(name, self.inner.open(name, access)?))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.inner.sync_folder()
    }
}

struct GatedFile {
    inner: Arc<dyn StorageFile>,
    gate: Gate,
}

impl StorageFile for GatedFile {
    fn size(&self) -> io::Result<u64> {
        self.inner.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.inner.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.gate.pass();
        self.inner.sync()
    }
}
