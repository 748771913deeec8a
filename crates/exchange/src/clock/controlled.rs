//! A clock that can be held, moved and hurried, for exchanges that live no longer than a test.
//!
//! What enters: wishes, and the time of the last entry. What leaves: the time, which never goes back while
//! anybody may have seen it. What it must not know: who wishes, and what reads it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use openmart_model::Timestamp;

use super::{Clock, SystemClock};

/// The latest time it shows, in the year 2540: budgets count nanoseconds in 64 bits, which end in 2554.
pub const CLOCK_MS_MAX: u64 = 18_000_000_000_000;

/// How many times faster than the machine's clock, in thousandths: from 0.1 to 100,000 times. Slower is
/// better done by steps; faster, a candle of a day lasts less than a tick of the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockRate {
    thousandths: u64,
}

impl ClockRate {
    /// The slowest, in thousandths.
    pub const THOUSANDTHS_MIN: u64 = 100;
    /// The fastest, in thousandths.
    pub const THOUSANDTHS_MAX: u64 = 100_000_000;

    /// A rate within the limits.
    pub fn from_thousandths(thousandths: u64) -> Option<Self> {
        let within = Self::THOUSANDTHS_MIN..=Self::THOUSANDTHS_MAX;
        within.contains(&thousandths).then_some(Self { thousandths })
    }

    /// In thousandths of the machine's pace.
    pub fn thousandths(self) -> u64 {
        self.thousandths
    }
}

/// What a clock is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockWish {
    /// Stand still now.
    Freeze,
    /// Stand still at this time.
    FreezeAt(Timestamp),
    /// Go ahead by so many milliseconds, and then on as before.
    StepMs(u64),
    /// Go ahead to this time, and then on as before.
    JumpTo(Timestamp),
    /// Run at this rate from the time it shows.
    Run(ClockRate),
    /// Follow the machine's clock again.
    Real,
}

/// How a clock goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockPace {
    /// With the machine's.
    Real,
    /// Not at all.
    Frozen,
    /// So many times as fast.
    Rate(ClockRate),
}

/// What a clock shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockReading {
    /// The time.
    pub now: Timestamp,
    /// How it goes.
    pub pace: ClockPace,
}

/// Why a clock goes on as it did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// Entries, budgets and candles would stand still until the time they know has come again.
    #[error(
        "time never goes back: the clock can be set from {earliest_ms} on, not to {wanted_ms}; \
         only a rewind makes earlier times possible"
    )]
    Back {
        /// The time asked for.
        wanted_ms: u64,
        /// The earliest that can be had.
        earliest_ms: u64,
    },
    /// The machine's clock has not come that far.
    #[error(
        "the clock is {ahead_ms} ms ahead of the machine's and time never goes back: run at a rate of 1, \
         or rewind the exchange first"
    )]
    Ahead {
        /// By how much.
        ahead_ms: u64,
    },
    /// Beyond the end.
    #[error("the clock ends at {CLOCK_MS_MAX} ms, in the year 2540")]
    Late,
}

/// A clock that follows the machine's until it is told otherwise.
#[derive(Debug)]
pub struct ControlledClock {
    /// As `motion` says; spares everybody the lock while nobody has told it anything.
    is_real: AtomicBool,
    motion: RwLock<Motion>,
}

#[derive(Clone, Copy, Debug)]
struct Motion {
    pace: ClockPace,
    /// The time at `since`; without a meaning while it is real.
    base_ms: u64,
    since: Instant,
    /// What it has shown counts no more, only what entries say.
    released: bool,
}

impl Motion {
    fn now_ms(&self) -> u64 {
        let ms = match self.pace {
            ClockPace::Real => SystemClock.now().0,
            ClockPace::Frozen => self.base_ms,
            ClockPace::Rate(rate) => {
                let elapsed = self.since.elapsed().as_nanos() * u128::from(rate.thousandths);
                let gone_ms = u64::try_from(elapsed / 1_000_000_000).unwrap_or(u64::MAX);
                self.base_ms.saturating_add(gone_ms)
            }
        };
        ms.min(CLOCK_MS_MAX)
    }

