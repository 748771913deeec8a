//! Which cases of a kind are tried: all of them, or an evenly spread sample.

use std::env;
use std::iter::StepBy;
use std::ops::Range;
use std::time::Instant;

const SEED: u64 = 20_261_122;

/// One kind of damage. Says what it did when it ends.
pub(crate) struct Scope {
    name: &'static str,
    all: bool,
    seed: u64,
    began: Instant,
    tried: u64,
}

impl Scope {
    pub(crate) fn new(name: &'static str) -> Self {
        let all = match env::var("OPENMART_DAMAGE") {
            Ok(text) if text == "all" => true,
            Ok(text) if !text.is_empty() => {
                panic!("OPENMART_DAMAGE is {text}, neither all nor empty")
            }
            _ => false,
        };
        let seed = match env::var("OPENMART_DAMAGE_SEED") {
            Ok(text) if !text.is_empty() => text.parse().expect("OPENMART_DAMAGE_SEED is a number"),
            _ => SEED,
        };
        println!(
            "{name}: OPENMART_DAMAGE={} OPENMART_DAMAGE_SEED={seed}",
            if all { "all" } else { "" }
        );
        Self { name, all, seed, began: Instant::now(), tried: 0 }
    }

    /// Cases out of `total`: all, or about so many.
    pub(crate) fn cases(&mut self, total: u64, sample: u64) -> StepBy<Range<u64>> {
        let (first, stride) = match self.all {
            true => (0, 1),
            false => self.spread(total, sample),
        };
        let cases = (first..total).step_by(usize::try_from(stride).unwrap());
        self.tried += cases.size_hint().0 as u64;
        cases
    }

    /// Cases that cost more: about so many of them, in a run of everything twenty times that.
    pub(crate) fn costly(&mut self, total: u64, sample: u64) -> StepBy<Range<u64>> {
        let (first, stride) = self.spread(total, if self.all { 20 * sample } else { sample });
        let cases = (first..total).step_by(usize::try_from(stride).unwrap());
        self.tried += cases.size_hint().0 as u64;
        cases
    }

    /// Odd strides, so that no power of two (bits, sectors, blocks) is met at one phase only.
    fn spread(&self, total: u64, sample: u64) -> (u64, u64) {
        let stride = (total / sample).max(1) | 1;
        let name = self.name.bytes().fold(self.seed, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        ((name >> 7) % stride.min(total), stride)
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        println!("{}: {} cases in {:.1?}", self.name, self.tried, self.began.elapsed());
    }
}
