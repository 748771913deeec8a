//! A kept connection and the answers that come on it.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

/// No answer to a cancel is shorter, so that looking for its end may begin here.
const ANSWER_BYTES_MIN: usize = 64;

/// What every answer to a cancel ends with: a blank line and a body that says nothing.
const ANSWER_END: &[u8] = b"\r\n\r\n{}";

/// What ends the head of a request or an answer.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// First length of the buffer for answers that come many at once.
const BUFFER_BYTES: usize = 16 * 1_024;

/// Another address of this machine than the one that connections come from by themselves.
pub const SECOND_ADDRESS: &str = "127.0.0.2:0";

/// A kept connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as much of it as is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects, and sends every request at once from now on.
    ///
    /// # Errors
    /// If nobody listens there.
    pub async fn open(address: &str) -> Result<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    /// The same from [`SECOND_ADDRESS`], for those who want all the connections that a server gives to
    /// one address.
    ///
    /// # Errors
    /// If nobody listens there.
    pub async fn open_from_second(address: &str) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SECOND_ADDRESS.parse()?)?;
        Self::over(socket.connect(address.parse()?).await?)
    }

    fn over(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4_096) })
    }

    /// Sends a request and awaits its answer, whatever it is.
    ///
    /// # Errors
    /// If no whole answer comes.
    pub async fn ask_any(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if let Some((answer, _)) = first_answer(&self.buffer)? {
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
        }
    }

    /// Sends a request and gives the body of its answer, which must be a 200.
    ///
    /// # Errors
    /// If another answer comes, or none.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        let Answer { status, body } = self.ask_any(request).await?;
        ensure!(status == 200, "answered {status} {}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    /// Sends several requests at once and reads as many answers, each a 200 with exactly `{}`.
    ///
    /// # Errors
    /// If another answer comes, or too few, or too many.
    pub async fn ask_group(&mut self, requests: &[u8], count: usize) -> Result<()> {
        self.stream.write_all(requests).await?;
        self.buffer.clear();
        let (mut seen, mut answered) = (0, 0);
        while answered < count {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if count == 1 && self.buffer.ends_with(ANSWER_END) {
                let answer = &self.buffer;
                let ok = answer.starts_with(b"HTTP/1.1 200");
                ensure!(ok, "answered {}", String::from_utf8_lossy(answer));
                return Ok(());
            }
            while let Some(rest) = self.buffer.get(seen + ANSWER_BYTES_MIN..)
                && let Some(end) = find(rest, ANSWER_END)
            {
                let answer = &self.buffer[seen..];
                let ok = answer.starts_with(b"HTTP/1.1 200");
                ensure!(ok, "answered {}", String::from_utf8_lossy(answer));
                seen += ANSWER_BYTES_MIN + end + ANSWER_END.len();
                answered += 1;
            }
        }
        ensure!(seen == self.buffer.len(), "more was answered than asked");
        Ok(())
    }

    /// The two directions apart: requests are written whatever becomes of the answers.
    pub fn split(self) -> (OwnedWriteHalf, Answers) {
        let (stream, write) = self.stream.into_split();
        (write, Answers { stream, buffer: Vec::with_capacity(BUFFER_BYTES), seen: 0 })
    }
}

/// Answers as they come.
#[derive(Debug)]
pub struct Answers {
    stream: OwnedReadHalf,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were given out.
    seen: usize,
}

impl Answers {
    /// Awaits the next answer; nothing when the connection has ended.
    ///
    /// # Errors
    /// If something else comes.
    pub async fn next(&mut self) -> Result<Option<Answer>> {
        loop {
            if let Some((answer, length)) = first_answer(&self.buffer[self.seen..])? {
                self.seen += length;
                return Ok(Some(answer));
            }
            self.buffer.drain(..self.seen);
            self.seen = 0;
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// The answer that the bytes begin with and its length, if all of it is there.
fn first_answer(bytes: &[u8]) -> Result<Option<(Answer, usize)>> {
    let Some(head) = find(bytes, HEAD_END) else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..head])?;
    let status = text.split(' ').nth(1).context("an answer without a status")?.parse()?;
    let begin = head + HEAD_END.len();
    let end = begin + content_length(text)?;
    let body = bytes.get(begin..end);
    Ok(body.map(|body| (Answer { status, body: body.to_vec() }, end)))
}

fn content_length(head: &str) -> Result<usize> {
    for line in head.lines() {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            return Ok(value.trim().parse()?);
        }
    }
    None.context("an answer without a content length")
}

/// Where a text is found first.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
