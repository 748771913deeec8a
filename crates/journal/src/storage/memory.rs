//! Files in memory that behave as a disk may at its worst: unsynced writes can vanish, stay, tear
//! or survive in another order than they were made, names can be lost until the folder is synced,
//! calls can fail, space can run out, a write can land elsewhere, bits can rot.
//!
//! For tests and simulation. Everything is decided by the caller or by a seed; nothing is random.

mod disk;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::disk::{Content, Dice, Disk, NameChange};
use super::{Access, Lock, LockError, Storage, StorageFile};

/// What a crash leaves of writes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPolicy {
    /// Nothing: the disk's cache was lost.
    Drop,
    /// Everything: only the process died.
    Keep,
    /// Each sector by itself is old, new, or new up to some byte, whichever was written first: any
    /// subset of the unsynced writes may survive, as if the disk had reordered them. Of the unsynced
    /// changes to the folder some first ones survive. Decided by this seed.
    Mixed(u64),
}

/// A folder of files in memory. Clones share the same files.
#[derive(Debug, Clone, Default)]
pub struct MemoryStorage {
    disk: Arc<Mutex<Disk>>,
}

impl MemoryStorage {
    /// An empty folder.
    pub fn new() -> Self {
        Self::default()
    }

    /// A folder that holds these files, all durable.
    pub fn with_files<N: Into<String>>(files: impl IntoIterator<Item = (N, Vec<u8>)>) -> Self {
        let mut disk = Disk::default();
        for (name, bytes) in files {
            let name = name.into();
            disk.names.insert(name.clone(), disk.files.len());
            disk.names_durable.insert(name, disk.files.len());
            disk.files.push(Content {
                cached: bytes.clone(),
                durable: bytes,
                dirty: BTreeSet::new(),
            });
        }
        Self { disk: Arc::new(Mutex::new(disk)) }
    }

