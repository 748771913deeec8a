//! Damaged folders: whatever is done to the bytes, a start refuses, or recovers an exact prefix
//! and says what it left out. It never yields other content.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod small;

use std::collections::BTreeMap;
use std::sync::Arc;

use openmart_journal::{DamageKind, MemoryStorage, ReadError, verify};
use small::{files, last_batch, open_exact, options};

const ENTRIES: u64 = 22;
type Files = BTreeMap<String, Vec<u8>>;

fn without_mark(mut files: Files) -> Files {
    files.remove("acknowledged").expect("a mark");
    files
}

/// Opens the folder and holds the outcome against the rule. Returns whether it was refused.
fn refused_or_exact(files: &Files, what: &str) -> bool {
    let storage = MemoryStorage::with_files(files.clone());
    match open_exact(&storage, options()) {
        Err(damage) => {
            let text = damage.to_string();
            assert!(text.contains(&damage.file) && text.contains("openmart journal verify"));
            assert!(verify(Arc::new(storage)).is_err(), "{what}: verify overlooks it");
            true
        }
        Ok(opened) => {
            let exact = opened.last_sequence == ENTRIES;
            assert!(exact || opened.reported, "{what}: entries lost without a word");
            if files.contains_key("acknowledged") && !exact {
                panic!("{what}: acknowledged entries lost");
            }
            false
        }
    }
}

#[test]
fn the_small_journal_spans_segments() {
    let files = files(ENTRIES, &[5, 11]);
    let used = files.values().filter(|bytes| bytes.starts_with(b"OMSEGMNT")).count();
    assert!(used >= 3, "{used}");
    assert!(files.contains_key("segment-reserve"));
    assert_eq!(
        open_exact(&MemoryStorage::with_files(files), options()).unwrap().snapshot,
        Some(11)
    );
}

fn flip_every_bit(files: &Files) -> (usize, usize) {
    let (mut refused, mut opened) = (0, 0);
    let names: Vec<String> = files.keys().cloned().collect();
    for name in names {
        for bit in 0..files[&name].len() * 8 {
            let mut flipped = files.clone();
            flipped.get_mut(&name).unwrap()[bit / 8] ^= 1 << (bit % 8);
            match refused_or_exact(&flipped, &format!("{name} bit {bit}")) {
                true => refused += 1,
                false => opened += 1,
            }
        }
    }
    (refused, opened)
}

#[test]
fn every_flipped_bit_with_the_mark() {
    let (refused, opened) = flip_every_bit(&files(ENTRIES, &[]));
    assert!(refused > 10_000 && opened > 1_000, "{refused} {opened}");
}

#[test]
fn every_flipped_bit_without_the_mark() {
    let (refused, opened) = flip_every_bit(&without_mark(files(ENTRIES, &[])));
    assert!(refused > 10_000 && opened > 1_000, "{refused} {opened}");
}

#[test]
fn every_flipped_bit_with_snapshots() {
    let (refused, opened) = flip_every_bit(&files(ENTRIES, &[5, 20]));
    assert!(refused > 1_000 && opened > 1_000, "{refused} {opened}");
}

#[test]
fn a_flip_in_a_used_sector_is_never_overlooked() {
    let files = without_mark(files(ENTRIES, &[]));
    for (name, bytes) in files.iter().filter(|(_, bytes)| bytes.starts_with(b"OMSEGMNT")) {
        for at in (0..bytes.len()).step_by(3) {
            let mut flipped = files.clone();
            flipped.get_mut(name).unwrap()[at] ^= 0x10;
            let outcome = open_exact(&MemoryStorage::with_files(flipped), options());
            assert!(outcome.is_err() || outcome.unwrap().reported, "{name} byte {at}");
        }
    }
}

/// In the last segment, where torn writes are forgiven, only the last batch may be torn.
#[test]
fn a_flip_before_the_last_batch_is_refused_without_the_mark() {
    for entries in ENTRIES..ENTRIES + 12 {
        let files = without_mark(files(entries, &[]));
        let (name, start, _) = last_batch(&files);
        let first_batch = if start == 512 { continue } else { 512 };
        for bit in (0..start * 8).filter(|bit| *bit >= first_batch * 8 || bit % 5 == 0) {
            let mut flipped = files.clone();
            flipped.get_mut(&name).unwrap()[bit / 8] ^= 1 << (bit % 8);
            let outcome = open_exact(&MemoryStorage::with_files(flipped), options());
            assert!(outcome.is_err(), "{entries} entries, {name} bit {bit} was forgiven");
        }
    }
}

