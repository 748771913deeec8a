//! Reads entries in order, one batch in memory at a time, beside a writer or from a folder at
//! rest. Every batch is checked in full (checksum, density, hash chain) before its first entry
//! is handed out.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::chain::Chain;
use crate::error::{Blame, DamageKind, FileError, ReadError};
use crate::format::{
    BatchHeader, Entry, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentStart, decode_entry,
};
use crate::segment::{BatchAt, SegmentFile, chain_within, segment_numbers};
use crate::storage::Storage;

/// Reads entries from one sequence on.
///
/// The caller says how far each time: up to a sequence it knows to be durable, such as
/// [`Journal::last_sequence`](crate::Journal::last_sequence). The reader takes no lock and
/// changes nothing.
pub struct Reader {
    storage: Arc<dyn Storage>,
    /// The segment being read; `None` before the first one is in use.
    segment: Option<(SegmentFile, SegmentHeader)>,
    /// Number of the segment to open when `segment` is `None`.
    next_number: u64,
    /// Offset of the next batch.
    offset: u64,
    /// Entries of the current batch and how many bytes of them were handed out.
    body: Vec<u8>,
    cursor: usize,
    chain_before: Chain,
    chain_after: Chain,
    /// Last sequence handed out or passed over.
    sequence: u64,
    /// Whatever was durable up to here when bytes were last fetched.
    fetched_until: u64,
}

impl Reader {
    /// Prepares to read from sequence `from` on (at least 1, at most one after the last durable
    /// entry). Reads and checks what precedes it in its segment.
    ///
    /// # Errors
    /// [`ReadError::Gone`] if retention removed it, [`ReadError::BeyondEnd`] if the journal is
    /// shorter, [`ReadError::Damage`] if what was read on the way is damaged.
    pub fn open(storage: Arc<dyn Storage>, from: u64) -> Result<Self, ReadError> {
        let from = from.max(1);
        let names =
            storage.list().map_err(|source| storage.failed("list", "the folder", source))?;
        let numbers = segment_numbers(&names);
        let mut reader = Self {
            segment: None,
            next_number: numbers.first().copied().unwrap_or(1),
            offset: 0,
            body: Vec::new(),
            cursor: 0,
            chain_before: Chain::start(),
            chain_after: Chain::start(),
            sequence: 0,
            fetched_until: 0,
            storage,
        };
        if let Some((segment, header)) = reader.find(&numbers, from)? {
            reader.sequence = header.first_sequence - 1;
            reader.chain_after = header.chain.clone();
            reader.enter(segment, header);
        }
        while reader.sequence + 1 < from {
            if reader.next_entry(from - 1)?.is_none() {
                break;
            }
        }
        Ok(reader)
    }

