//! The single writer: stages entries in memory and makes them durable a batch at a time.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use crate::acknowledged::{Mark, MarkWriter};
use crate::chain::{Chain, ChainHash};
use crate::error::{AppendError, Blame, CommitError, OpenError};
use crate::format::{
    BATCH_HEADER_BYTES, BatchHeader, ENTRY_HEADER_BYTES, PAYLOAD_BYTES_MAX, SEGMENT_HEADER_BYTES,
    SegmentHeader, encode_entry_header, padded,
};
use crate::names;
use crate::options::Options;
use crate::prepare::Taken;
use crate::recovery::{self, Recovery};
use crate::snapshot::{Shared, SnapshotWriter};
use crate::storage::{Storage, StorageFile};

/// Where entries begin in the staging buffer: a segment header and a batch header come before
/// them, so that either can be written with them in one call.
const STAGED_AT: usize = SEGMENT_HEADER_BYTES + BATCH_HEADER_BYTES;
/// With less room than this the reserve counts as used up.
const ROOM_MIN: u64 = 8 * 512;

/// How much room the disk leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// The next segment is ready or being prepared.
    Ample,
    /// The next segment could not be prepared. What is left should go to entries that cannot
    /// wait, such as cancels.
    Reserve,
    /// What is left is as good as nothing.
    Exhausted,
}

/// The segment being written.
pub(crate) struct Current {
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) name: String,
    pub(crate) number: u64,
    pub(crate) bytes: u64,
    pub(crate) batch_bytes_max: usize,
    /// Where the next batch goes.
    pub(crate) offset: u64,
}

/// The writer of a data folder. There is one per folder, and it needs no lock of its own: the
/// caller's loop is `append`, `append`, ..., `commit`, and whatever queued meanwhile is the next
/// batch.
pub struct Journal {
    shared: Arc<Shared>,
    preparing: Option<JoinHandle<()>>,
    /// `None` before the first commit of a new journal.
    current: Option<Current>,
    mark: MarkWriter,
    /// Room for both headers, then the staged entries.
    buffer: Vec<u8>,
    /// End of the staged entries in `buffer`.
    staged_end: usize,
    staged: u32,
    last_sequence: u64,
    /// The chain after the durable entries.
    chain: Chain,
    chain_hash: ChainHash,
}

impl Journal {
    /// Takes the folder and recovers it. The second value holds the state to begin with and the
    /// entries to replay; the journal is ready for appending when the replay has reached its end.
    ///
    /// # Errors
    /// [`OpenError::Lock`] if another process has the folder; [`OpenError::Damage`] if the bytes
    /// are not what a crash can leave, in which case nothing was changed.
    pub fn open(
        storage: Arc<dyn Storage>,
        options: Options,
    ) -> Result<(Self, Recovery), OpenError> {
        recovery::open(storage, options)
    }

    pub(crate) fn start(
        shared: Arc<Shared>,
        current: Option<Current>,
        last_sequence: u64,
        chain: Chain,
    ) -> Result<Self, OpenError> {
        let mark = MarkWriter::open(&*shared.storage);
        let chain_hash = chain.hash();
        mark.write(&Mark { sequence: last_sequence, chain: chain_hash });
        let preparing = if shared.options.background {
            let started = shared.preparer.start();
            Some(started.map_err(|source| {
                shared.storage.failed("start a thread for", "the folder", source)
            })?)
        } else {
            shared.preparer.prepare_missing();
            None
        };
        let mut buffer = Vec::with_capacity(SEGMENT_HEADER_BYTES + shared.options.batch_bytes_max);
        buffer.resize(STAGED_AT, 0);
        Ok(Self {
            shared,
            preparing,
            current,
            mark,
            buffer,
            staged_end: STAGED_AT,
            staged: 0,
            last_sequence,
            chain,
            chain_hash,
        })
    }

    /// Stages one entry for the next commit and returns its sequence. No I/O.
    ///
    /// # Errors
    /// The entry was not staged and the others still are; [`AppendError::BatchFull`] asks for a
    /// commit first.
    pub fn append(&mut self, time_ms: u64, payload: &[u8]) -> Result<u64, AppendError> {
        // Refused by its length, without a copy.
        self.check_payload(payload.len())?;
        self.append_with(time_ms, |buffer| buffer.extend_from_slice(payload))
    }

