//! How often and how fast a request is repeated. Whether it may be is not decided here.

use std::time::Duration;

/// When requests that may be repeated are repeated.
///
/// The waits double from `backoff_min` up to `backoff_max`; a random part of up to half of each
/// is left off, so that clients which lost the same server do not come back at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Times that a request is sent, the first one included; 1 for no repetition. Default 5: with
    /// the waits below that bridges a restart of some two seconds.
    pub attempts_max: u32,
    /// The first wait. Default 100 ms.
    pub backoff_min: Duration,
    /// The longest wait that is not asked for by the exchange. Default 2 s.
    pub backoff_max: Duration,
    /// The longest wait that the exchange may ask for by `Retry-After`; if it asks for more, the
    /// caller is told. Default 10 s.
    pub retry_after_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 5,
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_secs(2),
            retry_after_max: Duration::from_secs(10),
        }
    }
}

impl RetryPolicy {
    /// Every request is sent once.
    pub fn never() -> Self {
        Self { attempts_max: 1, ..Self::default() }
    }

    /// The wait before repetition number `repetition`, counted from 0. `chance` is uniform.
    pub(crate) fn wait(&self, repetition: u32, chance: u32) -> Duration {
        let factor = 2_u32.saturating_pow(repetition);
        let wait = self.backoff_min.saturating_mul(factor).min(self.backoff_max);
        // From half of the wait to all of it, in whole microseconds.
        let half_us = u64::try_from(wait.as_micros() / 2).unwrap_or(u64::MAX);
        let part_us = (u128::from(half_us) * u128::from(chance)) >> u32::BITS;
        wait - Duration::from_micros(u64::try_from(part_us).unwrap_or(half_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_cap_and_are_at_least_half() {
        let policy = RetryPolicy::default();
        let longest: Vec<u128> =
            (0..7).map(|repetition| policy.wait(repetition, 0).as_millis()).collect();
        assert_eq!(longest, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
        for repetition in 0..100 {
            let (long, short) = (policy.wait(repetition, 0), policy.wait(repetition, u32::MAX));
            assert!(short >= long / 2 && short < long, "{repetition}: {short:?} {long:?}");
        }
    }
}
