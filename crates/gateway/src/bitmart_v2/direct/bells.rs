//! How connections call the task that serves them all.
//!
//! Each has a waker of its own that notes its place. The first to ring wakes the task; the others
//! are found when it comes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Who has rung.
#[derive(Default, Debug)]
pub(super) struct Bells {
    rung: Mutex<Rung>,
}

#[derive(Default, Debug)]
struct Rung {
    places: Vec<u32>,
    /// Whom to wake, once.
    clerk: Option<Waker>,
}

impl Bells {
    /// The bell of a place.
    pub(super) fn bell(bells: &Arc<Self>, place: u32) -> Waker {
        Waker::from(Arc::new(Bell { bells: bells.clone(), place }))
    }

    /// Moves the places that have rung to the end of `places`, waiting for the first.
    pub(super) fn poll_rung(&self, context: &Context<'_>, places: &mut Vec<u32>) -> Poll<()> {
        let mut rung = self.lock();
        if rung.places.is_empty() {
            rung.clerk = Some(context.waker().clone());
            return Poll::Pending;
        }
        places.append(&mut rung.places);
        Poll::Ready(())
    }

    fn ring(&self, place: u32) {
        let mut rung = self.lock();
        rung.places.push(place);
        let clerk = rung.clerk.take();
        drop(rung);
        if let Some(clerk) = clerk {
            clerk.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rung> {
        // Nothing under this lock can leave it half changed.
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Bell {
    bells: Arc<Bells>,
    place: u32,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.bells.ring(self.place);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bells.ring(self.place);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn many_bells_wake_once_and_none_is_missed() {
        let (bells, woken) = (Arc::new(Bells::default()), Arc::new(Woken::default()));
        let waker = Waker::from(woken.clone());
        let context = Context::from_waker(&waker);
        let mut places = Vec::new();
        let of = |place| Bells::bell(&bells, place);
        assert!(bells.poll_rung(&context, &mut places).is_pending());
        of(3).wake_by_ref();
        of(7).wake();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert!(bells.poll_rung(&context, &mut places).is_ready());
        assert_eq!(places, [3, 7]);
        // Nobody waits yet, so nobody is woken, and it is there at the next look.
        of(1).wake();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert!(bells.poll_rung(&context, &mut places).is_ready());
        assert!(bells.poll_rung(&context, &mut places).is_pending());
        assert_eq!(places, [3, 7, 1]);
    }
}