    /// All files as a running process sees them.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let disk = self.disk();
        disk.names
            .iter()
            .map(|(name, number)| (name.clone(), disk.files[*number].cached.clone()))
            .collect()
    }

    /// What a restart would find if the machine lost power now: an independent folder, unlocked,
    /// without faults or limits.
    pub fn crash_image(&self, policy: CrashPolicy) -> Self {
        let disk = self.disk();
        let mut dice = Dice(match policy {
            CrashPolicy::Mixed(seed) => seed,
            CrashPolicy::Drop | CrashPolicy::Keep => 0,
        });
        let kept = match policy {
            CrashPolicy::Drop => 0,
            CrashPolicy::Keep => disk.names_pending.len(),
            CrashPolicy::Mixed(_) => dice.below(disk.names_pending.len() + 1),
        };
        let mut names = disk.names_durable.clone();
        for change in &disk.names_pending[..kept] {
            change.apply(&mut names);
        }
        let files =
            names.iter().map(|(name, n)| (name.clone(), disk.files[*n].crash(policy, &mut dice)));
        Self::with_files(files.collect::<Vec<_>>())
    }

    /// Limits the sum of all file lengths; `None` lifts the limit. A write that would exceed it
    /// fails as on a full disk.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.disk().capacity_bytes = bytes;
    }

    /// Sum of all file lengths, bytes.
    pub fn used_bytes(&self) -> u64 {
        self.disk().used_bytes()
    }

    /// Changing calls so far: writes, syncs, creations, removals, renames, folder syncs.
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// Lets the first `operations` changing calls (counted from the beginning) pass; every later
    /// one fails without effect, as if the power had gone.
    pub fn halt_after(&self, operations: u64) {
        self.disk().halt_at = Some(operations);
    }

    /// Writes so far.
    pub fn writes(&self) -> u64 {
        self.disk().writes
    }

    /// File syncs and folder syncs so far.
    pub fn syncs(&self) -> u64 {
        self.disk().syncs
    }

    /// Makes the write that follows after `skip` others fail, half of its bytes written.
    pub fn fail_write_after(&self, skip: u64) {
        let mut disk = self.disk();
        disk.write_fails_at = Some(disk.writes + skip + 1);
    }

    /// Makes the sync that follows after `skip` others fail. As on Linux, what it should have
    /// written is then neither durable nor remembered as unwritten: a second sync would succeed
    /// and change nothing.
    pub fn fail_sync_after(&self, skip: u64) {
        let mut disk = self.disk();
        disk.sync_fails_at = Some(disk.syncs + skip + 1);
    }

    /// Makes the write that follows after `skip` others land in another place, of its own file or
    /// another one, on a sector and within what the file has. It reports success, nothing is written
    /// where it should have been, and the seed decides where it goes.
    pub fn misdirect_write_after(&self, skip: u64, seed: u64) {
        let mut disk = self.disk();
        disk.misdirected_at = Some((disk.writes + skip + 1, seed));
    }

    /// After a misdirected write: an independent folder as it would be by now had the write landed
    /// where it should, for going on with a disk that is sound.
    pub fn intended(&self) -> Option<Self> {
        let disk = self.disk().intended.as_deref().cloned()?;
        let storage = Self { disk: Arc::new(Mutex::new(Disk { locked: false, ..disk })) };
        storage.clear_faults();
        Some(storage)
    }

    /// Flips bits of one byte, at rest: as a process sees it and as it survives a crash. The file
    /// must have such a byte.
    pub fn rot(&self, name: &str, offset: usize, bits: u8) -> io::Result<()> {
        let mut disk = self.disk();
        let number = disk.number(name)?;
        let Content { cached, durable, .. } = &mut disk.files[number];
        let byte = cached.get_mut(offset).ok_or(io::ErrorKind::UnexpectedEof)?;
        *byte ^= bits;
        if let Some(byte) = durable.get_mut(offset) {
            *byte ^= bits;
        }
        Ok(())
    }

    /// Takes back all faults that have not struck yet, and the halt.
    pub fn clear_faults(&self) {
        let mut disk = self.disk();
        (disk.write_fails_at, disk.sync_fails_at, disk.halt_at) = (None, None, None);
        disk.misdirected_at = None;
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        // A test that panicked elsewhere must not hide behind a second panic here.
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn folder(&self) -> String {
        "memory".to_owned()
    }

    fn lock(&self) -> Result<Lock, LockError> {
        let mut disk = self.disk();
        if disk.locked {
            let process = std::process::id().to_string();
            return Err(LockError::InUse { folder: "memory".to_owned(), process });
        }
        disk.locked = true;
        Ok(Lock::new(Unlock(self.clone())))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.disk().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StorageFile>> {
        let number = self.disk().change(|disk| {
            disk.count_operation()?;
            disk.files.push(Content::default());
            let number = disk.files.len() - 1;
            disk.change_name(NameChange::Link(name.to_owned(), number));
            Ok(number)
        })?;
        Ok(Arc::new(MemoryFile { storage: self.clone(), number, access: Access::Write }))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        let number = self.disk().number(name)?;
        Ok(Arc::new(MemoryFile { storage: self.clone(), number, access }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk().change(|disk| {
            disk.count_operation()?;
            disk.number(name)?;
            disk.change_name(NameChange::Unlink(name.to_owned()));
            Ok(())
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk().change(|disk| {
            disk.count_operation()?;
            let number = disk.number(from)?;
            disk.change_name(NameChange::Link(to.to_owned(), number));
            Ok(())
        })
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.disk().change(|disk| {
            disk.count_operation()?;
            disk.syncs += 1;
            if disk.sync_fails_at == Some(disk.syncs) {
                return Err(io::Error::other("injected: folder sync failed"));
            }
            disk.names_pending.clear();
            disk.names_durable = disk.names.clone();
            Ok(())
        })
    }
}

struct Unlock(MemoryStorage);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.disk().locked = false;
    }
}

struct MemoryFile {
    storage: MemoryStorage,
    number: usize,
    access: Access,
}

impl StorageFile for MemoryFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.storage.disk().files[self.number].cached.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let disk = self.storage.disk();
        let cached = &disk.files[self.number].cached;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(cached.len());
        let bytes = buffer.len().min(cached.len() - start);
        buffer[..bytes].copy_from_slice(&cached[start..start + bytes]);
        Ok(bytes)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.access == Access::Read {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        self.storage.disk().change(|disk| disk.write(self.number, bytes, offset))
    }

    fn sync(&self) -> io::Result<()> {
        self.storage.disk().change(|disk| {
            disk.count_operation()?;
            disk.syncs += 1;
            if disk.sync_fails_at == Some(disk.syncs) {
                disk.files[self.number].dirty.clear();
                return Err(io::Error::other("injected: sync failed"));
            }
            disk.files[self.number].sync();
            Ok(())
        })
    }
}
