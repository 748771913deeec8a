//! Faults on demand: what the operator wants broken, for those who test their clients here.
//!
//! What enters: rules and races, from a file or over the operator's API. What leaves: what is to be
//! done to a request, to its answer, or to a frame of the stream. Off unless asked for: without rules
//! and races every request pays for one look at a flag. What it must not know: dialects; each tells
//! whose a request is and how it says that something failed ([`Voice`]).
//!
//! Nothing here changes the exchange but by commands, so that whatever a client meets, balances and
//! books stay true.

mod bodies;
mod chance;
mod controls;
mod delay;
mod frames;
mod house;
mod layer;
mod path;
mod plan;
mod problem;
mod pushes;
pub(crate) mod races;
mod rule;
mod stale;
mod when;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use openmart_exchange::Exchange;
use openmart_model::KeyId;
use openmart_wire::admin::faults::{AddFaults, FaultList, FaultRule, FaultRules};

pub use controls::{Controls, FaultsError};
pub(crate) use frames::{Disturbance, Due};
pub(crate) use layer::{Skew, Voice, layer};
pub(crate) use plan::Plan;
pub use problem::{RaceError, RuleError};
pub(crate) use pushes::Pushes;
pub(crate) use races::Races;
use rule::{Known, Rule};

/// What a gateway breaks, and what it lets happen in between.
#[derive(Debug)]
pub(crate) struct Faults {
    exchange: Exchange,
    /// Method and path of every route, so that a rule for none is noticed.
    routes: &'static [(&'static str, &'static str)],
    /// Whether there is a rule or a race.
    armed: AtomicBool,
    plan: RwLock<Option<Arc<Plan>>>,
    serials: AtomicU64,
    pub(crate) races: Races,
    pub(crate) pushes: Pushes,
}

impl Faults {
    pub(crate) fn new(exchange: Exchange, routes: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            races: Races::new(exchange.clone()),
            exchange,
            routes,
            armed: AtomicBool::new(false),
            plan: RwLock::default(),
            serials: AtomicU64::new(1),
            pushes: Pushes::default(),
        }
    }

    /// Whether requests must be looked at. Whoever takes a short cut asks this first.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Relaxed)
    }

    /// The rules, if there are any.
    pub(crate) fn plan(&self) -> Option<Arc<Plan>> {
        if !self.is_armed() {
            return None;
        }
        self.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What there is now.
    pub(crate) fn list(&self) -> FaultList {
        let plan = self.plan.read().unwrap_or_else(PoisonError::into_inner).clone();
        plan.map_or_else(
            || FaultList { seed: 0, fault_header: false, rules: Vec::new() },
            |plan| FaultList {
                seed: plan.seed,
                fault_header: plan.names_itself,
                rules: plan.rules.iter().map(|rule| rule.counted()).collect(),
            },
        )
    }

    /// Breaks this and nothing else from now on. Counts begin anew.
    pub(crate) fn replace(&self, rules: &FaultRules) -> Result<(), RuleError> {
        let plan = Plan::new(rules, |at, rule| self.compile(at, rule))?;
        self.change(|_| Ok((!plan.rules.is_empty()).then(|| Arc::new(plan))))
    }

    /// Breaks this as well. Rules that are there go on counting.
    pub(crate) fn add(&self, add: &AddFaults) -> Result<(), RuleError> {
        self.change(|before| {
            let plan = Plan::extended(before, &add.rules, |at, rule| self.compile(at, rule))?;
            Ok((!plan.rules.is_empty()).then(|| Arc::new(plan)))
        })
    }

    /// Ends one rule. False: there is none of this name, and nothing is changed.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let mut plan = self.plan.write().unwrap_or_else(PoisonError::into_inner);
        let Some(before) = plan.as_deref() else { return false };
        let left = before.without(name);
        if left.rules.len() == before.rules.len() {
            return false;
        }
        self.put(&mut plan, (!left.rules.is_empty()).then(|| Arc::new(left)));
        true
    }

    /// Ends every rule.
    pub(crate) fn clear(&self) {
        let mut plan = self.plan.write().unwrap_or_else(PoisonError::into_inner);
        self.put(&mut plan, None);
    }

    /// To be called whenever a race came or went.
    pub(crate) fn look_again(&self) {
        // Under the lock, or two of these could leave the flag as neither of them found it.
        let plan = self.plan.write().unwrap_or_else(PoisonError::into_inner);
        self.armed.store(plan.is_some() || self.races.any_waits(), Ordering::Relaxed);
    }

    fn change(
        &self,
        next: impl FnOnce(Option<&Plan>) -> Result<Option<Arc<Plan>>, RuleError>,
    ) -> Result<(), RuleError> {
        let mut plan = self.plan.write().unwrap_or_else(PoisonError::into_inner);
        let next = next(plan.as_deref())?;
        self.put(&mut plan, next);
        Ok(())
    }

    /// Puts a plan in place of another, and says so.
    fn put(&self, plan: &mut Option<Arc<Plan>>, next: Option<Arc<Plan>>) {
        let had = plan.is_some();
        *plan = next;
        self.armed.store(plan.is_some() || self.races.any_waits(), Ordering::Relaxed);
        match plan.as_deref() {
            Some(plan) => tracing::warn!(
                seed = plan.seed,
                rules = %plan.names(),
                "FAULTS ARE ON: this exchange breaks requests and answers because it was told to"
            ),
            None if had => tracing::warn!("faults are off"),
            None => {}
        }
    }

    fn compile(&self, at: usize, rule: &FaultRule) -> Result<Rule, RuleError> {
        let known = Known { exchange: &self.exchange, routes: self.routes };
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        Rule::new(rule, serial, &known).map_err(|problem| RuleError::new(at, &rule.name, problem))
    }
}

/// The number of a key that is not revoked.
fn key_of(exchange: &Exchange, text: &str) -> Option<KeyId> {
    let live = |key: &&openmart_model::ApiKey| !key.revoked;
    exchange.view(|state| state.engine().key_by_text(text).filter(live).map(|key| key.id))
}
