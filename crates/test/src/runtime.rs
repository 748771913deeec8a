//! The threads that serve the sockets of all venues of a process.
//!
//! Not those of the tests: a test that blocks its thread, or whose runtime ends, must not stop the
//! exchange it talks to. Not a runtime for each venue either: hundreds of them would be more threads
//! and files than a machine gives.

use std::io;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::runtime::{Builder, Handle, Runtime};

/// One that works and one that wakes up while it does: a venue serves one test.
const THREADS: usize = 2;

/// Venues that start at a time. Each waits for its disk; more at once would not be ready sooner.
const STARTING_MAX: usize = 16;

static SHARED: Mutex<Option<Runtime>> = Mutex::new(None);

/// The runtime, started by whoever asks first, and never ended.
pub(crate) fn shared() -> io::Result<Handle> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*shared {
        return Ok(runtime.handle().clone());
    }
    raise_file_limit();
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(STARTING_MAX)
        .thread_name("openmart-test")
        .enable_all()
        .build()?;
    Ok(shared.insert(runtime).handle().clone())
}

/// Lets the process open as many files as it may. A shell usually gives 1,024 and allows far more, and
/// a venue has about a dozen. Where that is not granted, a venue says that there are too many.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Some systems name a maximum that they do not give.
    let _ = setrlimit(Resource::Nofile, limit);
}
