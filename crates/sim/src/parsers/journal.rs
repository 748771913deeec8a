//! Files of the journal's folder.

use std::sync::Arc;

use openmart_journal::{
    Journal, MemoryStorage, Options, check_acknowledged_bytes, check_segment_bytes,
    check_snapshot_bytes,
};

/// Bytes of the example segments, so that their changes are quick to check.
const SEGMENT_BYTES: u64 = 8 << 10;

pub(super) fn segment(bytes: &[u8]) -> bool {
    check_segment_bytes(bytes).is_ok_and(|entries| entries > 0)
}

pub(super) fn snapshot(bytes: &[u8]) -> bool {
    check_snapshot_bytes(bytes)
}

pub(super) fn acknowledged(bytes: &[u8]) -> bool {
    check_acknowledged_bytes(bytes)
}

pub(super) fn segments() -> Vec<Vec<u8>> {
    // Only the first one is a journal on its own.
    let found = files("segment-").into_iter().filter(|bytes| segment(bytes));
    found.collect()
}

pub(super) fn snapshots() -> Vec<Vec<u8>> {
    files("snapshot-")
}

pub(super) fn acknowledged_marks() -> Vec<Vec<u8>> {
    files("acknowledged")
}

/// Files of a small journal whose names begin so.
fn files(prefix: &str) -> Vec<Vec<u8>> {
    let options = Options {
        segment_bytes: SEGMENT_BYTES,
        segment_bytes_first: SEGMENT_BYTES,
        reserve_bytes: SEGMENT_BYTES,
        batch_bytes_max: 2 << 10,
        background: false,
        ..Options::default()
    };
    let storage = Arc::new(MemoryStorage::new());
    let opened = Journal::open(storage.clone(), options);
    let (mut journal, _) = opened.expect("an empty folder in memory opens");
    for number in 0..20u8 {
        let payload = vec![number; usize::from(number) * 7];
        journal.append(1_600_000_000_000, &payload).expect("there is room");
        if number % 4 == 3 {
            journal.commit().expect("memory does not fail");
        }
    }
    let snapshots = journal.snapshot_writer();
    let (sequence, chain) = (journal.last_sequence(), journal.chain());
    snapshots.write(sequence, &chain, 7, b"a state").expect("memory does not fail");
    drop((journal, snapshots));
    let files = storage.files().into_iter();
    files.filter(|(name, _)| name.starts_with(prefix)).map(|(_, bytes)| bytes).collect()
}
