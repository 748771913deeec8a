//! The plainest clients: HTTP over one connection that stays open, and a WebSocket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tungstenite::{Message, WebSocket};

/// How long a server may take before the test fails instead of hanging. No test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(crate) struct Http {
    stream: BufReader<TcpStream>,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A request: method, target, headers, body.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) headers: &'a [(&'a str, String)],
    pub(crate) body: &'a str,
}

impl Http {
    pub(crate) fn new(to: SocketAddr) -> Self {
        Self { stream: BufReader::new(connect(to)) }
    }

    pub(crate) fn ask(&mut self, call: &Call<'_>) -> Reply {
        let Call { method, target, headers, body } = call;
        let mut request = format!("{method} {target} HTTP/1.1\r\nhost: test\r\n");
        for (name, value) in *headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        self.hear()
    }

    fn hear(&mut self) -> Reply {
        let first = self.line();
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut reply = Reply { status, headers, body: Value::Null };
        let length: usize = reply.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        reply.body = serde_json::from_slice(&body).unwrap();
        reply
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

pub(crate) struct Socket {
    socket: WebSocket<TcpStream>,
}

impl Socket {
    pub(crate) fn new(to: SocketAddr) -> Self {
        let (socket, _) = tungstenite::client(format!("ws://{to}/"), connect(to)).unwrap();
        Self { socket }
    }

    fn hear(&mut self) -> Value {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The answer to a message, when nothing else can come before it.
    pub(crate) fn ask(&mut self, message: &Value) -> Value {
        self.socket.send(Message::text(message.to_string())).unwrap();
        self.hear()
    }

    /// All that was pushed up to now. The barrier is an unsubscribe of what is not subscribed to,
    /// whose echo comes after everything that was pushed before.
    pub(crate) fn pushes(&mut self, barrier: &Value) -> Vec<Value> {
        self.socket.send(Message::text(barrier.to_string())).unwrap();
        let mut pushes = Vec::new();
        loop {
            match self.hear() {
                echo if echo == *barrier => return pushes,
                push => pushes.push(push),
            }
        }
    }
}
