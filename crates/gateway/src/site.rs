//! What all dialects share: the exchange, who may do what, budgets, counters; and the one router.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Extensions;
use openmart_exchange::Exchange;
use openmart_model::Timestamp;

use crate::access::Access;
use crate::bitmart_v2;
use crate::faults::Faults;
use crate::limits::Limiter;
use crate::listener::Direct;
use crate::metrics::Requests;
use crate::options::Options;
use crate::past::Past;
use crate::vault::Vault;

/// What every handler may use.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) exchange: Exchange,
    pub(crate) past: Past,
    pub(crate) access: Access,
    pub(crate) limiter: Limiter,
    pub(crate) requests: Requests,
    pub(crate) faults: Faults,
    pub(crate) options: Options,
}

impl Site {
    pub(crate) fn new(exchange: Exchange, vault: Arc<Vault>, options: Options) -> Self {
        let mut options = options;
        if options.trade_page_url.is_empty() {
            options.trade_page_url = format!("http://{}/trade?symbol=", options.listen);
        }
        Self {
            access: Access::new(exchange.clone(), vault),
            past: Past::new(exchange.clone()),
            faults: Faults::new(exchange.clone(), bitmart_v2::ROUTE_NAMES),
            exchange,
            limiter: Limiter::new(options.rate_limits),
            requests: Requests::default(),
            options,
        }
    }

    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// The time that budgets go by.
    pub(crate) fn pace(&self) -> Timestamp {
        let Options { budget_clock, pace_clock, .. } = &self.options;
        budget_clock.as_ref().unwrap_or(pace_clock).now()
    }

    /// Both.
    pub(crate) fn moment(&self) -> Moment {
        Moment { now: self.now(), pace: self.pace() }
    }
}

/// When a request is looked at; those that are looked at together share one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The time of day.
    pub(crate) now: Timestamp,
    /// The time that budgets go by.
    pub(crate) pace: Timestamp,
}

/// The address of the peer. Without one, an address that is in no range but those of everybody.
pub(crate) fn peer_address(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

/// What is served: the router for everything, and the way past it for what is asked most.
pub(crate) fn served(site: Arc<Site>) -> (Router, Arc<dyn Direct>) {
    bitmart_v2::served(site)
}

/// Everything that a [`Gateway`](crate::Gateway) serves, without its socket: for tests, and for
/// putting it behind a server of one's own. Limits of connections, headers and time are that
/// server's business then; the peer's address is taken from the extension
/// `axum::extract::ConnectInfo<SocketAddr>`. The WebSocket works on connections that were given to
/// hyper as `TokioIo<TcpStream>`, and ends at once on others.
pub fn router(exchange: Exchange, vault: Arc<Vault>, options: Options) -> Router {
    served(Arc::new(Site::new(exchange, vault, options))).0
}
