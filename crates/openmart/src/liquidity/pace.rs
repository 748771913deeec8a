//! When a batch is due by the clock of the exchange, which may stand, jump and run at any speed.

use std::str::FromStr;
use std::sync::Arc;

use openmart_exchange::Clock;
use openmart_model::parse_decimal;

/// Decimals of a speed.
const SPEED_DECIMALS: u8 = 3;
const SPEED_ONE: u64 = 1_000;

/// The largest speed: a year in half a minute. Beyond it one says `max`.
const SPEED_MAX: u64 = 1_000_000 * SPEED_ONE;

/// How long to sleep at most before the clock is looked at again, since nobody tells when it jumps.
const SLEEP_MAX_MS: u64 = 20;

/// How much faster than recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speed {
    /// So many thousandths of the recorded speed.
    Thousandths(u64),
    /// Without waiting.
    Max,
}

impl Default for Speed {
    fn default() -> Self {
        Self::Thousandths(SPEED_ONE)
    }
}

impl FromStr for Speed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let rule = "a speed is a number from 0.001 to 1000000, or max";
        let thousandths = parse_decimal(text, SPEED_DECIMALS).map_err(|_| rule)?;
        let thousandths = u64::try_from(thousandths).ok().filter(|n| (1..=SPEED_MAX).contains(n));
        thousandths.map(Self::Thousandths).ok_or(rule)
    }
}

/// Turns the time of a flow into that of a clock.
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    speed: Speed,
    /// How far the flow may fall behind before it lets time go.
    lag_max_ms: Option<u64>,
    /// What the clock said, or would have said, when the flow began.
    begin_ms: u64,
    seen_ms: u64,
}

impl Pace {
    /// Begins now.
    pub(crate) fn new(clock: Arc<dyn Clock>, speed: Speed, lag_max_ms: Option<u64>) -> Self {
        let now_ms = clock.now().0;
        Self { clock, speed, lag_max_ms, begin_ms: now_ms, seen_ms: now_ms }
    }

    /// Begins now instead of when it was made.
    pub(crate) fn begin(&mut self) {
        (self.begin_ms, self.seen_ms) = (self.clock.now().0, self.clock.now().0);
    }

    /// How long to sleep before asking again; nothing: it is due.
    pub(crate) fn sleep_ms(&mut self, due_us: u64) -> Option<u64> {
        let Speed::Thousandths(thousandths) = self.speed else { return None };
        let now_ms = self.clock.now().0;
        // A clock that was set back takes the flow with it.
        let back_ms = self.seen_ms.saturating_sub(now_ms);
        self.begin_ms = self.begin_ms.saturating_sub(back_ms);
        self.seen_ms = now_ms;
        // At speed 1, thousandths of milliseconds are microseconds.
        let after_ms = u128::from(due_us) / u128::from(thousandths);
        let due_ms = u128::from(self.begin_ms).saturating_add(after_ms);
        let due_ms = u64::try_from(due_ms).unwrap_or(u64::MAX);
        let lag_ms = now_ms.saturating_sub(due_ms);
        if self.lag_max_ms.is_some_and(|max| lag_ms > max) {
            self.begin_ms = self.begin_ms.saturating_add(lag_ms);
        }
        (due_ms > now_ms).then(|| (due_ms - now_ms).min(SLEEP_MAX_MS))
    }
}

#[cfg(test)]
mod tests {
    use openmart_exchange::ManualClock;
    use openmart_model::Timestamp;

    use super::*;

    fn at(clock: &ManualClock, now_ms: u64) {
        clock.set(Timestamp(now_ms));
    }

    #[test]
    fn batches_are_due_by_the_clock() {
        let clock = Arc::new(ManualClock::new(Timestamp(1_000_000)));
        let mut pace = Pace::new(clock.clone(), "2".parse().unwrap(), None);
        assert_eq!(pace.sleep_ms(20_000), Some(10));
        assert_eq!(pace.sleep_ms(9_000_000), Some(SLEEP_MAX_MS));
        at(&clock, 1_000_010);
        assert_eq!(pace.sleep_ms(20_000), None);
        at(&clock, 900_000);
        assert_eq!(pace.sleep_ms(20_000), None, "a clock set back takes the flow with it");
        assert_eq!(pace.sleep_ms(30_000), Some(5));
    }

    #[test]
    fn what_lags_too_far_lets_time_go() {
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        let mut pace = Pace::new(clock.clone(), Speed::default(), Some(100));
        at(&clock, 50);
        assert_eq!((pace.sleep_ms(10_000), pace.sleep_ms(60_000)), (None, Some(10)));
        at(&clock, 1_000_000);
        assert_eq!((pace.sleep_ms(60_000), pace.sleep_ms(70_000)), (None, Some(10)));
    }

    #[test]
    fn speeds_are_numbers_or_max() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("1.5".parse(), Ok(Speed::Thousandths(1_500)));
        for bad in ["0", "-1", "", "fast", "1000001", "0.0001"] {
            assert!(bad.parse::<Speed>().is_err(), "{bad}");
        }
    }
}
