//! What was received on a connection and is not served yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

/// First length of the buffer of a connection: a request takes half a kilobyte.
const BUFFER_BYTES: usize = 4 * 1_024;

/// Bytes that wait to be served.
#[derive(Debug, Default)]
pub(super) struct Received {
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
}

impl Received {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    /// So many of them are served.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.begin += bytes;
    }

    /// Makes room to read into. False: there are `bytes_max` bytes already.
    pub(super) fn make_room(&mut self, bytes_max: usize) -> bool {
        if self.begin == self.end {
            (self.begin, self.end) = (0, 0);
        }
        if self.end < self.buffer.len() {
            return true;
        }
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
            return true;
        }
        let longer = (2 * self.buffer.len()).clamp(BUFFER_BYTES.min(bytes_max), bytes_max);
        self.buffer.resize(longer, 0);
        self.end < longer
    }

    pub(super) fn poll_read(
        &mut self,
        stream: &mut TcpStream,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(&mut self.buffer[self.end..]);
        ready!(Pin::new(stream).poll_read(context, &mut room))?;
        let count = room.filled().len();
        self.end += count;
        Poll::Ready(Ok(count))
    }
}
