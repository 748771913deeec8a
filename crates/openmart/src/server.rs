//! A running exchange with its listeners, from start to orderly end: common to `demo` and `serve`.
//!
//! What enters: a [`Setup`]. What leaves: an exchange on the network, until a signal says otherwise.
//! What it must not know: where the setup came from, what the API looks like.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use openmart_exchange::{Exchange, Pending};
use tokio::runtime::{Builder, Runtime};

use crate::bootstrap::{self, IssuedKey, Plan};
use crate::demo::is_known_key;
use crate::faults_file::FaultsFile;
use crate::liquidity::{Liquidity, Traders};
use crate::master_key;
use crate::printing::print;
use crate::running::{Ephemeral, Opened, Ready, Running};
use crate::signals::Signals;
use crate::venue::Venue;

/// What to run.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) folder: PathBuf,
    pub(crate) venue: Venue,
    pub(crate) exchange: openmart_exchange::Options,
    pub(crate) gateway: openmart_gateway::Options,
    /// Nothing: no listener for the operator.
    pub(crate) admin_listen: Option<SocketAddr>,
    /// What is broken from the first request on.
    pub(crate) faults: Option<FaultsFile>,
    /// Who trades from the moment on that requests are taken.
    pub(crate) liquidity: Option<Liquidity>,
    /// Whether the folder goes when this ends, so that nobody is harmed by moving time and state.
    pub(crate) is_ephemeral: bool,
}

/// Runs until SIGINT or SIGTERM. `ready` is called with the addresses once requests are taken.
///
/// On the signal, no more connections are taken, requests in flight are answered, and a snapshot is
/// written.
pub(crate) fn run(setup: Setup, ready: impl FnOnce(Ready)) -> anyhow::Result<()> {
    let Setup { folder, venue, exchange, gateway, admin_listen, faults, liquidity, is_ephemeral } =
        setup;
    let (mut exchange, mut gateway) = (exchange, gateway);
    let ephemeral = is_ephemeral.then(|| Ephemeral::new(&mut exchange, &mut gateway));
    let clock = exchange.clock.clone();
    let runtime = runtime().context("cannot start the threads of the server")?;
    // Before anything else, so that a signal during the start ends it in order as well.
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    let (exchange, report) = Exchange::open_folder(&folder, exchange)?;
    match report.torn_tail.is_some() || !report.damaged_snapshots.is_empty() {
        true => tracing::warn!(folder = %folder.display(), %report, "exchange opened"),
        false => tracing::info!(folder = %folder.display(), %report, "exchange opened"),
    }
    let vault = exchange.view(|state| master_key::open(&folder, state.engine()))?;
    let plan = exchange.view(|state| bootstrap::plan(state.engine(), &venue, &vault))?;
    carry_out(&exchange, plan)?;
    refuse_known_keys(&exchange, gateway.listen)?;
    let prepare = |liquidity| Traders::prepare(liquidity, &exchange, clock);
    let traders = liquidity.map(prepare).transpose()?;
    runtime.block_on(async {
        let opened = Opened {
            exchange: exchange.clone(),
            folder,
            vault: Arc::new(vault),
            gateway,
            admin_listen,
            ephemeral,
            traders,
        };
        let mut running = Running::start(opened).await?;
        if let Some(faults) = &faults {
            faults.set(running.controls())?;
        }
        ready(running.ready());
        running.begin_trading();
        let stop = async {
            let signal = signals.received().await;
            tracing::info!(signal, "shutting down");
        };
        running.run(stop).await
    })
}

/// A runtime that looks for new requests after every task. Left to itself it does so after 61, and the tasks that
/// serve orders each carry out all that has come: under a flood, a cancel on a connection of its own waited too long
/// before anybody knew of it.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().event_interval(1).build()
}

/// Adds what is missing and reports what differs.
fn carry_out(exchange: &Exchange, plan: Plan) -> anyhow::Result<()> {
    for difference in &plan.differences {
        tracing::warn!("{difference}; left as it is");
    }
    // Before they take effect: a secret that is never shown would be lost.
    show_issued(&plan.issued)?;
    // All at once, so that they share a few syncs of the disk.
    let submitted: Vec<(String, Pending)> = plan
        .steps
        .into_iter()
        .map(|step| Ok((step.what, exchange.submit(step.command)?)))
        .collect::<anyhow::Result<_>>()?;
    for (what, pending) in submitted {
        match pending.wait()?.result {
            Ok(_) => tracing::info!("{what}"),
            Err(reject) => bail!("the exchange refuses to {what}: {reject}"),
        }
    }
    Ok(())
}

fn show_issued(issued: &[IssuedKey]) -> anyhow::Result<()> {
    print(|out| {
        use std::io::Write;
        for IssuedKey { account, key, secret, memo } in issued {
            let secret = secret.reveal();
            writeln!(
                out,
                "new key of account {account}, shown this once: key {key} secret {secret} memo {memo}"
            )?;
        }
        Ok(())
    })
}

/// Keys that everybody knows must not be of use to everybody.
fn refuse_known_keys(exchange: &Exchange, listen: SocketAddr) -> anyhow::Result<()> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    let known = exchange.view(|state| {
        let mut keys = state.engine().keys().iter();
        keys.any(|key| !key.revoked && is_known_key(&key.spec.key))
    });
    if known {
        bail!("the demo's well-known keys are active here: refusing to listen on {listen}");
    }
    Ok(())
}
