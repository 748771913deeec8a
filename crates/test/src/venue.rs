//! A running exchange, from its start to its end with the test.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openmart_client::{Client, Credentials, UsageError};
use openmart_exchange::{Exchange, Pending};
use openmart_gateway::{Controls, FaultsError, Gateway, Options, Vault};
use openmart_wire::admin::faults::{AddFaults, FaultRule, FaultRules};
use openmart_wire::admin::races::{ArmRace, Race, RaceKind};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::builder::Builder;
use crate::contents::{self, Account, Key, Market};
use crate::error::StartError;
use crate::runtime;

/// Requests in flight when a test ends: nobody waits for their answers any more.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(20);

/// Commands whose events may wait for the stream: far more than a test makes in a quarter of a second.
const STREAM_UPDATES_MAX: usize = 16_384;

/// Commands that may wait: as many as there can be connections of one test, and more.
const QUEUE_MAX: usize = 4_096;

/// Connections at a time.
const CONNECTIONS_MAX: usize = 1_024;

/// An exchange of its own, on a port of its own. It ends, and its folder goes, when this is dropped.
pub struct Venue {
    address: SocketAddr,
    accounts: Vec<Account>,
    exchange: Exchange,
    controls: Option<Controls>,
    /// Of faults that are added while it runs. Locked while they are.
    seed: Mutex<Option<u64>>,
    serving: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    /// Last, so that it goes after everything that has files in it.
    folder: TempDir,
}

impl Venue {
    /// The demo with empty books. Can be awaited in any runtime.
    ///
    /// # Errors
    /// When the system does not give a folder, a port or threads.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Another one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) async fn open(
        markets: Vec<Market>,
        accounts: Vec<Account>,
        faults: FaultRules,
    ) -> Result<Self, StartError> {
        let runtime = runtime::shared().map_err(StartError::Threads)?;
        let serving = runtime.clone();
        // Files are opened and synced: not on a thread of somebody's runtime.
        let opening = runtime.spawn_blocking(move || {
            let folder = tempfile::Builder::new().prefix("openmart-test-").tempdir();
            let folder = folder.map_err(StartError::Folder)?;
            let (exchange, vault) = prepare(folder.path(), &markets, &accounts)?;
            let bound = Gateway::bind(exchange.clone(), vault, gateway_options());
            let gateway = serving.block_on(bound)?;
            let controls = gateway.controls();
            if !faults.rules.is_empty() {
                controls.replace_faults(&faults)?;
            }
            let address = gateway.local_addr();
            let (stop, stopped) = oneshot::channel::<()>();
            let running = serving.spawn(gateway.run(async { drop(stopped.await) }));
            let serving = Some((stop, running));
            let (controls, seed) = (Some(controls), Mutex::new(faults.seed));
            Ok(Self { address, accounts, exchange, controls, seed, serving, folder })
        });
        opening.await.map_err(|_| StartError::BrokenOff)?
    }

    /// The base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key of an account.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.accounts.iter().find(|account| account.name == name).map(|account| &account.key)
    }

    /// A client with the key of an account.
    ///
    /// # Errors
    /// [`UsageError::NoCredentials`] when there is no such account, and what the client has against
    /// the key.
    pub fn client(&self, name: &str) -> Result<Client, UsageError> {
        let key = self.key(name).ok_or(UsageError::NoCredentials)?;
        let credentials = Credentials::new(&key.key, &key.secret, &key.memo)?;
        Client::builder(self.url()).credentials(credentials).build()
    }

    /// Arms a race for the next order of an account.
    ///
    /// # Errors
    /// When there is no such account or too many races wait.
    pub fn race(&self, race: RaceKind, name: &str) -> Result<Race, FaultsError> {
        // A name that nobody has is refused as a key that nobody has.
        let key = self.key(name).map_or(name, |key| &key.key).to_owned();
        self.controls().arm_race(&ArmRace { key, race, percent: None })
    }

    /// Breaks this as well from now on.
    ///
    /// # Errors
    /// When the rule makes no sense. Nothing is changed then.
    pub fn fault(&self, rule: FaultRule) -> Result<(), FaultsError> {
        let seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        let (controls, rules) = (self.controls(), vec![rule]);
        // The first rule brings the seed, those behind it are added to it.
        match controls.faults().rules.is_empty() {
            true => controls.replace_faults(&FaultRules { seed: *seed, rules, fault_header: None }),
            false => controls.add_faults(&AddFaults { rules }),
        }?;
        Ok(())
    }

    /// All faults and races.
    ///
    /// # Panics
    /// Never: it has them until it is dropped.
    pub fn controls(&self) -> &Controls {
        self.controls.as_ref().expect("a venue has its controls until it is dropped")
    }

    /// The exchange behind the API: its state, its journal, commands.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The data folder, for as long as the venue lives.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        drop(self.controls.take());
        if let Some((stop, running)) = self.serving.take() {
            let _ = stop.send(());
            wait(running);
        }
        // It can only fail where it had failed before, which the test has seen.
        let _ = self.exchange.close();
    }
}

impl fmt::Debug for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Venue").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// Waits for a task of the shared runtime on a thread that may belong to another one.
fn wait(running: JoinHandle<()>) {
    let (ended, end) = std::sync::mpsc::channel::<()>();
    if let Ok(runtime) = runtime::shared() {
        runtime.spawn(async move {
            let _ = running.await;
            drop(ended);
        });
        // The other half goes when the task has ended.
        let _ = end.recv();
    }
}

fn gateway_options() -> Options {
    let mut options = Options::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    options.rate_limits = None;
    options.drain_timeout = DRAIN_TIMEOUT;
    options.connections_max = CONNECTIONS_MAX;
    options.connections_per_address_max = CONNECTIONS_MAX;
    options.stream_updates_max = STREAM_UPDATES_MAX;
    options
}

/// An exchange in a folder, with what it is to have.
fn prepare(
    folder: &Path,
    markets: &[Market],
    accounts: &[Account],
) -> Result<(Exchange, Arc<Vault>), StartError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(StartError::Random)?;
    let vault = Arc::new(Vault::from_key(key));
    let commands = contents::commands(markets, accounts, &vault)?;
    let mut options = openmart_exchange::Options {
        snapshot_entries: 0,
        queue_cancels_max: QUEUE_MAX,
        queue_orders_max: QUEUE_MAX,
        ..Default::default()
    };
    // A thread less; a test does not wait for the preparation of a segment that it does not need.
    options.journal.background = false;
    let (exchange, _) = Exchange::open_folder(folder, options)?;
    // All at once, so that they share a few syncs of the disk.
    let submitted: Vec<(String, Pending)> = commands
        .into_iter()
        .map(|(what, command)| Ok((what, exchange.submit(command)?)))
        .collect::<Result<_, StartError>>()?;
    for (what, pending) in submitted {
        if let Err(reject) = pending.wait()?.result {
            return Err(StartError::Refused { what, reject });
        }
    }
    Ok((exchange, vault))
}
