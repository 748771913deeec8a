//! A connection of which somebody has read already.
//!
//! What enters: the connection and what was read. What leaves: the same bytes again, then the rest.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that begins with bytes that were read before.
#[derive(Debug)]
pub(crate) struct Rewound<S> {
    /// Empty once it was read again.
    read: Vec<u8>,
    again: usize,
    stream: S,
}

impl<S> Rewound<S> {
    pub(crate) fn new(read: Vec<u8>, stream: S) -> Self {
        Self { read, again: 0, stream }
    }

    /// What is to be read again, and the connection with the rest.
    pub(crate) fn into_parts(mut self) -> (Vec<u8>, S) {
        self.read.drain(..self.again);
        (self.read, self.stream)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.again == self.read.len() {
            self.read = Vec::new();
            self.again = 0;
            return Pin::new(&mut self.stream).poll_read(context, into);
        }
        let rest = &self.read[self.again..];
        let count = rest.len().min(into.remaining());
        into.put_slice(&rest[..count]);
        self.again += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
