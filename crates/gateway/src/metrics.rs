//! Counts of requests by route and status, and of the stream.
//!
//! What enters: which route answered with which status, and what the stream does. What leaves: the
//! counts. A route is a row of a dialect's table, so that no client can make up new names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Routes that are counted apart; the last one stands for all further ones and for none.
const ROUTES: usize = 64;

/// Statuses that are counted apart; the last one stands for all others.
const STATUSES: [u16; 12] = [101, 200, 204, 400, 401, 403, 404, 405, 429, 500, 503, 0];

/// Counts of requests by route and status since the gateway was made, and those of the stream. Clones
/// share them.
#[derive(Clone, Debug)]
pub struct Requests {
    stream: Arc<StreamCounts>,
    counts: Arc<[[AtomicU64; STATUSES.len()]; ROUTES]>,
    names: &'static [(&'static str, &'static str)],
}

impl Default for Requests {
    fn default() -> Self {
        Self::of(crate::bitmart_v2::ROUTE_NAMES)
    }
}

impl Requests {
    fn of(names: &'static [(&'static str, &'static str)]) -> Self {
        let counts = std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0)));
        Self { stream: Arc::default(), counts: Arc::new(counts), names }
    }

    /// One more request of a route, by its place among the names; nothing for no route.
    pub(crate) fn count(&self, route: Option<usize>, status: u16) {
        let route = route.map_or(ROUTES - 1, |route| route.min(ROUTES - 1));
        let place = STATUSES.iter().position(|known| *known == status);
        let place = place.unwrap_or(STATUSES.len() - 1);
        self.counts[route][place].fetch_add(1, Ordering::Relaxed);
    }

    /// What the stream counts.
    pub(crate) fn stream(&self) -> &StreamCounts {
        &self.stream
    }

    /// Every count above zero: method, path pattern, status (0 for an unusual one) and count. Method
    /// and path are `-` for requests to no route.
    pub fn counts(&self) -> Vec<(&'static str, &'static str, u16, u64)> {
        let mut counts = Vec::new();
        for (route, row) in self.counts.iter().enumerate() {
            let (method, path) = self.names.get(route).copied().unwrap_or(("-", "-"));
            for (status, count) in STATUSES.iter().zip(row) {
                match count.load(Ordering::Relaxed) {
                    0 => {}
                    count => counts.push((method, path, *status, count)),
                }
            }
        }
        counts
    }
}

/// What the stream has and has done.
#[derive(Debug, Default)]
pub(crate) struct StreamCounts {
    /// Sessions now; one that has gone is missed on the next tick.
    pub(crate) connections: Count,
    /// Subscriptions now.
    pub(crate) subscriptions: Count,
    /// Messages pushed because something had changed. First pushes are answers and not among them.
    pub(crate) pushes: Count,
    /// Sessions cut off because they did not read.
    pub(crate) cut_off: Count,
    /// Times that trades were missed, and who followed them was disconnected.
    pub(crate) trades_missed: Count,
    /// Refused messages.
    pub(crate) errors: Count,
}

/// A number that many may change.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn set(&self, value: usize) {
        self.0.store(value as u64, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, value: usize) {
        self.0.fetch_add(value as u64, Ordering::Relaxed);
    }

    pub(crate) fn sub(&self, value: usize) {
        self.0.fetch_sub(value as u64, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
