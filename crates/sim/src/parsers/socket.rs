//! A connection to a real server: bytes enter, what it answers leaves, and nothing may panic behind it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// A server that is silent for so long hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer is waited for before the connection is half closed, where one must come.
pub(super) const ANSWER_PATIENCE: Duration = Duration::from_millis(200);

static PANICS: AtomicU64 = AtomicU64::new(0);

/// A server that is replaced now and then, so that what inputs leave behind stays small.
pub(super) struct Renewed<S> {
    server: Option<S>,
    /// How many inputs the present one has had.
    inputs: u32,
}

impl<S> Renewed<S> {
    /// None yet.
    pub(super) const fn never() -> Self {
        Self { server: None, inputs: 0 }
    }

    /// The server for one more input, a new one after so many of them.
    pub(super) fn for_input(&mut self, inputs_max: u32, start: impl FnOnce() -> S) -> &mut S {
        if self.inputs == inputs_max {
            (self.server, self.inputs) = (None, 0);
        }
        self.inputs += 1;
        self.server.get_or_insert_with(start)
    }
}

/// What a server runs on: whoever waits for its answer has nothing else to do, so one thread beside that.
pub(super) fn one_worker() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// All that the server says until it hangs up.
///
/// # Panics
///
/// If it hangs, panics, or says that it failed.
pub(super) fn answer(address: SocketAddr, bytes: &[u8]) -> String {
    count_panics();
    let before = PANICS.load(Ordering::Relaxed);
    let answer = told(address, bytes);
    assert_eq!(PANICS.load(Ordering::Relaxed), before, "the server panicked");
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert!(!text.starts_with("HTTP/1.1 5"), "an inner error: {text}");
    text
}

/// Panics of the server's own threads end a task there and nothing here, so they are counted.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            before(info);
        }));
    });
}

fn told(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    // A server that has already refused may have hung up before it got all.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    // A request whose connection is half closed may be dropped before it is answered.
    if is_complete(bytes) {
        stream.set_read_timeout(Some(ANSWER_PATIENCE)).expect("a timeout above zero");
        if let Ok(count) = stream.read(&mut chunk) {
            answer.extend(&chunk[..count]);
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return answer,
            Ok(count) => answer.extend(&chunk[..count]),
            Err(error) if is_timeout(error.kind()) => panic!("the server hangs"),
            // Hanging up on unread bytes resets the connection.
            Err(_) => return answer,
        }
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Whether a first request is there with all of its body, as far as can be told at a glance.
fn is_complete(bytes: &[u8]) -> bool {
    let Some((head, body)) = head_and_body(bytes) else { return false };
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    if head.contains("transfer-encoding") || head.contains("expect") {
        return false;
    }
    let lengths = head.split("content-length:").nth(1);
    let length = lengths.and_then(|text| text.trim_start().split("\r\n").next()?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// The two parts of a first request, and whatever comes after it with the second.
pub(super) fn head_and_body(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&bytes[..end], &bytes[end + 4..]))
}

/// The bytes with what a fuzzer would never find put in for its placeholders, of two characters each.
pub(super) fn filled(input: &[u8], placeholders: &[(&[u8; 2], &str)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(input.len() + 256);
    let mut rest = input;
    while let Some((first, after)) = rest.split_first() {
        let found = placeholders.iter().find(|(name, _)| rest.starts_with(*name));
        match found {
            Some((name, text)) => {
                bytes.extend(text.as_bytes());
                rest = &rest[name.len()..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}
