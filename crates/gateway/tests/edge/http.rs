//! The plainest HTTP client: it writes the bytes it is given and reads until the server is done.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take before a test fails instead of hanging. No test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The value of a header. Fails when it is there twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// All of it as it came.
    pub(crate) fn whole(&self) -> String {
        format!("{}\r\n\r\n{}", self.head, self.text())
    }

    /// Status and body at once.
    pub(crate) fn told(&self) -> (u16, &str) {
        (self.status, self.text())
    }

    pub(crate) fn sequence(&self) -> Option<u64> {
        self.header("x-openmart-sequence").map(|text| text.parse().unwrap())
    }
}

/// A request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// Sets a header, in place of one of the same name.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a header, whatever there is already.
    pub(crate) fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn target(self, target: impl Into<String>) -> Self {
        Self { target: target.into(), ..self }
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { method, target, headers, body } = self;
        let mut bytes = format!("{method} {target} HTTP/1.1\r\nhost: test\r\n").into_bytes();
        for (name, value) in headers {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        if !body.is_empty() {
            bytes.extend(format!("content-length: {}\r\n", body.len()).into_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(body);
        bytes
    }

    /// Sends it over a connection of its own.
    pub(crate) fn send(&self, to: SocketAddr) -> Reply {
        exchange_bytes(to, &self.clone().with("connection", "close").bytes())
    }
}

/// Sends bytes over a connection of their own and reads until the server closes it.
pub(crate) fn exchange_bytes(to: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = connect(to);
    // A server that has already refused may have hung up before it got all.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    // Hanging up on unread bytes resets the connection; what came before counts all the same.
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        answer.extend(&chunk[..count]);
    }
    parse(&answer).expect("an answer").0
}

/// Sends bytes over a connection of their own; whatever comes before the server closes it.
pub(crate) fn raw_bytes(to: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(to);
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        answer.extend(&chunk[..count]);
    }
    answer
}

pub(crate) fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads one answer with a `content-length` and leaves the connection open.
pub(crate) fn read_one(stream: &mut TcpStream) -> Reply {
    let mut answer = Vec::new();
    let mut byte = [0];
    loop {
        if let Some((reply, true)) = parse(&answer) {
            return reply;
        }
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
}

/// An answer, and whether its body is there as long as its head says.
fn parse(bytes: &[u8]) -> Option<(Reply, bool)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let reply = Reply { status, head, body: bytes[end + 4..].to_vec() };
    let length = reply.header("content-length").map(|text| text.parse::<usize>().unwrap());
    let whole = length.is_none_or(|length| reply.body.len() == length);
    Some((reply, whole))
}
