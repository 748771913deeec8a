//! Every bit of the journal.

use crate::folder::{SEGMENT_BYTES, SEGMENTS, options, segment, whole, windows};
use crate::scope::Scope;
use crate::start::{Entries, Refusals, last_sequence, start};

const BITS: u64 = (SEGMENTS * SEGMENT_BYTES * 8) as u64;

/// The bit of the whole journal as segment (from 1), byte and bit in it.
fn place(bit: u64) -> (usize, usize, u8) {
    let byte = (bit / 8) as usize;
    (byte / SEGMENT_BYTES + 1, byte % SEGMENT_BYTES, 1 << (bit % 8))
}

#[test]
fn every_flipped_bit_of_the_journal_is_found() {
    let whole = whole();
    let entries = Entries::new(last_sequence(&whole, options()));
    let mut windows = windows(&whole);
    let lasts: Vec<u64> = windows.iter().map(|files| last_sequence(files, options())).collect();
    let mut scope = Scope::new("flipped bits of the journal");
    let mut refusals = Refusals::default();
    for bit in scope.cases(BITS, 12_000) {
        let (number, byte, mask) = place(bit);
        let (name, files) = (segment(number), &mut windows[number - 1]);
        files.get_mut(&name).unwrap()[byte] ^= mask;
        match start(files, options(), &entries) {
            Err(damage) => refusals.count(&damage),
            // Behind the end of the last segment, where a write cut short may have left it.
            Ok(served) if number == SEGMENTS && served.torn_tail => {
                assert_eq!(served.last_sequence, lasts[number - 1], "bit {bit}");
                refusals.harmless += 1;
            }
            Ok(served) => panic!("bit {bit} of {name} was overlooked: {served:?}"),
        }
        files.get_mut(&name).unwrap()[byte] ^= mask;
    }
    println!("{refusals:?}");
    assert!(refusals.total() > 10_000 && refusals.harmless * 100 < refusals.total());
    // The folders are as they were, so that each case met one flip.
    for (files, last) in windows.iter().zip(lasts) {
        assert_eq!(start(files, options(), &entries).unwrap().last_sequence, last);
    }
}

#[test]
fn flipped_bits_are_found_in_the_whole_folder() {
    let mut files = whole();
    let last = last_sequence(&files, options());
    let entries = Entries::new(last);
    let mut scope = Scope::new("flipped bits in the whole folder");
    for bit in scope.costly(BITS, 120) {
        let (number, byte, mask) = place(bit);
        files.get_mut(&segment(number)).unwrap()[byte] ^= mask;
        match start(&files, options(), &entries) {
            Err(_) => {}
            Ok(served) => {
                let harmless = served.torn_tail && served.last_sequence == last;
                assert!(harmless && number == SEGMENTS, "bit {bit} was overlooked: {served:?}");
            }
        }
        files.get_mut(&segment(number)).unwrap()[byte] ^= mask;
    }
}
