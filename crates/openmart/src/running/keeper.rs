//! Points, forks and rewinds of an ephemeral exchange.
//!
//! What enters: wishes of the operator. What leaves: copies of the journal up to an entry, each opened as
//! an exchange: beside this one as a fork, or in its place as a rewind. Nothing is given up before the copy
//! runs. What it must not know: HTTP, the dialects.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openmart_exchange::{Exchange, copy_entries};
use openmart_gateway::{Keeping, StateError, StateKeeper, Vault};
use openmart_journal::FileStorage;
use openmart_wire::admin::state::{
    FORKS_MAX, Fork, MarkPoint, NAME_MAX, Origin, POINTS_MAX, Point, Rewound, State,
};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::courses::Turn;
use super::{ADMIN_TOKEN, Ephemeral, Opened, Running};

/// What all exchanges that are made of one have in common.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) vault: Arc<Vault>,
    pub(super) gateway: openmart_gateway::Options,
    pub(super) admin_listen: SocketAddr,
    /// Where the folders of the others are made.
    pub(super) folder: PathBuf,
}

pub(super) struct Keeper {
    place: Place,
    ephemeral: Ephemeral,
    turns: mpsc::Sender<Turn>,
    standing: Mutex<Standing>,
    /// Forks and rewinds come one at a time.
    working: tokio::sync::Mutex<()>,
}

struct Standing {
    exchange: Exchange,
    folder: PathBuf,
    points: Vec<Point>,
    forks: BTreeMap<u64, RunningFork>,
    /// The number of the next folder.
    next: u64,
}

/// A fork that runs.
struct RunningFork {
    told: Fork,
    /// Ends it when dropped.
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
    _seat: OwnedSemaphorePermit,
}

impl Keeper {
    pub(super) fn new(
        exchange: Exchange,
        place: Place,
        ephemeral: Ephemeral,
        turns: mpsc::Sender<Turn>,
    ) -> Self {
        let (folder, points, forks) = (place.folder.clone(), Vec::new(), BTreeMap::new());
        let standing = Mutex::new(Standing { exchange, folder, points, forks, next: 1 });
        Self { place, ephemeral, turns, standing, working: tokio::sync::Mutex::default() }
    }

