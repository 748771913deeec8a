//! Delays: fixed, or drawn from a distribution.
//!
//! These are the only floating-point numbers of the gateway. They decide how long somebody waits,
//! and nothing else.

use std::f64::consts::TAU;
use std::time::Duration;

use openmart_wire::admin::faults::{DELAY_MS_MAX, Delay};

use super::chance::Chance;
use super::problem::Problem;

/// Whether a delay can be drawn.
pub(super) fn check(delay: &Delay) -> Result<(), Problem> {
    let (longest, sound) = match *delay {
        Delay::Fixed { ms } => (ms, true),
        Delay::Uniform { min_ms, max_ms } => (max_ms, min_ms <= max_ms),
        Delay::Normal { mean_ms, deviation_ms } => (mean_ms.max(deviation_ms), true),
        Delay::Exponential { mean_ms } => (mean_ms, true),
        Delay::Pareto { min_ms, shape } => (min_ms, shape.is_finite() && shape > 0.0),
    };
    match sound {
        false => Err(Problem::Delay),
        true if longest > DELAY_MS_MAX => Err(Problem::TooLong { ms: longest }),
        true => Ok(()),
    }
}

/// One delay, to the microsecond.
pub(super) fn draw(delay: &Delay, chance: &mut Chance) -> Duration {
    let ms = match *delay {
        Delay::Fixed { ms } => return Duration::from_millis(ms.into()),
        Delay::Uniform { min_ms, max_ms } => {
            let width = f64::from(max_ms - min_ms);
            width.mul_add(chance.share(), f64::from(min_ms))
        }
        Delay::Normal { mean_ms, deviation_ms } => {
            // Box and Muller.
            let radius = (-2.0 * chance.share().ln()).sqrt();
            let normal = radius * (TAU * chance.share()).cos();
            normal.mul_add(f64::from(deviation_ms), f64::from(mean_ms))
        }
        Delay::Exponential { mean_ms } => -chance.share().ln() * f64::from(mean_ms),
        Delay::Pareto { min_ms, shape } => f64::from(min_ms) / chance.share().powf(shape.recip()),
    };
    let ms = ms.clamp(0.0, f64::from(DELAY_MS_MAX));
    Duration::from_micros((ms * 1_000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and median of a hundred thousand, in milliseconds.
    fn drawn(delay: Delay) -> (f64, f64) {
        check(&delay).unwrap();
        let one = |n| draw(&delay, &mut Chance::of(1, "delay", None, n)).as_secs_f64() * 1_000.0;
        let mut all: Vec<f64> = (0..100_000).map(one).collect();
        all.sort_by(f64::total_cmp);
        (all.iter().sum::<f64>() / 100_000.0, all[50_000])
    }

    #[test]
    fn delays_follow_their_distribution() {
        let near = |(mean, median): (f64, f64), expected: (f64, f64)| {
            let close = |a: f64, b: f64| (a - b).abs() <= 0.03 * b;
            assert!(close(mean, expected.0) && close(median, expected.1), "{mean} {median}");
        };
        near(drawn(Delay::Fixed { ms: 20 }), (20.0, 20.0));
        near(drawn(Delay::Uniform { min_ms: 10, max_ms: 30 }), (20.0, 20.0));
        near(drawn(Delay::Normal { mean_ms: 100, deviation_ms: 10 }), (100.0, 100.0));
        near(drawn(Delay::Exponential { mean_ms: 100 }), (100.0, 69.3));
        // Mean: min x shape / (shape - 1); median: min x 2^(1 / shape).
        near(drawn(Delay::Pareto { min_ms: 10, shape: 3.0 }), (15.0, 12.6));
    }

    #[test]
    fn no_delay_is_longer_than_the_longest() {
        let wild = Delay::Pareto { min_ms: 1_000, shape: 0.01 };
        for n in 0..1_000 {
            let delay = draw(&wild, &mut Chance::of(1, "wild", None, n));
            assert!(delay <= Duration::from_millis(DELAY_MS_MAX.into()));
        }
        for bad in [
            Delay::Fixed { ms: DELAY_MS_MAX + 1 },
            Delay::Uniform { min_ms: 3, max_ms: 2 },
            Delay::Pareto { min_ms: 1, shape: 0.0 },
            Delay::Pareto { min_ms: 1, shape: f64::NAN },
        ] {
            assert!(check(&bad).is_err(), "{bad:?}");
        }
    }
}
