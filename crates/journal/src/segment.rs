//! One open segment file: finding it, reading its header, and reading batches out of it with
//! every check the format allows.

use std::sync::Arc;

use crate::chain::{Chain, ChainHash};
use crate::error::{Blame, DamageKind, FileError, ReadError};
use crate::format::{
    BATCH_HEADER_BYTES, BatchHeader, SECTOR_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader,
    SegmentStart, decode_entry, is_blank, padded,
};
use crate::names;
use crate::storage::{Access, Storage, StorageFile};

/// Bytes fetched at once when reading forward: large enough to make many small batches cheap.
const WINDOW_BYTES: usize = 256 << 10;

/// A segment file open for reading, header not yet looked at.
pub(crate) struct SegmentFile {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) name: String,
    pub(crate) number: u64,
    /// Length of the file.
    pub(crate) bytes: u64,
    window: Vec<u8>,
    window_at: u64,
}

/// What lies where a batch may begin.
pub(crate) enum BatchAt {
    /// A sound batch and the chain after it; its bytes are in [`SegmentFile::body`].
    Sound(BatchHeader, Chain),
    /// No batch: the segment is used up, or its next sector is all zero.
    Blank,
    /// Something that could be a write cut short, if nothing follows it.
    Cut(DamageKind),
    /// Something that no write of ours could have left.
    Wrong(DamageKind),
}

/// Numbers of all segment files in the folder, ascending.
pub(crate) fn segment_numbers(names: &[String]) -> Vec<u64> {
    let mut numbers: Vec<u64> =
        names.iter().filter_map(|name| names::segment_number(name)).collect();
    numbers.sort_unstable();
    numbers
}

impl SegmentFile {
    pub(crate) fn open(storage: &Arc<dyn Storage>, number: u64) -> Result<Self, FileError> {
        let name = names::segment(number);
        let file = storage
            .open(&name, Access::Read)
            .map_err(|source| storage.failed("open", &name, source))?;
        let bytes = file.size().map_err(|source| storage.failed("measure", &name, source))?;
        Ok(Self {
            storage: storage.clone(),
            file,
            name,
            number,
            bytes,
            window: Vec::new(),
            window_at: 0,
        })
    }

    /// The first sector.
    pub(crate) fn start(&self) -> Result<SegmentStart, FileError> {
        let mut sector = [0; SEGMENT_HEADER_BYTES];
        let read = self
            .file
            .read_at(&mut sector, 0)
            .map_err(|source| self.storage.failed("read", &self.name, source))?;
        Ok(SegmentHeader::decode(&sector[..read]))
    }

    /// The header of a segment that must be in use, checked against name and length.
    pub(crate) fn header(&self) -> Result<SegmentHeader, ReadError> {
        let damage = |what| self.storage.damage(&self.name, 0, what);
        match self.start()? {
            SegmentStart::Header(header) => {
                self.check_header(&header)?;
                Ok(header)
            }
            SegmentStart::Blank => Err(damage(DamageKind::SegmentMissing(self.number)).into()),
            SegmentStart::Version(version) => Err(damage(DamageKind::Version(version)).into()),
            SegmentStart::Broken => Err(damage(DamageKind::SegmentHeader).into()),
        }
    }

    pub(crate) fn check_header(&self, header: &SegmentHeader) -> Result<(), ReadError> {
        let what = if header.number != self.number {
            DamageKind::SegmentNumber { named: self.number, found: header.number }
        } else if header.segment_bytes != self.bytes {
            DamageKind::SegmentLength { expected: header.segment_bytes, actual: self.bytes }
        } else {
            return Ok(());
        };
        Err(self.storage.damage(&self.name, 0, what).into())
    }

    /// Forgets what was fetched, because the writer may have written since.
    pub(crate) fn forget_window(&mut self) {
        self.window.clear();
    }

    /// Bytes at `offset`: as many as asked for, or up to the end of the file.
    pub(crate) fn bytes_at(&mut self, offset: u64, bytes: usize) -> Result<&[u8], FileError> {
        let within = offset >= self.window_at
            && offset + bytes as u64 <= self.window_at + self.window.len() as u64;
        if !within {
            let left = usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
            self.window.resize(bytes.max(WINDOW_BYTES).min(left), 0);
            self.window_at = offset;
            let read = self
                .file
                .read_at(&mut self.window, offset)
                .map_err(|source| self.storage.failed("read", &self.name, source))?;
            self.window.truncate(read);
        }
        let start = (offset - self.window_at) as usize;
        let end = (start + bytes).min(self.window.len());
        Ok(&self.window[start.min(end)..end])
    }

