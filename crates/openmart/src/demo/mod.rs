//! `openmart demo`: an exchange to try things on, with known accounts and nothing to configure.

mod folder;
mod greeting;
mod venue;

use anyhow::ensure;
use openmart_gateway::RateLimits;
use openmart_liquidity::Settings;

use crate::arguments::{self, Demo, DemoServer};
use crate::faults_file::FaultsFile;
use crate::liquidity::{Liquidity, Seeded};
use crate::printing::print;
use crate::server::{self, Setup};

pub(crate) use folder::TemporaryFolder;
pub(crate) use venue::{is_known_key, venue};

/// Runs until SIGINT or SIGTERM.
pub(crate) fn run(arguments: &Demo) -> anyhow::Result<()> {
    let Demo { server, no_liquidity, seed } = arguments;
    run_with(server, (!no_liquidity).then(|| Liquidity::Seeded(seeded(*seed))))
}

/// The makers and takers of the demo.
pub(crate) fn seeded(seed: u64) -> Seeded {
    Seeded { settings: Settings { seed, ..Settings::default() }, values: venue::values() }
}

/// Runs a demo with this liquidity until SIGINT or SIGTERM.
pub(crate) fn run_with(server: &DemoServer, liquidity: Option<Liquidity>) -> anyhow::Result<()> {
    let DemoServer { listen, data_dir, limits, admin_listen, faults } = server;
    ensure!(
        listen.ip().is_loopback(),
        "refusing to listen on {listen}: everybody knows the demo's keys; \
         use a loopback address, or `openmart serve` with keys of your own"
    );
    if let Some(admin_listen) = admin_listen {
        ensure!(
            admin_listen.ip().is_loopback(),
            "refusing to listen on {admin_listen}: the operator's listener of a demo belongs on a \
             loopback address"
        );
    }
    let faults = faults.as_deref().map(FaultsFile::load).transpose()?;
    let temporary = match data_dir {
        Some(_) => None,
        None => Some(TemporaryFolder::create()?),
    };
    let folder = match (&temporary, data_dir) {
        (Some(temporary), _) => temporary.path().to_owned(),
        (None, data_dir) => data_dir.clone().unwrap_or_default(),
    };
    let mut gateway = openmart_gateway::Options::new(*listen);
    gateway.rate_limits = match limits {
        arguments::RateLimits::Off => None,
        arguments::RateLimits::Historic => Some(RateLimits::historic()),
    };
    let setup = Setup {
        folder,
        venue: venue(),
        exchange: openmart_exchange::Options::default(),
        gateway,
        admin_listen: *admin_listen,
        faults,
        liquidity,
        is_ephemeral: temporary.is_some(),
    };
    server::run(setup, |ready| {
        // A reader that went away does not stop a server.
        let _ = print(|out| greeting::write(out, &ready, &venue::ACCOUNTS));
    })
}
