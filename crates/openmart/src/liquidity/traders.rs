//! Who trades on an exchange, and on the one that comes in its place when it is rewound.
//!
//! What enters: the liquidity that is wanted, and exchanges one after the other. What leaves: feeds on them,
//! one at a time.

use std::fmt;
use std::sync::Arc;

use openmart_exchange::{Clock, Exchange};

use super::{Feed, Feeding, Liquidity};

/// The traders of one address.
pub(crate) struct Traders {
    liquidity: Liquidity,
    clock: Arc<dyn Clock>,
    /// For the first exchange, until they begin.
    first: Option<Feed>,
    feeding: Option<Feeding>,
}

impl Traders {
    /// Finds everything that can be wrong, before anybody trades.
    ///
    /// # Errors
    ///
    /// If the liquidity does not fit the exchange.
    pub(crate) fn prepare(
        liquidity: Liquidity,
        exchange: &Exchange,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let first = Some(liquidity.clone().prepare(exchange, clock.clone())?);
        Ok(Self { liquidity, clock, first, feeding: None })
    }

    /// Lets them loose on the exchange that they were prepared for.
    pub(crate) fn begin(&mut self, exchange: &Exchange) {
        if let Some(feed) = self.first.take() {
            tracing::info!("makers and takers of the program trade here");
            self.feeding = started(feed, exchange);
        }
    }

    /// Has them stop. Whoever drops what this gives waits for it.
    pub(crate) fn stop(&mut self) -> Option<Feeding> {
        self.feeding.take()
    }

    /// Goes on where the exchange that comes next stands. A recording has one course, which ends here.
    pub(crate) fn follow(&mut self, exchange: &Exchange) {
        if let Liquidity::Recorded { .. } = self.liquidity {
            tracing::warn!("the recorded market ends here: it cannot be rewound");
            return;
        }
        match self.liquidity.clone().prepare(exchange, self.clock.clone()) {
            Ok(feed) => self.feeding = started(feed, exchange),
            Err(error) => tracing::error!(error = %format!("{error:#}"), "no more liquidity"),
        }
    }
}

/// An exchange without its liquidity is still an exchange.
fn started(feed: Feed, exchange: &Exchange) -> Option<Feeding> {
    let started = feed.start(exchange.clone());
    started.inspect_err(|error| tracing::error!(error = %format!("{error:#}"), "no liquidity")).ok()
}

impl fmt::Debug for Traders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traders").field("feeding", &self.feeding).finish_non_exhaustive()
    }
}
