//! All rules together: what they want done to one request.
//!
//! Rules are asked in their order. What they do adds up, until one of them answers by itself or hangs
//! up before anything is carried out: those behind it do not see the request.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use openmart_wire::admin::faults::{Fault, FaultRule, FaultRules, Point, RULES_MAX};

use super::delay;
use super::problem::{Problem, RuleError};
use super::rule::{Asked, Rule};

/// Rules as they are at one moment.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) seed: u64,
    /// Whether touched answers say so.
    pub(super) names_itself: bool,
    pub(super) rules: Vec<Arc<Rule>>,
    has_frames: bool,
}

/// What is to be done to a request.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) before: Duration,
    pub(super) after: Duration,
    /// How far the server's clock is ahead.
    pub(super) skew_ms: i64,
    pub(super) end: Option<End>,
    pub(super) shape: Option<Shape>,
    /// Rules that keep its answer, and whether they give an earlier one now.
    pub(super) stale: Vec<(Arc<Rule>, bool)>,
    /// Rules that struck.
    pub(super) struck: Vec<Arc<Rule>>,
}

/// How a request ends other than with its answer.
#[derive(Debug)]
pub(super) enum End {
    Answer { status: u16, retry_after_s: Option<u32>, body: Option<String> },
    HangUpBefore,
    HangUpAfter,
}

/// How the body of an answer is sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Truncated { bytes: Option<u32> },
    Slow { chunk_bytes: u32, interval_ms: u32 },
}

impl Plan {
    pub(super) fn new(
        rules: &FaultRules,
        compile: impl Fn(usize, &FaultRule) -> Result<Rule, RuleError>,
    ) -> Result<Self, RuleError> {
        let seed = rules.seed.unwrap_or(0);
        let names_itself = rules.fault_header.unwrap_or(false);
        Self::made(seed, names_itself, Vec::new(), &rules.rules, compile)
    }

    pub(super) fn extended(
        before: Option<&Self>,
        rules: &[FaultRule],
        compile: impl Fn(usize, &FaultRule) -> Result<Rule, RuleError>,
    ) -> Result<Self, RuleError> {
        let (seed, names_itself, kept) = match before {
            Some(plan) => (plan.seed, plan.names_itself, plan.rules.clone()),
            None => (0, false, Vec::new()),
        };
        Self::made(seed, names_itself, kept, rules, compile)
    }

    fn made(
        seed: u64,
        names_itself: bool,
        mut kept: Vec<Arc<Rule>>,
        new: &[FaultRule],
        compile: impl Fn(usize, &FaultRule) -> Result<Rule, RuleError>,
    ) -> Result<Self, RuleError> {
        let mut names: HashSet<String> = kept.iter().map(|rule| rule.told.name.clone()).collect();
        for (at, rule) in new.iter().enumerate() {
            let refused = |problem| RuleError::new(at, &rule.name, problem);
            if kept.len() >= RULES_MAX {
                return Err(refused(Problem::TooMany));
            }
            if !names.insert(rule.name.clone()) {
                return Err(refused(Problem::NameTaken));
            }
            kept.push(Arc::new(compile(at, rule)?));
        }
        Ok(Self::of(seed, names_itself, kept))
    }

    fn of(seed: u64, names_itself: bool, rules: Vec<Arc<Rule>>) -> Self {
        let has_frames = rules.iter().any(|rule| rule.is_about_frames());
        Self { seed, names_itself, rules, has_frames }
    }

    pub(super) fn without(&self, name: &str) -> Self {
        let left = self.rules.iter().filter(|rule| rule.told.name != name);
        Self::of(self.seed, self.names_itself, left.cloned().collect())
    }

    /// The names of all rules, for the log.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.rules.iter().map(|rule| rule.told.name.as_str()).collect();
        names.join(" ")
    }

    /// Whether any rule is about frames of the stream.
    pub(crate) fn has_frames(&self) -> bool {
        self.has_frames
    }

    /// What all rules want done to a request, which each of them counts.
    pub(super) fn effects(&self, asked: &Asked<'_>) -> Effects {
        let mut effects = Effects::default();
        for rule in self.rules.iter().filter(|rule| rule.is_about(asked)) {
            let chance = rule.decide(self.seed, asked.key);
            if rule.stale.is_some() {
                effects.stale.push((rule.clone(), chance.is_some()));
            }
            let Some(mut chance) = chance else { continue };
            effects.struck.push(rule.clone());
            match &rule.told.fault {
                Fault::Latency { delay, point } => {
                    let delay = delay::draw(delay, &mut chance);
                    match point {
                        Point::Before => effects.before += delay,
                        Point::After => effects.after += delay,
                    }
                }
                Fault::Answer { status, retry_after_s, body } => {
                    effects.end = Some(End::Answer {
                        status: *status,
                        retry_after_s: *retry_after_s,
                        body: body.clone(),
                    });
                    return effects;
                }
                Fault::DisconnectBefore {} => {
                    effects.end = Some(End::HangUpBefore);
                    return effects;
                }
                Fault::DisconnectAfter {} => effects.end = Some(End::HangUpAfter),
                Fault::TruncateBody { bytes } => {
                    effects.shape = Some(Shape::Truncated { bytes: *bytes });
                }
                Fault::SlowBody { chunk_bytes, interval_ms } => {
                    let (chunk_bytes, interval_ms) = (*chunk_bytes, *interval_ms);
                    effects.shape = Some(Shape::Slow { chunk_bytes, interval_ms });
                }
                Fault::ClockSkew { ms } => effects.skew_ms += ms,
                Fault::StaleRead { .. } => {}
                Fault::DropFrame {}
                | Fault::DuplicateFrame {}
                | Fault::ReorderFrame {}
                | Fault::DelayFrame { .. } => {}
            }
        }
        effects
    }
}
