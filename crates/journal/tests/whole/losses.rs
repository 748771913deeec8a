//! Bytes that are gone: files cut at every length, blocks of zeros.

use openmart_journal::Options;

use crate::folder::{Files, SEGMENT_BYTES, SEGMENTS, options, segment, whole, windows, written};
use crate::scope::Scope;
use crate::start::{Entries, Refusals, last_sequence, start};

const BYTES: u64 = (SEGMENTS * SEGMENT_BYTES) as u64;
const BLOCK_BYTES: usize = 4 << 10;

fn place(byte: u64) -> (usize, usize) {
    (byte as usize / SEGMENT_BYTES + 1, byte as usize % SEGMENT_BYTES)
}

/// One segment is shorter than it was made, the others are there.
#[test]
fn a_segment_cut_at_any_length_is_found() {
    let whole = whole();
    let entries = Entries::new(last_sequence(&whole, options()));
    let windows = windows(&whole);
    let mut scope = Scope::new("segments cut");
    let mut refusals = Refusals::default();
    for byte in scope.cases(BYTES, 12_000) {
        let (number, length) = place(byte);
        let mut files = windows[number - 1].clone();
        files.get_mut(&segment(number)).unwrap().truncate(length);
        match start(&files, options(), &entries) {
            Err(damage) => refusals.count(&damage),
            Ok(served) => panic!("{} of {length} bytes: {served:?}", segment(number)),
        }
    }
    println!("{refusals:?}");
}

/// The journal ends in the middle of a segment, and everything behind is gone.
#[test]
fn a_journal_cut_at_any_length_is_found() {
    let whole = whole();
    let entries = Entries::new(last_sequence(&whole, options()));
    let windows = windows(&whole);
    let mut scope = Scope::new("journals cut");
    let mut refusals = Refusals::default();
    for byte in scope.cases(BYTES, 12_000) {
        let (number, length) = place(byte);
        let is_kept = |name: &String| !name.starts_with("segment-0") || *name == segment(number);
        let kept = windows[number - 1].iter().filter(|(name, _)| is_kept(name));
        let mut files: Files = kept.map(|(name, bytes)| (name.clone(), bytes.clone())).collect();
        match length {
            // Cut between two files.
            0 => drop(files.remove(&segment(number))),
            _ => files.get_mut(&segment(number)).unwrap().truncate(length),
        }
        match start(&files, options(), &entries) {
            Err(damage) => refusals.count(&damage),
            Ok(served) => panic!("cut at byte {length} of {}: {served:?}", segment(number)),
        }
    }
    println!("{refusals:?}");
}

/// Zeroes the block, unless it is zero.
fn zeroed(files: &Files, name: &str, at: usize) -> Option<Files> {
    let mut zeroed = files.clone();
    let bytes = zeroed.get_mut(name).unwrap();
    let end = (at + BLOCK_BYTES).min(bytes.len());
    let block = &mut bytes[at..end];
    if block.iter().all(|byte| *byte == 0) {
        return None;
    }
    block.fill(0);
    Some(zeroed)
}

/// Blocks begin at every sector, aligned ones among them.
#[test]
fn every_zeroed_block_is_found() {
    let whole = whole();
    let entries = Entries::new(last_sequence(&whole, options()));
    let windows = windows(&whole);
    let mut scope = Scope::new("blocks zeroed");
    let mut refusals = Refusals::default();
    for sector in scope.cases(BYTES / 512, BYTES / 512) {
        let (number, at) = place(sector * 512);
        let Some(files) = zeroed(&windows[number - 1], &segment(number), at) else { continue };
        match start(&files, options(), &entries) {
            Err(damage) => refusals.count(&damage),
            Ok(served) => panic!("zeros at {at} of {}: {served:?}", segment(number)),
        }
    }
    println!("{refusals:?}");
    assert!(refusals.total() > BYTES / 512 * 9 / 10);
}

/// The same journal in one segment: what is zeroed may look like the end of it.
#[test]
fn every_zeroed_block_of_a_long_segment_is_found() {
    let options = || Options { segment_bytes: BYTES, segment_bytes_first: BYTES, ..options() };
    let is_full = |_: &_, journal: &openmart_journal::Journal| journal.last_sequence() > 11_000;
    let files = written(&options(), is_full);
    let used = files[&segment(1)].iter().rposition(|byte| *byte != 0).unwrap();
    assert!(used > 900_000 && !files[&segment(2)].starts_with(b"OMSEGMNT"), "{used}");
    let entries = Entries::new(last_sequence(&files, options()));
    let mut scope = Scope::new("blocks zeroed in a long segment");
    let mut refusals = Refusals::default();
    for block in scope.costly((used / 512) as u64, 100) {
        let Some(files) = zeroed(&files, &segment(1), block as usize * 512) else { continue };
        match start(&files, options(), &entries) {
            Err(damage) => refusals.count(&damage),
            Ok(served) => panic!("zeros at sector {block}: {served:?}"),
        }
    }
    println!("{refusals:?}");
}
