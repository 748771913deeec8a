//! The file `acknowledged`: the last sequence whose commit returned success, and the chain there.
//!
//! It is rewritten in place after each commit and not synced, so it costs next to nothing, and
//! it never runs ahead of the journal. Its use is at the next start: a journal that ends before
//! it has lost entries that were acknowledged, which no crash explains. Losing it does no harm.

use std::io;
use std::sync::Arc;

use crate::chain::ChainHash;
use crate::format::{VERSION, chain_at, u32_at, u64_at};
use crate::names;
use crate::storage::{Access, Storage, StorageFile};

const MAGIC: [u8; 8] = *b"OMACKNOW";
/// Length of the file.
const BYTES: usize = 64;
const CRC_AT: usize = BYTES - 4;

/// A point of the journal that is certain to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) sequence: u64,
    pub(crate) chain: ChainHash,
}

impl Mark {
    pub(crate) fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[24..56].copy_from_slice(&self.chain);
        let crc = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// `None` for anything but a whole mark of this version.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let whole = bytes.len() == BYTES
            && bytes[..8] == MAGIC
            && u32_at(bytes, CRC_AT) == crc32c::crc32c(&bytes[..CRC_AT])
            && u32_at(bytes, 8) == VERSION;
        whole.then(|| Self { sequence: u64_at(bytes, 16), chain: chain_at(bytes, 24) })
    }
}

/// The mark in the folder; `None` if there is none or a crash tore it.
pub(crate) fn read(storage: &dyn Storage) -> io::Result<Option<Mark>> {
    let file = match storage.open(names::ACKNOWLEDGED, Access::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = [0; BYTES + 1];
    let read = file.read_at(&mut bytes, 0)?;
    Ok(Mark::decode(&bytes[..read]))
}

/// Keeps the mark up to date. After a failed write the next one mends it: a stale mark is true, only less
/// useful, and a torn one is none.
pub(crate) struct MarkWriter {
    file: Option<Arc<dyn StorageFile>>,
}

impl MarkWriter {
    /// Opens or creates the file; on a disk too full even for that there is no mark.
    pub(crate) fn open(storage: &dyn Storage) -> Self {
        let file = match storage.open(names::ACKNOWLEDGED, Access::Write) {
            Ok(file) if file.size().is_ok_and(|bytes| bytes == BYTES as u64) => Some(file),
            _ => storage.create(names::ACKNOWLEDGED).ok(),
        };
        Self { file }
    }

    pub(crate) fn write(&self, mark: &Mark) {
        if let Some(file) = &self.file {
            let _ = file.write_at(&mark.encode(), 0);
        }
    }

    /// Makes the mark durable, at the end of an orderly run.
    pub(crate) fn sync(&self) {
        if let Some(file) = &self.file {
            let _ = file.sync();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::memory::MemoryStorage;

    #[test]
    fn a_failed_write_does_not_end_the_mark() {
        let storage = MemoryStorage::new();
        let writer = MarkWriter::open(&storage);
        let mark = |sequence| Mark { sequence, chain: [7; 32] };
        writer.write(&mark(1));
        storage.fail_write_after(0);
        writer.write(&mark(2));
        assert_eq!(read(&storage).unwrap(), None, "half of it was written");
        writer.write(&mark(3));
        assert_eq!(read(&storage).unwrap(), Some(mark(3)));
    }
}
