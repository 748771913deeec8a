//! How often an answer took how long, in steps that grow with what they measure.

use serde_json::{Value, json};

/// Steps to each doubling of the time.
const STEPS_PER_DOUBLING: f64 = 8.0;

/// Where the first step begins, microseconds.
const FIRST_US: f64 = 10.0;

/// Counts by step. What is shorter than the first step is in it.
#[derive(Clone, Default)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
}

impl Histogram {
    pub(crate) fn add_ns(&mut self, times_ns: &[u64]) {
        for time_ns in times_ns {
            let us = (*time_ns as f64 / 1e3).max(FIRST_US);
            let step = ((us / FIRST_US).log2() * STEPS_PER_DOUBLING) as usize;
            if self.counts.len() <= step {
                self.counts.resize(step + 1, 0);
            }
            self.counts[step] += 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Each step: where it begins, where it ends, microseconds, and how many were in it.
    pub(crate) fn to_json(&self) -> Value {
        let begin_us = |step: usize| FIRST_US * (step as f64 / STEPS_PER_DOUBLING).exp2();
        let step = |(step, count)| json!([begin_us(step), begin_us(step + 1), count]);
        self.counts.iter().enumerate().map(step).collect()
    }
}
