//! Small journals for tests: a few entries over several short segments, and what they add up to.
//!
//! The "state" that snapshots hold is all payloads so far, one after another, so that snapshot
//! plus replay can be compared byte by byte with what was appended.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::sync::Arc;

use openmart_journal::{Damage, Journal, MemoryStorage, OpenError, Options, ReadError, Retention};

/// Segments so short that a handful of entries fills one, and no thread of its own.
pub(crate) fn options() -> Options {
    Options {
        segment_bytes: 2560,
        segment_bytes_first: 2560,
        reserve_bytes: 2560,
        batch_bytes_max: 1536,
        background: false,
        ..Options::default()
    }
}

pub(crate) fn covering() -> Options {
    Options { retention: Retention::SnapshotsCover, ..options() }
}

/// Payload of entry `sequence`: length and bytes differ from entry to entry.
pub(crate) fn payload(sequence: u64) -> Vec<u8> {
    let length = (sequence * 37 % 300) as usize;
    (0..length).map(|i| (sequence as usize * 131 + i * 7 + 1) as u8).collect()
}

pub(crate) fn time_ms(sequence: u64) -> u64 {
    1_700_000_000_000 + sequence
}

/// The state after `sequence` entries.
pub(crate) fn state(sequence: u64) -> Vec<u8> {
    (1..=sequence).flat_map(payload).collect()
}

/// Appends the next entry.
pub(crate) fn append(journal: &mut Journal) -> u64 {
    let next = journal.last_sequence() + journal.staged() as u64 + 1;
    assert_eq!(journal.append(time_ms(next), &payload(next)).unwrap(), next);
    next
}

/// Appends and commits batches of 1, 2, 3, 1, 2, 3, ... entries until `sequence` is reached.
pub(crate) fn fill(journal: &mut Journal, sequence: u64) {
    let mut batch = 0;
    while journal.last_sequence() < sequence {
        batch = batch % 3 + 1;
        for _ in 0..batch.min(sequence - journal.last_sequence()) {
            append(journal);
        }
        journal.commit().unwrap();
    }
}

pub(crate) fn snapshot(journal: &Journal) {
    let sequence = journal.last_sequence();
    let writer = journal.snapshot_writer();
    writer.write(sequence, &journal.chain(), !sequence, &state(sequence)).unwrap();
}

/// What a start made of the folder.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) journal: Journal,
    pub(crate) last_sequence: u64,
    pub(crate) snapshot: Option<u64>,
    /// Something was cut or passed over, and the report says so.
    pub(crate) reported: bool,
}

/// Opens, replays, and checks that the state is exactly that of its sequence: never other bytes.
pub(crate) fn open_exact(storage: &MemoryStorage, options: Options) -> Result<Opened, Damage> {
    let (journal, mut recovery) = match Journal::open(Arc::new(storage.clone()), options) {
        Ok(opened) => opened,
        Err(OpenError::Damage(damage)) => return Err(damage),
        Err(error) => panic!("{error}"),
    };
    let reported = recovery.torn_tail.is_some() || !recovery.damaged_snapshots.is_empty();
    let snapshot = recovery.snapshot.take();
    let mut sequence = snapshot.as_ref().map_or(0, |snapshot| snapshot.sequence);
    let mut found = snapshot.as_ref().map_or(Vec::new(), |snapshot| {
        assert_eq!(snapshot.digest, !snapshot.sequence);
        snapshot.bytes.clone()
    });
    let replayed = recovery.replay(|entry| {
        sequence += 1;
        assert_eq!((entry.sequence, entry.time_ms), (sequence, time_ms(sequence)));
        assert_eq!(entry.payload, payload(sequence));
        found.extend_from_slice(entry.payload);
    });
    match replayed {
        Ok(_) => {}
        Err(ReadError::Damage(damage)) => {
            assert!(journal.poisoned().is_some(), "a failed replay must poison the journal");
            return Err(damage);
        }
        Err(error) => panic!("{error}"),
    }
    assert_eq!(sequence, journal.last_sequence());
    assert_eq!(found, state(sequence), "the state is not the state of sequence {sequence}");
    let snapshot = snapshot.map(|snapshot| snapshot.sequence);
    Ok(Opened { last_sequence: sequence, journal, snapshot, reported })
}

/// Files of a journal of `sequence` entries, with a snapshot after each of `snapshots`.
pub(crate) fn files(sequence: u64, snapshots: &[u64]) -> BTreeMap<String, Vec<u8>> {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    for at in snapshots {
        fill(&mut journal, *at);
        snapshot(&journal);
    }
    fill(&mut journal, sequence);
    drop(journal);
    let mut files = storage.files();
    files.remove("lock");
    files
}

/// The last segment that holds entries, and where its last batch begins and ends.
pub(crate) fn last_batch(files: &BTreeMap<String, Vec<u8>>) -> (String, usize, usize) {
    let used = |bytes: &Vec<u8>| bytes.starts_with(b"OMSEGMNT");
    let (name, bytes) = files
        .iter()
        .rfind(|(name, bytes)| name.starts_with("segment-0") && used(bytes))
        .expect("a used segment");
    let begins = |at: &usize| bytes[*at..].starts_with(b"OMBT");
    let start = (512..bytes.len()).step_by(512).rfind(begins).expect("a batch");
    let body = u32::from_le_bytes(bytes[start + 8..start + 12].try_into().unwrap()) as usize;
    (name.clone(), start, start + 72 + body)
}
