//! One connection: from what was received to its answers.
//!
//! What enters: that it is its turn. What leaves: commands to the exchange, answers to the client,
//! and what is to come next. It never waits; whatever it lacks rings its bell.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use openmart_exchange::Inbox;
use openmart_wire::bitmart_v2::ApiError;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::super::Dialect;
use super::super::answer::{Answer, Date};
use super::super::authentication::Acquaintance;
use super::super::routes::{self, Incoming};
use super::super::translate::{self, Attempt};
use super::received::Received;
use super::request::{DirectRequest, Kind, Recognized, recognize};
use crate::listener::{ConnectionLimits, Served};

/// Requests of one connection that are carried out together. More of each would let a few dozen
/// connections that never stop keep everybody else waiting for tens of milliseconds.
pub(super) const GROUP_MAX: usize = 16;

/// Groups that one connection may have answered at once before others have their turn: those in
/// which every request is refused wait for nothing.
const GROUPS_PER_TURN: usize = 4;

/// How long the body of a request may keep it from being handed on, where the time for bodies
/// begins. Most bodies come with their head or right behind it.
const BODY_PATIENCE: Duration = Duration::from_millis(500);

/// A text longer than this gives its memory back after it was written.
const TEXT_BYTES_KEPT: usize = 16 * 1_024;

/// What a connection may use while it has its turn.
pub(super) struct Turn<'a> {
    pub(super) dialect: &'a Dialect,
    /// The routes of orders and of cancels.
    pub(super) routes: (usize, usize),
    pub(super) inbox: &'a Inbox,
    pub(super) date: &'a Date,
    pub(super) now: Instant,
    /// Whether no connection may begin anything more.
    pub(super) stopping: bool,
}

/// What came of a turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
    /// It has rung for its next turn, or will, or its answers are under way.
    Waits,
    /// It is over.
    Ended,
    /// What was received is somebody else's business.
    HandedOn,
    /// It panicked.
    Broke,
}

/// A connection at a desk.
pub(super) struct Connection {
    stream: TcpStream,
    address: IpAddr,
    bytes_max: usize,
    timeout: Duration,
    /// Where its answers go in the inbox: numbers from here on.
    first_number: u32,
    bell: Waker,
    received: Received,
    doing: Doing,
    group: Vec<Asked>,
    /// Requests of the group that have no answer yet.
    owed: usize,
    text: Vec<u8>,
    written: usize,
    /// Whether the answers being written are the last.
    closing: bool,
    acquaintance: Acquaintance,
    /// When it ends unless a request is complete.
    deadline: Instant,
    /// When a request whose body is missing is handed on.
    body_deadline: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    Reading,
    Waiting,
    Writing,
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

impl Connection {
    /// A fresh one.
    pub(super) fn new(
        stream: TcpStream,
        address: IpAddr,
        limits: &ConnectionLimits,
        first_number: u32,
        bell: Waker,
        now: Instant,
    ) -> Self {
        Self {
            stream,
            address,
            bytes_max: limits.header_bytes_max,
            timeout: limits.header_timeout,
            first_number,
            bell,
            received: Received::default(),
            doing: Doing::Reading,
            group: Vec::new(),
            owed: 0,
            text: Vec::new(),
            written: 0,
            closing: false,
            acquaintance: Acquaintance::default(),
            deadline: now + limits.header_timeout,
            body_deadline: None,
        }
    }

    /// Answers that are owed to it.
    pub(super) fn owed(&self) -> usize {
        self.owed
    }

    /// Goes on as far as it can.
    pub(super) fn advance(&mut self, turn: &Turn<'_>) -> Came {
        let mut groups = 0;
        loop {
            match self.doing {
                Doing::Waiting if self.owed > 0 => return Came::Waits,
                Doing::Waiting => self.compose(turn),
                Doing::Writing => match self.poll_write() {
                    Poll::Pending => return Came::Waits,
                    Poll::Ready(Ok(())) if !self.closing => {
                        self.deadline = turn.now + self.timeout;
                        self.doing = Doing::Reading;
                    }
                    Poll::Ready(_) => return self.end(),
                },
                Doing::Reading if groups == GROUPS_PER_TURN => {
                    self.bell.wake_by_ref();
                    return Came::Waits;
                }
                Doing::Reading => match self.begin_group(turn) {
                    Next::Group => {
                        groups += 1;
                        self.doing = Doing::Waiting;
                    }
                    next => match self.read(&next, turn) {
                        None => {}
                        Some(came) => return came,
                    },
                },
            }
        }
    }

    /// What becomes of it when nothing more has come until now.
    pub(super) fn overdue(&self, now: Instant) -> Came {
        match self.body_deadline {
            _ if self.doing != Doing::Reading => Came::Waits,
            Some(until) if now >= until.min(self.deadline) => Came::HandedOn,
            None if now >= self.deadline => Came::Ended,
            _ => Came::Waits,
        }
    }

    /// The attempt of the group that an answer is about.
    pub(super) fn attempt(&self, number: u32) -> Option<Attempt> {
        match self.group.get((number - self.first_number) as usize)?.progress {
            Progress::UnderWay(attempt) => Some(attempt),
            Progress::Answered(_) => None,
        }
    }

