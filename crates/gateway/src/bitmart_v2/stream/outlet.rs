//! The way out to one client, which its session and the publisher share.
//!
//! What enters: frames, whole. What leaves: their bytes, in order, never waiting for the client: what
//! the system does not take at once waits here, within bounds, and the session sees to it. So a push
//! costs one write to a socket, and no task is woken for it.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Pushes that may wait for a client. With one in each tick, it may stop to read for four seconds,
/// besides what the system's buffers hold.
const PUSHES_WAITING_MAX: usize = 16;

/// Pieces that the system is given in one call. More are given in several.
const SLICES_MAX: usize = 16;

/// The ping of the protocol, without a text.
pub(super) const PING: Bytes = Bytes::from_static(&[0x89, 0]);

#[derive(Debug)]
pub(super) struct Outlet {
    stream: TcpStream,
    waiting: Mutex<Waiting>,
    /// Something has begun to wait.
    stalled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    pieces: VecDeque<Piece>,
    /// Pushes that are not written to their end.
    pushes: usize,
    /// Nothing is pushed any more.
    ended: bool,
}

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    /// It is the last one of a push.
    ends_push: bool,
}

/// Why something was not pushed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotPushed {
    /// Too much waits already.
    Slow,
    /// The connection ends.
    Ended,
}

impl Outlet {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, waiting: Mutex::default(), stalled: Notify::new() }
    }

    /// Pushes frames, which travel together.
    pub(super) fn push(&self, frames: &[Bytes]) -> Result<(), NotPushed> {
        let mut waiting = self.lock();
        if waiting.ended {
            return Err(NotPushed::Ended);
        }
        if waiting.pushes >= PUSHES_WAITING_MAX {
            return Err(NotPushed::Slow);
        }
        let Some((last, others)) = frames.split_last() else { return Ok(()) };
        let piece = |bytes: &Bytes, ends_push| Piece { bytes: bytes.clone(), ends_push };
        let pieces = others.iter().map(|frame| piece(frame, false));
        waiting.pushes += 1;
        self.add(&mut waiting, pieces.chain([piece(last, true)])).map_err(|_| NotPushed::Ended)
    }

    /// Sends what the session has to say. It says nothing more while something
    /// [waits](Self::is_waiting), which bounds what does.
    pub(super) fn send(&self, frames: Bytes) -> io::Result<()> {
        self.add(&mut self.lock(), [Piece { bytes: frames, ends_push: false }].into_iter())
    }

    fn add(&self, waiting: &mut Waiting, pieces: impl Iterator<Item = Piece>) -> io::Result<()> {
        let stalled = !waiting.pieces.is_empty();
        waiting.pieces.extend(pieces);
        if stalled {
            return Ok(());
        }
        self.write(waiting)?;
        if !waiting.pieces.is_empty() {
            self.stalled.notify_one();
        }
        Ok(())
    }

    /// Ends pushes: the session's last word must be the last one.
    pub(super) fn end_pushes(&self) {
        self.lock().ended = true;
    }

    /// Whether the client has yet to make room.
    pub(super) fn is_waiting(&self) -> bool {
        !self.lock().pieces.is_empty()
    }

    /// Waits until something waits and the client has made room, and writes. Losing the race of a
    /// `select!` loses nothing.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) async fn catch_up(&self) -> io::Result<()> {
        if !self.is_waiting() {
            self.stalled.notified().await;
        }
        self.stream.writable().await?;
        self.write(&mut self.lock())
    }

    /// Writes what the system takes.
    fn write(&self, waiting: &mut Waiting) -> io::Result<()> {
        while !waiting.pieces.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let count = waiting.pieces.len().min(SLICES_MAX);
            for (slice, piece) in slices.iter_mut().zip(&waiting.pieces) {
                *slice = IoSlice::new(&piece.bytes);
            }
            match self.stream.try_write_vectored(&slices[..count]) {
                Ok(written) => waiting.forget(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    waiting.ended = true;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Waits until there may be something to read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.stream.readable().await
    }

    /// Reads what there is.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Whoever panicked here left whole pieces.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The first bytes are written.
    fn forget(&mut self, written: usize) {
        let mut left = written;
        while let Some(piece) = self.pieces.front_mut() {
            if piece.bytes.len() > left {
                bytes::Buf::advance(&mut piece.bytes, left);
                return;
            }
            left -= piece.bytes.len();
            self.pushes -= usize::from(piece.ends_push);
            self.pieces.pop_front();
        }
    }
}

/// A text frame as a server sends it: final, not masked (RFC 6455, section 5.2).
pub(super) fn text_frame(payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(payload.len() + 10);
    frame.push(0x81);
    match payload.len() {
        length @ 0..=125 => frame.push(length as u8),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame.into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn lengths_are_written_in_the_shortest_form() {
        for (length, header) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (0xffff, &[0x81, 126, 0xff, 0xff]),
            (0x1_0000, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = text_frame(&vec![b'x'; length]);
            assert_eq!(&frame[..header.len()], header);
            assert_eq!(frame.len(), header.len() + length);
            assert!(frame[header.len()..].iter().all(|byte| *byte == b'x'));
        }
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_arrives_whole_and_in_order() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let outlet = Outlet::new(listener.accept().await.unwrap().0);
        let mut expected = Vec::new();
        // More pieces than one call takes; the client does not read until one is refused.
        for push in 0_usize.. {
            let frame = |piece: usize| text_frame(&vec![(push + piece) as u8; 10_000 + piece]);
            let frames: Vec<Bytes> = (0..SLICES_MAX + 3).map(frame).collect();
            match outlet.push(&frames) {
                Ok(()) => expected.extend(frames.concat()),
                Err(refused) => {
                    assert_eq!(refused, NotPushed::Slow);
                    break;
                }
            }
        }
        assert_eq!(outlet.lock().pushes, PUSHES_WAITING_MAX);
        outlet.send(PING).unwrap();
        expected.extend(PING);
        let mut received = vec![0; expected.len()];
        let reader = std::thread::spawn(move || {
            client.read_exact(&mut received).unwrap();
            received
        });
        while outlet.is_waiting() {
            outlet.catch_up().await.unwrap();
        }
        assert!(reader.join().unwrap() == expected);
        assert_eq!(outlet.lock().pushes, 0);
        outlet.end_pushes();
        assert_eq!(outlet.push(&[PING]), Err(NotPushed::Ended));
    }
}
