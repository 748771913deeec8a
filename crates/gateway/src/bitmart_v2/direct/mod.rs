//! Connections of those who place and cancel orders, served without the router.
//!
//! What enters: a fresh connection. What leaves: answers, byte for byte those of the router, under
//! the same policies by the same code. All requests that one read brought are carried out together
//! and answered by one write, in order. The first request that is anything else, or unusual in any
//! way, ends this: the connection goes on to the HTTP server with every byte from that request on.

mod request;

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use openmart_exchange::{Inbox, Numbered};
use openmart_wire::bitmart_v2::ApiError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::answer::{Answer, Date};
use super::routes::{self, Incoming};
use super::translate::{self, Attempt};
use super::{Dialect, orders};
use crate::listener::{ConnectionLimits, Direct, Served, Tenancy};
use request::{DirectRequest, Kind, Recognized, recognize};

pub use request::direct_request_bytes;

/// Requests of one connection that are carried out together. A buffer of requests is no longer
/// than this in practice.
const GROUP_MAX: usize = 64;

/// First length of the buffer of a connection: a request takes half a kilobyte.
const BUFFER_BYTES: usize = 4 * 1_024;

/// How long the body of a request may keep it from being handed on, where the time for bodies
/// begins. Most bodies come with their head or right behind it.
const BODY_PATIENCE: Duration = Duration::from_millis(500);

/// A text longer than this gives its memory back after it was written.
const TEXT_BYTES_KEPT: usize = 16 * 1_024;

/// The connections of a dialect.
#[derive(Debug)]
pub(super) struct Orders {
    dialect: Arc<Dialect>,
    place: usize,
    cancel: usize,
}

impl Orders {
    pub(super) fn new(dialect: Arc<Dialect>) -> Self {
        Self { dialect, place: routes::place_of_orders(), cancel: routes::place_of_cancels() }
    }
}

impl Direct for Orders {
    fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        limits: ConnectionLimits,
        tenancy: Tenancy,
    ) -> Pin<Box<dyn Future<Output = Served> + Send>> {
        let connection = Connection {
            dialect: self.dialect.clone(),
            routes: (self.place, self.cancel),
            stream,
            address: peer.ip(),
            bytes_max: limits.header_bytes_max,
            timeout: limits.header_timeout,
            received: Received::default(),
            inbox: Inbox::new(),
            group: Vec::new(),
            arrived: Vec::new(),
            text: Vec::new(),
            date: Date::default(),
        };
        Box::pin(connection.serve(tenancy))
    }
}

/// What was received and is not served yet.
#[derive(Debug, Default)]
struct Received {
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
}

