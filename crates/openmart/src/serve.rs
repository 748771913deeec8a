//! `openmart serve`: an exchange as its configuration says.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use openmart_gateway::{Budget, SignatureMode};

use crate::arguments::Serve;
use crate::config::{self, Config};
use crate::demo::TemporaryFolder;
use crate::faults_file::FaultsFile;
use crate::liquidity::Liquidity;
use crate::printing::print;
use crate::server::{self, Setup};

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8470);
const ADMIN_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8471);
const DATA_DIR: &str = "./openmart-data";

/// Permission bits of a file for anybody but its owner.
const OTHERS: u32 = 0o077;

/// Runs until SIGINT or SIGTERM.
pub(crate) fn run(arguments: &Serve) -> anyhow::Result<()> {
    let config = Config::load(&arguments.config)?;
    if config.has_secrets && may_be_read_by_others(&arguments.config) {
        let file = arguments.config.display();
        tracing::warn!(%file, "the configuration has secrets and may be read by others: chmod 600");
    }
    let temporary = match arguments.ephemeral {
        true => Some(TemporaryFolder::create()?),
        false => None,
    };
    let mut setup = setup(arguments, config)?;
    if let Some(temporary) = &temporary {
        setup.folder = temporary.path().to_owned();
        setup.is_ephemeral = true;
    }
    server::run(setup, |ready| {
        // A reader that went away does not stop a server.
        let _ = print(|out| {
            use std::io::Write;
            writeln!(out, "listening on http://{}", ready.local_addr)?;
            if let Some((admin_addr, _)) = ready.admin {
                writeln!(out, "operator's API on http://{admin_addr}")?;
            }
            match &temporary {
                Some(temporary) => {
                    let folder = temporary.path().display();
                    writeln!(out, "data folder until the end: {folder}")
                }
                None => Ok(()),
            }
        });
    })
}

fn may_be_read_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & OTHERS != 0)
}

/// The command line goes before the file, the file before the defaults.
fn setup(arguments: &Serve, config: Config) -> anyhow::Result<Setup> {
    let Config { server, rate_limits, venue, liquidity, has_secrets: _ } = config;
    let listen = arguments.listen.or(server.listen).unwrap_or(LISTEN);
    let admin_listen = arguments.admin_listen.or(server.admin_listen).unwrap_or(ADMIN_LISTEN);
    if !admin_listen.ip().is_loopback() && !server.public_bind_without_tls {
        bail!(
            "refusing to listen on {admin_listen} without TLS: the operator's listener belongs on a \
             loopback address; set public_bind_without_tls to allow it all the same"
        );
    }
    let folder = arguments.data_dir.clone().or(server.data_dir);
    let mut gateway = openmart_gateway::Options::new(listen);
    gateway.public_bind_without_tls = server.public_bind_without_tls;
    gateway.faults_on_public_bind = arguments.allow_faults_on_public_bind;
    gateway.rate_limits = budgets(&rate_limits);
    if let Some(mode) = server.signature_mode {
        gateway.mode = match mode {
            config::SignatureMode::Compat => SignatureMode::Compat,
            config::SignatureMode::Strict => SignatureMode::Strict,
        };
    }
    if let Some(window_ms) = server.timestamp_window_ms {
        gateway.timestamp_window_ms = window_ms;
    }
    let mut exchange = openmart_exchange::Options::default();
    if let Some(entries) = server.snapshot_entries {
        exchange.snapshot_entries = entries;
    }
    Ok(Setup {
        folder: folder.unwrap_or_else(|| PathBuf::from(DATA_DIR)),
        venue,
        exchange,
        gateway,
        admin_listen: Some(admin_listen),
        faults: arguments.faults.as_deref().map(FaultsFile::load).transpose()?,
        liquidity: liquidity.map(Liquidity::Seeded),
        is_ephemeral: false,
    })
}

/// The budgets of the historic API, as far as the file does not say otherwise.
fn budgets(limits: &config::RateLimits) -> Option<openmart_gateway::RateLimits> {
    let historic = openmart_gateway::RateLimits::historic();
    let budget = |requests: Option<u32>, default| requests.map_or(default, Budget::per_minute);
    (!limits.off).then(|| openmart_gateway::RateLimits {
        token_key: budget(limits.tokens_per_key, historic.token_key),
        token_address: budget(limits.tokens_per_address, historic.token_address),
        public_address: budget(limits.public_per_address, historic.public_address),
        private_key: budget(limits.private_per_key, historic.private_key),
        cancel_key: budget(limits.cancels_per_key, historic.cancel_key),
        stream_interval_ms: limits.stream_interval_ms.unwrap_or(historic.stream_interval_ms),
    })
}