    /// What it becomes, or why not.
    fn told(&self, wish: ClockWish, last_entry: Timestamp) -> Result<Self, ClockError> {
        let now_ms = self.now_ms();
        let shown_ms = if self.released { 0 } else { now_ms };
        let earliest_ms = shown_ms.max(last_entry.0);
        let going_on = match self.pace {
            // One millisecond of its own for each of the machine's.
            ClockPace::Real => ClockPace::Rate(ClockRate { thousandths: 1_000 }),
            pace => pace,
        };
        let (pace, base_ms) = match wish {
            ClockWish::Freeze => (ClockPace::Frozen, now_ms),
            ClockWish::FreezeAt(at) => (ClockPace::Frozen, at.0),
            ClockWish::StepMs(ms) => (going_on, now_ms.saturating_add(ms)),
            ClockWish::JumpTo(to) => (going_on, to.0),
            ClockWish::Run(rate) => (ClockPace::Rate(rate), now_ms),
            ClockWish::Real => (ClockPace::Real, SystemClock.now().0),
        };
        if base_ms > CLOCK_MS_MAX {
            return Err(ClockError::Late);
        }
        let backward = base_ms < earliest_ms;
        match wish {
            ClockWish::Real if backward => {
                return Err(ClockError::Ahead { ahead_ms: earliest_ms - base_ms });
            }
            ClockWish::FreezeAt(_) | ClockWish::JumpTo(_) if backward => {
                return Err(ClockError::Back { wanted_ms: base_ms, earliest_ms });
            }
            // From where it stands: what entries say is later only if the machine's clock was put back.
            _ => {}
        }
        let base_ms = base_ms.max(last_entry.0);
        Ok(Self { pace, base_ms, since: Instant::now(), released: false })
    }
}

impl Default for ControlledClock {
    fn default() -> Self {
        Self::new()
    }
}

impl ControlledClock {
    /// A clock that follows the machine's.
    pub fn new() -> Self {
        let motion =
            Motion { pace: ClockPace::Real, base_ms: 0, since: Instant::now(), released: false };
        Self { is_real: AtomicBool::new(true), motion: RwLock::new(motion) }
    }

    /// What it shows.
    pub fn reading(&self) -> ClockReading {
        let motion = self.motion();
        ClockReading { now: Timestamp(motion.now_ms()), pace: motion.pace }
    }

    /// Another clock that shows the same and goes at the same pace, and is told things of its own.
    pub fn fork(&self) -> Self {
        let motion = self.motion();
        let is_real = motion.pace == ClockPace::Real;
        Self { is_real: AtomicBool::new(is_real), motion: RwLock::new(motion) }
    }

    /// Tells it something. `last_entry` is the time of the exchange's last entry, before which it cannot
    /// be set.
    ///
    /// # Errors
    /// When time would go back, or further than it can. Nothing is changed then.
    pub fn tell(&self, wish: ClockWish, last_entry: Timestamp) -> Result<ClockReading, ClockError> {
        let mut motion = self.motion.write().unwrap_or_else(PoisonError::into_inner);
        *motion = motion.told(wish, last_entry)?;
        self.is_real.store(motion.pace == ClockPace::Real, Ordering::Release);
        Ok(ClockReading { now: Timestamp(motion.now_ms()), pace: motion.pace })
    }

    /// Whoever saw it is gone, as after a rewind: the next wish may set it back, though not before the
    /// last entry.
    pub fn release(&self) {
        self.motion.write().unwrap_or_else(PoisonError::into_inner).released = true;
    }

