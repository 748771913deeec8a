//! What a sync takes by itself: the disk's share of a cancel, and its moods.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

/// Bytes of one write, as the journal's smallest batches have them.
const WRITE_BYTES: usize = 4_096;
/// Places written to in turn, all of them allocated before.
const PLACES: usize = 256;

/// A file to sync.
#[derive(Debug)]
pub struct Disk {
    file: File,
    place: usize,
}

impl Disk {
    /// Makes the file and allocates it.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path)?;
        file.write_all_at(&vec![0; WRITE_BYTES * PLACES], 0)?;
        file.sync_all()?;
        Ok(Self { file, place: 0 })
    }

    /// Writes and syncs so many times; how long each took, nanoseconds.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn sync(&mut self, times: usize) -> Result<Vec<u64>> {
        let sync = |_| {
            self.place = (self.place + 1) % PLACES;
            let begun = Instant::now();
            self.file.write_all_at(&[1; WRITE_BYTES], (self.place * WRITE_BYTES) as u64)?;
            self.file.sync_data()?;
            Ok(u64::try_from(begun.elapsed().as_nanos())?)
        };
        (0..times).map(sync).collect()
    }
}
