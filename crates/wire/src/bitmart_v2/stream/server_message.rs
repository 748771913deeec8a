//! Everything a server says on the stream, for a client to tell apart.

use super::super::messages::ErrorBody;
use super::{ChannelRequest, ClientMessage, Push};

/// A frame of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// What a subscription leads to, or the answer to a ping.
    Push(Push),
    /// The echo of an unsubscribe: nothing more comes.
    Unsubscribed(ChannelRequest),
    /// A message of the client was refused.
    Refused {
        /// The server's words, see [`StreamError`](super::StreamError).
        message: String,
    },
}

impl ServerMessage {
    /// Reads a frame; nothing if it is none of these.
    pub fn parse(frame: &[u8]) -> Option<Self> {
        if let Ok(push) = serde_json::from_slice(frame) {
            return Some(Self::Push(push));
        }
        if let Ok(ErrorBody { message }) = serde_json::from_slice(frame) {
            return Some(Self::Refused { message });
        }
        match ClientMessage::parse(frame) {
            Ok(ClientMessage::Unsubscribe(request)) => Some(Self::Unsubscribed(request)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Channel;
    use super::*;

    #[test]
    fn frames_are_told_apart() {
        let symbol = || "ACX_USDT".to_owned();
        let channel = Channel::Depth { precision: Some(4) };
        for (frame, expected) in [
            (r#"{"subscribe":"pong"}"#, Some(ServerMessage::Push(Push::Pong))),
            (
                r#"{"message":"Unknown symbol"}"#,
                Some(ServerMessage::Refused { message: "Unknown symbol".to_owned() }),
            ),
            (
                r#"{"unsubscribe":"order","symbol":"ACX_USDT","precision":4}"#,
                Some(ServerMessage::Unsubscribed(ChannelRequest { channel, symbol: symbol() })),
            ),
            (r#"{"subscribe":"price","symbol":"ACX_USDT"}"#, None),
            (r#"{"unsubscribe":"ping"}"#, None),
            ("{}", None),
            ("pong", None),
            ("", None),
        ] {
            assert_eq!(ServerMessage::parse(frame.as_bytes()), expected, "{frame}");
        }
    }
}
