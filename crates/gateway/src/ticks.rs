//! When the stream pushes: every so often, or when a test says so.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Added between ticks: a session that was served a bit late on one of them may then be served in
/// time on the next, and still have its full gap.
const SLACK: Duration = Duration::from_millis(2);

/// What makes the stream push what has changed.
#[derive(Clone)]
pub struct Ticks(Kind);

#[derive(Clone)]
enum Kind {
    Every(Duration),
    Driven(Arc<Mutex<Option<mpsc::UnboundedReceiver<Done>>>>),
}

/// Told how many sessions there are once a tick is over.
type Done = oneshot::Sender<usize>;

impl Ticks {
    /// Pushes to a session every so often, never more often.
    pub fn every(interval: Duration) -> Self {
        Self(Kind::Every(interval))
    }

    /// Ticks by hand, for one gateway: tests wait for nothing then.
    pub fn driven() -> (Self, TickDriver) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let kind = Kind::Driven(Arc::new(Mutex::new(Some(receiver))));
        (Self(kind), TickDriver { sender })
    }

    /// The ticks themselves. Driven ones can be had once.
    pub(crate) fn start(&self) -> TickSource {
        match &self.0 {
            Kind::Every(period) => {
                let mut ticks = interval(*period + SLACK);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                TickSource::Every { ticks, gap: *period }
            }
            Kind::Driven(receiver) => {
                let mut receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
                TickSource::Driven(receiver.take())
            }
        }
    }
}

impl fmt::Debug for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Every(interval) => f.debug_tuple("Every").field(interval).finish(),
            Kind::Driven(_) => f.write_str("Driven"),
        }
    }
}

/// Makes ticks by hand.
#[derive(Clone, Debug)]
pub struct TickDriver {
    sender: mpsc::UnboundedSender<Done>,
}

impl TickDriver {
    /// Makes one tick, waits until everything that it pushes is handed to its sessions, and tells
    /// how many sessions are left. Before the first session it waits for that; nothing if the
    /// gateway has ended.
    pub async fn tick(&self) -> Option<usize> {
        let (done, told) = oneshot::channel();
        self.sender.send(done).ok()?;
        told.await.ok()
    }
}

/// Where ticks come from.
#[derive(Debug)]
pub(crate) enum TickSource {
    Every { ticks: Interval, gap: Duration },
    Driven(Option<mpsc::UnboundedReceiver<Done>>),
}

/// A tick under way.
#[derive(Debug)]
pub(crate) struct Tick(Option<Done>);

impl TickSource {
    /// The least time between two pushes to a session, if that is not the driver's business.
    pub(crate) fn gap(&self) -> Option<Duration> {
        match self {
            Self::Every { gap, .. } => Some(*gap),
            Self::Driven(_) => None,
        }
    }

    /// The next tick. Losing the race of a `select!` loses none.
    pub(crate) async fn next(&mut self) -> Tick {
        match self {
            Self::Every { ticks, .. } => {
                ticks.tick().await;
                Tick(None)
            }
            Self::Driven(receiver) => {
                let next = match receiver {
                    Some(receiver) => receiver.recv().await,
                    None => None,
                };
                match next {
                    Some(done) => Tick(Some(done)),
                    // The driver has gone: there are no more.
                    None => std::future::pending().await,
                }
            }
        }
    }
}

impl Tick {
    /// It is over.
    pub(crate) fn done(self, sessions: usize) {
        if let Self(Some(done)) = self {
            // Whoever asked may have gone.
            let _ = done.send(sessions);
        }
    }
}
