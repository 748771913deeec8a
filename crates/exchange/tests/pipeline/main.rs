//! The pipeline from the outside: what callers see, and what a crash leaves.
//!
//! No sleep and no clock: where the order of two threads matters, the disk waits for the test (see
//! `gate`). Random choices follow seeds that a failure prints.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod concurrency;
mod crash;
mod disk_full;
mod failure;
mod history;
mod history_damage;
mod history_trouble;
mod overload;
mod pages;
mod public;
mod recovery;
mod restart;
mod rounds;
mod snapshots;
mod stepped;
mod subscriptions;
mod time;
mod venue;
mod visibility;
