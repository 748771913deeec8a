//! A server that answers each request by the next line of a script, and remembers what was asked.
//!
//! Token requests are answered by themselves, and counted apart.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openmart_client::{Client, ClientBuilder, Credentials, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// A whole answer, with headers as `Name: value`.
    Answer(u16, &'static [&'static str], &'static str),
    /// The connection is closed without a word.
    Drop,
    /// The answer's head comes, and half of its body.
    Cut(&'static str),
    /// The answer's head and half of its body come, and then nothing more, on an open connection.
    Stall(&'static str),
    /// Nothing comes, on an open connection.
    Silence,
    /// The answer comes byte by byte.
    Trickle(&'static str),
}

impl Fate {
    pub(crate) fn good(body: &'static str) -> Self {
        Self::Answer(200, &[], body)
    }
}

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Method and target.
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

#[derive(Default)]
struct Record {
    script: VecDeque<Fate>,
    asked: Vec<Asked>,
    tokens: VecDeque<Fate>,
    token_requests: Vec<Asked>,
}

pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    record: Arc<Mutex<Record>>,
}

impl Fake {
    pub(crate) async fn new(script: impl IntoIterator<Item = Fate>) -> Self {
        Self::with_tokens(script, []).await
    }

    /// With fates of token requests; when they are used up, tokens are given.
    pub(crate) async fn with_tokens(
        script: impl IntoIterator<Item = Fate>,
        tokens: impl IntoIterator<Item = Fate>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let record = Record {
            script: script.into_iter().collect(),
            tokens: tokens.into_iter().collect(),
            ..Record::default()
        };
        let record = Arc::new(Mutex::new(record));
        let shared = record.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, shared.clone()));
            }
        });
        Self { address, record }
    }

    /// A client that waits for nothing longer than it must.
    pub(crate) fn client(&self) -> Client {
        builder(self.address).build().unwrap()
    }

    /// What was asked, but for tokens. The script must have come to its end.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let record = self.record.lock().unwrap();
        assert!(record.script.is_empty(), "never asked for {:?}", record.script);
        record.asked.clone()
    }

    pub(crate) fn token_requests(&self) -> Vec<Asked> {
        self.record.lock().unwrap().token_requests.clone()
    }
}

/// Attempts of the clients of these tests.
pub(crate) const ATTEMPTS: usize = 3;

pub(crate) fn builder(address: SocketAddr) -> ClientBuilder {
    let mut policy = RetryPolicy::default();
    policy.attempts_max = u32::try_from(ATTEMPTS).unwrap();
    policy.backoff_min = Duration::from_millis(1);
    policy.backoff_max = Duration::from_millis(2);
    Client::builder(format!("http://{address}"))
        .credentials(Credentials::new("thekey", "thesecret", "thememo").unwrap())
        .retry_policy(policy)
        .timeout(Duration::from_millis(300))
        .seed(7)
}

async fn serve(mut connection: TcpStream, record: Arc<Mutex<Record>>) {
    while let Some(asked) = read(&mut connection).await {
        let fate = {
            let mut record = record.lock().unwrap();
            if asked.line == "POST /v2/authentication" {
                record.token_requests.push(asked);
                record
                    .tokens
                    .pop_front()
                    .unwrap_or(Fate::good(r#"{"access_token":"faketoken","expires_in":900}"#))
            } else {
                record.asked.push(asked);
                record.script.pop_front().unwrap_or(Fate::Answer(
                    418,
                    &[],
                    r#"{"message":"the script has ended"}"#,
                ))
            }
        };
        if !answer(&mut connection, fate).await {
            return;
        }
    }
}

/// Whether the connection is good for another request.
async fn answer(connection: &mut TcpStream, fate: Fate) -> bool {
    let whole = |status: u16, headers: &[&str], body: &str| {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let length = body.len();
        format!("HTTP/1.1 {status} Fate\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
    };
    let half = |body: &str| {
        let text = whole(200, &[], body);
        text[..text.len() - body.len() / 2 - 1].to_owned()
    };
    match fate {
        Fate::Answer(status, headers, body) => {
            connection.write_all(whole(status, headers, body).as_bytes()).await.is_ok()
        }
        Fate::Drop => false,
        Fate::Cut(body) => {
            let _ = connection.write_all(half(body).as_bytes()).await;
            false
        }
        Fate::Stall(body) => {
            let _ = connection.write_all(half(body).as_bytes()).await;
            until_left(connection).await
        }
        Fate::Silence => until_left(connection).await,
        Fate::Trickle(body) => {
            for byte in whole(200, &[], body).as_bytes() {
                if connection.write_all(&[*byte]).await.is_err() {
                    return false;
                }
                tokio::task::yield_now().await;
            }
            true
        }
    }
}

async fn until_left(connection: &mut TcpStream) -> bool {
    let mut rest = [0; 64];
    while connection.read(&mut rest).await.is_ok_and(|count| count > 0) {}
    false
}

async fn read(connection: &mut TcpStream) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let line = head.lines().next()?.strip_suffix(" HTTP/1.1")?.to_owned();
    let mut asked = Asked { line, head, body: String::new() };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}
