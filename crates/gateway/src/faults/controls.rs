//! The operator's hold on faults and races, for the program and for the operator's API.

use std::sync::{Arc, PoisonError, RwLock};

use openmart_wire::admin::faults::{AddFaults, FaultList, FaultRules};
use openmart_wire::admin::races::{ArmRace, Race, RaceList};

use super::{RaceError, RuleError};
use crate::listener::Gateway;
use crate::site::Site;

/// What a [`Gateway`](crate::Gateway) is told to break. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct Controls {
    /// Another one after each time that the gateway was replaced.
    site: Arc<RwLock<Arc<Site>>>,
}

/// Why nothing was changed.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultsError {
    /// Others could meet what is broken.
    #[error(
        "refusing faults and races on {0}, which others can reach: listen on a loopback address, or \
         allow it with --allow-faults-on-public-bind"
    )]
    PublicBind(std::net::SocketAddr),
    /// A rule makes no sense.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A race makes no sense.
    #[error(transparent)]
    Race(#[from] RaceError),
}

impl Controls {
    pub(crate) fn new(site: Arc<Site>) -> Self {
        Self { site: Arc::new(RwLock::new(site)) }
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        self.site.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on they are those of another gateway, which takes the rules over and counts anew. Races
    /// stay behind: their orders do.
    ///
    /// # Errors
    /// When it does not take the rules. It has none then.
    pub fn follow(&self, gateway: &Gateway) -> Result<(), FaultsError> {
        let FaultList { seed, fault_header, rules } = self.faults();
        *self.site.write().unwrap_or_else(PoisonError::into_inner) = gateway.site.clone();
        if rules.is_empty() {
            return Ok(());
        }
        let rules = rules.into_iter().map(|counted| counted.rule).collect();
        let (seed, fault_header) = (Some(seed), Some(fault_header));
        self.replace_faults(&FaultRules { seed, fault_header, rules }).map(drop)
    }

    /// The rules there are, with their counts.
    pub fn faults(&self) -> FaultList {
        self.site().faults.list()
    }

    /// Breaks this and nothing else from now on.
    ///
    /// # Errors
    /// When it is not allowed here or a rule makes no sense. Nothing is changed then.
    pub fn replace_faults(&self, rules: &FaultRules) -> Result<FaultList, FaultsError> {
        self.check_bind()?;
        self.site().faults.replace(rules)?;
        Ok(self.faults())
    }

    /// Breaks this as well.
    ///
    /// # Errors
    /// As [`replace_faults`](Self::replace_faults).
    pub fn add_faults(&self, add: &AddFaults) -> Result<FaultList, FaultsError> {
        self.check_bind()?;
        self.site().faults.add(add)?;
        Ok(self.faults())
    }

    /// Ends one rule; nothing if there is none of this name.
    pub fn remove_fault(&self, name: &str) -> Option<FaultList> {
        self.site().faults.remove(name).then(|| self.faults())
    }

    /// Ends every rule.
    pub fn clear_faults(&self) -> FaultList {
        self.site().faults.clear();
        self.faults()
    }

    /// Arms a race for the next order of a key.
    ///
    /// # Errors
    /// When it is not allowed here, or makes no sense.
    pub fn arm_race(&self, arm: &ArmRace) -> Result<Race, FaultsError> {
        self.check_bind()?;
        let race = self.site().faults.races.arm(arm)?;
        self.site().faults.look_again();
        Ok(race)
    }

    /// Races that wait, and the last ones that are over.
    pub fn races(&self) -> RaceList {
        self.site().faults.races.list()
    }

    /// Forgets every race but those that are under way.
    pub fn clear_races(&self) -> RaceList {
        self.site().faults.races.clear();
        self.site().faults.look_again();
        self.races()
    }

    /// Rules there are, races that wait, and strikes of these rules: for the figures.
    pub(crate) fn figures(&self) -> (usize, usize, u64) {
        let faults = self.faults();
        let struck = faults.rules.iter().map(|rule| rule.struck).sum();
        (faults.rules.len(), self.site().faults.races.waiting(), struck)
    }

    fn check_bind(&self) -> Result<(), FaultsError> {
        let site = self.site();
        let options = &site.options;
        match options.listen.ip().is_loopback() || options.faults_on_public_bind {
            true => Ok(()),
            false => Err(FaultsError::PublicBind(options.listen)),
        }
    }
}
