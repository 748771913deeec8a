//! When the kill comes: after so many answers, in the middle of whatever else goes on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::support::process::Server;

/// Counts answers and kills the server at the last of them.
pub(crate) struct Fuse<'s> {
    server: Mutex<&'s mut Server>,
    left: AtomicU64,
    burnt: AtomicBool,
}

impl<'s> Fuse<'s> {
    pub(crate) fn new(server: &'s mut Server, answers: u64) -> Self {
        let (left, burnt) = (AtomicU64::new(answers + 1), AtomicBool::new(false));
        Self { server: Mutex::new(server), left, burnt }
    }

    /// Counts an answer.
    pub(crate) fn burn(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // Before the kill, so that whoever gets no answer finds it set.
            self.burnt.store(true, Ordering::SeqCst);
            self.server.lock().expect("no client panicked").kill();
        }
    }

    /// Whether the server was killed, or is about to be.
    pub(crate) fn is_burnt(&self) -> bool {
        self.burnt.load(Ordering::SeqCst)
    }
}
