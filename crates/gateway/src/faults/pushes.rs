//! How far the stream is with its pushes, for whoever must answer after them.

use tokio::sync::watch;

/// Ticks of the stream that have begun, and that are over.
#[derive(Debug)]
pub(crate) struct Pushes {
    /// Nothing before there is a stream.
    begun: watch::Sender<Option<u64>>,
    over: watch::Sender<u64>,
}

impl Default for Pushes {
    fn default() -> Self {
        Self { begun: watch::Sender::new(None), over: watch::Sender::new(0) }
    }
}

impl Pushes {
    /// The stream begins to look at what happened, and to push it. Tick 0 is its start.
    pub(crate) fn begin(&self, tick: u64) {
        self.begun.send_replace(Some(tick));
    }

    /// Everything of a tick is with the clients' sockets.
    pub(crate) fn end(&self, tick: u64) {
        self.over.send_replace(tick);
    }

    /// Waits until everybody who has subscribed has been pushed what has happened by now. The first
    /// tick that begins from now on passes over those who subscribed a moment ago, so it takes two.
    /// Without a stream there is nothing to wait for.
    pub(crate) async fn told(&self) {
        let Some(begun) = *self.begun.borrow() else { return };
        let mut over = self.over.subscribe();
        // The sender is ours.
        let _ = over.wait_for(|over| *over >= begun + 2).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn a_tick_under_way_does_not_count() {
        let pushes = Pushes::default();
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(pushes.told()).poll(&mut context).is_ready(), "no stream, no waiting");
        pushes.begin(0);
        let mut waiting = pin!(pushes.told());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        pushes.begin(1);
        let mut later = pin!(pushes.told());
        assert!(later.as_mut().poll(&mut context).is_pending());
        pushes.end(1);
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        pushes.begin(2);
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        pushes.end(2);
        assert!(waiting.as_mut().poll(&mut context).is_ready(), "1 and 2 are over");
        assert!(later.as_mut().poll(&mut context).is_pending(), "1 was under way");
        pushes.begin(3);
        pushes.end(3);
        assert!(later.as_mut().poll(&mut context).is_ready());
    }
}
