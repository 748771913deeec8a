//! The dialect of BitMart's OpenAPI v2, served.
//!
//! What enters: HTTP requests. What leaves: HTTP answers and WebSocket messages, byte for byte as
//! clients of that API expect them. The [`routes`] say what each path needs; [`translate`] is the only place where the
//! words of the API and those of the exchange meet. `docs/api.md` describes all of it for users.

mod answer;
mod authentication;
mod direct;
mod incoming;
mod orders;
mod public;
mod routes;
mod stream;
mod trades;
mod translate;
mod wallet;

use std::sync::Arc;

use axum::Router;
use openmart_wire::bitmart_v2::SigningKey;

use crate::access::Prepared;
use crate::faults::{self, Voice};
use crate::listener::Direct;
use crate::site::Site;

pub use direct::direct_request_bytes;
pub(crate) use routes::ROUTE_NAMES;

/// What the handlers of this dialect use.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) site: Arc<Site>,
    /// The signing keys of those who sign.
    pub(super) signing_keys: Prepared<SigningKey>,
    /// The WebSocket.
    pub(super) stream: stream::Stream,
}

/// The router, and the way past it.
pub(crate) fn served(site: Arc<Site>) -> (Router, Arc<dyn Direct>) {
    let signing_keys = Prepared::new(SigningKey::new);
    let dialect =
        Arc::new(Dialect { site: site.clone(), signing_keys, stream: stream::Stream::default() });
    let voice = Voice { key_of: incoming::key_of, failure: answer::failure };
    let router = faults::layer(routes::router(dialect.clone()), &site, voice);
    (router, Arc::new(direct::Orders::new(dialect)))
}
