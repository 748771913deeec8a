//! A running exchange with its listeners, from start to orderly end: common to `demo` and `serve`.
//!
//! What enters: a [`Setup`]. What leaves: an exchange on the network, until a signal says otherwise.
//! What it must not know: where the setup came from, what the API looks like.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use openmart_exchange::{Condition, Exchange, Pending};
use openmart_gateway::{Admin, AdminToken, Gateway, Operations};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::bootstrap::{self, IssuedKey, Plan};
use crate::demo::is_known_key;
use crate::faults_file::FaultsFile;
use crate::liquidity::{Feed, Feeding, Liquidity};
use crate::master_key;
use crate::printing::print;
use crate::signals::Signals;
use crate::venue::Venue;

/// How often the log is told when the exchange stops taking commands.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// The file of the operator's token in the data folder.
pub(crate) const ADMIN_TOKEN: &str = "admin.token";

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
}

/// Where a server listens.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) local_addr: SocketAddr,
    /// The operator's listener, and the token that its API asks for.
    pub(crate) admin: Option<(SocketAddr, AdminToken)>,
}

/// Runs until SIGINT or SIGTERM. `ready` is called with the addresses once requests are taken.
///
/// On the signal, no more connections are taken, requests in flight are answered, and a snapshot is
/// written.
pub(crate) fn run(setup: Setup, ready: impl FnOnce(Ready)) -> anyhow::Result<()> {
    let Setup { folder, venue, exchange, gateway, admin_listen, faults, liquidity } = setup;
    let clock = exchange.clock.clone();
    let runtime = Runtime::new().context("cannot start the threads of the server")?;
    // Before anything else, so that a signal during the start ends it in order as well.
    let signals = runtime.block_on(async { Signals::listen() })?;
    let (exchange, report) = Exchange::open_folder(&folder, exchange)?;
    match report.torn_tail.is_some() || !report.damaged_snapshots.is_empty() {
        true => tracing::warn!(folder = %folder.display(), %report, "exchange opened"),
        false => tracing::info!(folder = %folder.display(), %report, "exchange opened"),
    }
    let vault = exchange.view(|state| master_key::open(&folder, state.engine()))?;
    let plan = exchange.view(|state| bootstrap::plan(state.engine(), &venue, &vault))?;
    carry_out(&exchange, plan)?;
    refuse_known_keys(&exchange, gateway.listen)?;
    let feed = liquidity.map(|liquidity| liquidity.prepare(&exchange, clock)).transpose()?;
    let mut feeding = None;
    let ready = |listening| {
        ready(listening);
        feeding = feed.and_then(|feed| started(feed, &exchange));
    };
    runtime.block_on(async {
        let gateway = Gateway::bind(exchange.clone(), Arc::new(vault), gateway).await?;
        if let Some(faults) = &faults {
            faults.set(&gateway.controls())?;
        }
        let local_addr = gateway.local_addr();
        let (operations, admin) = match admin_listen {
            Some(listen) => {
                let token = AdminToken::open_or_create(&folder.join(ADMIN_TOKEN))?;
                let admin = Admin::new(token.clone(), gateway.controls());
                let operations = Operations::bind(exchange.clone(), listen).await?;
                let operations = operations.with_requests(gateway.requests()).with_admin(admin);
                let admin_addr = operations.local_addr();
                (Some(operations), Some((admin_addr, token)))
            }
            None => (None, None),
        };
        let ready = || ready(Ready { local_addr, admin });
        attend(&exchange, gateway, operations, signals, ready).await;
        anyhow::Ok(())
    })?;
    drop(feeding);
    exchange.close()?;
    tracing::info!(sequence = exchange.status().sequence, "exchange closed");
    Ok(())
}

/// An exchange without its liquidity is still an exchange.
fn started(feed: Feed, exchange: &Exchange) -> Option<Feeding> {
    tracing::info!("makers and takers of the program trade here");
    let started = feed.start(exchange.clone());
    started.inspect_err(|error| tracing::error!(error = %format!("{error:#}"), "no liquidity")).ok()
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

/// Serves until a signal comes.
async fn attend(
    exchange: &Exchange,
    gateway: Gateway,
    operations: Option<Operations>,
    mut signals: Signals,
    ready: impl FnOnce(),
) {
    let (stop, stopping) = watch::channel(());
    let watching = tokio::spawn(watch_condition(exchange.clone()));
    let operating = operations.map(|operations| {
        tracing::info!(local_addr = %operations.local_addr(), "operator's listener");
        let mut stopping = stopping;
        // An error means that the sender is gone: that is the signal.
        tokio::spawn(operations.run(async move { drop(stopping.changed().await) }))
    });
    ready();
    gateway
        .run(async {
            let signal = signals.received().await;
            tracing::info!(signal, "shutting down");
        })
        .await;
    watching.abort();
    // Health and metrics answer until the last request of the API has been answered.
    drop(stop);
    if let Some(operating) = operating {
        let _ = operating.await;
    }
}

/// Tells the log when the exchange stops taking commands, or takes them again.
async fn watch_condition(exchange: Exchange) {
    let mut interval = tokio::time::interval(WATCH_INTERVAL);
    let mut before = Condition::Running;
    loop {
        interval.tick().await;
        let condition = exchange.status().condition;
        if condition == before {
            continue;
        }
        match &condition {
            Condition::Running => tracing::info!("all commands are taken again"),
            Condition::DiskFull => tracing::error!("the disk is full: only cancels are taken"),
            Condition::Stopped { reason } => {
                tracing::error!(%reason, "no more commands are taken; restart to recover");
            }
            other => tracing::warn!(?other, "condition changed"),
        }
        before = condition;
    }
}
