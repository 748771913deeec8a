//! The handle: open, submit, view, subscribe, snapshot, close.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use openmart_history::{FILE_NAME, History, Location};
use openmart_journal::{FileStorage, Journal, Storage};
use openmart_model::Command;

use crate::error::{CloseError, OpenError, SubmitError};
use crate::inbox::Inbox;
use crate::options::Options;
use crate::parts::Parts;
use crate::pending::{Pending, PendingSnapshot, Receipt};
use crate::pipeline::Pipeline;
use crate::recovery::RecoveryReport;
use crate::rounds::Attendant;
use crate::snapshots;
use crate::state::State;
use crate::status::Status;
use crate::subscription::Subscription;

/// Why a closed exchange takes no commands.
pub(crate) const CLOSED: &str = "it was closed";

/// A running exchange. Clones are handles of the same one, for any number of threads.
///
/// When the last handle is dropped without [`close`](Self::close), what is queued is still carried
/// out, the threads end and the data folder is free, as with `close` but for the last snapshot.
#[derive(Clone)]
pub struct Exchange {
    running: Arc<Running>,
}

struct Running {
    pipeline: Arc<Pipeline>,
    threads: Mutex<Lifecycle>,
}

enum Lifecycle {
    Running(Threads),
    Closed(Result<(), CloseError>),
}

struct Threads {
    sequencer: JoinHandle<Journal>,
    snapshotter: JoinHandle<()>,
}

impl Exchange {
    /// Recovers what the storage holds, and starts. History is in a temporary file, rebuilt from the
    /// whole journal: this is for tests and small venues. See [`open_folder`](Self::open_folder).
    ///
    /// # Errors
    /// If the storage is in use, damaged, or leads to a state that breaks an invariant. Nothing is
    /// started then, and nothing repaired that is not known to be safe.
    pub fn open(
        storage: Arc<dyn Storage>,
        options: Options,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        Self::open_with(storage, Location::Temporary, options)
    }

