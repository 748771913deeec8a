//! The socket: accepts connections, bounds them, and lets them finish at the end.
//!
//! What enters: TCP connections. What leaves: HTTP requests with the peer's address, to a router.
//! A request that asks for an upgrade also carries its [`Tenancy`], which whoever takes the
//! connection over must keep. An answer with the sign [`HangUp`] is not sent: its connection ends. What
//! it must not know: paths, dialects.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use http::header::UPGRADE;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use openmart_exchange::Exchange;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tower::Service;

use crate::faults::Controls;
use crate::metrics::Requests;
use crate::options::Options;
use crate::rewound::Rewound;
use crate::rounds::make_rounds;
use crate::seats::{Seat, Seats};
use crate::site::{Site, served};
use crate::vault::Vault;

/// Pause after the system could not accept a connection, usually for want of file descriptors:
/// trying again at once would only burn time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a gateway does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address can be reached from elsewhere, and nothing would be encrypted.
    #[error(
        "refusing to listen on {listen} without TLS: tokens and balances would travel in the clear; \
         listen on a loopback address behind a TLS proxy, or allow a public bind explicitly"
    )]
    PublicWithoutTls {
        /// The address.
        listen: SocketAddr,
    },
    /// The system does not give the address.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// What becomes of an address when its gateway ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Nobody listens there any more.
    Release,
    /// Another gateway takes it over; clients are told to connect again.
    HandOver,
}

/// An address at which connections wait for a gateway.
#[derive(Debug)]
pub struct HeldAddress {
    listener: TcpListener,
    local_addr: SocketAddr,
}

/// An HTTP server for an exchange, listening.
#[derive(Debug)]
pub struct Gateway {
    listener: TcpListener,
    local_addr: SocketAddr,
    pub(crate) site: Arc<Site>,
}

impl Gateway {
    /// Starts to listen. Connections wait until [`run`](Self::run).
    ///
    /// # Errors
    /// When the address is public and the options do not allow that, or cannot be had.
    pub async fn bind(
        exchange: Exchange,
        vault: Arc<Vault>,
        options: Options,
    ) -> Result<Self, BindError> {
        let mut options = options;
        let listen = options.listen;
        if !listen.ip().is_loopback() && !options.public_bind_without_tls {
            return Err(BindError::PublicWithoutTls { listen });
        }
        let (listener, local_addr) = listen_on(listen).await?;
        options.listen = local_addr;
        tracing::info!(%local_addr, mode = ?options.mode, "gateway listens");
        Ok(Self { listener, local_addr, site: Arc::new(Site::new(exchange, vault, options)) })
    }

    /// The address, with the port that was given for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Counts of requests, for [`Operations`](crate::Operations).
    pub fn requests(&self) -> Requests {
        self.site.requests.clone()
    }

    /// What it is told to break.
    pub fn controls(&self) -> Controls {
        Controls::new(self.site.clone())
    }

    /// Serves until `shutdown` completes. Then takes no more connections, lets requests in flight
    /// finish for at most [`drain_timeout`](Options::drain_timeout), and returns.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        self.run_until(async {
            shutdown.await;
            Ending::Release
        })
        .await;
    }

    /// As [`run`](Self::run); `shutdown` says what becomes of the address. Who connects to one that is
    /// handed over waits for whoever [takes it over](Self::take_over), once the last connection of this
    /// gateway has ended.
    pub async fn run_until(self, shutdown: impl Future<Output = Ending>) -> Option<HeldAddress> {
        let limits = ConnectionLimits::from(&self.site.options);
        // Ends with this function.
        let mut rounds = JoinSet::new();
        if let Some(attendant) = self.site.exchange.attendant() {
            rounds.spawn(make_rounds(attendant));
        }
        let (router, direct) = served(self.site);
        let local_addr = self.local_addr;
        let held = serve(self.listener, router, Some(direct), limits, shutdown).await;
        held.map(|listener| HeldAddress { listener, local_addr })
    }

    /// Serves another exchange at the address of a gateway that has ended. `options` say all but where to
    /// listen.
    pub fn take_over(
        held: HeldAddress,
        exchange: Exchange,
        vault: Arc<Vault>,
        options: Options,
    ) -> Self {
        let HeldAddress { listener, local_addr } = held;
        let mut options = options;
        options.listen = local_addr;
        Self { listener, local_addr, site: Arc::new(Site::new(exchange, vault, options)) }
    }
}

/// A way to serve connections that knows fewer requests than a router, and those better.
pub(crate) trait Direct: fmt::Debug + Send + Sync {
    /// Serves a connection as long as it knows the requests.
    fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        limits: ConnectionLimits,
        tenancy: Tenancy,
    ) -> Pin<Box<dyn Future<Output = Served> + Send>>;
}

/// How that ended.
#[derive(Debug)]
pub(crate) enum Served {
    /// With the connection.
    Ended,
    /// With a request that is not known; no request before it is owed an answer.
    HandedOn {
        /// The connection.
        stream: TcpStream,
        /// What has been read from it, from that request on.
        read: Vec<u8>,
    },
}