/// A segment that was begun proves that the batch before it had been synced.
#[test]
fn a_torn_batch_before_a_torn_segment_is_refused() {
    let files = without_mark(files(ENTRIES, &[]));
    let (name, start, _) = last_batch(&files);
    let (next, _) = files.iter().rfind(|(name, _)| name.starts_with("segment-0")).unwrap();
    assert_ne!(*next, name);
    let mut torn = files.clone();
    torn.get_mut(next).unwrap()[100] = 1;
    let opened = open_exact(&MemoryStorage::with_files(torn.clone()), options()).unwrap();
    assert!(opened.reported && opened.last_sequence == ENTRIES);
    torn.get_mut(&name).unwrap()[start + 80] ^= 1;
    open_exact(&MemoryStorage::with_files(torn), options()).unwrap_err();
}

/// Someone who fits the checksums to a changed payload still meets the chain.
#[test]
fn a_rewritten_entry_with_fitting_checksums_is_refused() {
    let files = files(ENTRIES, &[]);
    for name in files.keys().filter(|name| name.starts_with("segment-0")) {
        let begins = |at: &usize| files[name][*at..].starts_with(b"OMBT");
        for start in (512..files[name].len()).step_by(512).filter(begins) {
            let mut rewritten = files.clone();
            let batch = &mut rewritten.get_mut(name).unwrap()[start..];
            let body = u32::from_le_bytes(batch[8..12].try_into().unwrap()) as usize;
            batch[72 + body - 1] ^= 1;
            let crc = crc32c::crc32c(&batch[72..72 + body]);
            batch[12..16].copy_from_slice(&crc.to_le_bytes());
            let crc = crc32c::crc32c(&batch[8..72]);
            batch[4..8].copy_from_slice(&crc.to_le_bytes());
            let storage = MemoryStorage::with_files(rewritten);
            let Err(ReadError::Damage(damage)) = verify(Arc::new(storage)) else {
                panic!("{name} at {start}: a changed entry was believed");
            };
            assert_eq!((&damage.file, damage.offset), (name, start as u64));
            assert!(matches!(damage.what, DamageKind::ChainBreak(_)), "{damage}");
        }
    }
}

/// The zeros that a full segment ends in are part of the check, too.
#[test]
fn stray_bytes_behind_a_full_segment_are_refused() {
    let storage = MemoryStorage::new();
    let wide = openmart_journal::Options {
        segment_bytes: 8192,
        segment_bytes_first: 8192,
        reserve_bytes: 8192,
        batch_bytes_max: 4096,
        ..options()
    };
    let (mut journal, _) =
        openmart_journal::Journal::open(Arc::new(storage.clone()), wide).unwrap();
    for _ in 0..3 {
        journal.append(0, &[7; 3900]).unwrap();
        journal.commit().unwrap();
    }
    drop(journal);
    let files = storage.files();
    assert!(files["segment-000000000002"].starts_with(b"OMSEGMNT"));
    for at in 512 + 4096..8192 {
        let mut strayed = files.clone();
        strayed.get_mut("segment-000000000001").unwrap()[at] = 1;
        let outcome = verify(Arc::new(MemoryStorage::with_files(strayed)));
        assert!(outcome.is_err(), "byte {at}");
    }
}

/// Bytes further behind the end than any torn batch could reach.
#[test]
fn stray_bytes_behind_the_end_are_refused() {
    let storage = MemoryStorage::new();
    let wide =
        openmart_journal::Options { segment_bytes: 8192, segment_bytes_first: 8192, ..options() };
    let mut journal = open_exact(&storage, wide.clone()).unwrap().journal;
    small::fill(&mut journal, 3);
    drop(journal);
    let files = without_mark(storage.files());
    let (name, start, end) = last_batch(&files);
    let next = end.next_multiple_of(512);
    for at in next..8192 {
        let mut strayed = files.clone();
        strayed.get_mut(&name).unwrap()[at] = 1;
        let outcome = open_exact(&MemoryStorage::with_files(strayed), wide.clone());
        assert_eq!(outcome.is_err(), at >= next + 1536, "byte {at}");
    }
    // A torn batch whose header tells its length can reach no further than that.
    let mut strayed = files;
    let bytes = strayed.get_mut(&name).unwrap();
    bytes[start + 80] ^= 1;
    bytes[next] = 1;
    open_exact(&MemoryStorage::with_files(strayed), wide).unwrap_err();
}

