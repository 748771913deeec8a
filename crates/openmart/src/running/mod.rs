//! An exchange on the network: its gateway, its operator's listener, and what stands behind them.
//!
//! What enters: an open exchange. What leaves: answers, until it is told to stop; then the exchange is
//! closed. A fork is one of these as well. What it must not know: how the exchange came to be.

mod courses;
mod keeper;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use openmart_exchange::{ControlledClock, Exchange};
use openmart_gateway::{Admin, AdminToken, Controls, Gateway, Operations, Vault};
use openmart_wire::admin::state::FORKS_MAX;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::liquidity::Traders;
use courses::Courses;
use keeper::Keeper;

/// The file of the operator's token in the data folder.
pub(crate) const ADMIN_TOKEN: &str = "admin.token";

/// An exchange that is recovered and set up.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) exchange: Exchange,
    pub(crate) folder: PathBuf,
    pub(crate) vault: Arc<Vault>,
    pub(crate) gateway: openmart_gateway::Options,
    /// Nothing: no listener for the operator.
    pub(crate) admin_listen: Option<SocketAddr>,
    /// What is needed to move its time and state; nothing where that may not be.
    pub(crate) ephemeral: Option<Ephemeral>,
    /// Who trades there of the program's own accord.
    pub(crate) traders: Option<Traders>,
}

/// What an exchange whose folder goes with it has besides.
#[derive(Clone, Debug)]
pub(crate) struct Ephemeral {
    clock: Arc<ControlledClock>,
    /// For every exchange that is made of this one.
    options: openmart_exchange::Options,
    /// How many forks there may still be, of this one and of its forks.
    seats: Arc<Semaphore>,
}

impl Ephemeral {
    /// Has one clock read by everything.
    pub(crate) fn new(
        exchange: &mut openmart_exchange::Options,
        gateway: &mut openmart_gateway::Options,
    ) -> Self {
        let clock = Arc::new(ControlledClock::new());
        follow(&clock, exchange, gateway);
        let seats = Arc::new(Semaphore::new(FORKS_MAX));
        Self { clock, options: exchange.clone(), seats }
    }

    /// The same for a fork, with a clock of its own.
    fn fork(&self, gateway: &mut openmart_gateway::Options) -> Self {
        let clock = Arc::new(self.clock.fork());
        // Nobody has seen it, and the fork may begin earlier.
        clock.release();
        let mut options = self.options.clone();
        follow(&clock, &mut options, gateway);
        Self { clock, options, seats: self.seats.clone() }
    }
}

fn follow(
    clock: &Arc<ControlledClock>,
    exchange: &mut openmart_exchange::Options,
    gateway: &mut openmart_gateway::Options,
) {
    exchange.clock = clock.clone();
    gateway.clock = clock.clone();
    gateway.budget_clock = Some(clock.clone());
}

/// Where a server listens.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) local_addr: SocketAddr,
    /// The operator's listener, and the token that its API asks for.
    pub(crate) admin: Option<(SocketAddr, AdminToken)>,
}

/// An exchange that listens. Requests wait until [`run`](Self::run).
#[derive(Debug)]
pub(crate) struct Running {
    courses: Courses,
    operations: Option<Operations>,
    keeper: Option<Arc<Keeper>>,
    token: Option<AdminToken>,
}

impl Running {
    /// Starts to listen.
    pub(crate) async fn start(opened: Opened) -> anyhow::Result<Self> {
        let Opened { exchange, folder, vault, gateway: options, admin_listen, ephemeral, traders } =
            opened;
        let gateway = Gateway::bind(exchange.clone(), vault.clone(), options.clone()).await?;
        let controls = gateway.controls();
        let requests = gateway.requests();
        let (turns, turned) = mpsc::channel(1);
        let courses = Courses::new(exchange.clone(), gateway, controls.clone(), turned, traders);
        let Some(listen) = admin_listen else {
            return Ok(Self { courses, operations: None, keeper: None, token: None });
        };
        let token = AdminToken::open_or_create(&folder.join(ADMIN_TOKEN))?;
        let operations = Operations::bind(exchange.clone(), listen).await?;
        let mut admin = Admin::new(token.clone(), controls);
        let keeper = ephemeral.map(|ephemeral| {
            let clock = ephemeral.clock.clone();
            let place = keeper::Place { vault, gateway: options, admin_listen: listen, folder };
            let keeper = Arc::new(Keeper::new(exchange, place, ephemeral, turns));
            (clock, keeper)
        });
        if let Some((clock, keeper)) = &keeper {
            admin = admin.with_ephemeral(clock.clone(), keeper.clone());
        }
        let operations = Some(operations.with_requests(requests).with_admin(admin));
        let keeper = keeper.map(|(_, keeper)| keeper);
        Ok(Self { courses, operations, keeper, token: Some(token) })
    }

    /// What the gateway is told to break.
    pub(crate) fn controls(&self) -> &Controls {
        self.courses.controls()
    }

    /// Lets the program's own traders begin, if there are any.
    pub(crate) fn begin_trading(&mut self) {
        self.courses.begin_trading();
    }

    /// Where it listens.
    pub(crate) fn ready(&self) -> Ready {
        let admin_addr = self.operations.as_ref().map(Operations::local_addr);
        Ready { local_addr: self.courses.local_addr(), admin: admin_addr.zip(self.token.clone()) }
    }

    /// Serves until `stop` completes. Then no more connections are taken, requests in flight are
    /// answered, forks end, and the exchange is closed, with a last snapshot.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (end, mut ending) = watch::channel(());
        let operating = self.operations.map(|operations| {
            tracing::info!(local_addr = %operations.local_addr(), "operator's listener");
            // An error means that the sender is gone: that is the signal.
            tokio::spawn(operations.run(async move { drop(ending.changed().await) }))
        });
        let exchange = self.courses.run(stop).await;
        if let Some(keeper) = &self.keeper {
            keeper.end_forks().await;
        }
        // Health and metrics answer until the last request of the API has been answered.
        drop(end);
        if let Some(operating) = operating {
            let _ = operating.await;
        }
        let closing = exchange.clone();
        tokio::task::spawn_blocking(move || closing.close()).await??;
        tracing::info!(sequence = exchange.status().sequence, "exchange closed");
        Ok(())
    }
}
