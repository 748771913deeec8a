//! Simulated time, and the clock that the exchange is shown, which may jump.

use std::sync::Arc;

use openmart_exchange::{Clock, ManualClock};
use openmart_journal::MemoryStorage;
use openmart_model::Timestamp;

use crate::random::Random;

const START_MS: u64 = 1_600_000_000_000;
const WRITE_US: u64 = 20;
const SYNC_US: u64 = 1_000;
const PROCESS_START_US: u64 = 2_000_000;
const MACHINE_START_US: u64 = 30_000_000;
/// How far the clock may be set forward or back at once.
const JUMP_MS: u64 = 3_600_000;

/// Which start comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Start {
    Process,
    Machine,
}

#[derive(Debug)]
pub(super) struct Time {
    now_us: u64,
    /// What the clock shows beyond simulated time.
    offset_ms: i64,
    clock: Arc<ManualClock>,
    /// Writes and syncs of the disk that were counted.
    counted: (u64, u64),
}

impl Time {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(START_MS)));
        Self { now_us: 0, offset_ms: 0, clock, counted: (0, 0) }
    }

    pub(super) fn clock(&self) -> Arc<ManualClock> {
        self.clock.clone()
    }

    /// What the clock shows.
    pub(super) fn shown(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn now_us(&self) -> u64 {
        self.now_us
    }

    pub(super) fn pass(&mut self, us: u64) {
        self.now_us += us;
        let shown = (START_MS + self.now_us / 1_000).saturating_add_signed(self.offset_ms);
        self.clock.set(Timestamp(shown));
    }

    /// Lets the time pass that the disk took for its work since the last call.
    pub(super) fn pass_for(&mut self, storage: &MemoryStorage) {
        let (writes, syncs) = (storage.writes(), storage.syncs());
        let (writes_before, syncs_before) = self.counted;
        self.counted = (writes, syncs);
        self.pass((writes - writes_before) * WRITE_US + (syncs - syncs_before) * SYNC_US);
    }

    pub(super) fn pass_for_start(&mut self, start: Start, storage: &MemoryStorage) {
        self.counted = (storage.writes(), storage.syncs());
        self.pass(match start {
            Start::Process => PROCESS_START_US,
            Start::Machine => MACHINE_START_US,
        });
    }

    /// Sets the clock forward or back.
    pub(super) fn jump(&mut self, random: &mut Random) -> i64 {
        let jump = random.below(2 * JUMP_MS) as i64 - JUMP_MS as i64;
        self.offset_ms += jump;
        self.pass(0);
        jump
    }
}
