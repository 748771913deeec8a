//! A disk that stops before each change, so that somebody can look at what a power cut there leaves.

use std::io;
use std::sync::{Arc, OnceLock};

use openmart_journal::{Access, Lock, LockError, MemoryStorage, Storage, StorageFile};

/// What the disk is about to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Step {
    Create,
    Remove,
    Rename,
    RenameSnapshot,
    SyncFolder,
    WriteSegment,
    SyncSegment,
    WriteSnapshot,
    SyncSnapshot,
    /// The mark of what was acknowledged, or the reserve.
    Other,
    /// Nothing any more: the run is over.
    End,
}

impl Step {
    /// Those that a run meets more than once.
    pub(crate) const ALL: [Self; 9] = [
        Self::Create,
        Self::Remove,
        Self::Rename,
        Self::RenameSnapshot,
        Self::SyncFolder,
        Self::WriteSegment,
        Self::SyncSegment,
        Self::WriteSnapshot,
        Self::SyncSnapshot,
    ];
}

/// Looks at the disk before a step.
pub(crate) type Look = Box<dyn Fn(&MemoryStorage, Step) + Send + Sync>;

/// Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Watched {
    disk: MemoryStorage,
    look: Arc<OnceLock<Look>>,
    /// Whether the lock of the folder is that of a process that is gone.
    abandoned: bool,
}

impl Watched {
    pub(crate) fn new() -> Self {
        Self { disk: MemoryStorage::new(), look: Arc::default(), abandoned: false }
    }

    /// A disk whose last process is gone, and its lock with it.
    pub(crate) fn abandoned(disk: MemoryStorage) -> Self {
        Self { disk, look: Arc::default(), abandoned: true }
    }

    /// From now on `look` is called before each change.
    pub(crate) fn watch(&self, look: Look) {
        assert!(self.look.set(look).is_ok(), "a disk is watched by one");
    }

    /// Looks for the last time.
    pub(crate) fn end(&self) {
        self.before(Step::End);
    }

    fn before(&self, step: Step) {
        if let Some(look) = self.look.get() {
            look(&self.disk, step);
        }
    }

    fn file(&self, name: &str, file: Arc<dyn StorageFile>) -> Arc<dyn StorageFile> {
        let (write, sync) = match name {
            _ if name.starts_with("segment-0") => (Step::WriteSegment, Step::SyncSegment),
            _ if name.starts_with("snapshot-") => (Step::WriteSnapshot, Step::SyncSnapshot),
            _ => (Step::Other, Step::Other),
        };
        Arc::new(WatchedFile { watched: self.clone(), file, write, sync })
    }
}

impl Storage for Watched {
    fn folder(&self) -> String {
        self.disk.folder()
    }

    fn lock(&self) -> Result<Lock, LockError> {
        if self.abandoned {
            return Ok(Lock::new(()));
        }
        self.disk.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        self.before(Step::Create);
        Ok(self.file(name, self.disk.create(name)?))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        Ok(self.file(name, self.disk.open(name, access)?))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.before(Step::Remove);
        self.disk.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.before(if to.starts_with("snapshot-") { Step::RenameSnapshot } else { Step::Rename });
        self.disk.rename(from, to)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.before(Step::SyncFolder);
        self.disk.sync_folder()
    }
}

struct WatchedFile {
    watched: Watched,
    file: Arc<dyn StorageFile>,
    write: Step,
    sync: Step,
}

impl StorageFile for WatchedFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.watched.before(self.write);
        self.file.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.watched.before(self.sync);
        self.file.sync()
    }
}