    /// Opens a journal in one place with history in another. See [`open_folder`](Self::open_folder)
    /// for both in one folder.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        storage: Arc<dyn Storage>,
        location: Location,
        options: Options,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        let Parts { pipeline, sequencer, snapshotter, report } =
            Parts::assemble(storage, location, &options, History::start)?;
        let snapshotter = start("openmart-snapshot", || snapshotter.run())?;
        let threads = match start("openmart-sequencer", || sequencer.run()) {
            Ok(sequencer) => Threads { sequencer, snapshotter },
            Err(error) => {
                pipeline.snapshots.close(CLOSED);
                return Err(error);
            }
        };
        let threads = Mutex::new(Lifecycle::Running(threads));
        Ok((Self { running: Arc::new(Running { pipeline, threads }) }, report))
    }

    /// Opens a data folder, creating it if there is none.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_folder(
        folder: impl AsRef<Path>,
        options: Options,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        let folder = folder.as_ref();
        let storage = FileStorage::create(folder)
            .map_err(|source| OpenError::Folder { folder: folder.display().to_string(), source })?;
        Self::open_with(Arc::new(storage), Location::File(folder.join(FILE_NAME)), options)
    }

    /// Queues a command. Never blocks.
    ///
    /// Commands of one caller are carried out in the order they were submitted, except that cancels
    /// go before everything else that still waits.
    ///
    /// # Errors
    /// [`SubmitError::Overloaded`] and [`SubmitError::Stopped`] at once; the others with the answer.
    pub fn submit(&self, command: Command) -> Result<Pending, SubmitError> {
        self.pipeline().intake.submit(command)
    }

    /// Queues a command whose answer is to arrive in an inbox, under this number. Never blocks.
    ///
    /// The order is that of [`submit`](Self::submit). While there is an
    /// [`attendant`](Self::attendant), the command waits for its round.
    ///
    /// # Errors
    /// [`SubmitError::Overloaded`] and [`SubmitError::Stopped`] at once, and then nothing arrives;
    /// the others with the answer.
    pub fn submit_to(
        &self,
        inbox: &Inbox,
        number: u32,
        command: Command,
    ) -> Result<(), SubmitError> {
        let pipeline = self.pipeline();
        pipeline.intake.submit_to(inbox.address(number), command)?;
        if !pipeline.rounds.ask() {
            pipeline.intake.ring();
        }
        Ok(())
    }

    /// Somebody to make the rounds among callers with an [`Inbox`]; nothing if there is one already.
    pub fn attendant(&self) -> Option<Attendant> {
        Attendant::new(self.clone())
    }

    /// Submits a command and awaits its outcome, which is then durable and visible.
    ///
    /// # Errors
    /// Why there is no outcome. A command that was refused has one: see [`Receipt::result`].
    pub async fn execute(&self, command: Command) -> Result<Receipt, SubmitError> {
        self.submit(command)?.await
    }

    /// As [`execute`](Self::execute), blocking the thread.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    ///
    /// # Panics
    /// When called from within an asynchronous task.
    pub fn execute_blocking(&self, command: Command) -> Result<Receipt, SubmitError> {
        self.submit(command)?.wait()
    }

    /// Reads the state as of one entry. It shows every command that was answered before.
    ///
    /// Commands wait while `read` runs: copy what is needed and return. Do not call the exchange
    /// from within.
    pub fn view<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.pipeline().view(read)
    }

    /// Subscribes to everything that happens from now on. The reader may fall behind by so many
    /// updates; beyond that it is cut off.
    pub fn subscribe(&self, updates_max: usize) -> Subscription {
        self.subscribe_with(updates_max, |_| ()).1
    }

    /// Reads the state and subscribes to exactly what happens after it.
    pub fn subscribe_with<R>(
        &self,
        updates_max: usize,
        read: impl FnOnce(&State) -> R,
    ) -> (R, Subscription) {
        // First the subscription, then the state: what is applied in between is in both, and left
        // out of the subscription.
        let mut subscription = self.pipeline().publisher.subscribe(updates_max);
        let (value, sequence) = self.view(|state| (read(state), state.sequence()));
        subscription.begin_after(sequence);
        (value, subscription)
    }

    /// How the exchange is doing. Cheap, and never waits for a command.
    pub fn status(&self) -> Status {
        self.pipeline().status()
    }

    /// Asks for a snapshot of what is applied now. It is made in the background.
    pub fn snapshot(&self) -> PendingSnapshot {
        self.pipeline().snapshots.request()
    }

    /// Takes no more commands, carries out what is queued, writes a last snapshot, ends all threads
    /// and releases the data folder. Reads still work. Blocks until done; a second call gives the
    /// result of the first.
    ///
    /// # Errors
    /// If the exchange had stopped after a failure, or the snapshot could not be written.
    pub fn close(&self) -> Result<(), CloseError> {
        self.running.close(LastSnapshot::Write)
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.running.pipeline
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("status", &self.status()).finish()
    }
}

/// Whether closing ends with a snapshot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastSnapshot {
    Write,
    Omit,
}

impl Running {
    fn close(&self, last: LastSnapshot) -> Result<(), CloseError> {
        let mut lifecycle = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let threads = match std::mem::replace(&mut *lifecycle, Lifecycle::Closed(Ok(()))) {
            Lifecycle::Running(threads) => threads,
            Lifecycle::Closed(result) => {
                *lifecycle = Lifecycle::Closed(result.clone());
                return result;
            }
        };
        let result = self.end(threads, last);
        *lifecycle = Lifecycle::Closed(result.clone());
        result
    }

    fn end(&self, threads: Threads, last: LastSnapshot) -> Result<(), CloseError> {
        let pipeline = &self.pipeline;
        pipeline.close(CLOSED);
        let journal = threads.sequencer.join();
        pipeline.snapshots.close(CLOSED);
        // A panic of either thread has been reported by the panic itself, and the sequencer's is the
        // failure below.
        let _ = threads.snapshotter.join();
        pipeline.publisher.stop();
        let ended = self.end_with(journal, last);
        pipeline.history.close();
        ended
    }

    fn end_with(
        &self,
        journal: std::thread::Result<Journal>,
        last: LastSnapshot,
    ) -> Result<(), CloseError> {
        if let Some(reason) = self.pipeline.failure() {
            return Err(CloseError::Stopped { reason: reason.clone() });
        }
        if let (LastSnapshot::Write, Ok(journal)) = (last, &journal) {
            snapshots::write_last(&self.pipeline, journal)?;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nobody is left to be told; the journal has everything.
        let _ = self.close(LastSnapshot::Omit);
    }
}

fn start<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, OpenError> {
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(OpenError::Thread)
}
