//! Files in memory that behave as a disk may at its worst: unsynced writes can vanish, stay, tear
//! or survive in another order than they were made, names can be lost until the folder is synced,
//! calls can fail, space can run out, a write can land elsewhere, bits can rot.
//!
//! For tests and simulation. Everything is decided by the caller or by a seed; nothing is random.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Access, Lock, LockError, Storage, StorageFile};
use crate::format::SECTOR_BYTES;

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

#[derive(Debug, Clone, Default)]
struct Disk {
    /// Contents by file number; files stay here after removal while they are open.
    files: Vec<Content>,
    /// Names as the running process sees them.
    names: BTreeMap<String, usize>,
    /// Names as of the last sync of the folder.
    names_durable: BTreeMap<String, usize>,
    /// Changes to names since then, oldest first.
    names_pending: Vec<NameChange>,
    capacity_bytes: Option<u64>,
    locked: bool,
    operations: u64,
    writes: u64,
    syncs: u64,
    halt_at: Option<u64>,
    write_fails_at: Option<u64>,
    sync_fails_at: Option<u64>,
    /// The write that lands elsewhere, and what decides where.
    misdirected_at: Option<(u64, u64)>,
    /// The disk as it would be if that write had not, once it has.
    intended: Option<Box<Disk>>,
}

#[derive(Debug, Clone, Default)]
struct Content {
    /// What a read returns.
    cached: Vec<u8>,
    /// What survives a crash.
    durable: Vec<u8>,
    /// Sectors in which the two may differ.
    dirty: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
enum NameChange {
    Link(String, usize),
    Unlink(String),
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

impl Disk {
    fn used_bytes(&self) -> u64 {
        self.names.values().map(|number| self.files[*number].cached.len() as u64).sum()
    }

    /// Does something to the disk, and the same to the intended one.
    fn change<T>(&mut self, apply: impl Fn(&mut Self) -> io::Result<T>) -> io::Result<T> {
        let intended = self.intended.take();
        let changed = apply(self);
        if let Some(mut intended) = intended {
            // It has room for ever and has no more faults than this one: what fails there fails here,
            // and what fails only here is given up by whoever tried.
            let _ = apply(&mut intended);
            self.intended = Some(intended);
        }
        changed
    }

    fn write(&mut self, number: usize, bytes: &[u8], offset: usize) -> io::Result<()> {
        self.count_operation()?;
        self.writes += 1;
        let used = self.used_bytes();
        let length = self.files[number].cached.len();
        let grown = used + (offset + bytes.len()).saturating_sub(length) as u64;
        if grown > used && self.capacity_bytes.is_some_and(|capacity| grown > capacity) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        if self.write_fails_at == Some(self.writes) {
            self.files[number].write(&bytes[..bytes.len() / 2], offset);
            return Err(io::Error::other("injected: write failed"));
        }
        if let Some((at, seed)) = self.misdirected_at
            && at == self.writes
        {
            return self.misdirect(number, bytes, offset, seed);
        }
        self.files[number].write(bytes, offset);
        Ok(())
    }

    /// Writes elsewhere, and remembers what would be otherwise.
    fn misdirect(
        &mut self,
        number: usize,
        bytes: &[u8],
        offset: usize,
        seed: u64,
    ) -> io::Result<()> {
        self.misdirected_at = None;
        // It is larger by what is missing here, and must not run out of room for that.
        let mut intended = Self { capacity_bytes: None, ..self.clone() };
        intended.files[number].write(bytes, offset);
        self.intended = Some(Box::new(intended));
        let mut dice = Dice(seed);
        let numbers: Vec<usize> = self.names.values().copied().collect();
        let victim = numbers[dice.below(numbers.len())];
        let sectors = self.files[victim].cached.len().div_ceil(SECTOR_BYTES).max(1);
        let at = dice.below(sectors) * SECTOR_BYTES;
        if (victim, at) != (number, offset) {
            let room = self.files[victim].cached.len().saturating_sub(at);
            self.files[victim].write(&bytes[..bytes.len().min(room)], at);
        }
        Ok(())
    }

    fn count_operation(&mut self) -> io::Result<()> {
        if self.halt_at.is_some_and(|halt| self.operations >= halt) {
            return Err(io::Error::other("the power is gone"));
        }
        self.operations += 1;
        Ok(())
    }

    fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.names_pending.push(change);
    }

    fn number(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Link(name, number) => {
                names.retain(|_, held| held != number);
                names.insert(name.clone(), *number);
            }
            Self::Unlink(name) => {
                names.remove(name);
            }
        }
    }
}

impl Content {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.cached.len() < end {
            self.cached.resize(end, 0);
        }
        self.cached[offset..end].copy_from_slice(bytes);
        if !bytes.is_empty() {
            self.dirty.extend(offset / SECTOR_BYTES..=(end - 1) / SECTOR_BYTES);
        }
    }

    fn sync(&mut self) {
        let Self { cached, durable, dirty } = self;
        durable.resize(cached.len(), 0);
        for sector in std::mem::take(dirty) {
            let range = sector_range(sector, cached.len());
            durable[range.clone()].copy_from_slice(&cached[range]);
        }
    }

    fn crash(&self, policy: CrashPolicy, dice: &mut Dice) -> Vec<u8> {
        let mut left = self.durable.clone();
        for sector in &self.dirty {
            let range = sector_range(*sector, self.cached.len());
            let new_bytes = match policy {
                CrashPolicy::Drop => 0,
                CrashPolicy::Keep => range.len(),
                CrashPolicy::Mixed(_) => match dice.below(3) {
                    0 => 0,
                    1 => range.len(),
                    _ => dice.below(range.len() + 1),
                },
            };
            if new_bytes == 0 {
                continue;
            }
            if left.len() < range.end {
                left.resize(range.end, 0);
            }
            let new = range.start..range.start + new_bytes;
            left[new.clone()].copy_from_slice(&self.cached[new]);
        }
        left
    }
}

