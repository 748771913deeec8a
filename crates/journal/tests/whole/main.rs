//! One mebibyte of journal and one of snapshot, damaged in every place there is: each bit flipped,
//! the file cut at each length, each block of 4 KiB zeroed, each two entries swapped. Whatever a
//! start makes of it, it serves nothing that was not written, and never less without a word.
//!
//! `make test` takes evenly spread samples. `OPENMART_DAMAGE=all` takes every case, and
//! `OPENMART_DAMAGE_SEED` moves the samples; a failure prints case and seed.
//!
//! A damaged segment is met by a start ([`openmart_journal::Journal::open`], then the replay) in
//! the folder that retention would leave around it: a snapshot just before it, the segment, the
//! one after it, and the mark. Samples of the same damage are met in the folder with everything.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod flips;
mod folder;
mod losses;
mod scope;
mod snapshots;
mod start;
mod swaps;