    /// As [`append`](Self::append), with the payload encoded in place: `encode` pushes it to the
    /// end of the buffer it is given and must leave what is there alone.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    ///
    /// # Panics
    /// If `encode` shortens the buffer.
    pub fn append_with(
        &mut self,
        time_ms: u64,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> Result<u64, AppendError> {
        if let Some(cause) = self.shared.poison.get() {
            return Err(AppendError::Poisoned(cause.clone()));
        }
        // Also drops what a panicking `encode` may have left.
        self.buffer.truncate(self.staged_end);
        let payload_at = self.staged_end + ENTRY_HEADER_BYTES;
        self.buffer.resize(payload_at, 0);
        encode(&mut self.buffer);
        assert!(self.buffer.len() >= payload_at, "encode must only add to the buffer");
        let payload_bytes = self.buffer.len() - payload_at;
        if let Err(refused) = self.check_room(payload_bytes) {
            self.buffer.truncate(self.staged_end);
            return Err(refused);
        }
        let sequence = self.last_sequence + u64::from(self.staged) + 1;
        let entry = &mut self.buffer[self.staged_end..];
        encode_entry_header(entry, payload_bytes as u32, sequence, time_ms);
        self.staged_end = self.buffer.len();
        self.staged += 1;
        Ok(sequence)
    }

    /// Whether a payload of this length fits any batch.
    fn check_payload(&self, bytes: usize) -> Result<(), AppendError> {
        let overhead = BATCH_HEADER_BYTES + ENTRY_HEADER_BYTES;
        let bytes_max = PAYLOAD_BYTES_MAX.min(self.shared.options.batch_bytes_max - overhead);
        if bytes > bytes_max {
            return Err(AppendError::PayloadTooLong { bytes, bytes_max });
        }
        Ok(())
    }

    /// Whether the batch in the buffer, with the payload just added, may be committed.
    fn check_room(&self, payload_bytes: usize) -> Result<(), AppendError> {
        self.check_payload(payload_bytes)?;
        let batch = padded(self.buffer.len() - SEGMENT_HEADER_BYTES);
        if batch > self.shared.options.batch_bytes_max {
            return Err(AppendError::BatchFull);
        }
        let preparer = &self.shared.preparer;
        if preparer.failed() && !preparer.ready() && !self.fits_current(batch) {
            return Err(AppendError::Full);
        }
        Ok(())
    }

    fn fits_current(&self, batch: usize) -> bool {
        self.current.as_ref().is_some_and(|current| {
            batch <= current.batch_bytes_max && current.offset + batch as u64 <= current.bytes
        })
    }

    /// Writes all staged entries as one batch and syncs it. When this returns `Ok`, they are
    /// durable. With nothing staged it does nothing.
    ///
    /// # Errors
    /// [`CommitError::Full`]: nothing was written, the staged entries are discarded. Any other:
    /// the journal is poisoned, and whether the batch survived is known after the next open.
    pub fn commit(&mut self) -> Result<(), CommitError> {
        if let Some(cause) = self.shared.poison.get() {
            return Err(CommitError::Poisoned(cause.clone()));
        }
        if self.staged == 0 {
            return Ok(());
        }
        let entries = self.staged;
        let chain = self.chain.after(&self.buffer[STAGED_AT..self.staged_end]);
        let chain_hash = chain.hash();
        let rotated = match self.write_batch(chain_hash) {
            Ok(rotated) => rotated,
            Err(CommitError::Full) => {
                self.unstage();
                return Err(CommitError::Full);
            }
            Err(error) => {
                let _ = self.shared.poison.set(error.to_string());
                return Err(error);
            }
        };
        self.last_sequence += u64::from(entries);
        self.chain = chain;
        self.chain_hash = chain_hash;
        self.unstage();
        self.shared.durable.store(self.last_sequence, Ordering::Release);
        self.mark.write(&Mark { sequence: self.last_sequence, chain: chain_hash });
        if let Some(number) = rotated {
            self.shared.preparer.want(number + 1);
        } else if self.shared.preparer.failed() && !self.shared.options.background {
            self.shared.preparer.retry();
        }
        Ok(())
    }

    fn unstage(&mut self) {
        self.staged = 0;
        self.staged_end = STAGED_AT;
        self.buffer.truncate(STAGED_AT);
    }

    /// Writes and syncs the staged batch, after which the chain is `chain`; tells the number of the segment if it is a new one.
    fn write_batch(&mut self, chain: ChainHash) -> Result<Option<u64>, CommitError> {
        self.buffer.truncate(self.staged_end);
        let batch = padded(self.staged_end - SEGMENT_HEADER_BYTES);
        let fits = self.fits_current(batch);
        if !fits {
            self.rotate()?;
        }
        let Some(current) = self.current.as_mut() else {
            unreachable!("a rotation leaves a current segment");
        };
        let body = &self.buffer[STAGED_AT..];
        let header = BatchHeader {
            body_bytes: body.len() as u32,
            body_crc: crc32c::crc32c(body),
            segment_number: current.number,
            first_sequence: self.last_sequence + 1,
            entries: self.staged,
            chain,
        };
        header.encode(&mut self.buffer[SEGMENT_HEADER_BYTES..]);
        self.buffer.resize(SEGMENT_HEADER_BYTES + batch, 0);
        // The first batch of a segment goes out together with the segment's header.
        let start = if fits { SEGMENT_HEADER_BYTES } else { 0 };
        let offset = if fits { current.offset } else { 0 };
        let blame = &*self.shared.storage;
        current
            .file
            .write_at(&self.buffer[start..], offset)
            .map_err(|source| blame.failed("write", &current.name, source))?;
        current.file.sync().map_err(|source| blame.failed("sync", &current.name, source))?;
        current.offset = offset + (self.buffer.len() - start) as u64;
        Ok((!fits).then_some(current.number))
    }

    /// Makes the next segment the current one and puts its header into the buffer.
    fn rotate(&mut self) -> Result<(), CommitError> {
        let number = self.current.as_ref().map_or(1, |current| current.number + 1);
        let Taken::Spare(spare) = self.shared.preparer.take(number)? else {
            return Err(CommitError::Full);
        };
        assert_eq!(spare.number, number, "segments are used in order");
        let Options { batch_bytes_max, .. } = self.shared.options;
        let header = SegmentHeader {
            number,
            first_sequence: self.last_sequence + 1,
            segment_bytes: spare.bytes,
            batch_bytes_max: batch_bytes_max as u32,
            chain: self.chain.clone(),
        };
        header.encode(&mut self.buffer[..SEGMENT_HEADER_BYTES]);
        self.current = Some(Current {
            file: spare.file,
            name: names::segment(number),
            number,
            bytes: spare.bytes,
            batch_bytes_max,
            offset: 0,
        });
        Ok(())
    }

    /// Last durable sequence; 0 in an empty journal. Staged entries do not count.
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// The chain hash at [`last_sequence`](Self::last_sequence).
    pub fn chain(&self) -> [u8; 32] {
        self.chain_hash
    }

    /// How many entries the next commit will write.
    pub fn staged(&self) -> usize {
        self.staged as usize
    }

    /// How much room the disk leaves, as of the last attempt to prepare a segment. Cheap enough
    /// to ask before every entry.
    pub fn space(&self) -> Space {
        let preparer = &self.shared.preparer;
        if !preparer.failed() {
            return Space::Ample;
        }
        let room = self.current.as_ref().map_or(0, |current| current.bytes - current.offset);
        if preparer.ready() || room >= ROOM_MIN { Space::Reserve } else { Space::Exhausted }
    }

    /// Why space is not ample, in the system's words.
    pub fn space_cause(&self) -> Option<String> {
        self.shared.preparer.failure()
    }

    /// Tries at once to prepare what is missing, because space may have been freed. A thread does
    /// so by itself twice a second, unless [`Options::background`] is off.
    pub fn retry_space(&mut self) {
        self.shared.preparer.retry();
    }

    /// Why the journal takes no more entries, if a write or sync has failed.
    pub fn poisoned(&self) -> Option<&str> {
        self.shared.poison.get().map(String::as_str)
    }

    /// A handle that writes snapshots, for any thread.
    pub fn snapshot_writer(&self) -> SnapshotWriter {
        SnapshotWriter { shared: self.shared.clone() }
    }

    /// A reader from `from` on, over the same storage.
    ///
    /// # Errors
    /// As [`Reader::open`](crate::Reader::open).
    pub fn reader(&self, from: u64) -> Result<crate::Reader, crate::ReadError> {
        crate::Reader::open(self.shared.storage.clone(), from)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Journal")
            .field("folder", &self.shared.storage.folder())
            .field("last_sequence", &self.last_sequence)
            .field("staged", &self.staged)
            .field("space", &self.space())
            .field("poisoned", &self.poisoned())
            .finish_non_exhaustive()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.mark.sync();
        self.shared.preparer.stop();
        if let Some(preparing) = self.preparing.take() {
            let _ = preparing.join();
        }
    }
}
