//! The bytes of segments: header, batch, entry.
//!
//! Pure encoding and decoding without files. `docs/journal-format.md` is the description for
//! people; both change together. All integers are little-endian.

use crate::chain::{CHAIN_STATE_BYTES, Chain, ChainHash};

/// Unit of tearing: a disk writes a sector of 512 bytes wholly or not at all.
pub const SECTOR_BYTES: usize = 512;
/// Longest payload of one entry, bytes: the largest message the cluster's log carries by default.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;
/// Longest batch with header and padding, bytes. Readers hold one batch in memory, and a write
/// cut short can reach no further than this.
pub const BATCH_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + (64 << 10);

/// A segment begins with one sector of header.
pub(crate) const SEGMENT_HEADER_BYTES: usize = SECTOR_BYTES;
/// Fixed part of a batch, before its entries.
pub(crate) const BATCH_HEADER_BYTES: usize = 72;
/// Fixed part of an entry, before its payload.
pub(crate) const ENTRY_HEADER_BYTES: usize = 20;

/// Version of all files in the folder.
pub(crate) const VERSION: u32 = 2;
const SEGMENT_MAGIC: [u8; 8] = *b"OMSEGMNT";
const BATCH_MAGIC: [u8; 4] = *b"OMBT";
/// The checksum of a segment header fills its last four bytes.
const SEGMENT_CRC_AT: usize = SEGMENT_HEADER_BYTES - 4;
/// The state of the chain lies behind the numbers of a segment header.
const SEGMENT_CHAIN: std::ops::Range<usize> = 40..40 + CHAIN_STATE_BYTES;

/// One entry as it was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place in the journal: dense, from 1.
    pub sequence: u64,
    /// Time given by the writer, milliseconds since 1970. The journal stores and never reads it.
    pub time_ms: u64,
    /// The bytes given by the writer.
    pub payload: &'a [u8],
}

/// Rounds up to whole sectors.
pub(crate) fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(SECTOR_BYTES)
}

/// Whether all bytes are zero.
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    // Chunks of a fixed length let the compiler use wide registers.
    let mut chunks = bytes.chunks_exact(64);
    chunks.all(|chunk| chunk.iter().fold(0, |all, byte| all | byte) == 0)
        && bytes.chunks_exact(64).remainder().iter().all(|byte| *byte == 0)
}

/// First sector of a segment that is in use. An unused segment is all zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) number: u64,
    pub(crate) first_sequence: u64,
    /// Length of the file.
    pub(crate) segment_bytes: u64,
    /// Longest batch in this segment.
    pub(crate) batch_bytes_max: u32,
    /// The chain before `first_sequence`.
    pub(crate) chain: Chain,
}

/// What the first sector of a segment turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SegmentStart {
    Blank,
    Header(SegmentHeader),
    /// Whole, but of a version unknown here.
    Version(u32),
    Broken,
}

