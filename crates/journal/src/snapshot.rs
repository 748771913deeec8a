//! State snapshots: opaque bytes with the sequence they stand for, checked on write and on read.
//!
//! A snapshot appears whole or not at all: temporary file, sync, rename, sync of the folder.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use crate::chain::ChainHash;
use crate::error::{Blame, DamageKind, FileError, ReadError, SnapshotError};
use crate::format::{VERSION, chain_at, is_blank, u32_at, u64_at};
use crate::names;
use crate::options::{Options, Retention};
use crate::prepare::Preparer;
use crate::reader::Reader;
use crate::segment::{SegmentFile, segment_numbers};
use crate::storage::{Access, Lock, Storage};

const MAGIC: [u8; 8] = *b"OMSNAPSH";
/// Fixed part of a snapshot file, before its content.
pub(crate) const SNAPSHOT_HEADER_BYTES: usize = 128;
/// Bytes written between two syncs: short enough that a commit which waits for the same disk waits
/// little.
const PIECE_BYTES: usize = 1 << 20;
/// The checksum of the header fills its last four bytes.
const HEADER_CRC_AT: usize = SNAPSHOT_HEADER_BYTES - 4;

/// A snapshot as read back, every check passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotData {
    /// The last entry the state includes.
    pub sequence: u64,
    /// The journal's chain hash at that sequence.
    pub chain: [u8; 32],
    /// The writer's own digest of the state, opaque to the journal.
    pub digest: u64,
    /// The state.
    pub bytes: Vec<u8>,
}

