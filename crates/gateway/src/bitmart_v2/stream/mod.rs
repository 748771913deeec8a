//! The WebSocket on `/`: what happens on the markets, as it happens.
//!
//! What enters: upgrade requests. What leaves: a [`Session`] for each. Sessions read what clients
//! want; the one [`Publisher`] knows who subscribed to what, looks at the markets on every tick,
//! writes each text once, and hands it to the sessions through bounded mailboxes. So nothing that
//! a client does or leaves undone is felt by the exchange.

mod members;
mod publisher;
mod session;
mod topics;
mod trades;

use std::sync::OnceLock;

use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use openmart_wire::bitmart_v2::{ApiError, RequestFault, limits};
use serde::Serialize;

use super::Dialect;
use super::answer::Answer;
use crate::listener::Tenancy;
use crate::site::{Site, peer_address};
use publisher::{Orders, Publisher};
use session::Session;

/// Buffer for what a client sends. Its messages are small, and there may be thousands of clients.
const READ_BUFFER_BYTES: usize = 4 * 1_024;

/// What waits for more before it is written: the pushes of one tick usually fit, and travel
/// together.
const WRITE_BUFFER_BYTES: usize = 64 * 1_024;

/// Longer messages than the longest allowed are answered, up to here; beyond it the connection is
/// closed before they are read.
const FRAME_BYTES_MAX: usize = 4 * limits::STREAM_MESSAGE_BYTES_MAX;

/// The publisher, once somebody has come.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    orders: OnceLock<Orders>,
}

impl Stream {
    fn orders(&self, site: &Site) -> Orders {
        self.orders.get_or_init(|| Publisher::start(site)).clone()
    }
}

/// Takes a connection over.
pub(super) async fn connect(
    dialect: &std::sync::Arc<Dialect>,
    request: Request,
) -> Result<Response, Answer> {
    let site = &dialect.site;
    let (mut head, _) = request.into_parts();
    let address = peer_address(&head.extensions);
    let tenancy: Option<Tenancy> = head.extensions.remove();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut head, &()).await;
    let upgrade = upgrade.map_err(|_| ApiError::from(RequestFault::Handshake))?;
    site.limiter.stream(address, site.pace())?;
    let (dialect, orders) = (dialect.clone(), dialect.stream.orders(site));
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_message_size(FRAME_BYTES_MAX);
    Ok(upgrade.on_upgrade(async move |socket| {
        if let Some(session) = Session::open(socket, dialect, address, orders).await {
            session.run(tenancy).await;
        }
    }))
}

/// A message as it is sent.
fn text(message: &impl Serialize) -> Utf8Bytes {
    match serde_json::to_string(message) {
        Ok(text) => text.into(),
        Err(error) => {
            tracing::error!(%error, "a push does not serialize");
            Utf8Bytes::from_static(r#"{"message":"Internal Server Error"}"#)
        }
    }
}
