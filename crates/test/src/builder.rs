//! What a test may wish for.

use openmart_wire::admin::faults::{FaultRule, FaultRules};

use crate::contents::{Account, Market, demo_accounts, demo_markets};
use crate::error::StartError;
use crate::venue::Venue;

/// Wishes for a [`Venue`]. Without any it is the demo with empty books.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    markets: Vec<Market>,
    accounts: Vec<Account>,
    faults: FaultRules,
}

impl Builder {
    /// Lists this market. With a first one, those of the demo are not listed.
    pub fn market(mut self, market: Market) -> Self {
        self.markets.push(market);
        self
    }

    /// Opens this account. With a first one, there is no `alice` or `bob` unless named.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// What the chances of faults depend on: the same seed, the same strikes. 0 if not given.
    pub fn seed(mut self, seed: u64) -> Self {
        self.faults.seed = Some(seed);
        self
    }

    /// Breaks this from the first request on.
    pub fn fault(mut self, rule: FaultRule) -> Self {
        self.faults.rules.push(rule);
        self
    }

    /// Starts it. Can be awaited in any runtime.
    ///
    /// # Errors
    /// When a wish makes no sense, or the system does not give a folder, a port or threads.
    pub async fn start(self) -> Result<Venue, StartError> {
        let (markets, accounts) = self.contents();
        Venue::open(markets, accounts, self.faults).await
    }

    /// Starts it from code that is not asynchronous.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    ///
    /// # Panics
    /// In asynchronous code, which must not block.
    pub fn start_blocking(self) -> Result<Venue, StartError> {
        let runtime = crate::runtime::shared().map_err(StartError::Threads)?;
        runtime.block_on(self.start())
    }

    fn contents(&self) -> (Vec<Market>, Vec<Account>) {
        let (mut markets, mut accounts) = (self.markets.clone(), self.accounts.clone());
        if markets.is_empty() {
            markets = demo_markets();
        }
        if accounts.is_empty() {
            accounts = demo_accounts();
        }
        (markets, accounts)
    }
}
