//! Connections of those who place and cancel orders, served without the router.
//!
//! What enters: a fresh connection. What leaves: answers, byte for byte those of the router, under
//! the same policies by the same code. All requests that one read brought are carried out together
//! and answered by one write, in order. The first request that is anything else, or unusual in any
//! way, ends this: the connection goes on to the HTTP server with every byte from that request on.
//!
//! Connections have no tasks of their own. They sit at a few [desks](desk), each a task that serves
//! everybody who rang, one after the other: on a busy server that saves most of what it costs to
//! wake a task, to set its timer and to hand it its answers by itself.

mod bells;
mod connection;
mod desk;
mod received;
mod request;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;

use super::Dialect;
use crate::listener::{ConnectionLimits, Direct, Ending, Served, Tenancy};
use desk::{Desk, Newcomer};

pub use request::direct_request_bytes;

/// The connections of a dialect.
#[derive(Debug)]
pub(super) struct Orders {
    dialect: Arc<Dialect>,
    /// One for each thread that can serve; made with the first connection.
    desks: OnceLock<Vec<OpenDesk>>,
    /// Connections so far, which take the desks in turns.
    served: AtomicUsize,
}

/// A desk that is served, until this is dropped.
#[derive(Debug)]
struct OpenDesk {
    newcomers: mpsc::UnboundedSender<Newcomer>,
    serving: AbortHandle,
}

impl Drop for OpenDesk {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Orders {
    pub(super) fn new(dialect: Arc<Dialect>) -> Self {
        Self { dialect, desks: OnceLock::new(), served: AtomicUsize::new(0) }
    }

    fn desk(&self, stopping: &watch::Receiver<Option<Ending>>) -> &OpenDesk {
        let desks = self.desks.get_or_init(|| {
            let threads = Handle::current().metrics().num_workers();
            (0..threads.max(1)).map(|_| self.open(stopping.clone())).collect()
        });
        &desks[self.served.fetch_add(1, Ordering::Relaxed) % desks.len()]
    }

    fn open(&self, stopping: watch::Receiver<Option<Ending>>) -> OpenDesk {
        // No more than there may be connections.
        let (sender, newcomers) = mpsc::unbounded_channel();
        let desk = Desk::new(self.dialect.clone(), newcomers);
        // It gives way by itself, after so many connections.
        let serving = tokio::spawn(tokio::task::unconstrained(desk.serve(stopping)));
        OpenDesk { newcomers: sender, serving: serving.abort_handle() }
    }
}

impl Direct for Orders {
    fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        limits: ConnectionLimits,
        tenancy: Tenancy,
    ) -> Pin<Box<dyn Future<Output = Served> + Send>> {
        let (done, served) = oneshot::channel();
        let newcomer = Newcomer { stream, address: peer.ip(), limits, done };
        // A desk that is gone has dropped the connection, or does so here.
        let _ = self.desk(&tenancy.stopping()).newcomers.send(newcomer);
        Box::pin(async move { served.await.unwrap_or(Served::Ended) })
    }
}
