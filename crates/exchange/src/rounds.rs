//! Rounds: one wake-up for many, on the way in and on the way out.
//!
//! On a core that callers and the sequencing thread share, waking the thread for every command makes
//! batches of one, and waking every caller by itself changes threads for each. So callers who
//! submit to an [`Inbox`](crate::Inbox) leave both to one [`Attendant`], a task among theirs: it
//! wakes those whose answers have come, lets them and everybody else who is ready have their turn,
//! and then tells the sequencing thread to take what has queued.
//!
//! Without an attendant, all of them are woken at once.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::exchange::Exchange;

/// What the attendant is told.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    /// Whether something queued since the last round: saves the lock for all but the first.
    asked: AtomicBool,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// There is one at a time.
    attended: bool,
    /// Those whose answers have come.
    due: Vec<Waker>,
    /// How to wake the attendant; nothing while it is awake.
    attendant: Option<Waker>,
}

impl Rounds {
    /// A command has queued. False: nobody attends, so the caller must ring himself.
    pub(crate) fn ask(&self) -> bool {
        if self.asked.swap(true, Ordering::AcqRel) {
            return true;
        }
        let mut notes = self.lock();
        if !notes.attended {
            self.asked.store(false, Ordering::Release);
            return false;
        }
        let attendant = notes.attendant.take();
        drop(notes);
        if let Some(attendant) = attendant {
            attendant.wake();
        }
        true
    }

    /// Has these woken. True: by the attendant, who will ring afterwards.
    pub(crate) fn deliver(&self, readers: &mut Vec<Waker>) -> bool {
        let mut notes = self.lock();
        if !notes.attended {
            drop(notes);
            readers.drain(..).for_each(Waker::wake);
            return false;
        }
        notes.due.append(readers);
        let attendant = notes.attendant.take();
        drop(notes);
        if let Some(attendant) = attendant {
            attendant.wake();
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        // Nothing under this lock can leave it half changed.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one who makes the rounds. While there is one, callers with an [`Inbox`](crate::Inbox) rely
/// on it: keep calling [`wake_due`](Self::wake_due), then give way to everything that is ready, as
/// long as that brings more, then [`ring`](Self::ring). When it is dropped, everybody is woken at once again.
#[derive(Debug)]
pub struct Attendant {
    exchange: Exchange,
    due: Vec<Waker>,
}

impl Attendant {
    /// Nothing if there is one already.
    pub(crate) fn new(exchange: Exchange) -> Option<Self> {
        let mut notes = exchange.pipeline().rounds.lock();
        let vacant = !std::mem::replace(&mut notes.attended, true);
        drop(notes);
        vacant.then(|| Self { exchange, due: Vec::new() })
    }

    /// Waits until a command has queued or answers have come, and wakes those whose they are.
    pub async fn wake_due(&mut self) {
        let Self { exchange, due } = self;
        let rounds = &exchange.pipeline().rounds;
        poll_fn(|context| {
            let mut notes = rounds.lock();
            std::mem::swap(due, &mut notes.due);
            if due.is_empty() && !rounds.asked.load(Ordering::Acquire) {
                notes.attendant = Some(context.waker().clone());
                return Poll::Pending;
            }
            notes.attendant = None;
            Poll::Ready(())
        })
        .await;
        due.drain(..).for_each(Waker::wake);
    }

    /// Commands that wait to be taken. While there are ever more of them, another turn for everybody
    /// makes a larger batch.
    pub fn waiting(&self) -> usize {
        self.exchange.pipeline().intake.waiting()
    }

    /// Has the sequencing thread take what has queued.
    pub fn ring(&mut self) {
        let pipeline = self.exchange.pipeline();
        // Before the bell: whoever queues from now on asks for a round of his own.
        pipeline.rounds.asked.store(false, Ordering::Release);
        pipeline.intake.ring();
    }
}

impl Drop for Attendant {
    fn drop(&mut self) {
        let rounds = &self.exchange.pipeline().rounds;
        let mut notes = rounds.lock();
        notes.attended = false;
        notes.attendant = None;
        let left = std::mem::take(&mut notes.due);
        drop(notes);
        left.into_iter().for_each(Waker::wake);
        self.ring();
    }
}
