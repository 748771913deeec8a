//! What assets are worth: a value for each, in one common measure, that moves in small steps. The price of a
//! market is the ratio of two values, so that the prices of all markets fit together.
//!
//! The logarithm of a value is a random walk with a volatility of its own, which is itself random and slow to
//! change (a fast and a slow part, each an Ornstein-Uhlenbeck process in the logarithm), with jumps by a power
//! law, and with a weak pull back to where it began, so that it can run for years.

use alloc::vec::Vec;

use openmart_model::AssetId;

use crate::chance::Chance;
use crate::settings::{Settings, ppm};

const YEAR_S: f64 = 365.25 * 86_400.0;
const DAY_S: f64 = 86_400.0;

#[derive(Debug)]
pub(crate) struct Reference {
    values: Vec<Value>,
    moves: Moves,
}

/// An asset's value and the state of its volatility.
#[derive(Debug)]
struct Value {
    asset: AssetId,
    home_log: f64,
    log: f64,
    fast: f64,
    slow: f64,
    /// Whether it is what the others are measured in.
    steady: bool,
}

/// What one step does, worked out from the settings once.
#[derive(Debug)]
struct Moves {
    deviation: f64,
    shared: f64,
    own: f64,
    fast: Swing,
    slow: Swing,
    /// Makes the mean square of the volatility's factor 1.
    level: f64,
    jump_probability: f64,
    jump_min: f64,
    jump_exponent: f64,
    jump_ratio_max: f64,
    reversion: f64,
}

/// One step of a part of the volatility: so much is kept, so much is new.
#[derive(Debug)]
struct Swing {
    kept: f64,
    new: f64,
}

impl Swing {
    fn new(deviation_ppm: u64, forgotten_ms: u64, step_ms: u64) -> Self {
        let kept = libm::exp(-(step_ms as f64) / forgotten_ms as f64);
        Self { kept, new: ppm(deviation_ppm) * libm::sqrt(1.0 - kept * kept) }
    }

    fn step(&self, part: f64, chance: &mut Chance) -> f64 {
        self.kept * part + self.new * chance.normal()
    }
}

impl Moves {
    fn new(settings: &Settings) -> Self {
        let step_s = settings.step_ms as f64 / 1e3;
        let shared = ppm(settings.correlation_ppm);
        let (fast, slow) = (ppm(settings.swing_fast_ppm), ppm(settings.swing_slow_ppm));
        let jump_min = ppm(settings.jump_ppm);
        let no_jumps = settings.jump_ppm == 0;
        Self {
            deviation: ppm(settings.volatility_ppm) * libm::sqrt(step_s / YEAR_S),
            shared: libm::sqrt(shared),
            own: libm::sqrt(1.0 - shared),
            fast: Swing::new(settings.swing_fast_ppm, settings.swing_fast_ms, settings.step_ms),
            slow: Swing::new(settings.swing_slow_ppm, settings.swing_slow_ms, settings.step_ms),
            level: -(fast * fast + slow * slow),
            jump_probability: settings.jumps_per_day as f64 * step_s / DAY_S,
            jump_min,
            jump_exponent: ppm(settings.jump_exponent_ppm),
            jump_ratio_max: match no_jumps {
                true => 1.0,
                false => (ppm(settings.jump_max_ppm) / jump_min).max(1.0),
            },
            reversion: step_s / (settings.reversion_ms as f64 / 1e3),
        }
    }
}

impl Reference {
    /// Values by asset: where they are pulled to, where they begin, and whether they stay there.
    pub(crate) fn new(
        settings: &Settings,
        values: impl IntoIterator<Item = (AssetId, f64, f64, bool)>,
        chance: &mut Chance,
    ) -> Self {
        let (fast, slow) = (ppm(settings.swing_fast_ppm), ppm(settings.swing_slow_ppm));
        let begin = |(asset, home, value, steady)| Value {
            asset,
            home_log: libm::log(home),
            log: libm::log(value),
            fast: fast * chance.normal(),
            slow: slow * chance.normal(),
            steady,
        };
        Self { values: values.into_iter().map(begin).collect(), moves: Moves::new(settings) }
    }

    /// Which of the values is that of an asset.
    pub(crate) fn find(&self, asset: AssetId) -> Option<usize> {
        self.values.iter().position(|value| value.asset == asset)
    }

    /// Moves all values by one step.
    pub(crate) fn step(&mut self, chance: &mut Chance) {
        let moves = &self.moves;
        let all = chance.normal();
        for value in self.values.iter_mut().filter(|value| !value.steady) {
            value.fast = moves.fast.step(value.fast, chance);
            value.slow = moves.slow.step(value.slow, chance);
            let noise = moves.shared * all + moves.own * chance.normal();
            let deviation = moves.deviation * libm::exp(value.fast + value.slow + moves.level);
            value.log += deviation * noise - moves.reversion * (value.log - value.home_log);
            if chance.happens(moves.jump_probability) {
                let size =
                    moves.jump_min * chance.power_law(moves.jump_exponent, moves.jump_ratio_max);
                value.log += if chance.happens(0.5) { size } else { -size };
            }
        }
    }

    /// Moves the price between two assets for good, by its logarithm: what trades have told about them. The one
    /// that all is measured in stays.
    pub(crate) fn push(&mut self, base: usize, quote: usize, by: f64) {
        if !self.values[base].steady {
            self.values[base].log += by;
        } else if !self.values[quote].steady {
            self.values[quote].log -= by;
        }
    }

    /// What one coin of an asset is worth.
    pub(crate) fn value(&self, at: usize) -> f64 {
        libm::exp(self.values[at].log)
    }

    /// The price of one coin in coins of another.
    pub(crate) fn price(&self, base: usize, quote: usize) -> f64 {
        libm::exp(self.values[base].log - self.values[quote].log)
    }

    /// The volatility of the livelier of two assets, as a multiple of the usual one.
    pub(crate) fn liveliness(&self, base: usize, quote: usize) -> f64 {
        let factor = |value: &Value| match value.steady {
            true => 0.0,
            false => libm::exp(value.fast + value.slow + self.moves.level),
        };
        factor(&self.values[base]).max(factor(&self.values[quote]))
    }
}