    /// Reads and checks the batch at `offset`, which must continue after `sequence` and `chain`.
    pub(crate) fn batch_at(
        &mut self,
        offset: u64,
        sequence: u64,
        chain: &Chain,
        batch_bytes_max: u32,
    ) -> Result<BatchAt, FileError> {
        let number = self.number;
        let sector = self.bytes_at(offset, SECTOR_BYTES)?;
        if sector.is_empty() || is_blank(sector) {
            return Ok(BatchAt::Blank);
        }
        let Some(header) = BatchHeader::decode(sector) else {
            return Ok(BatchAt::Cut(DamageKind::BatchHeader));
        };
        let Some(expected) = sequence.checked_add(1) else {
            return Ok(BatchAt::Wrong(DamageKind::BatchShape("no sequence can follow")));
        };
        if header.segment_number != number {
            let found = header.segment_number;
            return Ok(BatchAt::Wrong(DamageKind::SegmentNumber { named: number, found }));
        }
        if header.first_sequence != expected {
            let found = header.first_sequence;
            return Ok(BatchAt::Wrong(DamageKind::SequenceGap { expected, found }));
        }
        let whole = header.padded_bytes();
        if whole > batch_bytes_max as usize || offset + whole as u64 > self.bytes {
            return Ok(BatchAt::Wrong(DamageKind::BatchShape("it is longer than its limit")));
        }
        let bytes = self.bytes_at(offset, whole)?;
        let (body, padding) = bytes[BATCH_HEADER_BYTES..].split_at(header.body_bytes as usize);
        if crc32c::crc32c(body) != header.body_crc || !is_blank(padding) {
            return Ok(BatchAt::Cut(DamageKind::BatchChecksum(expected)));
        }
        Ok(match check_entries(body, &header, chain) {
            Ok(chain) => BatchAt::Sound(header, chain),
            Err(what) => BatchAt::Wrong(what),
        })
    }

    /// The entries of the batch just read at `offset`.
    pub(crate) fn body(&mut self, offset: u64, header: &BatchHeader) -> Result<&[u8], FileError> {
        let body = header.body_bytes as usize;
        let bytes = self.bytes_at(offset, padded(BATCH_HEADER_BYTES + body))?;
        Ok(&bytes[BATCH_HEADER_BYTES..BATCH_HEADER_BYTES + body])
    }

    /// Offset after the last byte from `offset` on that is not zero; `None` if all are zero.
    pub(crate) fn last_mark(&mut self, offset: u64) -> Result<Option<u64>, FileError> {
        let mut last = None;
        let mut at = offset;
        while at < self.bytes {
            let bytes = self.bytes_at(at, WINDOW_BYTES)?;
            if bytes.is_empty() {
                break;
            }
            if !is_blank(bytes) {
                let marked = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |i| i + 1);
                last = Some(at + marked as u64);
            }
            at += bytes.len() as u64;
        }
        Ok(last)
    }
}

/// The chain after the entry `sequence` of a sound body; `before` if that entry precedes it.
pub(crate) fn chain_within(body: &[u8], before: &Chain, sequence: u64) -> ChainHash {
    let mut rest = body;
    while let Some((entry, bytes)) = decode_entry(rest) {
        if entry.sequence > sequence {
            break;
        }
        rest = &rest[bytes..];
    }
    before.after(&body[..body.len() - rest.len()]).hash()
}

/// Walks the entries of a body whose checksum is right: dense sequences that fill it exactly and
/// lead to the recorded hash. Returns the chain after them.
fn check_entries(body: &[u8], header: &BatchHeader, before: &Chain) -> Result<Chain, DamageKind> {
    if header.entries == 0 {
        return Err(DamageKind::BatchShape("it holds no entries"));
    }
    let mut rest = body;
    for count in 0..u64::from(header.entries) {
        let Some((entry, bytes)) = decode_entry(rest) else {
            return Err(DamageKind::BatchShape("an entry reaches beyond it"));
        };
        if Some(entry.sequence) != header.first_sequence.checked_add(count) {
            return Err(DamageKind::BatchShape("its sequences are not dense"));
        }
        rest = &rest[bytes..];
    }
    if !rest.is_empty() {
        return Err(DamageKind::BatchShape("it has bytes after its last entry"));
    }
    let chain = before.after(body);
    if chain.hash() != header.chain {
        return Err(DamageKind::ChainBreak(header.first_sequence));
    }
    Ok(chain)
}
