//! Bodies that end too early, or come slowly.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// A body of which only the beginning is sent.
pub(super) fn truncated(whole: Bytes, bytes: Option<u32>) -> Body {
    let half = whole.len() / 2;
    let kept = bytes.map_or(half, |bytes| bytes as usize).min(whole.len().saturating_sub(1));
    Body::new(Truncated { length: whole.len() as u64, rest: whole.slice(..kept), turns: 0 })
}

/// A body that is sent in parts.
pub(super) fn slow(whole: Bytes, chunk_bytes: u32, interval_ms: u32) -> Body {
    let interval = Duration::from_millis(interval_ms.into());
    Body::new(Slow { rest: whole, chunk_bytes: chunk_bytes as usize, interval, pause: None })
}

/// Times that the server gets to write out what it was given before the connection breaks.
const TURNS: u8 = 2;

struct Truncated {
    /// As the head says.
    length: u64,
    rest: Bytes,
    turns: u8,
}

impl http_body::Body for Truncated {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        if self.turns < TURNS {
            self.turns += 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

struct Slow {
    rest: Bytes,
    chunk_bytes: usize,
    interval: Duration,
    /// Before every part but the first.
    pause: Option<Pin<Box<Sleep>>>,
}

impl http_body::Body for Slow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(pause) = &mut self.pause
            && pause.as_mut().poll(context).is_pending()
        {
            return Poll::Pending;
        }
        self.pause = Some(Box::pin(sleep(self.interval)));
        let length = self.chunk_bytes.min(self.rest.len());
        let part = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