    /// Ends all forks and waits until they have.
    pub(super) async fn end_forks(&self) {
        let forks = std::mem::take(&mut self.standing().forks);
        for (_, RunningFork { stop, ended, .. }) in forks {
            drop(stop);
            let _ = ended.await;
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A folder that is not there yet.
    fn new_folder(&self, what: &str) -> (u64, PathBuf) {
        let mut standing = self.standing();
        let number = standing.next;
        standing.next += 1;
        (number, self.place.folder.join(format!("{what}-{number}")))
    }

    /// The entry that is meant, and where the journal is.
    fn resolve(&self, origin: &Origin) -> Result<(u64, PathBuf), StateError> {
        let standing = self.standing();
        let last = standing.exchange.status().sequence;
        let sequence = match (origin.sequence, &origin.point) {
            (None, None) => last,
            (Some(sequence), None) => sequence,
            (None, Some(name)) => {
                let point = standing.points.iter().find(|point| point.name == *name);
                let missing = || StateError::Missing(format!("there is no point {name:?}"));
                point.ok_or_else(missing)?.sequence
            }
            (Some(_), Some(_)) => {
                return Err(StateError::Wish("give a sequence or a point, not both".to_owned()));
            }
        };
        if !(1..=last).contains(&sequence) {
            let sentence = format!("there is no entry {sequence}: sequences are from 1 to {last}");
            return Err(StateError::Wish(sentence));
        }
        Ok((sequence, standing.folder.clone()))
    }

    async fn start_fork(self: Arc<Self>, origin: Origin) -> Result<Fork, StateError> {
        let seat = self.ephemeral.seats.clone().try_acquire_owned();
        let seat = seat.map_err(|_| {
            StateError::Wish(format!("there are {FORKS_MAX} forks already: end one first"))
        })?;
        let _working = self.working.lock().await;
        let (sequence, from) = self.resolve(&origin)?;
        let (id, folder) = self.new_folder("fork");
        let any_port = |address: SocketAddr| SocketAddr::new(address.ip(), 0);
        let mut gateway = self.place.gateway.clone();
        gateway.listen = any_port(gateway.listen);
        let ephemeral = self.ephemeral.fork(&mut gateway);
        let exchange = copied(from, folder.clone(), sequence, ephemeral.options.clone()).await?;
        let started = async {
            // The mode goes with it.
            std::fs::copy(self.place.folder.join(ADMIN_TOKEN), folder.join(ADMIN_TOKEN))?;
            let opened = Opened {
                exchange: exchange.clone(),
                folder: folder.clone(),
                vault: self.place.vault.clone(),
                gateway,
                admin_listen: Some(any_port(self.place.admin_listen)),
                ephemeral: Some(ephemeral),
                // A copy stands still but for what is asked of it.
                traders: None,
            };
            Running::start(opened).await
        };
        let running = match started.await {
            Ok(running) => running,
            Err(error) => {
                discard(exchange, folder).await;
                return Err(StateError::Failed(format!("the fork does not start: {error:#}")));
            }
        };
        let ready = running.ready();
        let url = format!("http://{}", ready.local_addr);
        let admin_url = ready.admin.map(|(address, _)| format!("http://{address}"));
        let told = Fork {
            id,
            sequence,
            url,
            admin_url: admin_url.unwrap_or_default(),
            folder: folder.display().to_string(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            if let Err(error) = running.run(async { drop(stopped.await) }).await {
                tracing::warn!(fork = id, %error, "a fork did not end well");
            }
            remove(folder).await;
        });
        tracing::info!(fork = id, sequence, url = told.url, "fork started");
        let fork = RunningFork { told: told.clone(), stop, ended, _seat: seat };
        self.standing().forks.insert(id, fork);
        Ok(told)
    }

    async fn stop_fork(self: Arc<Self>, id: u64) -> Result<State, StateError> {
        let fork = self.standing().forks.remove(&id);
        let missing = || StateError::Missing(format!("there is no fork {id}"));
        let RunningFork { stop, ended, _seat, .. } = fork.ok_or_else(missing)?;
        drop(stop);
        let _ = ended.await;
        Ok(self.state())
    }

    async fn go_back(self: Arc<Self>, origin: Origin) -> Result<Rewound, StateError> {
        let _working = self.working.lock().await;
        let (sequence, from) = self.resolve(&origin)?;
        let (_, folder) = self.new_folder("course");
        let options = self.ephemeral.options.clone();
        let exchange = copied(from.clone(), folder.clone(), sequence, options).await?;
        let (done, turned) = oneshot::channel();
        let turn = Turn {
            exchange: exchange.clone(),
            vault: self.place.vault.clone(),
            options: self.place.gateway.clone(),
            done,
        };
        let told = match self.turns.send(turn).await {
            Ok(()) => turned.await.ok(),
            Err(_) => None,
        };
        let Some(before) = told else {
            discard(exchange, folder).await;
            return Err(StateError::Failed("the exchange is about to stop".to_owned()));
        };
        let time = exchange.view(|state| state.time());
        let given_up = {
            let mut standing = self.standing();
            standing.points.retain(|point| point.sequence <= sequence);
            standing.folder = folder;
            std::mem::replace(&mut standing.exchange, exchange)
        };
        drop(given_up);
        self.ephemeral.clock.release();
        // The folder of the first exchange has the others within.
        if from != self.place.folder {
            remove(from).await;
        }
        let discarded = before.saturating_sub(sequence);
        tracing::info!(sequence, discarded, "rewound");
        Ok(Rewound { sequence, time_ms: time.0, discarded })
    }
}

impl StateKeeper for Keeper {
    fn state(&self) -> State {
        let standing = self.standing();
        State {
            sequence: standing.exchange.status().sequence,
            points: standing.points.clone(),
            forks: standing.forks.values().map(|fork| fork.told.clone()).collect(),
            folder: standing.folder.display().to_string(),
        }
    }

    fn mark(&self, mark: &MarkPoint) -> Result<Point, StateError> {
        let name = &mark.name;
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(sound) {
            let what = "1 to 64 letters, digits, dots, dashes and underscores";
            return Err(StateError::Wish(format!("the name of a point is {what}, not {name:?}")));
        }
        let mut standing = self.standing();
        let at = standing.exchange.view(|state| (state.sequence(), state.time()));
        let point = Point { name: name.clone(), sequence: at.0, time_ms: at.1.0 };
        standing.points.retain(|known| known.name != *name);
        if standing.points.len() >= POINTS_MAX {
            return Err(StateError::Wish(format!("there are {POINTS_MAX} points already")));
        }
        standing.points.push(point.clone());
        Ok(point)
    }

    fn fork(self: Arc<Self>, origin: Origin) -> Keeping<Fork> {
        to_its_end(self.start_fork(origin))
    }

    fn end_fork(self: Arc<Self>, id: u64) -> Keeping<State> {
        to_its_end(self.stop_fork(id))
    }

    fn rewind(self: Arc<Self>, origin: Origin) -> Keeping<Rewound> {
        to_its_end(self.go_back(origin))
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Does it also if whoever asked goes away: half a rewind would be worse than none.
fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, StateError>> + Send + 'static,
) -> Keeping<T> {
    Box::pin(async {
        let interrupted = |_| StateError::Failed("interrupted; the log says why".to_owned());
        tokio::spawn(work).await.map_err(interrupted)?
    })
}

/// An exchange over a copy of the journal up to an entry. There is nothing left of it upon an error.
async fn copied(
    from: PathBuf,
    folder: PathBuf,
    sequence: u64,
    options: openmart_exchange::Options,
) -> Result<Exchange, StateError> {
    let into = folder.clone();
    let open = move || -> anyhow::Result<Exchange> {
        let from = Arc::new(FileStorage::existing(&from)?);
        let to = Arc::new(FileStorage::create(&folder)?);
        copy_entries(from, to, sequence, options.journal.clone())?;
        Ok(Exchange::open_folder(&folder, options)?.0)
    };
    let opened = tokio::task::spawn_blocking(open).await;
    match opened.map_err(anyhow::Error::from).and_then(|opened| opened) {
        Ok(exchange) => Ok(exchange),
        Err(error) => {
            remove(into).await;
            Err(StateError::Failed(format!("the journal cannot be copied: {error:#}")))
        }
    }
}

/// Ends an exchange that nobody came to use.
async fn discard(exchange: Exchange, folder: PathBuf) {
    let _ = tokio::task::spawn_blocking(move || drop(exchange.close())).await;
    remove(folder).await;
}

/// What cannot be removed now goes with the folder around it.
async fn remove(folder: PathBuf) {
    let remove = move |folder: &Path| std::fs::remove_dir_all(folder);
    let _ = tokio::task::spawn_blocking(move || drop(remove(&folder))).await;
}
