//! How the pipeline is doing, for health checks and metrics. Read without waiting for it.

use std::sync::Arc;

use openmart_history::HistoryStatus;
use openmart_journal::Space;

/// Whether commands are taken.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Condition {
    /// All of them.
    Running,
    /// Cancels only: the disk is full.
    DiskFull,
    /// None; reads still work.
    Stopped {
        /// Why.
        reason: Arc<str>,
    },
}

/// A picture of the pipeline. The figures are read one after the other, not at one instant.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Whether commands are taken.
    pub condition: Condition,
    /// The last entry that is durable and applied.
    pub sequence: u64,
    /// The sequence of the newest snapshot; 0 without one.
    pub snapshot_sequence: u64,
    /// Cancels waiting.
    pub queued_cancels: usize,
    /// Other commands waiting.
    pub queued_orders: usize,
    /// Orders in the books.
    pub orders_open: u64,
    /// What is left on the disk.
    pub journal_space: Space,
    /// How far history is.
    pub history: HistoryStatus,
    /// Finished orders and fills in memory: those not in the file, and the last that came there.
    pub tail_rows: u64,
    /// Counts since the exchange was opened.
    pub counters: Counters,
}

/// Counts since the exchange was opened.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Counters {
    /// Commands carried out or rejected.
    pub commands: u64,
    /// Of these, the rejected ones.
    pub rejected: u64,
    /// Batches made durable, each with one sync of the disk.
    pub batches: u64,
    /// Commands turned away because a queue was full.
    pub overloaded: u64,
    /// Commands turned away because the disk was full.
    pub disk_full: u64,
    /// Subscriptions cut off because they were too slow.
    pub subscriptions_cut: u64,
    /// Snapshots written.
    pub snapshots: u64,
    /// Snapshots that could not be written.
    pub snapshots_failed: u64,
}
