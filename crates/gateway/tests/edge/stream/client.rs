//! A WebSocket client that blocks.

use std::net::{SocketAddr, TcpStream};

use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use crate::http::connect;
use crate::venue::Venue;

/// An unsubscribe of what nobody subscribes to in these tests. Its echo comes after all that was
/// pushed before, and it pushes nothing.
const BARRIER: &str = r#"{"unsubscribe":"trade","symbol":"ETH_ACX","precision":997}"#;

pub(crate) struct Client {
    pub(crate) socket: WebSocket<TcpStream>,
}

impl Client {
    pub(crate) fn new(venue: &Venue) -> Self {
        Self::try_new(venue.address).unwrap()
    }

    /// The status when the upgrade is refused.
    pub(crate) fn try_new(address: SocketAddr) -> Result<Self, u16> {
        let stream = connect(address);
        let url = format!("ws://{address}/");
        let config = WebSocketConfig::default();
        match tungstenite::client::client_with_config(url, stream, Some(config)) {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
            Err(other) => panic!("{other:?}"),
        }
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// The next text.
    pub(crate) fn hear(&mut self) -> String {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn ask(&mut self, text: &str) -> String {
        self.say(text);
        self.hear()
    }

    /// All that was pushed up to now.
    pub(crate) fn pushes(&mut self) -> Vec<String> {
        self.say(BARRIER);
        let mut pushes = Vec::new();
        loop {
            match self.hear() {
                text if text == BARRIER => return pushes,
                push => pushes.push(push),
            }
        }
    }

    /// Reads on until the server says goodbye; its close code, nothing without one.
    pub(crate) fn end(&mut self) -> Option<u16> {
        loop {
            match self.socket.read() {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}
