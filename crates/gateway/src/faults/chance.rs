//! Chance that repeats: numbers that follow from a seed, a rule, whose request it is and the how
//! manieth. No generator is shared, so who else asks in between changes nothing.

use openmart_model::KeyId;

/// Share that is struck, in parts per million.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Probability(u32);

const MILLION: u32 = 1_000_000;

impl Probability {
    pub(super) const CERTAIN: Self = Self(MILLION);

    /// From a number above 0 and at most 1; a millionth is the smallest step.
    pub(super) fn new(share: f64) -> Option<Self> {
        let ppm = (share * f64::from(MILLION)).round();
        // A number that is none compares with nothing.
        (share > 0.0 && share <= 1.0 && ppm >= 1.0).then_some(Self(ppm as u32))
    }
}

/// The chances of one occurrence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance {
    state: u64,
}

impl Chance {
    /// Those of the `number`th request that a rule was asked about by this key.
    pub(super) fn of(seed: u64, name: &str, key: Option<KeyId>, number: u64) -> Self {
        let key = key.map_or(0, |key| u64::from(key.0) + 1);
        let state = [hash(name), key, number].into_iter().fold(mix(seed), |state, part| {
            mix(state.wrapping_add(part).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        });
        Self { state }
    }

    pub(super) fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    pub(super) fn happens(&mut self, probability: Probability) -> bool {
        // The top 32 bits, spread over a million.
        let drawn = ((self.word() >> 32) * u64::from(MILLION)) >> 32;
        drawn < u64::from(probability.0)
    }

    /// Evenly above 0 and up to 1: its logarithm is finite.
    pub(super) fn share(&mut self) -> f64 {
        ((self.word() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

/// SplitMix64's last step.
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(seed: u64, name: &str, key: Option<KeyId>) -> Vec<u64> {
        let quarter = Probability::new(0.25).unwrap();
        let happens = |n: &u64| Chance::of(seed, name, key, *n).happens(quarter);
        (1..=10_000).filter(happens).collect()
    }

    #[test]
    fn chances_repeat_and_do_not_depend_on_one_another() {
        let first = struck(7, "a", Some(KeyId(0)));
        assert_eq!(first, struck(7, "a", Some(KeyId(0))));
        assert!((2_300..2_700).contains(&first.len()), "{}", first.len());
        for other in [
            struck(8, "a", Some(KeyId(0))),
            struck(7, "b", Some(KeyId(0))),
            struck(7, "a", Some(KeyId(1))),
            struck(7, "a", None),
        ] {
            let both = other.iter().filter(|n| first.contains(n)).count();
            assert!((500..760).contains(&both), "a quarter of a quarter: {both}");
        }
    }

    #[test]
    fn a_probability_is_above_nothing_and_at_most_everything() {
        assert_eq!(Probability::new(1.0), Some(Probability::CERTAIN));
        assert_eq!(Probability::new(0.000_001), Some(Probability(1)));
        for bad in [0.0, -0.5, 1.000_001, 0.000_000_1, f64::NAN, f64::INFINITY] {
            assert_eq!(Probability::new(bad), None, "{bad}");
        }
        let always = |n| Chance::of(0, "", None, n).happens(Probability::CERTAIN);
        assert!((0..1_000).all(always));
    }
}
