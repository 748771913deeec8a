//! The WebSocket on `/`: what happens on the markets, as it happens.
//!
//! What enters: upgrade requests. What leaves: a [`Session`] for each. Sessions read what clients
//! want; the one [`Publisher`] knows who subscribed to what, looks at the markets on every tick,
//! makes each frame once, and writes it to the clients through their [outlets](outlet), which never
//! wait. So nothing that a client does or leaves undone is felt by the exchange.

mod handshake;
mod members;
mod outlet;
mod publisher;
mod session;
mod socket;
mod topics;
mod trades;

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use openmart_wire::bitmart_v2::ApiError;
use serde::Serialize;

use super::Dialect;
use super::answer::Answer;
use crate::listener::Tenancy;
use crate::site::{Site, peer_address};
use publisher::{Orders, Publisher};
use session::Session;

/// The publisher, once somebody has come.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    orders: OnceLock<Orders>,
}

impl Stream {
    fn orders(&self, site: &Arc<Site>) -> Orders {
        self.orders.get_or_init(|| Publisher::start(site)).clone()
    }
}

/// Takes a connection over.
pub(super) async fn connect(dialect: &Arc<Dialect>, request: Request) -> Result<Response, Answer> {
    let site = &dialect.site;
    let mut request = request;
    let address = peer_address(request.extensions());
    let tenancy: Option<Tenancy> = request.extensions_mut().remove();
    let (upgrade, response) = handshake::accept(&mut request).map_err(ApiError::from)?;
    site.limiter.stream(address, site.pace())?;
    let (dialect, orders) = (dialect.clone(), dialect.stream.orders(site));
    tokio::spawn(async move {
        let Some(taken_over) = upgrade.take_over().await else { return };
        if let Some(session) = Session::open(taken_over, dialect, address, orders).await {
            session.run(tenancy).await;
        }
    });
    Ok(response)
}

/// A message as it is sent: a text frame.
fn text(message: &impl Serialize) -> Bytes {
    match serde_json::to_vec(message) {
        Ok(text) => outlet::text_frame(&text),
        Err(error) => {
            tracing::error!(%error, "a push does not serialize");
            outlet::text_frame(br#"{"message":"Internal Server Error"}"#)
        }
    }
}
