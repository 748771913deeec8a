//! Entries in each other's place, with the checksums as they were or, as a forger would, made to fit.

use std::ops::Range;

use openmart_journal::{DamageKind, Options};

use crate::folder::{Files, SEGMENTS, options, segment, whole, windows, written};
use crate::scope::Scope;
use crate::start::{Entries, Refusals, last_sequence, start};

const BATCH_HEADER_BYTES: usize = 72;
const ENTRY_HEADER_BYTES: usize = 20;

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// A batch taken apart: its header as it stands, and its entries as they stand.
#[derive(Clone)]
struct Batch {
    at: usize,
    header: Vec<u8>,
    entries: Vec<Vec<u8>>,
}

/// All batches of a segment in use.
fn batches(bytes: &[u8]) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut at = 512;
    while bytes[at..].starts_with(b"OMBT") {
        let end = at + BATCH_HEADER_BYTES + u32_at(bytes, at + 8);
        let (mut entries, mut entry) = (Vec::new(), at + BATCH_HEADER_BYTES);
        while entry < end {
            let next = entry + ENTRY_HEADER_BYTES + u32_at(bytes, entry);
            entries.push(bytes[entry..next].to_vec());
            entry = next;
        }
        batches.push(Batch { at, header: bytes[at..at + BATCH_HEADER_BYTES].to_vec(), entries });
        at = end.next_multiple_of(512);
        if at == bytes.len() {
            break;
        }
    }
    batches
}

/// A segment with these batches, lengths and checksums made to fit, the chain as it was.
fn forged(segment: &[u8], batches: &[Batch]) -> Vec<u8> {
    let mut bytes = segment[..512].to_vec();
    for batch in batches {
        let body = batch.entries.concat();
        let mut header = batch.header.clone();
        header[8..12].copy_from_slice(&(body.len() as u32).to_le_bytes());
        header[12..16].copy_from_slice(&crc32c::crc32c(&body).to_le_bytes());
        let crc = crc32c::crc32c(&header[8..]);
        header[4..8].copy_from_slice(&crc.to_le_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(&body);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    assert!(bytes.len() <= segment.len());
    bytes.resize(segment.len(), 0);
    bytes
}

/// Where the entries of a segment stand: batch and place in it.
fn places(batches: &[Batch]) -> Vec<(usize, usize)> {
    let of_batch = |(at, batch): (usize, &Batch)| (0..batch.entries.len()).map(move |n| (at, n));
    batches.iter().enumerate().flat_map(of_batch).collect()
}

fn swap_entries(batches: &mut [Batch], one: (usize, usize), other: (usize, usize)) {
    let first = std::mem::take(&mut batches[one.0].entries[one.1]);
    let second = std::mem::replace(&mut batches[other.0].entries[other.1], first);
    batches[one.0].entries[one.1] = second;
}

/// Gives each entry the sequence of its place, so that only time and payload were swapped.
fn keep_sequences(batches: &mut [Batch], one: (usize, usize), other: (usize, usize)) {
    let sequence =
        |batches: &[Batch], at: (usize, usize)| batches[at.0].entries[at.1][4..12].to_vec();
    let (first, second) = (sequence(batches, one), sequence(batches, other));
    batches[one.0].entries[one.1][4..12].copy_from_slice(&second);
    batches[other.0].entries[other.1][4..12].copy_from_slice(&first);
}

/// Entry `n` of a batch in the segment's bytes.
fn range(batch: &Batch, n: usize) -> Range<usize> {
    let before: usize = batch.entries[..n].iter().map(Vec::len).sum();
    let start = batch.at + BATCH_HEADER_BYTES + before;
    start..start + batch.entries[n].len()
}

/// The pairs of `count` things, counted through.
fn pair(mut number: u64, count: usize) -> (usize, usize) {
    for first in 0..count - 1 {
        let here = (count - 1 - first) as u64;
        if number < here {
            return (first, first + 1 + number as usize);
        }
        number -= here;
    }
    unreachable!("there are not so many pairs")
}

fn refuse(
    files: &Files,
    options: Options,
    entries: &Entries,
    what: &str,
) -> openmart_journal::Damage {
    match start(files, options, entries) {
        Err(damage) => damage,
        Ok(served) => panic!("{what} were overlooked: {served:?}"),
    }
}

#[test]
fn any_two_entries_swapped_are_found() {
    let options =
        || Options { segment_bytes_first: 128 << 10, segment_bytes: 128 << 10, ..options() };
    let files = written(&options(), |_, journal| journal.last_sequence() >= 300);
    let sound = files[&segment(1)].clone();
    let batches = batches(&sound);
    let places = places(&batches);
    let entries = Entries::new(last_sequence(&files, options()));
    assert!(places.len() >= 300 && batches.len() > 10);
    assert_eq!(forged(&sound, &batches), sound);
    let mut scope = Scope::new("entries swapped");
    let mut refusals = Refusals::default();
    let mut try_segment = |bytes: Vec<u8>, what: &str| {
        let mut files = files.clone();
        files.insert(segment(1), bytes);
        let damage = refuse(&files, options(), &entries, what);
        refusals.count(&damage);
        damage.what
    };
    let pairs = (places.len() * (places.len() - 1) / 2) as u64;
    for number in scope.cases(pairs, 1_000) {
        let (first, second) = pair(number, places.len());
        let (one, other) = (places[first], places[second]);
        let what = format!("entries {} and {}", first + 1, second + 1);
        let mut swapped = batches.clone();
        swap_entries(&mut swapped, one, other);
        try_segment(forged(&sound, &swapped), &format!("{what}, refitted,"));
        keep_sequences(&mut swapped, one, other);
        let bytes = forged(&sound, &swapped);
        if bytes != sound {
            let damage = try_segment(bytes, &format!("the contents of {what}"));
            assert!(matches!(damage, DamageKind::ChainBreak(_)), "{what}: {damage:?}");
        }
        let (one, other) = (range(&batches[one.0], one.1), range(&batches[other.0], other.1));
        if one.len() == other.len() {
            let mut bytes = sound.clone();
            let (low, high) = bytes.split_at_mut(other.start);
            low[one].swap_with_slice(&mut high[..other.len()]);
            try_segment(bytes, &what);
        }
    }
    println!("{refusals:?}");
}

#[test]
fn neighboring_entries_swapped_are_found_anywhere() {
    let whole = whole();
    let entries = Entries::new(last_sequence(&whole, options()));
    let windows = windows(&whole);
    let mut scope = Scope::new("neighbors swapped");
    let mut refusals = Refusals::default();
    for number in scope.cases(SEGMENTS as u64, 16) {
        let number = number as usize + 1;
        let sound = &windows[number - 1][&segment(number)];
        let batches = batches(sound);
        let mut try_segment = |bytes: Vec<u8>, what: &str| {
            let mut files = windows[number - 1].clone();
            files.insert(segment(number), bytes);
            refusals.count(&refuse(&files, options(), &entries, what));
        };
        for (at, batch) in batches.iter().enumerate() {
            for n in 1..batch.entries.len() {
                let what = format!("entries {n} and {} of batch {at} of {number}", n + 1);
                let both = range(batch, n - 1).start..range(batch, n).end;
                let mut bytes = sound.clone();
                bytes[both].rotate_left(batch.entries[n - 1].len());
                try_segment(bytes, &what);
                let mut swapped = batches.clone();
                swap_entries(&mut swapped, (at, n - 1), (at, n));
                try_segment(forged(sound, &swapped), &format!("{what}, refitted,"));
            }
        }
    }
    println!("{refusals:?}");
    assert!(refusals.total() > 1_000);
}
