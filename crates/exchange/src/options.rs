//! What the owner of an exchange may choose, and every limit of the pipeline with its reason.

use std::fmt;
use std::sync::Arc;

use openmart_history::FollowerLimits;

use crate::clock::{Clock, SystemClock};
use crate::error::OpenError;

/// Settings of an [`Exchange`](crate::Exchange). `Options::default()` suits production.
///
/// Nothing here changes what a journal means: one folder may be opened with other options each
/// time.
#[derive(Clone)]
pub struct Options {
    /// Settings of the journal.
    pub journal: openmart_journal::Options,
    /// Write a snapshot in the background after so many entries; 0 for never. Default 1,000,000:
    /// some seconds of replay at start, some seconds of background work each time.
    pub snapshot_entries: u64,
    /// Cancels that may wait. Default 65,536: larger than the lane of everything else, so that
    /// whoever filled that one can still get out.
    pub queue_cancels_max: usize,
    /// Commands other than cancels that may wait. Default 16,384: some tens of milliseconds of
    /// work; a longer queue would answer later, not more.
    pub queue_orders_max: usize,
    /// Commands that share one sync of the disk. Default 1,024: beyond it a sync is already
    /// cheap per command, and the last of a batch would wait for more than itself.
    pub batch_entries_max: usize,
    /// How far history may be behind.
    pub history: FollowerLimits,
    /// Where times come from. Default: the clock of the machine.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            journal: openmart_journal::Options::default(),
            snapshot_entries: 1_000_000,
            queue_cancels_max: 65_536,
            queue_orders_max: 16_384,
            batch_entries_max: 1_024,
            history: FollowerLimits::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Options {
    /// Refuses settings under which nothing could be done.
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        match self {
            Self { queue_cancels_max: 0, .. } => Err(OpenError::Options("queue_cancels_max is 0")),
            Self { queue_orders_max: 0, .. } => Err(OpenError::Options("queue_orders_max is 0")),
            Self { batch_entries_max: 0, .. } => Err(OpenError::Options("batch_entries_max is 0")),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("journal", &self.journal)
            .field("snapshot_entries", &self.snapshot_entries)
            .field("queue_cancels_max", &self.queue_cancels_max)
            .field("queue_orders_max", &self.queue_orders_max)
            .field("batch_entries_max", &self.batch_entries_max)
            .field("history", &self.history)
            .finish_non_exhaustive()
    }
}