    fn motion(&self) -> Motion {
        *self.motion.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ControlledClock {
    fn now(&self) -> Timestamp {
        match self.is_real.load(Ordering::Acquire) {
            true => SystemClock.now(),
            false => Timestamp(self.motion().now_ms()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(4_000_000_000_000);

    fn frozen() -> ControlledClock {
        let clock = ControlledClock::new();
        clock.tell(ClockWish::FreezeAt(START), Timestamp(0)).unwrap();
        clock
    }

    #[test]
    fn a_frozen_clock_moves_when_told_and_only_ahead() {
        let clock = frozen();
        assert_eq!((clock.now(), clock.now()), (START, START));
        let tell = |wish| clock.tell(wish, Timestamp(0)).map(|reading| reading.now.0 - START.0);
        assert_eq!(tell(ClockWish::StepMs(60_000)), Ok(60_000));
        assert_eq!(tell(ClockWish::JumpTo(Timestamp(START.0 + 60_000))), Ok(60_000));
        assert_eq!(tell(ClockWish::JumpTo(Timestamp(START.0 + 90_000))), Ok(90_000));
        let back = ClockError::Back { wanted_ms: START.0, earliest_ms: START.0 + 90_000 };
        assert_eq!(tell(ClockWish::JumpTo(START)), Err(back));
        assert_eq!(tell(ClockWish::FreezeAt(START)), Err(back));
        assert!(matches!(tell(ClockWish::Real), Err(ClockError::Ahead { .. })));
        assert_eq!(tell(ClockWish::StepMs(u64::MAX)), Err(ClockError::Late));
        assert_eq!(clock.now().0, START.0 + 90_000, "nothing was changed");
        assert_eq!(clock.reading().pace, ClockPace::Frozen);
    }

    #[test]
    fn it_is_never_set_before_an_entry() {
        let clock = frozen();
        let last_entry = Timestamp(START.0 + 5);
        let wish = ClockWish::JumpTo(Timestamp(START.0 + 4));
        let back = ClockError::Back { wanted_ms: START.0 + 4, earliest_ms: START.0 + 5 };
        assert_eq!(clock.tell(wish, last_entry), Err(back));
        assert_eq!(clock.tell(ClockWish::Freeze, last_entry).unwrap().now, last_entry);
    }

    #[test]
    fn once_released_it_may_go_back_as_far_as_entries_allow() {
        let clock = frozen();
        let (before, last_entry) = (Timestamp(START.0 - 100), Timestamp(START.0 - 50));
        clock.release();
        assert!(clock.tell(ClockWish::FreezeAt(before), last_entry).is_err());
        assert_eq!(
            clock.tell(ClockWish::FreezeAt(last_entry), last_entry).unwrap().now,
            last_entry
        );
        assert!(clock.tell(ClockWish::FreezeAt(before), before).is_err(), "once, not for ever");
    }

    #[test]
    fn a_rate_is_the_machines_pace_times_so_much() {
        let since = Instant::now().checked_sub(std::time::Duration::from_secs(100)).unwrap();
        let shown_s = |thousandths| {
            let pace = ClockPace::Rate(ClockRate::from_thousandths(thousandths).unwrap());
            Motion { pace, base_ms: 0, since, released: false }.now_ms() / 1_000
        };
        // The test itself takes a while, so these are lower bounds.
        assert!((10..1_000).contains(&shown_s(100)));
        assert!((100_000..10_000_000).contains(&shown_s(1_000_000)));
        for wrong in [0, 99, 100_000_001, u64::MAX] {
            assert_eq!(ClockRate::from_thousandths(wrong), None, "{wrong}");
        }
        let pace = ClockPace::Rate(ClockRate::from_thousandths(100_000_000).unwrap());
        let late = Motion { pace, base_ms: CLOCK_MS_MAX - 1, since, released: false };
        assert_eq!(late.now_ms(), CLOCK_MS_MAX);
    }

    #[test]
    fn a_fork_is_told_things_of_its_own() {
        let clock = frozen();
        let fork = clock.fork();
        fork.tell(ClockWish::StepMs(7), Timestamp(0)).unwrap();
        assert_eq!((clock.now(), fork.now().0), (START, START.0 + 7));
        let real = ControlledClock::new();
        assert!(real.now() <= real.fork().now());
        assert_eq!(real.tell(ClockWish::Real, Timestamp(0)).unwrap().pace, ClockPace::Real);
    }
}
