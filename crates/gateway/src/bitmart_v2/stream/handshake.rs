//! The upgrade from HTTP to WebSocket, as RFC 6455 has it, up to the bare connection.
//!
//! What enters: a request. What leaves: the answer that agrees, and later the socket with what the
//! client has sent on it already. What it must not know: what is said on it.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use openmart_wire::bitmart_v2::RequestFault;
use tokio::net::TcpStream;
use tungstenite::handshake::derive_accept_key;

use crate::rewound::Rewound;

/// An upgrade that was agreed to.
pub(super) struct Upgrade {
    agreed: OnUpgrade,
}

/// A connection that HTTP is done with.
pub(super) struct TakenOver {
    pub(super) stream: TcpStream,
    /// What the client sent right after its request.
    pub(super) sent: Vec<u8>,
}

/// Agrees to an upgrade.
///
/// # Errors
/// When the request is none for a WebSocket, or the connection cannot be upgraded.
pub(super) fn accept(request: &mut Request) -> Result<(Upgrade, Response), RequestFault> {
    let headers = request.headers();
    let asked = request.method() == Method::GET
        && says(headers, CONNECTION, |value| value.contains("upgrade"))
        && says(headers, UPGRADE, |value| value == "websocket")
        && says(headers, SEC_WEBSOCKET_VERSION, |value| value == "13");
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| asked).ok_or(RequestFault::Handshake)?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
    let accept = accept.map_err(|_| RequestFault::Handshake)?;
    let agreed = request.extensions_mut().remove().ok_or(RequestFault::Handshake)?;

    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok((Upgrade { agreed }, response))
}

fn says(headers: &HeaderMap, name: HeaderName, meant: impl Fn(&str) -> bool) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| meant(&value.to_ascii_lowercase()))
}

impl Upgrade {
    /// The connection, once the answer is out; nothing when the client has gone.
    pub(super) async fn take_over(self) -> Option<TakenOver> {
        let upgraded = match self.agreed.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%error, "an upgrade failed");
                return None;
            }
        };
        // The gateway's own listener rewinds connections; others who serve the router may not.
        let upgraded = match upgraded.downcast::<TokioIo<Rewound<TcpStream>>>() {
            Ok(Parts { io, read_buf, .. }) => {
                let (unread, stream) = io.into_inner().into_parts();
                return Some(TakenOver { stream, sent: [&read_buf[..], &unread].concat() });
            }
            Err(upgraded) => upgraded,
        };
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(Parts { io, read_buf, .. }) => {
                Some(TakenOver { stream: io.into_inner(), sent: read_buf.into() })
            }
            Err(_) => {
                tracing::error!("the stream needs connections that are plain TCP");
                None
            }
        }
    }
}
