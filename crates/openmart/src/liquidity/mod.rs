//! Liquidity on an exchange: seeded makers and takers, or a market that was recorded.
//!
//! What enters: a description of who is to trade. What leaves: his commands, handed to an exchange in the time
//! of its clock, or as fast as they come in a run of their own. What it must not know: how they are decided.

mod deferred;
mod feed;
mod generate;
mod offline;
mod pace;
mod recording;
mod replay_market;
mod traders;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use openmart_engine::Engine;
use openmart_exchange::{Clock, Exchange};
use openmart_liquidity::{Flow, Kind, ReplayBooks, ReplayTrades, Settings, Source};

use crate::printing::print;
use feed::{Feed, Figures};
use pace::Pace;
use recording::Recording;

pub(crate) use feed::Feeding;
pub(crate) use generate::run as generate;
pub(crate) use pace::Speed;
pub(crate) use replay_market::run as replay_market;
pub(crate) use traders::Traders;

/// A flow that is further behind than this, as after a jump of the clock, lets the rest of it go.
const FLOW_LAG_MAX_MS: u64 = 5_000;

/// Who is to trade.
#[derive(Debug, Clone)]
pub(crate) enum Liquidity {
    /// Makers and takers of a seed, on all markets whose assets have a value.
    Seeded(Seeded),
    /// A recording, on its market.
    Recorded {
        /// The recording, checked.
        recording: Recording,
        /// How fast.
        speed: Speed,
    },
}

/// Makers and takers of a seed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seeded {
    pub(crate) settings: Settings,
    /// Code of an asset and what it is worth, with [`openmart_liquidity::VALUE_DECIMALS`].
    pub(crate) values: BTreeMap<String, u128>,
}

impl Liquidity {
    /// Everything that can be wrong is found here, before anybody trades.
    pub(crate) fn prepare(
        self,
        exchange: &Exchange,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Feed> {
        let source = exchange.view(|state| self.source(state.engine()))?;
        Ok(match self {
            Self::Seeded(_) => {
                Feed::new(source, Pace::new(clock, Speed::default(), Some(FLOW_LAG_MAX_MS)))
            }
            Self::Recorded { recording, speed } => {
                let name = recording.file().display().to_string();
                let ended = move |figures| tell_end(&name, figures);
                Feed::new(source, Pace::new(clock, speed, None)).when_ended(ended)
            }
        })
    }

    fn source(&self, engine: &Engine) -> anyhow::Result<Box<dyn Source + Send>> {
        match self {
            Self::Seeded(Seeded { settings, values }) => {
                Ok(Box::new(Flow::new(settings.clone(), values, engine).context("liquidity")?))
            }
            Self::Recorded { recording, .. } => recorded(recording, engine),
        }
    }
}

fn recorded(recording: &Recording, engine: &Engine) -> anyhow::Result<Box<dyn Source + Send>> {
    let symbol = recording.symbol();
    let market = engine.market_by_symbol(symbol);
    let market = market.with_context(|| format!("there is no market {symbol}"))?;
    let (records, begin_us) = (recording.records()?, recording.begin_us());
    Ok(match recording.kind() {
        Kind::Trades => Box::new(ReplayTrades::new(records, market, begin_us, engine)?),
        Kind::Books => Box::new(ReplayBooks::new(records, market, begin_us, engine)?),
    })
}

fn tell_end(file: &str, figures: Figures) {
    let Figures { commands, refused } = figures;
    // A reader that went away does not stop a server.
    let _ = print(|out| {
        use std::io::Write;
        writeln!(out, "replayed {file}: {commands} commands, {refused} refused")
    });
}

#[cfg(test)]
mod tests;
