//! The disk behind the files in memory: what a process sees, what is durable, which faults are to strike.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::CrashPolicy;
use crate::format::SECTOR_BYTES;

#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    /// Contents by file number; files stay here after removal while they are open.
    pub(super) files: Vec<Content>,
    /// Names as the running process sees them.
    pub(super) names: BTreeMap<String, usize>,
    /// Names as of the last sync of the folder.
    pub(super) names_durable: BTreeMap<String, usize>,
    /// Changes to names since then, oldest first.
    pub(super) names_pending: Vec<NameChange>,
    pub(super) capacity_bytes: Option<u64>,
    pub(super) locked: bool,
    pub(super) operations: u64,
    pub(super) writes: u64,
    pub(super) syncs: u64,
    pub(super) halt_at: Option<u64>,
    pub(super) write_fails_at: Option<u64>,
    pub(super) sync_fails_at: Option<u64>,
    /// The write that lands elsewhere, and what decides where.
    pub(super) misdirected_at: Option<(u64, u64)>,
    /// The disk as it would be if that write had not, once it has.
    pub(super) intended: Option<Box<Disk>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    /// What a read returns.
    pub(super) cached: Vec<u8>,
    /// What survives a crash.
    pub(super) durable: Vec<u8>,
    /// Sectors in which the two may differ.
    pub(super) dirty: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum NameChange {
    Link(String, usize),
    Unlink(String),
}

impl Disk {
    pub(super) fn used_bytes(&self) -> u64 {
        self.names.values().map(|number| self.files[*number].cached.len() as u64).sum()
    }

    /// Does something to the disk, and the same to the intended one.
    pub(super) fn change<T>(
        &mut self,
        apply: impl Fn(&mut Self) -> io::Result<T>,
    ) -> io::Result<T> {
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

    pub(super) fn write(&mut self, number: usize, bytes: &[u8], offset: usize) -> io::Result<()> {
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
    pub(super) fn misdirect(
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

    pub(super) fn count_operation(&mut self) -> io::Result<()> {
        if self.halt_at.is_some_and(|halt| self.operations >= halt) {
            return Err(io::Error::other("the power is gone"));
        }
        self.operations += 1;
        Ok(())
    }

    pub(super) fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.names_pending.push(change);
    }

    pub(super) fn number(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

impl NameChange {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, usize>) {
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
    pub(super) fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.cached.len() < end {
            self.cached.resize(end, 0);
        }
        self.cached[offset..end].copy_from_slice(bytes);
        if !bytes.is_empty() {
            self.dirty.extend(offset / SECTOR_BYTES..=(end - 1) / SECTOR_BYTES);
        }
    }

    pub(super) fn sync(&mut self) {
        let Self { cached, durable, dirty } = self;
        durable.resize(cached.len(), 0);
        for sector in std::mem::take(dirty) {
            let range = sector_range(sector, cached.len());
            durable[range.clone()].copy_from_slice(&cached[range]);
        }
    }

    pub(super) fn crash(&self, policy: CrashPolicy, dice: &mut Dice) -> Vec<u8> {
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

/// SplitMix64: a seed in, the same numbers out on every machine.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}
