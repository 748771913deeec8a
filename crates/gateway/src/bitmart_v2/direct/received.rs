//! What was received on a connection and is not served yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

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

    /// Reads all there is, up to `bytes_max` bytes: requests that came together are served together.
    /// 0: no more will come. There must be room.
    pub(super) fn poll_read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        bytes_max: usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut total = 0;
        loop {
            let mut room = ReadBuf::new(&mut self.buffer[self.end..]);
            match Pin::new(&mut *stream).poll_read(context, &mut room) {
                Poll::Ready(Ok(())) => {}
                // Whatever it is, it is found again by whoever reads next.
                _ if total > 0 => return Poll::Ready(Ok(total)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
            let count = room.filled().len();
            self.end += count;
            total += count;
            let filled = self.end == self.buffer.len();
            if count == 0 || !filled || !self.make_room(bytes_max) {
                return Poll::Ready(Ok(total));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const BYTES_MAX: usize = 16 * 1_024;

    fn read(received: &mut Received, from: &mut &[u8]) -> usize {
        assert!(received.make_room(BYTES_MAX));
        let mut context = Context::from_waker(Waker::noop());
        match received.poll_read(from, BYTES_MAX, &mut context) {
            Poll::Ready(Ok(count)) => count,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_came_together_is_read_together_up_to_the_limit() {
        let sent: Vec<u8> = (0..20_000).map(|at| (at % 251) as u8).collect();
        let mut received = Received::default();
        let mut few = &sent[..3_000];
        assert_eq!((read(&mut received, &mut few), read(&mut received, &mut few)), (3_000, 0));
        received.skip(3_000);
        let mut many = &sent[3_000..13_000];
        assert_eq!(read(&mut received, &mut many), 10_000);
        assert_eq!(received.bytes(), &sent[3_000..13_000]);
        received.skip(9_999);
        // One byte is left, and more comes than there may be.
        let mut more = &sent[13_000..];
        let mut much = [more, &sent].concat();
        much.truncate(BYTES_MAX);
        more = &much;
        assert_eq!(read(&mut received, &mut more), BYTES_MAX - 1);
        assert_eq!(received.bytes(), &[&sent[12_999..13_000], &much[..BYTES_MAX - 1]].concat());
        assert!(!received.make_room(BYTES_MAX));
    }
}
