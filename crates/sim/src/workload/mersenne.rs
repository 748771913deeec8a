//! The random numbers of the benchmark flow: MT19937 as CPython seeds it from a text.
//!
//! The flow is defined by a Python program, so that anybody can make it without this crate. Python
//! fixes what `random.Random(text).random()` returns; this is the same sequence.

use sha2::{Digest, Sha512};

const LENGTH: usize = 624;
const SHIFT: usize = 397;

/// The Mersenne Twister with 32-bit words.
#[derive(Clone, Debug)]
pub(crate) struct Mersenne {
    words: [u32; LENGTH],
    at: usize,
}

impl Mersenne {
    /// Seeds as `random.Random(text)` does: the bytes of the text followed by their SHA-512, taken
    /// as one big-endian number.
    pub(crate) fn from_text(text: &str) -> Self {
        let mut number = text.as_bytes().to_vec();
        number.extend_from_slice(&Sha512::digest(text.as_bytes()));
        number.reverse();
        let word = |bytes: &[u8]| {
            let mut word = [0; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            u32::from_le_bytes(word)
        };
        let key: Vec<u32> = number.chunks(4).map(word).collect();
        Self::from_key(&key)
    }

    /// `init_by_array` of the reference implementation.
    fn from_key(key: &[u32]) -> Self {
        let mut words = Self::words_from(19_650_218);
        let mixed = |words: &[u32; LENGTH], at: usize, factor: u32| {
            let before = words[at - 1];
            words[at] ^ (before ^ (before >> 30)).wrapping_mul(factor)
        };
        let (mut at, mut of_key) = (1, 0);
        for _ in 0..LENGTH.max(key.len()) {
            let sum = mixed(&words, at, 1_664_525).wrapping_add(key[of_key]);
            words[at] = sum.wrapping_add(of_key as u32);
            at = next(&mut words, at);
            of_key = (of_key + 1) % key.len();
        }
        for _ in 1..LENGTH {
            words[at] = mixed(&words, at, 1_566_083_941).wrapping_sub(at as u32);
            at = next(&mut words, at);
        }
        words[0] = 0x8000_0000;
        Self { words, at: LENGTH }
    }

    /// `init_genrand` of the reference implementation.
    fn words_from(seed: u32) -> [u32; LENGTH] {
        let mut words = [seed; LENGTH];
        for at in 1..LENGTH {
            let before = words[at - 1];
            let mixed = (before ^ (before >> 30)).wrapping_mul(1_812_433_253);
            words[at] = mixed.wrapping_add(at as u32);
        }
        words
    }

    /// A number from 0 up to, but not including, 1, with 53 random bits.
    pub(crate) fn fraction(&mut self) -> f64 {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    fn word(&mut self) -> u32 {
        if self.at == LENGTH {
            self.twist();
        }
        let mut word = self.words[self.at];
        self.at += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn twist(&mut self) {
        for at in 0..LENGTH {
            let joined =
                (self.words[at] & 0x8000_0000) | (self.words[(at + 1) % LENGTH] & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[at] = self.words[(at + SHIFT) % LENGTH] ^ (joined >> 1) ^ odd;
        }
        self.at = 0;
    }
}

/// The next index; behind the end the first word follows the last and stays as it is.
fn next(words: &mut [u32; LENGTH], at: usize) -> usize {
    if at + 1 < LENGTH {
        return at + 1;
    }
    words[0] = words[LENGTH - 1];
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_words_come_out() {
        // First words that the reference implementation prints for its own example key.
        let mut mersenne = Mersenne::from_key(&[0x123, 0x234, 0x345, 0x456]);
        let words: Vec<u32> = (0..3).map(|_| mersenne.word()).collect();
        assert_eq!(words, [1_067_595_299, 955_945_823, 477_289_528]);
    }

    #[test]
    fn a_text_seeds_as_in_python() {
        // random.Random("20260101/m1_10k"): the first three values of random().
        let mut mersenne = Mersenne::from_text("20260101/m1_10k");
        let bits: Vec<u64> = (0..3).map(|_| mersenne.fraction().to_bits()).collect();
        assert_eq!(bits, PYTHON);
    }

    const PYTHON: [u64; 3] = [0x3fee_7208_b140_5c50, 0x3fb3_6b3b_6365_1460, 0x3fe4_f9c0_c349_443e];
}