pub(crate) async fn listen_on(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let failed = |source| BindError::Listen { listen, source };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let local_addr = listener.local_addr().map_err(failed)?;
    Ok((listener, local_addr))
}

/// The part of the options that is about connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    pub(crate) connections_max: usize,
    pub(crate) connections_per_address_max: usize,
    pub(crate) header_bytes_max: usize,
    pub(crate) headers_max: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) drain_timeout: Duration,
}

impl From<&Options> for ConnectionLimits {
    fn from(options: &Options) -> Self {
        Self {
            connections_max: options.connections_max,
            connections_per_address_max: options.connections_per_address_max,
            // Less than this makes the server library panic.
            header_bytes_max: options.header_bytes_max.max(8_192),
            headers_max: options.headers_max,
            header_timeout: options.header_timeout,
            drain_timeout: options.drain_timeout,
        }
    }
}

/// Serves a router on a socket until told to stop. Gives the socket back if it is to be handed over.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    direct: Option<Arc<dyn Direct>>,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = Ending>,
) -> Option<TcpListener> {
    let mut shutdown = pin!(shutdown);
    let (stop, stopping) = watch::channel(None);
    let seats = Arc::new(Seats::new(limits));
    let mut connections = JoinSet::new();
    let (alive, mut all_gone) = mpsc::channel::<Infallible>(1);
    let ending = loop {
        let accepted = tokio::select! {
            ending = &mut shutdown => break ending,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // Whoever gets no seat is hung up on.
            Ok((stream, peer)) => {
                if let Some(seat) = Seats::take(&seats, peer) {
                    let tenancy = Tenancy {
                        _seat: Arc::new(seat),
                        stopping: stopping.clone(),
                        _alive: alive.clone(),
                    };
                    let ways = (router.clone(), direct.clone());
                    connections.spawn(attend(stream, peer, ways, limits, tenancy));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    };
    // Whoever connects to an address that nobody takes over is refused at once.
    let held = (ending == Ending::HandOver).then_some(listener);
    drop(alive);
    stop.send_replace(Some(ending));
    let drained = async {
        while connections.join_next().await.is_some() {}
        // Nothing is ever sent: this ends when the last connection that was taken over has.
        let _ = all_gone.recv().await;
    };
    if tokio::time::timeout(limits.drain_timeout, drained).await.is_err() {
        tracing::warn!(left = connections.len(), "connections cut off at shutdown");
    }
    held
}

/// Serves one connection to its end.
async fn attend(
    stream: TcpStream,
    peer: SocketAddr,
    (router, direct): (Router, Option<Arc<dyn Direct>>),
    limits: ConnectionLimits,
    tenancy: Tenancy,
) {
    // An answer is one small packet and must not wait for an acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let served = match direct {
        Some(direct) => direct.serve(stream, peer, limits, tenancy.clone()).await,
        None => Served::HandedOn { stream, read: Vec::new() },
    };
    if let Served::HandedOn { stream, read } = served {
        let stream = Rewound::new(read, stream);
        // Apart, so that connections that never get here do not take its memory.
        Box::pin(serve_http(stream, peer, router, limits, tenancy)).await;
    }
}

/// Serves every request of a connection by a router.
async fn serve_http(
    stream: Rewound<TcpStream>,
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    mut tenancy: Tenancy,
) {
    let lent = tenancy.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        if request.headers().contains_key(UPGRADE) {
            request.extensions_mut().insert(lent.clone());
        }
        // A router is always ready.
        let answering = router.clone().call(request);
        async move {
            let answer = answering.await.unwrap_or_else(|never| match never {});
            match answer.extensions().get::<HangUp>() {
                None => Ok(answer),
                Some(hang_up) => Err(*hang_up),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes_max)
        .max_headers(limits.headers_max)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = tenancy.told_to_stop() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

/// In an answer: the connection ends here, and the answer is not sent.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("hung up on purpose")]
pub(crate) struct HangUp;

/// The right to keep a connection after HTTP is done with it: its seat, the word when to stop, and
/// the server's waiting for its end.
#[derive(Clone, Debug)]
pub(crate) struct Tenancy {
    _seat: Arc<Seat>,
    stopping: watch::Receiver<Option<Ending>>,
    _alive: mpsc::Sender<Infallible>,
}

impl Tenancy {
    /// What becomes of the address, for somebody who serves many connections. Nothing: it is served.
    pub(crate) fn stopping(&self) -> watch::Receiver<Option<Ending>> {
        self.stopping.clone()
    }

    /// What becomes of the address, once the server stops.
    pub(crate) fn ending(&self) -> Option<Ending> {
        *self.stopping.borrow()
    }

    /// Completes when the server stops. Losing the race of a `select!` loses nothing.
    pub(crate) async fn told_to_stop(&mut self) {
        // An error means that the teller is gone, which is the end as well.
        let _ = self.stopping.wait_for(Option::is_some).await;
    }
}