fn sector_range(sector: usize, length: usize) -> std::ops::Range<usize> {
    let start = sector * SECTOR_BYTES;
    start..(start + SECTOR_BYTES).min(length)
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

/// SplitMix64: a seed in, the same numbers out on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_synced_bytes_and_names_survive_a_power_cut() {
        let storage = MemoryStorage::new();
        let file = storage.create("a").unwrap();
        file.write_at(b"old", 0).unwrap();
        file.sync().unwrap();
        assert!(storage.crash_image(CrashPolicy::Drop).files().is_empty());
        storage.sync_folder().unwrap();
        file.write_at(b"new", 0).unwrap();
        storage.rename("a", "b").unwrap();
        let dropped = storage.crash_image(CrashPolicy::Drop).files();
        assert_eq!(dropped, BTreeMap::from([("a".to_owned(), b"old".to_vec())]));
        let kept = storage.crash_image(CrashPolicy::Keep).files();
        assert_eq!(kept, BTreeMap::from([("b".to_owned(), b"new".to_vec())]));
    }

    #[test]
    fn a_seed_tears_sectors_and_repeats() {
        let storage = MemoryStorage::new();
        let file = storage.create("a").unwrap();
        storage.sync_folder().unwrap();
        file.write_at(&[1; 4096], 0).unwrap();
        let image = |seed| storage.crash_image(CrashPolicy::Mixed(seed)).files();
        assert_eq!(image(7), image(7));
        let torn = (0..100).any(|seed| {
            let bytes = &image(seed)["a"];
            bytes.chunks(SECTOR_BYTES).any(|sector| sector.contains(&0) && sector.contains(&1))
        });
        assert!(torn);
    }

    #[test]
    fn a_failed_sync_forgets_what_it_should_have_written() {
        let storage = MemoryStorage::new();
        let file = storage.create("a").unwrap();
        storage.sync_folder().unwrap();
        file.write_at(b"bytes", 0).unwrap();
        storage.fail_sync_after(0);
        file.sync().unwrap_err();
        file.sync().unwrap();
        assert_eq!(storage.files()["a"], b"bytes");
        assert_ne!(storage.crash_image(CrashPolicy::Drop).files()["a"], b"bytes");
    }

    #[test]
    fn a_full_disk_refuses_growth_and_allows_overwriting() {
        let storage = MemoryStorage::new();
        let file = storage.create("a").unwrap();
        storage.set_capacity(Some(4));
        file.write_at(b"1234", 0).unwrap();
        let full = file.write_at(b"5", 4).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        file.write_at(b"4321", 0).unwrap();
    }

    #[test]
    fn a_write_goes_astray_and_what_was_intended_is_known() {
        let files = || [("a", vec![1; 2 * SECTOR_BYTES]), ("b", vec![2; 2 * SECTOR_BYTES])];
        let mut victims = BTreeSet::new();
        for seed in 0..50 {
            let storage = MemoryStorage::with_files(files());
            let file = storage.open("a", Access::Write).unwrap();
            storage.misdirect_write_after(1, seed);
            file.write_at(&[3; SECTOR_BYTES], 0).unwrap();
            assert!(storage.intended().is_none());
            file.write_at(&[4; SECTOR_BYTES], 0).unwrap();
            file.write_at(&[5], 700).unwrap();
            let intended = storage.intended().unwrap().files();
            assert_eq!(intended["a"][..SECTOR_BYTES], [4; SECTOR_BYTES], "seed {seed}");
            assert_eq!((intended["a"][700], &intended["b"]), (5, &files()[1].1), "seed {seed}");
            let found = storage.files();
            assert_eq!(found["a"][0], 3, "seed {seed}: it is not where it should be");
            assert_eq!(found["a"][700], 5, "seed {seed}: later writes are");
            let astray = |name: &str| found[name].iter().position(|byte| *byte == 4);
            victims.insert((astray("a"), astray("b")));
        }
        let sector = Some(SECTOR_BYTES);
        let expected = [(None, None), (None, Some(0)), (None, sector), (sector, None)];
        assert_eq!(victims, BTreeSet::from(expected));
    }

    #[test]
    fn rot_is_seen_and_survives() {
        let storage = MemoryStorage::with_files([("a", vec![0; 3])]);
        storage.rot("a", 1, 0b100).unwrap();
        assert_eq!(storage.files()["a"], [0, 4, 0]);
        assert_eq!(storage.crash_image(CrashPolicy::Drop).files()["a"], [0, 4, 0]);
        assert!(storage.rot("a", 3, 1).is_err() && storage.rot("b", 0, 1).is_err());
    }
}