/// The fixed part for a content.
pub(crate) fn encode_header(
    sequence: u64,
    chain: &ChainHash,
    digest: u64,
    content: &[u8],
) -> [u8; SNAPSHOT_HEADER_BYTES] {
    let mut bytes = [0; SNAPSHOT_HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..16].copy_from_slice(&crc32c::crc32c(content).to_le_bytes());
    bytes[16..24].copy_from_slice(&sequence.to_le_bytes());
    bytes[24..32].copy_from_slice(&digest.to_le_bytes());
    bytes[32..40].copy_from_slice(&(content.len() as u64).to_le_bytes());
    bytes[40..72].copy_from_slice(chain);
    bytes[72..104].copy_from_slice(&Sha256::digest(content));
    let crc = crc32c::crc32c(&bytes[..HEADER_CRC_AT]);
    bytes[HEADER_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Checks a whole file and takes the content out of it.
pub(crate) fn decode(mut file: Vec<u8>) -> Result<SnapshotData, DamageKind> {
    check(&file)?;
    let header: Vec<u8> = file.drain(..SNAPSHOT_HEADER_BYTES).collect();
    let (sequence, digest) = (u64_at(&header, 16), u64_at(&header, 24));
    Ok(SnapshotData { sequence, chain: chain_at(&header, 40), digest, bytes: file })
}

/// Checks a whole file.
pub(crate) fn check(file: &[u8]) -> Result<(), DamageKind> {
    let Some(header) = file.get(..SNAPSHOT_HEADER_BYTES) else {
        return Err(DamageKind::Snapshot("the header is not complete"));
    };
    if header[..8] != MAGIC
        || u32_at(header, HEADER_CRC_AT) != crc32c::crc32c(&header[..HEADER_CRC_AT])
    {
        return Err(DamageKind::Snapshot("the header"));
    }
    let version = u32_at(header, 8);
    if version != VERSION {
        return Err(DamageKind::Version(version));
    }
    let content = &file[SNAPSHOT_HEADER_BYTES..];
    if u64_at(header, 32) != content.len() as u64 || !is_blank(&header[104..HEADER_CRC_AT]) {
        return Err(DamageKind::Snapshot("the length"));
    }
    if u32_at(header, 12) != crc32c::crc32c(content) {
        return Err(DamageKind::Snapshot("the checksum of the content"));
    }
    if header[72..104] != *Sha256::digest(content) {
        return Err(DamageKind::Snapshot("the SHA-256 of the content"));
    }
    Ok(())
}

/// Sequences of all snapshot files, ascending.
pub(crate) fn snapshot_sequences(names: &[String]) -> Vec<u64> {
    let mut sequences: Vec<u64> =
        names.iter().filter_map(|name| names::snapshot_sequence(name)).collect();
    sequences.sort_unstable();
    sequences
}

/// Reads and checks the snapshot of that name; one that fails its check is
/// [`ReadError::Damage`].
pub(crate) fn read(storage: &dyn Storage, sequence: u64) -> Result<SnapshotData, ReadError> {
    let name = names::snapshot(sequence);
    let failed = |source| storage.failed("read", &name, source);
    let file = storage.open(&name, Access::Read).map_err(failed)?;
    let bytes = usize::try_from(file.size().map_err(failed)?).unwrap_or(usize::MAX);
    let mut content = Vec::new();
    content.try_reserve_exact(bytes).map_err(|error| failed(std::io::Error::other(error)))?;
    content.resize(bytes, 0);
    let read = file.read_at(&mut content, 0).map_err(failed)?;
    content.truncate(read);
    let data = decode(content).map_err(|what| storage.damage(&name, 0, what))?;
    if data.sequence != sequence {
        let what = DamageKind::Snapshot("the name, which is of another sequence");
        return Err(storage.damage(&name, 0, what).into());
    }
    Ok(data)
}

/// What the journal and its snapshot writers share.
pub(crate) struct Shared {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) options: Options,
    /// Last durable sequence.
    pub(crate) durable: AtomicU64,
    /// Why the journal stopped, once it has.
    pub(crate) poison: Arc<OnceLock<String>>,
    /// Sequences of snapshots this process has read or written, so knows to be sound; ascending.
    pub(crate) sound: Mutex<Vec<u64>>,
    pub(crate) preparer: Arc<Preparer>,
    pub(crate) _lock: Lock,
}

/// Writes snapshots, from any thread, while the journal is appended to. Clones share one turn.
/// The folder stays taken until the journal and all its snapshot writers are dropped.
#[derive(Clone)]
pub struct SnapshotWriter {
    pub(crate) shared: Arc<Shared>,
}

impl SnapshotWriter {
    /// Keeps `bytes` as the state after entry `sequence`, whose chain hash (from
    /// [`Journal::chain`](crate::Journal::chain) or [`Reader::chain`]) is compared with the
    /// journal's own. Older snapshots beyond `snapshots_keep` are removed, then segments as
    /// retention allows. Doing it twice for one sequence is no error and writes once.
    ///
    /// # Errors
    /// On any error the journal and the older snapshots are as before.
    pub fn write(
        &self,
        sequence: u64,
        chain: &[u8; 32],
        digest: u64,
        bytes: &[u8],
    ) -> Result<(), SnapshotError> {
        let shared = &self.shared;
        let mut sound = shared.sound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cause) = shared.poison.get() {
            return Err(SnapshotError::Poisoned(cause.clone()));
        }
        let last = shared.durable.load(Ordering::Acquire);
        if sequence > last {
            return Err(SnapshotError::AheadOfJournal { sequence, last });
        }
        match sound.last() {
            Some(newest) if *newest == sequence => return Ok(()),
            Some(newest) if *newest > sequence => {
                return Err(SnapshotError::Older { sequence, newest: *newest });
            }
            _ => {}
        }
        if Reader::open(shared.storage.clone(), sequence + 1)?.chain() != *chain {
            return Err(SnapshotError::ChainDiffers(sequence));
        }
        self.write_file(sequence, &encode_header(sequence, chain, digest, bytes), bytes)?;
        sound.push(sequence);
        // The snapshot is kept, whatever happens to what it replaces: an error here would say it is
        // not. The next snapshot looks again for what is left.
        let _ = self.remove_obsolete(&mut sound);
        Ok(())
    }

    /// Reads back the newest snapshot that this process has read or written, every check made again.
    /// One that can no longer be read is passed over, and from then on no segment is removed because
    /// of it; the next start tells what is wrong with it. Nothing: there is none.
    pub fn newest(&self) -> Option<SnapshotData> {
        let sound = || self.shared.sound.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let sequence = *sound().last()?;
            match read(&*self.shared.storage, sequence) {
                Ok(snapshot) => return Some(snapshot),
                Err(_) => sound().retain(|kept| *kept != sequence),
            }
        }
    }

    fn write_file(&self, sequence: u64, header: &[u8], bytes: &[u8]) -> Result<(), FileError> {
        let storage = &self.shared.storage;
        let name = names::snapshot(sequence);
        let temporary = format!("{name}{}", names::TEMPORARY);
        let failed = |action| {
            let name = &name;
            move |source| storage.failed(action, name, source)
        };
        let write = || {
            let file = storage.create(&temporary).map_err(failed("create"))?;
            file.write_at(header, 0).map_err(failed("write"))?;
            let mut offset = header.len() as u64;
            for (number, piece) in bytes.chunks(PIECE_BYTES).enumerate() {
                if number > 0 {
                    file.sync().map_err(failed("sync"))?;
                }
                file.write_at(piece, offset).map_err(failed("write"))?;
                offset += piece.len() as u64;
            }
            file.sync().map_err(failed("sync"))?;
            storage.rename(&temporary, &name).map_err(failed("rename"))?;
            storage.sync_folder().map_err(failed("sync the folder of"))
        };
        let written = write();
        if written.is_err() {
            let _ = storage.remove(&temporary);
        }
        written
    }

    /// Removes snapshots and segments that nothing needs any more, oldest first.
    fn remove_obsolete(&self, sound: &mut Vec<u64>) -> Result<(), FileError> {
        let Shared { storage, options, .. } = &*self.shared;
        let list = || storage.list().map_err(|source| storage.failed("list", "the folder", source));
        let remove = |name: &str| {
            storage.remove(name).map_err(|source| storage.failed("remove", name, source))
        };
        let keep = options.snapshots_keep;
        let names = list()?;
        let on_disk = snapshot_sequences(&names);
        for sequence in &on_disk[..on_disk.len().saturating_sub(keep)] {
            remove(&names::snapshot(*sequence))?;
            sound.retain(|kept| kept != sequence);
        }
        // Only snapshots known to be sound, and enough of them, may replace segments.
        let covered = sound.len().checked_sub(keep).map(|index| sound[index]);
        if let (Retention::SnapshotsCover, Some(covered)) = (options.retention, covered) {
            for pair in segment_numbers(&names).windows(2) {
                if !self.begins_by(pair[1], covered + 1)? {
                    break;
                }
                remove(&names::segment(pair[0]))?;
            }
        }
        storage.sync_folder().map_err(|source| storage.failed("sync", "the folder", source))?;
        if self.shared.preparer.failed() {
            self.shared.preparer.retry();
        }
        Ok(())
    }

    /// Whether segment `number` is in use and begins at `sequence` or before.
    fn begins_by(&self, number: u64, sequence: u64) -> Result<bool, FileError> {
        let segment = SegmentFile::open(&self.shared.storage, number)?;
        Ok(segment.header().is_ok_and(|header| header.first_sequence <= sequence))
    }
}

impl fmt::Debug for SnapshotWriter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SnapshotWriter")
            .field("folder", &self.shared.storage.folder())
            .finish_non_exhaustive()
    }
}
