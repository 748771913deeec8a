//! What the operator of a gateway may choose, and every limit of the edge with its reason.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openmart_exchange::{Clock, SystemClock};
use openmart_model::Timestamp;
use openmart_wire::bitmart_v2::limits::STREAM_PUSH_INTERVAL_MS;

use crate::limits::RateLimits;
use crate::ticks::Ticks;

/// How much a signed request must prove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureMode {
    /// What the historic server documented.
    Compat,
    /// More than that, since the historic signatures cover neither a time nor a number used once:
    /// an order must carry a signed `client_order_id`, so that a replay changes nothing, and a
    /// token request a fresh `timestamp` that its proof covers.
    Strict,
}

/// Settings of a [`Gateway`](crate::Gateway). [`Options::new`] suits production.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// What signed requests must prove.
    pub mode: SignatureMode,
    /// Budgets of requests; nothing for no limit. Default: [`RateLimits::historic`].
    pub rate_limits: Option<RateLimits>,
    /// Largest distance of a client's clock from the server's, in both directions. Default 60,000,
    /// as documented by the historic API.
    pub timestamp_window_ms: u64,
    /// Life of an access token. Default 900, as documented by the historic API.
    pub token_lifetime_s: u32,
    /// Listen on an address other than loopback although nothing here encrypts. Default: no.
    /// Tokens and balances then travel in the clear unless something in front adds TLS.
    pub public_bind_without_tls: bool,
    /// Let the operator arm faults and races although others than he can reach the address. Default:
    /// no, since they would meet them as well.
    pub faults_on_public_bind: bool,
    /// Connections at a time. Default 8,192: each may hold a buffer of
    /// [`header_bytes_max`](Self::header_bytes_max).
    pub connections_max: usize,
    /// Connections of one address at a time, 64 leading bits of an IPv6 address counting as one.
    /// Default 1,024: no single host can take all of them.
    pub connections_per_address_max: usize,
    /// Request line and headers together. Default 16 KiB; the longest documented request has 1 KiB.
    /// At least 8 KiB, which the reading buffer needs.
    pub header_bytes_max: usize,
    /// Headers of a request. Default 64.
    pub headers_max: usize,
    /// Time for the headers of a request to arrive, and for an idle connection to wait for its next
    /// request. Default 60 s.
    pub header_timeout: Duration,
    /// Time for a body to arrive once its headers have. Default 10 s; a body has at most 4 KiB.
    pub body_timeout: Duration,
    /// Time for requests in flight to finish at shutdown. Default 10 s.
    pub drain_timeout: Duration,
    /// Address of a page about a symbol; the symbol is appended. Must end in `symbol=`, since a
    /// client reads the pair after the last `=`. Empty, the default: made from the listening
    /// address.
    pub trade_page_url: String,
    /// Where the time of day comes from: token expiry, timestamp window, server time. Default: the
    /// clock of the machine.
    pub clock: Arc<dyn Clock>,
    /// Where the time for rate limits and for the rules of the stream comes from. Default: a clock
    /// that nobody can set.
    pub pace_clock: Arc<dyn Clock>,
    /// Where the time for rate limits comes from instead, if not nothing: for exchanges whose clock is
    /// moved, which the rules of the stream must not follow, since its clients' patience does not.
    pub budget_clock: Option<Arc<dyn Clock>>,
    /// When the stream pushes. Default: every 250 ms, as documented.
    pub stream_ticks: Ticks,
    /// Commands whose events may wait for the stream; with more, who follows trades is disconnected,
    /// since some would be missing. Default 262,144: half a second of a hundred thousand commands a
    /// second, several times over.
    pub stream_updates_max: usize,
}

impl Options {
    /// The defaults for an address: [`SignatureMode::Compat`] on loopback, `Strict` elsewhere.
    pub fn new(listen: SocketAddr) -> Self {
        let mode = match listen.ip().is_loopback() {
            true => SignatureMode::Compat,
            false => SignatureMode::Strict,
        };
        Self {
            listen,
            mode,
            rate_limits: Some(RateLimits::historic()),
            timestamp_window_ms: openmart_wire::bitmart_v2::limits::TIMESTAMP_WINDOW_MS,
            token_lifetime_s: openmart_wire::bitmart_v2::limits::TOKEN_LIFE_S,
            public_bind_without_tls: false,
            faults_on_public_bind: false,
            connections_max: 8_192,
            connections_per_address_max: 1_024,
            header_bytes_max: 16 * 1_024,
            headers_max: 64,
            header_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
            trade_page_url: String::new(),
            clock: Arc::new(SystemClock),
            pace_clock: Arc::new(MonotonicClock::new()),
            budget_clock: None,
            stream_ticks: Ticks::every(Duration::from_millis(STREAM_PUSH_INTERVAL_MS)),
            stream_updates_max: 262_144,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("mode", &self.mode)
            .field("rate_limits", &self.rate_limits)
            .field("timestamp_window_ms", &self.timestamp_window_ms)
            .field("token_lifetime_s", &self.token_lifetime_s)
            .field("public_bind_without_tls", &self.public_bind_without_tls)
            .field("faults_on_public_bind", &self.faults_on_public_bind)
            .finish_non_exhaustive()
    }
}

/// Milliseconds since it was made. Nobody can set it, so a budget never waits for an hour because
/// the machine's clock was put back.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock {
    start: Instant,
}

impl MonotonicClock {
    /// A clock that stands at 0 now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
