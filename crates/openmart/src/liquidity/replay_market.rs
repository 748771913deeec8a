//! `openmart replay-market`: a demo exchange on which a recording trades, or a data folder full of it.

use anyhow::{Context, bail};
use openmart_model::{Market, Timestamp};

use super::generate::Folder;
use super::recording::Recording;
use super::{Liquidity, recorded};
use crate::arguments::ReplayMarket;
use crate::demo;

/// Checks the recording, then runs until SIGINT or SIGTERM, or to the end of the recording.
pub(crate) fn run(arguments: &ReplayMarket) -> anyhow::Result<()> {
    let ReplayMarket { file, market, speed, offline, server } = arguments;
    let recording = Recording::check(file.clone(), listed(market)?)?;
    if !offline {
        return demo::run_with(server, Some(Liquidity::Recorded { recording, speed: *speed }));
    }
    let Some(data_dir) = &server.data_dir else {
        bail!("--offline needs --data-dir, since a folder is all that it leaves");
    };
    let mut folder = Folder::create(data_dir, Timestamp(recording.begin_us() / 1_000))?;
    let source = folder.offline.exchange.view(|state| recorded(&recording, state.engine()));
    let figures = folder.offline.run(source?.as_mut(), u64::MAX)?;
    folder.complete(figures)
}

/// The market of the demo with this symbol.
fn listed(symbol: &str) -> anyhow::Result<Market> {
    let venue = demo::venue();
    let markets = venue.markets.iter().filter_map(|spec| {
        let [base, quote] = [spec.base, spec.quote].map(|asset| &venue.assets[asset.index()]);
        Market::new(spec.clone(), base, quote).ok()
    });
    let markets: Vec<Market> = markets.collect();
    let symbols: Vec<&str> = markets.iter().map(|market| market.symbol.as_str()).collect();
    let unknown = format!("the demo has no market {symbol}, only {}", symbols.join(", "));
    markets.into_iter().find(|market| market.symbol == symbol).context(unknown)
}
