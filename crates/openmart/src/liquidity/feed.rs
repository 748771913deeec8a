//! A source of commands at work on a running exchange, in a thread of its own.
//!
//! One batch at a time: the next is asked for once every answer of the last is there, so that what is decided
//! does not depend on how fast the exchange was.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use openmart_exchange::{Exchange, Pending, SubmitError};
use openmart_liquidity::{Batch, Source};
use openmart_model::{Command, CommandResult};

use super::pace::Pace;

/// How long nothing is sent after the exchange could not take something.
const PAUSE: Duration = Duration::from_millis(100);

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Commands that have an outcome.
    pub(crate) commands: u64,
    /// Those that were refused.
    pub(crate) refused: u64,
}

/// A source, ready to be let loose.
pub(crate) struct Feed {
    source: Box<dyn Source + Send>,
    pace: Pace,
    ended: Option<Box<dyn FnOnce(Figures) + Send>>,
    figures: Figures,
}

/// A source at work. Dropped, it stops.
#[derive(Debug)]
pub(crate) struct Feeding {
    /// Its end is the signal.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why nothing more is done.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// The source has nothing more.
    Over,
    /// Somebody wants it to stop.
    Stopped,
    /// The exchange takes nothing more.
    Closed(SubmitError),
}

impl Feed {
    pub(crate) fn new(source: Box<dyn Source + Send>, pace: Pace) -> Self {
        Self { source, pace, ended: None, figures: Figures::default() }
    }

    /// Has this called when the source has nothing more.
    pub(crate) fn when_ended(mut self, ended: impl FnOnce(Figures) + Send + 'static) -> Self {
        self.ended = Some(Box::new(ended));
        self
    }

    /// Lets it loose from now on.
    pub(crate) fn start(mut self, exchange: Exchange) -> anyhow::Result<Feeding> {
        let (stop, stopped) = channel();
        let run = move || match self.run(&exchange, &stopped) {
            Ended::Over => {
                if let Some(ended) = self.ended.take() {
                    ended(self.figures);
                }
            }
            Ended::Stopped => {}
            Ended::Closed(error) => tracing::warn!(%error, "no more liquidity"),
        };
        let thread = std::thread::Builder::new().name("openmart-liquidity".into()).spawn(run);
        let thread = thread.context("cannot start the thread of the liquidity")?;
        Ok(Feeding { stop: Some(stop), thread: Some(thread) })
    }

    fn run(&mut self, exchange: &Exchange, stopped: &Receiver<()>) -> Ended {
        self.pace.begin();
        loop {
            let next = exchange.view(|state| self.source.next(state.engine()));
            let Some(Batch { due_us, commands }) = next else { return Ended::Over };
            // At least once for every batch, since one at full speed never sleeps.
            let mut sleep = Some(Duration::ZERO);
            while let Some(duration) = sleep {
                if !slept(stopped, duration) {
                    return Ended::Stopped;
                }
                sleep = self.pace.sleep_ms(due_us).map(Duration::from_millis);
            }
            let pause = match self.carry_out(exchange, commands) {
                Ok(whole) => !whole,
                Err(error) => return Ended::Closed(error),
            };
            if pause && !slept(stopped, PAUSE) {
                return Ended::Stopped;
            }
        }
    }

    /// Submits a batch and passes the answers on. Whether all of it was taken.
    fn carry_out(
        &mut self,
        exchange: &Exchange,
        commands: Vec<Command>,
    ) -> Result<bool, SubmitError> {
        let submitted: Vec<Result<Pending, SubmitError>> =
            commands.into_iter().map(|command| exchange.submit(command)).collect();
        let mut answers: Vec<Option<CommandResult>> = Vec::with_capacity(submitted.len());
        for submitted in submitted {
            match submitted.and_then(Pending::wait) {
                Ok(receipt) => {
                    self.figures.commands += 1;
                    self.figures.refused += u64::from(receipt.result.is_err());
                    answers.push(Some(receipt.result));
                }
                Err(error @ (SubmitError::Stopped { .. } | SubmitError::InDoubt { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::debug!(%error, "a command of the liquidity was not taken");
                    answers.push(None);
                }
            }
        }
        self.source.answered(&answers);
        Ok(answers.iter().all(Option::is_some))
    }
}

/// Whether it may go on after so long.
fn slept(stopped: &Receiver<()>, duration: Duration) -> bool {
    matches!(stopped.recv_timeout(duration), Err(RecvTimeoutError::Timeout))
}

impl Drop for Feeding {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A panic has been reported by the panic itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
