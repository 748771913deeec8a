//! What a journal's owner may choose. Nothing here changes the meaning of bytes already written.

use crate::error::OpenError;
use crate::format::{
    BATCH_BYTES_MAX, BATCH_HEADER_BYTES, ENTRY_HEADER_BYTES, SECTOR_BYTES, SEGMENT_HEADER_BYTES,
};

/// What happens to segments that snapshots have made unnecessary for recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Retention {
    /// Keep every segment: the journal is the full history. The default.
    #[default]
    KeepAll,
    /// Delete a segment once all its entries are covered by the oldest kept snapshot.
    SnapshotsCover,
}

/// Settings of a [`Journal`](crate::Journal). `Options::default()` suits production.
#[derive(Debug, Clone)]
pub struct Options {
    /// Size a segment grows to, bytes, a multiple of 512. Default 32 MiB: long enough that a
    /// rotation is rare, short enough that reading one at start costs some ten milliseconds.
    pub segment_bytes: u64,
    /// Size of the first two segments, bytes; each later one is twice as long until
    /// `segment_bytes` is reached. Default 2 MiB, so that an idle folder stays small and a fresh
    /// one opens at once.
    pub segment_bytes_first: u64,
    /// Size of the segment kept for a full disk, bytes. Default 2 MiB: thousands of cancels even
    /// if each is committed alone.
    pub reserve_bytes: u64,
    /// Longest batch, bytes with header and padding; at most [`BATCH_BYTES_MAX`], the default.
    pub batch_bytes_max: usize,
    /// How many snapshots to keep, at least 1. Default 2: one to fall back to.
    pub snapshots_keep: usize,
    /// Which segments may be deleted. Default: none.
    pub retention: Retention,
    /// Prepare segments in a thread of their own. Default `true`. With `false` the same work is
    /// done inside `open` and `commit`, which makes every run repeat exactly (tests, simulation).
    pub background: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 32 << 20,
            segment_bytes_first: 2 << 20,
            reserve_bytes: 2 << 20,
            batch_bytes_max: BATCH_BYTES_MAX,
            snapshots_keep: 2,
            retention: Retention::KeepAll,
            background: true,
        }
    }
}

impl Options {
    /// Refuses settings under which a batch could not fit a segment.
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let sector = SECTOR_BYTES as u64;
        let batch_min = BATCH_HEADER_BYTES + ENTRY_HEADER_BYTES;
        if self.batch_bytes_max > BATCH_BYTES_MAX || self.batch_bytes_max < batch_min {
            return Err(OpenError::Options("batch_bytes_max is out of range"));
        }
        if !self.batch_bytes_max.is_multiple_of(SECTOR_BYTES) {
            return Err(OpenError::Options("batch_bytes_max is not a multiple of 512"));
        }
        for bytes in [self.segment_bytes, self.segment_bytes_first, self.reserve_bytes] {
            if bytes < self.segment_bytes_min() {
                return Err(OpenError::Options("a segment is shorter than header and one batch"));
            }
            if !bytes.is_multiple_of(sector) {
                return Err(OpenError::Options("a segment size is not a multiple of 512"));
            }
        }
        if self.snapshots_keep == 0 {
            return Err(OpenError::Options("snapshots_keep is zero"));
        }
        Ok(())
    }

    /// Shortest file that can hold the longest batch.
    pub(crate) fn segment_bytes_min(&self) -> u64 {
        (SEGMENT_HEADER_BYTES + self.batch_bytes_max) as u64
    }

    /// Length that segment `number` is prepared with.
    pub(crate) fn segment_bytes_of(&self, number: u64) -> u64 {
        let doublings = number.saturating_sub(2).min(40) as u32;
        let grown = self.segment_bytes_first.saturating_mul(1_u64 << doublings);
        grown.min(self.segment_bytes.max(self.segment_bytes_first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_grow_to_their_full_size() {
        let options = Options::default();
        options.check().unwrap();
        let sizes: Vec<u64> = (1..=8).map(|n| options.segment_bytes_of(n) >> 20).collect();
        assert_eq!(sizes, [2, 2, 4, 8, 16, 32, 32, 32]);
        assert_eq!(options.segment_bytes_of(u64::MAX), 32 << 20);
    }

    #[test]
    fn impossible_settings_are_refused() {
        let refused = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            options.check().is_err()
        };
        assert!(refused(|o| o.snapshots_keep = 0));
        assert!(refused(|o| o.segment_bytes = 1024));
        assert!(refused(|o| o.segment_bytes_first += 1));
        assert!(refused(|o| o.batch_bytes_max = BATCH_BYTES_MAX + 512));
        assert!(refused(|o| o.batch_bytes_max = 100));
    }
}
