//! The protocol of one connection: what the client sends as messages, and the words of its session.
//!
//! What enters: the socket. What leaves: whole messages, and an [`Outlet`] for whoever pushes. The
//! library reads, answers pings and closes; frames that many are sent do not pass it.

use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use openmart_wire::bitmart_v2::limits;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use super::handshake::TakenOver;
use super::members::Goodbye;
use super::outlet::Outlet;

/// Buffer for what a client sends. Its messages are small, and there may be thousands of clients.
const READ_BUFFER_BYTES: usize = 4 * 1_024;

/// Longer messages than the longest allowed are answered, up to here; beyond it the connection is
/// closed before they are read.
const FRAME_BYTES_MAX: usize = 4 * limits::STREAM_MESSAGE_BYTES_MAX;

pub(super) struct Socket {
    protocol: WebSocket<Wire>,
    outlet: Arc<Outlet>,
}

/// The bytes of the connection, as the library wants them.
struct Wire(Arc<Outlet>);

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

/// The library writes whole frames at once.
impl Write for Wire {
    fn write(&mut self, frames: &[u8]) -> io::Result<usize> {
        self.0.send(Bytes::copy_from_slice(frames))?;
        Ok(frames.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket {
    pub(super) fn new(taken_over: TakenOver) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_frame_size(Some(FRAME_BYTES_MAX))
            .max_message_size(Some(FRAME_BYTES_MAX));
        let TakenOver { stream, sent } = taken_over;
        let outlet = Arc::new(Outlet::new(stream));
        let wire = Wire(outlet.clone());
        let protocol = WebSocket::from_partially_read(wire, sent, Role::Server, Some(config));
        Self { protocol, outlet }
    }

    pub(super) fn outlet(&self) -> &Arc<Outlet> {
        &self.outlet
    }

    /// The next message. Losing the race of a `select!` loses none.
    ///
    /// # Errors
    /// When the client does not keep to the protocol, or has gone.
    pub(super) async fn next(&mut self) -> Result<Message, Error> {
        loop {
            match self.protocol.read() {
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.outlet.readable().await?;
                }
                read => return read,
            }
        }
    }

    /// Answers the client's goodbye.
    pub(super) fn answer_close(&mut self) {
        self.outlet.end_pushes();
        // That was the last word, heard or not.
        let _ = self.protocol.flush();
    }

    /// Says goodbye, and waits until the client has answered or gone.
    pub(super) async fn close(&mut self, goodbye: Goodbye) {
        let Goodbye { code, reason } = goodbye;
        self.outlet.end_pushes();
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        if self.protocol.close(Some(frame)).is_err() {
            return;
        }
        let outlet = self.outlet.clone();
        loop {
            // Hanging up on what the client still sends would take the word back.
            let gone = tokio::select! {
                written = outlet.catch_up() => written.is_err(),
                message = self.next() => message.is_err(),
            };
            if gone {
                return;
            }
        }
    }
}