    /// The next entry, if its sequence is at most `until`.
    ///
    /// `until` must be durable. After an error the reader is of no further use.
    ///
    /// # Errors
    /// [`ReadError::Damage`] names the place; nothing of a damaged batch is handed out.
    pub fn next_entry(&mut self, until: u64) -> Result<Option<Entry<'_>>, ReadError> {
        if self.sequence >= until {
            return Ok(None);
        }
        if self.cursor == self.body.len() {
            self.load(until)?;
        }
        let Some((entry, bytes)) = decode_entry(&self.body[self.cursor..]) else {
            unreachable!("a loaded batch was checked entry by entry");
        };
        self.cursor += bytes;
        self.sequence = entry.sequence;
        Ok(Some(entry))
    }

    /// Hands all entries up to `until` to `visit`; returns how many there were.
    ///
    /// # Errors
    /// As [`next_entry`](Self::next_entry); entries before the damage have been visited.
    pub fn for_each(
        &mut self,
        until: u64,
        mut visit: impl FnMut(Entry<'_>),
    ) -> Result<u64, ReadError> {
        let mut count = 0;
        while let Some(entry) = self.next_entry(until)? {
            visit(entry);
            count += 1;
        }
        Ok(count)
    }

    /// Sequence of the entry last handed out; before the first, one less than asked for.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The chain hash after [`sequence`](Self::sequence).
    pub fn chain(&self) -> [u8; 32] {
        if self.cursor == self.body.len() {
            return self.chain_after.hash();
        }
        chain_within(&self.body, &self.chain_before, self.sequence)
    }

    /// The segment with the greatest first sequence that is not after `from`.
    fn find(
        &self,
        numbers: &[u64],
        from: u64,
    ) -> Result<Option<(SegmentFile, SegmentHeader)>, ReadError> {
        let mut found = None;
        let (mut low, mut high) = (0, numbers.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let segment = SegmentFile::open(&self.storage, numbers[middle])?;
            let last = middle + 1 == numbers.len();
            // The last one may be prepared and not in use, or in its first write right now.
            let unused =
                last && matches!(segment.start()?, SegmentStart::Blank | SegmentStart::Broken);
            if unused {
                high = middle;
                continue;
            }
            let header = segment.header()?;
            if header.first_sequence <= from {
                low = middle + 1;
                found = Some((segment, header));
            } else {
                high = middle;
            }
        }
        let begins_later = found.is_none() && !numbers.is_empty() && numbers[0] != 1;
        if begins_later {
            return Err(self.gone(from));
        }
        Ok(found)
    }

    fn enter(&mut self, segment: SegmentFile, header: SegmentHeader) {
        self.next_number = segment.number + 1;
        self.offset = SEGMENT_HEADER_BYTES as u64;
        self.segment = Some((segment, header));
    }

    /// Makes the batch with the next sequence the current one.
    fn load(&mut self, until: u64) -> Result<(), ReadError> {
        loop {
            let fresh = self.sequence < self.fetched_until;
            let Some((segment, header)) = self.segment.as_mut() else {
                self.open_next()?;
                continue;
            };
            if !fresh {
                segment.forget_window();
                self.fetched_until = until;
            }
            let at = segment.batch_at(
                self.offset,
                self.sequence,
                &self.chain_after,
                header.batch_bytes_max,
            )?;
            match at {
                BatchAt::Sound(batch, chain) => return self.take(&batch, chain),
                BatchAt::Blank => {
                    if let Some(mark) = segment.last_mark(self.offset)? {
                        let what = DamageKind::NotBlank;
                        return Err(self.storage.damage(&segment.name, mark - 1, what).into());
                    }
                    self.segment = None;
                }
                BatchAt::Cut(what) | BatchAt::Wrong(what) => {
                    return Err(self.storage.damage(&segment.name, self.offset, what).into());
                }
            }
        }
    }

    fn take(&mut self, batch: &BatchHeader, chain: Chain) -> Result<(), ReadError> {
        if let Some((segment, _)) = self.segment.as_mut() {
            self.body.clear();
            self.body.extend_from_slice(segment.body(self.offset, batch)?);
        }
        self.cursor = 0;
        self.offset += batch.padded_bytes() as u64;
        self.chain_before = std::mem::replace(&mut self.chain_after, chain);
        Ok(())
    }

    /// Goes on to the next segment, which must continue exactly here.
    fn open_next(&mut self) -> Result<(), ReadError> {
        let segment = match SegmentFile::open(&self.storage, self.next_number) {
            Ok(segment) => segment,
            Err(FileError { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(self.no_segment()?);
            }
            Err(error) => return Err(error.into()),
        };
        if segment.start()? == SegmentStart::Blank {
            return Err(self.no_segment()?);
        }
        let header = segment.header()?;
        let expected = self.sequence + 1;
        let what = if header.first_sequence != expected {
            DamageKind::SequenceGap { expected, found: header.first_sequence }
        } else if header.chain != self.chain_after {
            DamageKind::ChainBreak(expected)
        } else {
            self.enter(segment, header);
            return Ok(());
        };
        Err(self.storage.damage(&segment.name, 0, what).into())
    }

    /// Why there is no usable segment `next_number`.
    fn no_segment(&self) -> Result<ReadError, FileError> {
        let names = self
            .storage
            .list()
            .map_err(|source| self.storage.failed("list", "the folder", source))?;
        let numbers = segment_numbers(&names);
        if numbers.first().is_some_and(|first| *first > self.next_number) {
            return Ok(self.gone(self.sequence + 1));
        }
        if numbers.last().is_some_and(|last| *last > self.next_number) {
            let file = crate::names::segment(self.next_number);
            let what = DamageKind::SegmentMissing(self.next_number);
            return Ok(self.storage.damage(&file, 0, what).into());
        }
        let folder = self.storage.folder();
        Ok(ReadError::BeyondEnd { sequence: self.sequence + 1, folder })
    }

    fn gone(&self, sequence: u64) -> ReadError {
        ReadError::Gone { sequence, folder: self.storage.folder() }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reader")
            .field("folder", &self.storage.folder())
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}
