//! The way on: updates to whoever subscribed. A slow reader is cut off, never waited for.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openmart_model::{Event, Timestamp};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// What one command made true. Commands without events, such as refused ones, have no update.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Update {
    /// The command's place in the journal.
    pub sequence: u64,
    /// Its time.
    pub time: Timestamp,
    /// Its events, at least one.
    pub events: Arc<[Event]>,
}

/// Why there are no more updates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SubscriptionEnd {
    /// The reader fell too far behind. What it has read is complete up to here; to go on, subscribe
    /// again and start from the state as it is then.
    #[error("the subscription was cut off because it fell too far behind")]
    CutOff,
    /// The exchange has stopped.
    #[error("the exchange has stopped")]
    Stopped,
}

/// A bounded stream of updates, complete and in order, until it ends.
#[derive(Debug)]
pub struct Subscription {
    updates: Receiver<Update>,
    cut: Arc<AtomicBool>,
    start: u64,
}

impl Subscription {
    /// The sequence after which it begins: every update with a higher one is given.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The next update. Losing the race of a `select!` loses no update.
    pub async fn next(&mut self) -> Result<Update, SubscriptionEnd> {
        loop {
            match self.updates.recv().await {
                Some(update) if update.sequence <= self.start => {}
                Some(update) => return Ok(update),
                None => return Err(self.end()),
            }
        }
    }

    /// The next update, blocking until there is one.
    ///
    /// # Panics
    /// When called from within an asynchronous task: use [`next`](Self::next) there.
    pub fn next_blocking(&mut self) -> Result<Update, SubscriptionEnd> {
        loop {
            match self.updates.blocking_recv() {
                Some(update) if update.sequence <= self.start => {}
                Some(update) => return Ok(update),
                None => return Err(self.end()),
            }
        }
    }

    /// The next update if it is there already.
    pub fn try_next(&mut self) -> Result<Option<Update>, SubscriptionEnd> {
        loop {
            match self.updates.try_recv() {
                Ok(update) if update.sequence <= self.start => {}
                Ok(update) => return Ok(Some(update)),
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Disconnected) => return Err(self.end()),
            }
        }
    }

    /// Makes it begin after a sequence. Updates up to it that are under way are left out.
    pub(crate) fn begin_after(&mut self, sequence: u64) {
        self.start = sequence;
    }

    fn end(&self) -> SubscriptionEnd {
        let cut = self.cut.load(Ordering::SeqCst);
        if cut { SubscriptionEnd::CutOff } else { SubscriptionEnd::Stopped }
    }
}

/// The sending side of all subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Publisher {
    subscribers: Mutex<Subscribers>,
    count: AtomicUsize,
    cut: AtomicU64,
}

#[derive(Debug, Default)]
struct Subscribers {
    list: Vec<Subscriber>,
    stopped: bool,
}

#[derive(Debug)]
struct Subscriber {
    updates: Sender<Update>,
    cut: Arc<AtomicBool>,
}

impl Publisher {
    /// Adds a subscription that may fall behind by so many updates.
    pub(crate) fn subscribe(&self, updates_max: usize) -> Subscription {
        let (sender, updates) = channel(updates_max.max(1));
        let cut = Arc::new(AtomicBool::new(false));
        let mut subscribers = self.lock();
        if !subscribers.stopped {
            subscribers.list.push(Subscriber { updates: sender, cut: cut.clone() });
            self.count.store(subscribers.list.len(), Ordering::SeqCst);
        }
        Subscription { updates, cut, start: 0 }
    }

    /// Whether anybody listens. Asked under the lock of the state: whoever subscribes and then reads
    /// a state has every update after that state.
    pub(crate) fn has_subscribers(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }

    /// Sends updates to all, and cuts off those that have no room.
    pub(crate) fn publish(&self, updates: impl Iterator<Item = Update>) {
        let mut subscribers = self.lock();
        for update in updates {
            subscribers.list.retain(|subscriber| self.send(subscriber, &update));
        }
        self.count.store(subscribers.list.len(), Ordering::SeqCst);
    }

    /// Ends all subscriptions.
    pub(crate) fn stop(&self) {
        let mut subscribers = self.lock();
        subscribers.stopped = true;
        subscribers.list.clear();
        self.count.store(0, Ordering::SeqCst);
    }

    /// Subscriptions cut off so far.
    pub(crate) fn cut(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    fn send(&self, subscriber: &Subscriber, update: &Update) -> bool {
        match subscriber.updates.try_send(update.clone()) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(_)) => {
                subscriber.cut.store(true, Ordering::SeqCst);
                self.cut.fetch_add(1, Ordering::Relaxed);
                false
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        // Nothing under this lock can leave the list half changed.
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(sequence: u64) -> Update {
        Update { sequence, time: Timestamp(0), events: Arc::new([]) }
    }

    #[test]
    fn what_the_state_showed_already_is_left_out() {
        let publisher = Publisher::default();
        let mut subscription = publisher.subscribe(10);
        publisher.publish([4, 5, 6].map(update).into_iter());
        subscription.begin_after(5);
        publisher.publish([7].map(update).into_iter());
        assert_eq!(subscription.try_next(), Ok(Some(update(6))));
        assert_eq!(subscription.next_blocking(), Ok(update(7)));
        assert_eq!(subscription.try_next(), Ok(None));
    }

    #[test]
    fn a_reader_that_has_gone_is_forgotten() {
        let publisher = Publisher::default();
        drop(publisher.subscribe(1));
        assert!(publisher.has_subscribers());
        publisher.publish([1].map(update).into_iter());
        assert!(!publisher.has_subscribers());
        assert_eq!(publisher.cut(), 0);
    }
}