impl SegmentHeader {
    pub(crate) fn encode(&self, sector: &mut [u8]) {
        sector.fill(0);
        sector[..8].copy_from_slice(&SEGMENT_MAGIC);
        sector[8..12].copy_from_slice(&VERSION.to_le_bytes());
        sector[12..16].copy_from_slice(&self.batch_bytes_max.to_le_bytes());
        sector[16..24].copy_from_slice(&self.number.to_le_bytes());
        sector[24..32].copy_from_slice(&self.first_sequence.to_le_bytes());
        sector[32..40].copy_from_slice(&self.segment_bytes.to_le_bytes());
        sector[SEGMENT_CHAIN].copy_from_slice(&self.chain.state());
        let crc = crc32c::crc32c(&sector[..SEGMENT_CRC_AT]);
        sector[SEGMENT_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    }

    pub(crate) fn decode(sector: &[u8]) -> SegmentStart {
        if sector.len() != SEGMENT_HEADER_BYTES {
            return SegmentStart::Broken;
        }
        if is_blank(sector) {
            return SegmentStart::Blank;
        }
        let crc = crc32c::crc32c(&sector[..SEGMENT_CRC_AT]);
        if sector[..8] != SEGMENT_MAGIC || u32_at(sector, SEGMENT_CRC_AT) != crc {
            return SegmentStart::Broken;
        }
        let version = u32_at(sector, 8);
        if version != VERSION {
            return SegmentStart::Version(version);
        }
        let mut state = [0; CHAIN_STATE_BYTES];
        state.copy_from_slice(&sector[SEGMENT_CHAIN]);
        let Some(chain) = Chain::from_state(state) else {
            return SegmentStart::Broken;
        };
        let header = Self {
            batch_bytes_max: u32_at(sector, 12),
            number: u64_at(sector, 16),
            first_sequence: u64_at(sector, 24),
            segment_bytes: u64_at(sector, 32),
            chain,
        };
        let sane = header.batch_bytes_max as usize <= BATCH_BYTES_MAX
            && header.first_sequence >= 1
            && is_blank(&sector[SEGMENT_CHAIN.end..SEGMENT_CRC_AT]);
        if sane { SegmentStart::Header(header) } else { SegmentStart::Broken }
    }
}

/// Fixed part of a batch. Its own checksum makes the length trustworthy even when the entries
/// were not all written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    /// Length of the entries that follow, without padding.
    pub(crate) body_bytes: u32,
    /// CRC-32C of the entries.
    pub(crate) body_crc: u32,
    pub(crate) segment_number: u64,
    pub(crate) first_sequence: u64,
    pub(crate) entries: u32,
    /// The chain after the last entry of the batch.
    pub(crate) chain: ChainHash,
}

impl BatchHeader {
    pub(crate) fn encode(&self, bytes: &mut [u8]) {
        bytes[..4].copy_from_slice(&BATCH_MAGIC);
        bytes[8..12].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.body_crc.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.segment_number.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.entries.to_le_bytes());
        bytes[36..40].fill(0);
        bytes[40..72].copy_from_slice(&self.chain);
        let crc = crc32c::crc32c(&bytes[8..BATCH_HEADER_BYTES]);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    }

    /// `None` when magic or checksum is wrong.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..BATCH_HEADER_BYTES)?;
        let crc = crc32c::crc32c(&bytes[8..]);
        if bytes[..4] != BATCH_MAGIC || u32_at(bytes, 4) != crc || u32_at(bytes, 36) != 0 {
            return None;
        }
        Some(Self {
            body_bytes: u32_at(bytes, 8),
            body_crc: u32_at(bytes, 12),
            segment_number: u64_at(bytes, 16),
            first_sequence: u64_at(bytes, 24),
            entries: u32_at(bytes, 32),
            chain: chain_at(bytes, 40),
        })
    }

    /// Bytes the batch occupies in its segment.
    pub(crate) fn padded_bytes(&self) -> usize {
        padded(BATCH_HEADER_BYTES + self.body_bytes as usize)
    }
}

/// Writes the fixed part of an entry into its place.
pub(crate) fn encode_entry_header(bytes: &mut [u8], payload: u32, sequence: u64, time_ms: u64) {
    bytes[..4].copy_from_slice(&payload.to_le_bytes());
    bytes[4..12].copy_from_slice(&sequence.to_le_bytes());
    bytes[12..20].copy_from_slice(&time_ms.to_le_bytes());
}

/// The entry at the start of `body` and its length there; `None` when it does not fit.
pub(crate) fn decode_entry(body: &[u8]) -> Option<(Entry<'_>, usize)> {
    if body.len() < ENTRY_HEADER_BYTES {
        return None;
    }
    let bytes = ENTRY_HEADER_BYTES.checked_add(u32_at(body, 0) as usize)?;
    let payload = body.get(ENTRY_HEADER_BYTES..bytes)?;
    let entry = Entry { sequence: u64_at(body, 4), time_ms: u64_at(body, 12), payload };
    Some((entry, bytes))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

pub(crate) fn chain_at(bytes: &[u8], at: usize) -> ChainHash {
    let mut chain = [0; 32];
    chain.copy_from_slice(&bytes[at..at + 32]);
    chain
}
