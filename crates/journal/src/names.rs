//! File names in the data folder: which belong to the journal, and what their numbers mean.
//!
//! Anything else in the folder (history, tokens, configuration) is none of the journal's business
//! and is neither read nor removed.

/// Name of the file whose lock means "this folder is in use".
pub(crate) const LOCK: &str = "lock";
/// Name of the file that remembers the last acknowledged sequence.
pub(crate) const ACKNOWLEDGED: &str = "acknowledged";
/// Name of the segment kept for a full disk.
pub(crate) const RESERVE: &str = "segment-reserve";
/// Ending of files that are still being written; removed at the next open.
pub(crate) const TEMPORARY: &str = ".tmp";
/// Ending of a snapshot that failed its check and was moved aside.
pub(crate) const DAMAGED: &str = ".damaged";

const SEGMENT: &str = "segment-";
const SNAPSHOT: &str = "snapshot-";
/// Digits of a segment number. Twelve digits of 32 MiB segments are more than any disk holds.
const SEGMENT_DIGITS: usize = 12;
/// Digits of a sequence number: all of a `u64`, so that names sort as numbers do.
const SNAPSHOT_DIGITS: usize = 20;

/// Name of segment `number`.
pub(crate) fn segment(number: u64) -> String {
    format!("{SEGMENT}{number:0SEGMENT_DIGITS$}")
}

/// Name of the snapshot taken after `sequence`.
pub(crate) fn snapshot(sequence: u64) -> String {
    format!("{SNAPSHOT}{sequence:0SNAPSHOT_DIGITS$}")
}

/// The number in a segment's name, or `None` for any other file.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    number(name.strip_prefix(SEGMENT)?, SEGMENT_DIGITS)
}

/// The sequence in a snapshot's name, or `None` for any other file.
pub(crate) fn snapshot_sequence(name: &str) -> Option<u64> {
    number(name.strip_prefix(SNAPSHOT)?, SNAPSHOT_DIGITS)
}

/// Whether a crash may have left this file half written.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.strip_suffix(TEMPORARY).is_some_and(|rest| {
        rest == ACKNOWLEDGED
            || rest == RESERVE
            || segment_number(rest).is_some()
            || snapshot_sequence(rest).is_some()
    })
}

fn number(digits: &str, width: usize) -> Option<u64> {
    let plain = digits.len() == width && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_sort_as_numbers() {
        for number in [1, 9, 10, 999_999_999_999] {
            assert_eq!(segment_number(&segment(number)), Some(number));
        }
        for sequence in [0, 1, u64::MAX] {
            assert_eq!(snapshot_sequence(&snapshot(sequence)), Some(sequence));
        }
        assert!(segment(9) < segment(10));
        assert!(snapshot(9) < snapshot(10));
    }

    #[test]
    fn foreign_names_are_not_ours() {
        for name in ["segment-1", "segment-+00000000001", RESERVE, "history.sqlite", "segment-"] {
            assert_eq!(segment_number(name), None, "{name}");
        }
        assert!(!is_temporary("notes.tmp"));
        assert!(is_temporary("segment-000000000001.tmp"));
        assert!(is_temporary("segment-reserve.tmp"));
    }
}