/// The last batch cut off at every byte, what follows being zero, old bytes or garbage.
#[test]
fn a_torn_last_batch_is_cut_and_reported() {
    let files = without_mark(files(ENTRIES, &[5]));
    let (name, start, end) = last_batch(&files);
    let kept = open_exact(&MemoryStorage::with_files(files.clone()), options()).unwrap();
    assert_eq!(kept.last_sequence, ENTRIES);
    drop(kept);
    let mut before = None;
    for cut in start..end {
        for garbage in [0, 0xA5] {
            let mut torn = files.clone();
            let bytes = torn.get_mut(&name).unwrap();
            if garbage == 0 && bytes[cut..end].iter().all(|byte| *byte == 0) {
                continue;
            }
            bytes[cut..end].fill(garbage);
            let storage = MemoryStorage::with_files(torn);
            let opened = open_exact(&storage, options()).unwrap();
            // All of it gone is what a crash before the write looks like: nothing to report.
            assert_eq!(opened.reported, cut > start || garbage != 0, "cut at {cut}");
            assert!(opened.last_sequence < ENTRIES);
            assert_eq!(*before.get_or_insert(opened.last_sequence), opened.last_sequence);
            drop(opened);
            let zeroed = storage.files()[&name][start..].iter().all(|byte| *byte == 0);
            assert!(zeroed, "cut at {cut}: stale bytes are left");
            let mut again = open_exact(&storage, options()).unwrap();
            assert!(!again.reported);
            small::fill(&mut again.journal, ENTRIES + 3);
            drop(again);
            assert_eq!(open_exact(&storage, options()).unwrap().last_sequence, ENTRIES + 3);
        }
    }
}

#[test]
fn an_acknowledged_last_batch_is_not_cut() {
    let files = files(ENTRIES, &[]);
    let (name, start, end) = last_batch(&files);
    for cut in start..end - 1 {
        let mut torn = files.clone();
        torn.get_mut(&name).unwrap()[cut..end].fill(0);
        if torn == files {
            continue;
        }
        let damage = open_exact(&MemoryStorage::with_files(torn), options()).unwrap_err();
        assert_eq!((damage.file.as_str(), damage.offset), (name.as_str(), start as u64));
        assert!(matches!(damage.what, DamageKind::AcknowledgedLost { .. }), "{damage}");
    }
}

#[test]
fn a_refused_folder_is_left_as_it_was() {
    let mut files = files(ENTRIES, &[5]);
    files.get_mut("segment-000000000002").unwrap()[600] ^= 1;
    let (name, ..) = last_batch(&files);
    files.get_mut(&name).unwrap()[520] ^= 1;
    let storage = MemoryStorage::with_files(files.clone());
    open_exact(&storage, options()).unwrap_err();
    assert_eq!(storage.files(), files);
}

#[test]
fn a_truncated_file_is_refused_at_every_length() {
    for files in [files(ENTRIES, &[]), without_mark(files(ENTRIES, &[]))] {
        let names = files.keys().filter(|name| name.starts_with("segment-0"));
        for name in names.cloned().collect::<Vec<_>>() {
            let used = files[&name].starts_with(b"OMSEGMNT");
            for length in (0..files[&name].len()).step_by(7) {
                let mut short = files.clone();
                short.get_mut(&name).unwrap().truncate(length);
                let refused = refused_or_exact(&short, &format!("{name} of {length} bytes"));
                // A blank segment that was only prepared may be made anew.
                assert_eq!(refused, used, "{name} of {length} bytes");
            }
        }
    }
}

