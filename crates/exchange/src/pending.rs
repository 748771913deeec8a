//! The other end of a submitted command: a future that can also be waited for by blocking.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use openmart_model::{CommandResult, Timestamp};
use tokio::sync::oneshot::{Receiver, Sender, channel};

use crate::error::{SnapshotError, SubmitError};
use crate::inbox::Address;

/// The answer to a command. It is durable and applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Its place in the journal.
    pub sequence: u64,
    /// Its time.
    pub time: Timestamp,
    /// What it did, or why it was refused.
    pub result: CommandResult,
}

/// Why there is no answer when the thread that owed it is gone, which only a defect can cause.
const ENDED: &str = "a thread of the pipeline ended without an answer";

/// Where the sequencing thread puts its answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// To whoever waits for this one alone.
    Alone(Sender<Result<Receipt, SubmitError>>),
    /// To somebody who waits for several.
    Inbox(Address),
}

impl Answer {
    /// Answers. Whoever asked may have gone.
    pub(crate) fn send(self, answer: Result<Receipt, SubmitError>) {
        if let Some(reader) = self.put(answer) {
            reader.wake();
        }
    }

    /// Answers, but leaves it to the caller to wake the reader of an inbox.
    pub(crate) fn put(self, answer: Result<Receipt, SubmitError>) -> Option<Waker> {
        match self {
            Self::Alone(sender) => {
                let _ = sender.send(answer);
                None
            }
            Self::Inbox(address) => address.put(answer),
        }
    }
}

/// A command on its way. Dropping it changes nothing: the command runs all the same.
#[derive(Debug)]
#[must_use = "the command runs, but its outcome is only told here"]
pub struct Pending {
    answer: Receiver<Result<Receipt, SubmitError>>,
}

impl Pending {
    pub(crate) fn new() -> (Answer, Self) {
        let (sender, answer) = channel();
        (Answer::Alone(sender), Self { answer })
    }

    /// Blocks until the outcome is there.
    ///
    /// # Panics
    /// When called from within an asynchronous task: await it there.
    pub fn wait(self) -> Result<Receipt, SubmitError> {
        self.answer.blocking_recv().unwrap_or_else(|_| Err(in_doubt()))
    }

    /// The outcome if it is there, without waiting. It is given once.
    pub fn try_take(&mut self) -> Option<Result<Receipt, SubmitError>> {
        match Pin::new(self).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }
}

impl Future for Pending {
    type Output = Result<Receipt, SubmitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map(|got| got.unwrap_or_else(|_| Err(in_doubt())))
    }
}

pub(crate) fn in_doubt() -> SubmitError {
    SubmitError::InDoubt { reason: Arc::from(ENDED) }
}

/// Where the snapshot thread puts its answer.
pub(crate) type SnapshotAnswer = Sender<Result<u64, SnapshotError>>;

/// A snapshot on its way; gives the sequence it stands at. Dropping it changes nothing.
#[derive(Debug)]
pub struct PendingSnapshot {
    answer: Receiver<Result<u64, SnapshotError>>,
}

impl PendingSnapshot {
    pub(crate) fn new() -> (SnapshotAnswer, Self) {
        let (sender, answer) = channel();
        (sender, Self { answer })
    }

    /// Blocks until the snapshot is written.
    ///
    /// # Panics
    /// When called from within an asynchronous task: await it there.
    pub fn wait(self) -> Result<u64, SnapshotError> {
        self.answer.blocking_recv().unwrap_or_else(|_| Err(ended()))
    }

    /// The result if it is there, without waiting. It is given once.
    pub fn try_take(&mut self) -> Option<Result<u64, SnapshotError>> {
        match Pin::new(self).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }
}

impl Future for PendingSnapshot {
    type Output = Result<u64, SnapshotError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map(|got| got.unwrap_or_else(|_| Err(ended())))
    }
}

fn ended() -> SnapshotError {
    SnapshotError::Stopped { reason: Arc::from(ENDED) }
}
