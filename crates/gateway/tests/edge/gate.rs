//! A disk that waits for the test: while its gate is shut, no sync of the gated files returns.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use openmart_journal::{Access, Lock, LockError, MemoryStorage, Storage, StorageFile};

#[derive(Clone, Default)]
pub(crate) struct Gate {
    shared: Arc<(Mutex<Position>, Condvar)>,
}

#[derive(Default)]
struct Position {
    shut: bool,
    waiting: usize,
}

impl Gate {
    /// Lets no sync return from now on.
    pub(crate) fn shut(&self) {
        self.change(|position| position.shut = true);
    }

    /// Lets all syncs return.
    pub(crate) fn open(&self) {
        self.change(|position| position.shut = false);
    }

    /// Returns once a sync waits at the gate.
    pub(crate) fn wait_for_sync(&self) {
        let (position, changed) = &*self.shared;
        drop(changed.wait_while(position.lock().unwrap(), |p| p.waiting == 0).unwrap());
    }

    fn pass(&self) {
        self.change(|position| position.waiting += 1);
        let (position, changed) = &*self.shared;
        drop(changed.wait_while(position.lock().unwrap(), |p| p.shut).unwrap());
        self.change(|position| position.waiting -= 1);
    }

    fn change(&self, change: impl FnOnce(&mut Position)) {
        let (position, changed) = &*self.shared;
        change(&mut position.lock().unwrap());
        changed.notify_all();
    }
}

/// Storage in memory behind a gate.
pub(crate) struct GatedStorage {
    pub(crate) inner: MemoryStorage,
    pub(crate) gate: Gate,
    /// How the names of the gated files begin.
    pub(crate) gated: &'static str,
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
