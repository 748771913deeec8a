//! Entry points for fuzzing: any bytes at all, read as one of the journal's files, without a
//! panic and without unbounded memory.

use std::sync::Arc;

use crate::acknowledged::Mark;
use crate::error::ReadError;
use crate::format::{SECTOR_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentStart};
use crate::names;
use crate::snapshot;
use crate::storage::Storage;
use crate::storage::memory::MemoryStorage;
use crate::verify::verify;

/// Reads `bytes` as the only segment of a journal; returns how many sound entries it holds.
///
/// # Errors
/// What a start would refuse the segment for.
pub fn check_segment_bytes(bytes: &[u8]) -> Result<u64, ReadError> {
    let sector = &bytes[..bytes.len().min(SEGMENT_HEADER_BYTES)];
    // A segment may carry any number; give the file the name that its header asks for.
    let number = match SegmentHeader::decode(sector) {
        SegmentStart::Header(header) => header.number,
        _ => 1,
    };
    let storage = MemoryStorage::with_files([(names::segment(number), bytes.to_vec())]);
    let storage: Arc<dyn Storage> = Arc::new(storage);
    Ok(verify(storage)?.entries)
}

/// Reads `bytes` as a snapshot file; whether it is a sound one.
pub fn check_snapshot_bytes(bytes: &[u8]) -> bool {
    snapshot::check(bytes).is_ok()
}

/// Reads `bytes` as the file of the acknowledged mark; whether it is a sound one.
pub fn check_acknowledged_bytes(bytes: &[u8]) -> bool {
    bytes.len() <= SECTOR_BYTES && Mark::decode(bytes).is_some()
}
