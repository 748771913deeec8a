//! The one source of chance, and the distributions of the model. Same seed, same numbers, on any machine:
//! sums, products and roots of doubles are exact to the bit everywhere, and the logarithms come from a
//! library that is compiled in.

/// SplitMix64 with the draws of the model.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Above 0 and below 1, so that it has a logarithm.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// True in so much of all cases.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// An index into something of this length, which must not be 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        ((u128::from(self.bits()) * length as u128) >> 64) as usize
    }

    /// An index, each drawn as often as its weight says; the weights must not all be 0.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (at, weight) in weights.iter().enumerate() {
            if left < *weight {
                return at;
            }
            left -= weight;
        }
        // What rounding left over belongs to the last that can be drawn at all.
        weights.iter().rposition(|weight| *weight > 0.0).unwrap_or_default()
    }

    /// Time to the next event of a Poisson process with this rate.
    pub(crate) fn exponential(&mut self, rate: f64) -> f64 {
        -libm::log(self.unit()) / rate
    }

    /// Of the normal distribution with mean 0 and variance 1, by the polar method.
    pub(crate) fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 && square > 0.0 {
                return x * libm::sqrt(-2.0 * libm::log(square) / square);
            }
        }
    }

    /// At least 1, above x with probability x to the power of minus the exponent, cut at a largest.
    pub(crate) fn power_law(&mut self, exponent: f64, max: f64) -> f64 {
        libm::exp(-libm::log(self.unit()) / exponent).min(max)
    }

    /// Whole numbers from 0 with this mean, each less likely than the one before by the same ratio.
    pub(crate) fn geometric(&mut self, mean: f64) -> f64 {
        if mean <= 0.0 {
            return 0.0;
        }
        libm::floor(libm::log(self.unit()) / libm::log(mean / (mean + 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(draws: usize, mut draw: impl FnMut() -> f64) -> f64 {
        (0..draws).map(|_| draw()).sum::<f64>() / draws as f64
    }

    #[test]
    fn the_sequence_is_fixed() {
        // The published test values of SplitMix64 for this seed.
        let mut chance = Chance::new(1_234_567);
        assert_eq!(chance.bits(), 6_457_827_717_110_365_317);
        assert_eq!(chance.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut chance = Chance::new(7);
        let near = |found: f64, wanted: f64| libm::fabs(found / wanted - 1.0) < 0.03;
        assert!(near(mean(50_000, || chance.exponential(4.0)), 0.25));
        assert!(near(mean(50_000, || chance.geometric(10.0)), 10.0));
        assert!(near(mean(50_000, || chance.power_law(3.0, 1e9)), 1.5));
        assert!(near(
            mean(50_000, || {
                let normal = chance.normal();
                normal * normal
            }),
            1.0
        ));
        assert!(libm::fabs(mean(50_000, || chance.normal())) < 0.02);
        assert!(near(mean(50_000, || chance.weighted(&[1.0, 0.0, 3.0]) as f64), 1.5));
    }
}