    /// Takes an answer. True: it was the last one owed.
    pub(super) fn take(&mut self, number: u32, answer: Answer) -> bool {
        let asked = &mut self.group[(number - self.first_number) as usize];
        asked.progress = Progress::Answered(answer);
        self.owed -= 1;
        self.owed == 0
    }

    /// The connection for somebody else, with what was read and not served.
    pub(super) fn hand_on(self) -> Served {
        let read = self.received.bytes().to_vec();
        Served::HandedOn { stream: self.stream, read }
    }

    /// Says that no more will come.
    fn end(&mut self) -> Came {
        let mut context = Context::from_waker(&self.bell);
        // A socket has nothing to wait for here.
        let _ = Pin::new(&mut self.stream).poll_shutdown(&mut context);
        Came::Ended
    }

    /// Submits what can be carried out together: requests of one kind, since cancels would overtake
    /// orders.
    fn begin_group(&mut self, turn: &Turn<'_>) -> Next {
        let mut kind = None;
        // Looked at when the group's bytes are there: a request is never judged by a time before it came.
        let mut moment = None;
        let stopped_by = loop {
            if self.group.len() >= GROUP_MAX {
                break Next::Group;
            }
            // Faults and races are the router's business.
            if turn.dialect.site.faults.is_armed() {
                break Next::Other;
            }
            let request = match recognize(self.received.bytes()) {
                Recognized::Whole(request) => request,
                Recognized::HeadMissing => break Next::Head,
                Recognized::BodyMissing => break Next::Body,
                Recognized::Other => break Next::Other,
            };
            if *kind.get_or_insert(request.kind) != request.kind {
                break Next::Group;
            }
            let route = match request.kind {
                Kind::Place => turn.routes.0,
                Kind::Cancel => turn.routes.1,
            };
            let DirectRequest { path, headers, body, bytes, .. } = request;
            let moment = *moment.get_or_insert_with(|| turn.dialect.site.moment());
            let incoming = Incoming::new(path, headers, body, self.address, moment);
            let number = self.first_number + self.group.len() as u32;
            let progress = begin(turn, route, &incoming, &mut self.acquaintance, number);
            self.owed += usize::from(matches!(progress, Progress::UnderWay(_)));
            self.group.push(Asked { route, progress });
            self.received.skip(bytes);
        };
        if self.group.is_empty() { stopped_by } else { Next::Group }
    }

    /// Reads once. Nothing: there is more now.
    fn read(&mut self, next: &Next, turn: &Turn<'_>) -> Option<Came> {
        if matches!(next, Next::Other) || !self.received.make_room(self.bytes_max) {
            return Some(Came::HandedOn);
        }
        self.body_deadline = match next {
            Next::Body => self.body_deadline.or(Some(turn.now + BODY_PATIENCE)),
            _ => None,
        };
        let mut context = Context::from_waker(&self.bell);
        match self.received.poll_read(&mut self.stream, self.bytes_max, &mut context) {
            Poll::Ready(Ok(1..)) => None,
            Poll::Ready(_) => Some(Came::Ended),
            Poll::Pending if turn.stopping => Some(Came::Ended),
            Poll::Pending => Some(Came::Waits),
        }
    }

    /// Makes the text of the group's answers.
    fn compose(&mut self, turn: &Turn<'_>) {
        self.doing = Doing::Writing;
        self.closing = turn.stopping;
        self.written = 0;
        self.text.clear();
        let last = self.group.len() - 1;
        for (place, asked) in self.group.drain(..).enumerate() {
            let Progress::Answered(answer) = asked.progress else {
                unreachable!("every request of the group was waited for");
            };
            turn.dialect.site.requests.count(Some(asked.route), answer.status());
            answer.write(&mut self.text, turn.date, self.closing && place == last);
        }
    }

    fn poll_write(&mut self) -> Poll<io::Result<()>> {
        let mut context = Context::from_waker(&self.bell);
        while self.written < self.text.len() {
            let rest = &self.text[self.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(&mut context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        self.text.clear();
        self.text.shrink_to(TEXT_BYTES_KEPT);
        Poll::Ready(Ok(()))
    }
}

/// Checks a request and submits what it wants.
fn begin(
    turn: &Turn<'_>,
    route: usize,
    incoming: &Incoming<'_>,
    acquaintance: &mut Acquaintance,
    number: u32,
) -> Progress {
    let answered = |answer| Progress::Answered(answer);
    let dialect = turn.dialect;
    let begun =
        catch_unwind(AssertUnwindSafe(|| routes::attempt(route, dialect, incoming, acquaintance)));
    let attempt = match begun {
        Ok(Ok(attempt)) => attempt,
        Ok(Err(refused)) => return answered(refused),
        Err(_) => return answered(Answer::from(ApiError::Internal)),
    };
    match dialect.site.exchange.submit_to(turn.inbox, number, attempt.command()) {
        Ok(()) => Progress::UnderWay(attempt),
        Err(error) => answered(translate::submit_error(&error).into()),
    }
}

/// A panic costs one request.
pub(super) async fn guarded(answer: impl Future<Output = Answer>) -> Answer {
    let mut answer = pin!(answer);
    std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Answer::from(ApiError::Internal)))
    })
    .await
}
