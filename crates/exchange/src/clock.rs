//! Where the time of an entry comes from. The only place of the pipeline that reads a clock.
//!
//! What a clock says is a proposal: the sequencer never lets the time of the journal go back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use openmart_model::Timestamp;

mod controlled;

pub use controlled::{
    CLOCK_MS_MAX, ClockError, ClockPace, ClockRate, ClockReading, ClockWish, ControlledClock,
};

/// A source of time. It may jump in either direction.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock before 1970 counts as 1970: the journal's time does not go back anyway.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// A clock that stands still until it is set, for runs that must repeat exactly.
#[derive(Default, Debug)]
pub struct ManualClock {
    now_ms: AtomicU64,
}

impl ManualClock {
    /// A clock that stands at this time.
    pub fn new(now: Timestamp) -> Self {
        Self { now_ms: AtomicU64::new(now.0) }
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, now: Timestamp) {
        self.now_ms.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now_ms.load(Ordering::SeqCst))
    }
}