#[test]
fn a_missing_segment_is_refused() {
    for files in [files(ENTRIES, &[]), without_mark(files(ENTRIES, &[]))] {
        let used = files.iter().filter(|(_, bytes)| bytes.starts_with(b"OMSEGMNT"));
        for (name, _) in used {
            let mut fewer = files.clone();
            fewer.remove(name);
            assert!(refused_or_exact(&fewer, name), "{name} is missing and nobody minds");
        }
    }
}

#[test]
fn swapped_and_copied_segments_are_refused() {
    let files = files(ENTRIES, &[]);
    let used: Vec<&String> =
        files.iter().filter(|(_, b)| b.starts_with(b"OMSEGMNT")).map(|(name, _)| name).collect();
    for one in &used {
        for other in used.iter().filter(|other| *other != one) {
            let mut swapped = files.clone();
            swapped.insert((*one).clone(), files[*other].clone());
            assert!(refused_or_exact(&swapped, &format!("{other} copied to {one}")));
            swapped.insert((*other).clone(), files[*one].clone());
            assert!(refused_or_exact(&swapped, &format!("{other} and {one} swapped")));
        }
    }
}

#[test]
fn swapped_batches_are_refused() {
    let files = files(ENTRIES, &[]);
    for name in files.keys().filter(|name| name.starts_with("segment-0")) {
        for sector in 2..files[name].len() / 512 {
            let mut swapped = files.clone();
            let bytes = swapped.get_mut(name).unwrap();
            let (low, high) = bytes.split_at_mut(sector * 512);
            low[(sector - 1) * 512..].swap_with_slice(&mut high[..512]);
            if swapped != files {
                assert!(refused_or_exact(&swapped, &format!("{name} sector {sector}")));
            }
        }
    }
}

#[test]
fn a_segment_of_another_journal_is_refused() {
    let ours = files(ENTRIES, &[]);
    let storage = MemoryStorage::new();
    let mut other = open_exact(&storage, options()).unwrap().journal;
    let mut sequence = 0;
    while sequence < ENTRIES {
        for _ in 0..(sequence % 3 + 1) {
            sequence = other.append(1, &small::payload(sequence + 1)).unwrap();
        }
        other.commit().unwrap();
    }
    let theirs = storage.files();
    for name in ["segment-000000000001", "segment-000000000002"] {
        let mut mixed = ours.clone();
        mixed.insert(name.to_owned(), theirs[name].clone());
        let outcome = verify(Arc::new(MemoryStorage::with_files(mixed)));
        assert!(matches!(outcome, Err(ReadError::Damage(_))), "{name}: {outcome:?}");
    }
}

#[test]
fn zeroed_blocks_are_refused_or_reported() {
    let files = files(ENTRIES, &[5, 20]);
    for block in [512, 1024, 4096] {
        for (name, bytes) in &files {
            for start in (0..bytes.len()).step_by(block) {
                let mut zeroed = files.clone();
                let end = (start + block).min(bytes.len());
                zeroed.get_mut(name).unwrap()[start..end].fill(0);
                refused_or_exact(&zeroed, &format!("{name}: {block} zeros at {start}"));
            }
        }
    }
}

#[test]
fn verify_names_the_place_and_leaves_the_folder_alone() {
    let files = files(ENTRIES, &[5, 11]);
    let storage = MemoryStorage::with_files(files.clone());
    let report = verify(Arc::new(storage.clone())).unwrap();
    assert!(report.is_sound());
    assert_eq!((report.entries, report.first_sequence, report.last_sequence), (22, 1, 22));
    let checked: Vec<_> = report.snapshots.iter().map(|check| check.sequence).collect();
    assert_eq!(checked, [5, 11]);
    assert_eq!(storage.files(), files);

    let mut flipped = files;
    flipped.get_mut("segment-000000000001").unwrap()[1030] ^= 4;
    let storage = MemoryStorage::with_files(flipped);
    // A start from the snapshot never reads this entry, and is exact; verify does read it.
    assert_eq!(open_exact(&storage, options()).unwrap().last_sequence, ENTRIES);
    let Err(ReadError::Damage(damage)) = verify(Arc::new(storage)) else {
        panic!("verify overlooked a flipped bit");
    };
    assert_eq!((damage.file.as_str(), damage.offset), ("segment-000000000001", 1024));
}
