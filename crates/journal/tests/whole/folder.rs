//! A journal of one mebibyte in 128 segments, and the small folders around each of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use openmart_journal::{Journal, MemoryStorage, Options};

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

pub(crate) const SEGMENT_BYTES: usize = 8 << 10;
/// Segments in use: one mebibyte of them.
pub(crate) const SEGMENTS: usize = (1 << 20) / SEGMENT_BYTES;

/// Short segments, every snapshot kept, and no thread of its own.
pub(crate) fn options() -> Options {
    Options {
        segment_bytes: SEGMENT_BYTES as u64,
        segment_bytes_first: SEGMENT_BYTES as u64,
        reserve_bytes: SEGMENT_BYTES as u64,
        batch_bytes_max: 4 << 10,
        snapshots_keep: SEGMENTS + 1,
        background: false,
        ..Options::default()
    }
}

/// Payload of entry `sequence`: about as long as commands are. Few lengths, so that there are many
/// entries of equal length.
pub(crate) fn payload(sequence: u64) -> Vec<u8> {
    let mixed = mix(sequence);
    let length = [9, 21, 33, 48, 61, 96][(mixed % 6) as usize];
    (0..length).map(|at| (mixed >> (at % 8 * 8)) as u8 ^ at as u8).collect()
}

pub(crate) fn time_ms(sequence: u64) -> u64 {
    1_700_000_000_000 + sequence / 3
}

/// The first step of SplitMix64.
pub(crate) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

pub(crate) fn segment(number: usize) -> String {
    format!("segment-{number:012}")
}

pub(crate) fn is_used(bytes: &[u8]) -> bool {
    bytes.starts_with(b"OMSEGMNT")
}

/// Fills a journal batch by batch until `enough` says so.
pub(crate) fn written(
    options: &Options,
    enough: impl Fn(&MemoryStorage, &Journal) -> bool,
) -> Files {
    let storage = MemoryStorage::new();
    let (mut journal, _) = Journal::open(Arc::new(storage.clone()), options.clone()).unwrap();
    while !enough(&storage, &journal) {
        let last = journal.last_sequence();
        for sequence in last + 1..=last + 1 + mix(last) % 24 {
            assert_eq!(journal.append(time_ms(sequence), &payload(sequence)).unwrap(), sequence);
        }
        journal.commit().unwrap();
    }
    drop(journal);
    storage.files()
}

/// The whole journal: [`SEGMENTS`] segments in use, a prepared one, the reserve and the mark.
pub(crate) fn whole() -> Files {
    let is_full = |storage: &MemoryStorage, _: &Journal| {
        storage.files().get(&segment(SEGMENTS)).is_some_and(|bytes| {
            is_used(bytes) && bytes[SEGMENT_BYTES - 1024..].iter().any(|byte| *byte != 0)
        })
    };
    let files = written(&options(), is_full);
    assert_eq!(files.values().filter(|bytes| is_used(bytes)).count(), SEGMENTS);
    files
}

/// The folders around each segment in use, first segment first: what retention leaves once a
/// snapshot stands just before the segment, ended in order one segment later.
pub(crate) fn windows(whole: &Files) -> Vec<Files> {
    let storage = MemoryStorage::with_files(whole.clone());
    let (journal, _) = Journal::open(Arc::new(storage.clone()), options()).unwrap();
    let writer = journal.snapshot_writer();
    for number in 2..=SEGMENTS {
        let header = &whole[&segment(number)][..512];
        let first_sequence = u64::from_le_bytes(header[24..32].try_into().unwrap());
        let chain = journal.reader(first_sequence).unwrap().chain();
        writer.write(first_sequence - 1, &chain, 0, b"").unwrap();
    }
    drop((journal, writer));
    let files = storage.files();
    let snapshots: Vec<&String> =
        files.keys().filter(|name| name.starts_with("snapshot-")).collect();
    assert_eq!(snapshots.len(), SEGMENTS - 1);
    let window = |number: usize| {
        let mut names = vec![segment(number), "segment-reserve".to_owned()];
        names.extend((number < SEGMENTS).then(|| segment(number + 1)));
        names.extend((number > 1).then(|| snapshots[number - 2].clone()));
        let files = names.into_iter().map(|name| (name.clone(), files[&name].clone()));
        let storage = MemoryStorage::with_files(files);
        drop(Journal::open(Arc::new(storage.clone()), options()).unwrap());
        storage.files()
    };
    (1..=SEGMENTS).map(window).collect()
}
