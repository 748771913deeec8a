//! What a seed decides before anything happens: how long the run is, the limits of the exchange, which
//! faults there are.

use std::sync::Arc;

use openmart_exchange::{Clock, FollowerLimits, Options};
use openmart_journal::Retention;

use crate::random::Random;

/// One seed in so many writes rows of history to a file: that takes longer than all the rest.
const ROWS_EVERY: u64 = 16;

#[derive(Debug)]
pub(super) struct Plan {
    /// Commands to submit.
    pub(super) commands: u64,
    /// Whether history has a file.
    pub(super) rows: bool,
    /// How often a fault is set, in a thousand steps; 0 for a calm life.
    pub(super) faults_per_mille: u64,
    /// Most commands that arrive at once.
    pub(super) burst_max: u64,
    pub(super) queue_cancels_max: usize,
    pub(super) queue_orders_max: usize,
    pub(super) batch_entries_max: usize,
    pub(super) options: Options,
}

impl Plan {
    pub(super) fn new(random: &mut Random, clock: Arc<dyn Clock>) -> Self {
        let commands = 30 + random.below(120);
        let rows = random.below(ROWS_EVERY) == 0;
        let faults_per_mille = random.pick(&[0, 10, 30, 30, 60]);
        let queue_orders_max = random.pick(&[2, 5, 16, 64]);
        // As documented: room for cancels where there is none for orders.
        let queue_cancels_max = queue_orders_max * random.pick(&[1, 2, 4]);
        let batch_entries_max = random.pick(&[1, 3, 8, 32]);
        let mut options = Options {
            snapshot_entries: random.pick(&[0, 7, 20, 50]),
            queue_cancels_max,
            queue_orders_max,
            batch_entries_max,
            history: FollowerLimits { lag_rows_max: random.pick(&[1, 10, 1_000]) },
            clock,
            ..Options::default()
        };
        let journal = &mut options.journal;
        journal.background = false;
        journal.batch_bytes_max = random.pick(&[512, 1_024, 2_048, 4_096]);
        journal.segment_bytes_first = random.pick(&[5, 8]) << 10;
        journal.segment_bytes = random.pick(&[8, 16]) << 10;
        journal.reserve_bytes = random.pick(&[5, 8]) << 10;
        journal.snapshots_keep = random.pick(&[1, 2, 3]);
        if random.percent(40) {
            journal.retention = Retention::SnapshotsCover;
        }
        let burst_max = random.pick(&[1, 4, 12]);
        Self {
            commands,
            rows,
            faults_per_mille,
            burst_max,
            queue_cancels_max,
            queue_orders_max,
            batch_entries_max,
            options,
        }
    }

    /// Whether every entry from the first on stays in the journal.
    pub(super) fn keeps_all(&self) -> bool {
        self.options.journal.retention == Retention::KeepAll
    }
}