impl Received {
    fn bytes(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    /// Makes room to read into. False: there are `bytes_max` bytes already.
    fn make_room(&mut self, bytes_max: usize) -> bool {
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

    fn poll_read(
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

/// One request of a group.
#[derive(Debug)]
struct Asked {
    route: usize,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    UnderWay(Attempt),
    Answered(Answer),
}

struct Connection {
    dialect: Arc<Dialect>,
    /// The routes of orders and of cancels.
    routes: (usize, usize),
    stream: TcpStream,
    address: IpAddr,
    bytes_max: usize,
    timeout: Duration,
    received: Received,
    inbox: Inbox,
    group: Vec<Asked>,
    arrived: Vec<Numbered>,
    text: Vec<u8>,
    date: Date,
}

/// What comes next on a connection.
enum Next {
    /// The group is to be carried out.
    Group,
    /// More must be read.
    Head,
    /// The same, and a body is what is missing.
    Body,
    /// Somebody else's business.
    Other,
}

/// What came of reading.
enum Came {
    Bytes,
    End,
    Timeout,
}

impl Connection {
    async fn serve(mut self, tenancy: Tenancy) -> Served {
        let mut lent = tenancy.clone();
        let mut stop = pin!(async move { lent.told_to_stop().await });
        let mut deadline = Instant::now() + self.timeout;
        let mut sleep = pin!(sleep_until(deadline));
        loop {
            let next = self.next_group();
            if let Next::Group = next {
                self.carry_out().await;
                let stopping = tenancy.is_stopping();
                if self.write(stopping).await.is_err() || stopping {
                    return self.end().await;
                }
                deadline = Instant::now() + self.timeout;
                continue;
            }
            let until = match next {
                Next::Body => deadline.min(Instant::now() + BODY_PATIENCE),
                _ => deadline,
            };
            if matches!(next, Next::Other) || !self.received.make_room(self.bytes_max) {
                return self.hand_on();
            }
            match self.read(stop.as_mut(), sleep.as_mut(), until).await {
                Came::Bytes => {}
                Came::Timeout if matches!(next, Next::Body) => return self.hand_on(),
                Came::End | Came::Timeout => return Served::Ended,
            }
        }
    }

    fn hand_on(self) -> Served {
        let read = self.received.bytes().to_vec();
        Served::HandedOn { stream: self.stream, read }
    }

    /// Says that no more will come.
    async fn end(mut self) -> Served {
        let _ = poll_fn(|context| Pin::new(&mut self.stream).poll_shutdown(context)).await;
        Served::Ended
    }

    /// Submits what can be carried out together: requests of one kind, since cancels would overtake
    /// orders.
    fn next_group(&mut self) -> Next {
        let now = self.dialect.site.now();
        let mut kind = None;
        let stopped_by = loop {
            if self.group.len() >= GROUP_MAX {
                break Next::Group;
            }
            // Faults and races are the router's business.
            if self.dialect.site.faults.is_armed() {
                break Next::Other;
            }
            let request =
                match recognize(&self.received.buffer[self.received.begin..self.received.end]) {
                    Recognized::Whole(request) => request,
                    Recognized::HeadMissing => break Next::Head,
                    Recognized::BodyMissing => break Next::Body,
                    Recognized::Other => break Next::Other,
                };
            if *kind.get_or_insert(request.kind) != request.kind {
                break Next::Group;
            }
            let route = match request.kind {
                Kind::Place => self.routes.0,
                Kind::Cancel => self.routes.1,
            };
            let DirectRequest { path, headers, body, bytes, .. } = request;
            let incoming = Incoming::new(path, headers, body, self.address, now);
            let number = self.group.len() as u32;
            let progress = begin(&self.dialect, route, &incoming, &self.inbox, number);
            self.group.push(Asked { route, progress });
            self.received.begin += bytes;
        };
        if self.group.is_empty() { stopped_by } else { Next::Group }
    }

    /// Waits for every answer of the group.
    async fn carry_out(&mut self) {
        let under_way = |asked: &Asked| matches!(asked.progress, Progress::UnderWay(_));
        let mut owed = self.group.iter().filter(|asked| under_way(asked)).count();
        while owed > 0 {
            poll_fn(|context| self.inbox.poll_take(context, &mut self.arrived)).await;
            owed -= self.arrived.len();
            for (number, receipt) in self.arrived.drain(..) {
                let asked = &mut self.group[number as usize];
                if let Progress::UnderWay(attempt) = asked.progress {
                    let told = orders::told(&self.dialect, attempt, receipt);
                    asked.progress = Progress::Answered(guarded(told).await);
                }
            }
        }
    }

    /// Writes the answers of the group.
    async fn write(&mut self, closing: bool) -> io::Result<()> {
        self.text.clear();
        let requests = &self.dialect.site.requests;
        let last = self.group.len() - 1;
        for (number, asked) in self.group.drain(..).enumerate() {
            let Progress::Answered(answer) = asked.progress else {
                unreachable!("every request of the group was waited for");
            };
            requests.count(Some(asked.route), answer.status());
            answer.write(&mut self.text, &mut self.date, closing && number == last);
        }
        let mut written = 0;
        while written < self.text.len() {
            let rest = &self.text[written..];
            let count =
                poll_fn(|context| Pin::new(&mut self.stream).poll_write(context, rest)).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            written += count;
        }
        self.text.shrink_to(TEXT_BYTES_KEPT);
        Ok(())
    }

    /// Reads once.
    async fn read(
        &mut self,
        mut stop: Pin<&mut impl Future<Output = ()>>,
        mut sleep: Pin<&mut Sleep>,
        deadline: Instant,
    ) -> Came {
        // The alarm is set forward only when it has rung: most deadlines never come.
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        poll_fn(|context| {
            match self.received.poll_read(&mut self.stream, context) {
                Poll::Ready(Ok(1..)) => return Poll::Ready(Came::Bytes),
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Came::End),
                Poll::Pending => {}
            }
            if stop.as_mut().poll(context).is_ready() {
                return Poll::Ready(Came::End);
            }
            while sleep.as_mut().poll(context).is_ready() {
                if Instant::now() >= deadline {
                    return Poll::Ready(Came::Timeout);
                }
                sleep.as_mut().reset(deadline);
            }
            Poll::Pending
        })
        .await
    }
}

/// Checks a request and submits what it wants.
fn begin(
    dialect: &Dialect,
    route: usize,
    incoming: &Incoming<'_>,
    inbox: &Inbox,
    number: u32,
) -> Progress {
    let answered = |answer| Progress::Answered(answer);
    let begun = catch_unwind(AssertUnwindSafe(|| routes::attempt(route, dialect, incoming)));
    let attempt = match begun {
        Ok(Ok(attempt)) => attempt,
        Ok(Err(refused)) => return answered(refused),
        Err(_) => return answered(Answer::from(ApiError::Internal)),
    };
    match dialect.site.exchange.submit_to(inbox, number, attempt.command()) {
        Ok(()) => Progress::UnderWay(attempt),
        Err(error) => answered(translate::submit_error(&error).into()),
    }
}

/// A panic costs one request.
async fn guarded(answer: impl Future<Output = Answer>) -> Answer {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Answer::from(ApiError::Internal)))
    })
    .await
}
