//! `openmart demo`: an exchange to try things on, with known accounts and nothing to configure.

mod folder;
mod greeting;
mod venue;

use anyhow::ensure;
use openmart_gateway::RateLimits;

use crate::arguments::{self, Demo};
use crate::faults_file::FaultsFile;
use crate::printing::print;
use crate::server::{self, Setup};

pub(crate) use folder::TemporaryFolder;
pub(crate) use venue::is_known_key;

/// Runs until SIGINT or SIGTERM.
pub(crate) fn run(arguments: &Demo) -> anyhow::Result<()> {
    // Market makers come with a later version; until then every demo begins with empty books.
    let Demo { listen, data_dir, no_liquidity: _, seed: _, limits, admin_listen, faults } =
        arguments;
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
        venue: venue::venue(),
        exchange: openmart_exchange::Options::default(),
        gateway,
        admin_listen: *admin_listen,
        faults,
        is_ephemeral: temporary.is_some(),
    };
    server::run(setup, |ready| {
        // A reader that went away does not stop a server.
        let _ = print(|out| greeting::write(out, &ready, &venue::ACCOUNTS));
    })
}
