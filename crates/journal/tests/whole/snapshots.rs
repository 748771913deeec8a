//! A snapshot of one mebibyte: damaged, it is never taken for a state. A start says so, falls back
//! to the older one and replays the rest.

use std::sync::Arc;

use openmart_journal::{Journal, MemoryStorage, Options, check_snapshot_bytes};

use crate::folder::{Files, mix};
use crate::scope::Scope;

/// Entries in the older and in the newer snapshot, and in all.
const ENTRIES: (u64, u64, u64) = (20, 263, 270);
const HEADER_BITS: u64 = 128 * 8;

fn options() -> Options {
    Options {
        segment_bytes: 64 << 10,
        segment_bytes_first: 64 << 10,
        reserve_bytes: 64 << 10,
        batch_bytes_max: 16 << 10,
        background: false,
        ..Options::default()
    }
}

fn payload(sequence: u64) -> Vec<u8> {
    (0..4_000).map(|at| mix(sequence << 16 | at) as u8).collect()
}

/// The state: all payloads so far.
fn state(sequence: u64) -> Vec<u8> {
    (1..=sequence).flat_map(payload).collect()
}

/// A folder with both snapshots, and the name of the newer one.
fn folder() -> (Files, String) {
    let storage = MemoryStorage::new();
    let (mut journal, _) = Journal::open(Arc::new(storage.clone()), options()).unwrap();
    for sequence in 1..=ENTRIES.2 {
        journal.append(sequence, &payload(sequence)).unwrap();
        journal.commit().unwrap();
        if sequence == ENTRIES.0 || sequence == ENTRIES.1 {
            let (writer, chain) = (journal.snapshot_writer(), journal.chain());
            writer.write(sequence, &chain, !sequence, &state(sequence)).unwrap();
        }
    }
    drop(journal);
    let files = storage.files();
    let name = format!("snapshot-{:020}", ENTRIES.1);
    assert!(files[&name].len() > 1 << 20);
    assert!(check_snapshot_bytes(&files[&name]));
    (files, name)
}

/// A start: where it began, and how many snapshots it put aside. It must lead to the whole state.
fn start(files: &Files, whole: &[u8]) -> (u64, usize) {
    let storage = MemoryStorage::with_files(files.clone());
    let (_journal, mut recovery) = Journal::open(Arc::new(storage), options()).unwrap();
    let snapshot = recovery.snapshot.take().expect("a snapshot");
    assert_eq!(snapshot.digest, !snapshot.sequence);
    let mut found = snapshot.bytes;
    recovery.replay(|entry| found.extend_from_slice(entry.payload)).unwrap();
    assert!(found == whole, "another state was served");
    (snapshot.sequence, recovery.damaged_snapshots.len())
}

#[test]
fn every_flipped_bit_of_a_snapshot_is_found() {
    let (files, name) = folder();
    let mut bytes = files[&name].clone();
    let mut scope = Scope::new("flipped bits of a snapshot");
    let total = bytes.len() as u64 * 8;
    for bit in (0..HEADER_BITS).chain(scope.cases(total, 6_000)) {
        bytes[bit as usize / 8] ^= 1 << (bit % 8);
        assert!(!check_snapshot_bytes(&bytes), "bit {bit} was overlooked");
        bytes[bit as usize / 8] ^= 1 << (bit % 8);
    }
    assert!(check_snapshot_bytes(&bytes));
}

#[test]
fn a_snapshot_cut_at_any_length_is_found() {
    let (files, name) = folder();
    let bytes = &files[&name];
    let mut scope = Scope::new("snapshots cut");
    for length in scope.cases(bytes.len() as u64, 10_000) {
        assert!(!check_snapshot_bytes(&bytes[..length as usize]), "{length} bytes are enough");
    }
}

#[test]
fn a_start_passes_over_a_damaged_snapshot_and_says_so() {
    let (mut files, name) = folder();
    let whole = state(ENTRIES.2);
    let sound = files[&name].clone();
    assert_eq!(start(&files, &whole), (ENTRIES.1, 0));
    let mut scope = Scope::new("starts over a damaged snapshot");
    let mut check = |damaged: Vec<u8>, what: &str| {
        files.insert(name.clone(), damaged);
        assert_eq!(start(&files, &whole), (ENTRIES.0, 1), "{what}");
    };
    for bit in scope.costly(sound.len() as u64 * 8, 20) {
        let mut flipped = sound.clone();
        flipped[bit as usize / 8] ^= 1 << (bit % 8);
        check(flipped, &format!("bit {bit}"));
    }
    for length in scope.costly(sound.len() as u64, 20) {
        check(sound[..length as usize].to_vec(), &format!("{length} bytes"));
    }
    for block in scope.cases(sound.len() as u64 >> 12, 30) {
        let mut zeroed = sound.clone();
        zeroed[(block as usize) << 12..][..4 << 10].fill(0);
        check(zeroed, &format!("block {block}"));
    }
}
