//! What happened, step by step: always as a hash, and as text where somebody will read it.

use std::collections::VecDeque;

/// Lines kept for a failure.
const LINES_MAX: usize = 60;

#[derive(Debug)]
pub(super) struct Trace {
    hash: u64,
    /// None: nobody will read it.
    lines: Option<VecDeque<String>>,
    steps: u64,
}

impl Trace {
    pub(super) fn hashing() -> Self {
        Self { hash: 0, lines: None, steps: 0 }
    }

    pub(super) fn telling() -> Self {
        Self { lines: Some(VecDeque::new()), ..Self::hashing() }
    }

    /// Notes a step: numbers that say what it was and did, and the same in words.
    pub(super) fn note(&mut self, numbers: &[u64], words: impl FnOnce() -> String) {
        self.steps += 1;
        for number in numbers {
            // One round of a multiplicative hash: this only has to tell runs apart.
            self.hash = (self.hash.rotate_left(23) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        if let Some(lines) = &mut self.lines {
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(format!("{:5} {}", self.steps, words()));
        }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default().into()
    }
}
