//! The parts of an exchange, recovered and put together. Whether threads run them or somebody steps
//! them is not known here.

use std::sync::Arc;

use openmart_history::{FollowerLimits, History, HistoryError, Location, Store};
use openmart_journal::Storage;

use crate::error::OpenError;
use crate::intake::Intake;
use crate::options::Options;
use crate::pipeline::Pipeline;
use crate::recovery::{Recovered, RecoveryReport, recover};
use crate::sequencer::Sequencer;
use crate::snapshots::Snapshotter;

/// What works, and what it found.
pub(crate) struct Parts {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) sequencer: Sequencer,
    pub(crate) snapshotter: Snapshotter,
    pub(crate) report: RecoveryReport,
}

impl Parts {
    /// Recovers what the storage holds; `follow` decides how history is written.
    pub(crate) fn assemble(
        storage: Arc<dyn Storage>,
        location: Location,
        options: &Options,
        follow: impl FnOnce(Store, FollowerLimits) -> Result<History, HistoryError>,
    ) -> Result<Self, OpenError> {
        options.check()?;
        let Recovered { journal, state, history, report } =
            recover(storage.clone(), location, options)?;
        let history = follow(history, options.history)?;
        let intake = Intake::new(options.queue_cancels_max, options.queue_orders_max);
        let snapshot_sequence = report.snapshot_sequence.unwrap_or(0);
        let pipeline = Arc::new(Pipeline::new(state, history, intake, snapshot_sequence));
        let snapshotter =
            Snapshotter { pipeline: pipeline.clone(), storage, writer: journal.snapshot_writer() };
        let sequencer = Sequencer::new(journal, pipeline.clone(), options);
        Ok(Self { pipeline, sequencer, snapshotter, report })
    }
}
