//! One connection: reads what its client wants, answers, and writes the rest of what the client did
//! not take at once.
//!
//! What enters: messages, and words of the publisher. What leaves: orders for the publisher, and
//! answers. Pushes do not pass here. A client that does not read is not read either, and holds up its
//! own session only: the publisher finds too much waiting and cuts it off.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use openmart_wire::bitmart_v2::limits;
use openmart_wire::bitmart_v2::stream::{ClientMessage, Push, StreamError};
use tokio::sync::mpsc;
use tokio::task::coop::consume_budget;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error as WsError, Message};

use super::super::Dialect;
use super::handshake::TakenOver;
use super::members::{Goodbye, MAILBOX_WORDS, NewMember, SessionId, Signs, Word};
use super::outlet::text_frame;
use super::publisher::{Order, Orders};
use super::socket::Socket;
use super::text;
use crate::listener::{Ending, Tenancy};

/// Time for a client to answer when its connection is closed.
const GOODBYE_WAIT: Duration = Duration::from_secs(1);

const TOO_MANY_ERRORS: Goodbye =
    Goodbye { code: CloseCode::Policy, reason: "too many errors in a row" };
const GOING_AWAY: Goodbye = Goodbye { code: CloseCode::Away, reason: "the server stops" };
const REWOUND: Goodbye =
    Goodbye { code: CloseCode::Restart, reason: "the exchange was rewound, connect again" };

pub(super) struct Session {
    id: SessionId,
    socket: Socket,
    dialect: Arc<Dialect>,
    address: IpAddr,
    orders: Orders,
    /// Ends when the publisher cuts the session off.
    mailbox: mpsc::Receiver<Word>,
    signs: Arc<Signs>,
    errors_in_a_row: u32,
    /// An order is under way; the client is not read before its answer.
    ordered: bool,
}

/// How a session ends.
enum End {
    /// With a word.
    Goodbye(Goodbye),
    /// Without one: the client has gone, or the publisher does not wait for it.
    Gone,
}

impl Session {
    /// Makes it known to the publisher; nothing when that has ended.
    pub(super) async fn open(
        taken_over: TakenOver,
        dialect: Arc<Dialect>,
        address: IpAddr,
        orders: Orders,
    ) -> Option<Self> {
        let socket = Socket::new(taken_over);
        let outlet = Arc::downgrade(socket.outlet());
        let (sender, mailbox) = mpsc::channel(MAILBOX_WORDS);
        let signs = Arc::new(Signs::default());
        let id = orders.next_id();
        let member = NewMember { id, outlet, mailbox: sender, signs: signs.clone() };
        orders.send(Order::Join(member)).await.ok()?;
        let (errors_in_a_row, ordered) = (0, false);
        Some(Self {
            id,
            socket,
            dialect,
            address,
            orders,
            mailbox,
            signs,
            errors_in_a_row,
            ordered,
        })
    }

    /// Serves it to its end.
    pub(super) async fn run(mut self, mut tenancy: Option<Tenancy>) {
        let told_to_stop = async {
            match &mut tenancy {
                Some(tenancy) => {
                    tenancy.told_to_stop().await;
                    tenancy.ending()
                }
                None => std::future::pending().await,
            }
        };
        let end = tokio::select! {
            biased;
            ending = told_to_stop => End::Goodbye(match ending {
                Some(Ending::HandOver) => REWOUND,
                Some(Ending::Release) | None => GOING_AWAY,
            }),
            end = self.talk() => end,
        };
        if let End::Goodbye(goodbye) = end {
            // Whoever takes longer is hung up on.
            let _ = tokio::time::timeout(GOODBYE_WAIT, self.socket.close(goodbye)).await;
        }
    }

    async fn talk(&mut self) -> End {
        let outlet = self.socket.outlet().clone();
        loop {
            let is_read = !self.ordered && !outlet.is_waiting();
            let done = tokio::select! {
                word = self.mailbox.recv() => match word {
                    Some(Word::Answered(answer)) => {
                        self.ordered = false;
                        self.answered(answer)
                    }
                    Some(Word::Goodbye(goodbye)) => Err(End::Goodbye(goodbye)),
                    None => Err(End::Gone),
                },
                written = outlet.catch_up() => written.map_err(|_| End::Gone),
                message = self.socket.next(), if is_read => match message {
                    Ok(message) => self.hear(message).await,
                    Err(error) => Err(fault(error)),
                },
            };
            if let Err(end) = done {
                return end;
            }
            // A client that sends without a pause takes turns with the others.
            consume_budget().await;
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        self.signs.heard.store(true, Ordering::Relaxed);
        match message {
            Message::Text(message) => match self.understand(message.as_bytes()) {
                Ok(ClientMessage::Ping) => {
                    self.signs.subscribed.store(true, Ordering::Relaxed);
                    self.answer(text(&Push::Pong))
                }
                Ok(ClientMessage::UnsubscribePing) => self.answer(text_frame(message.as_bytes())),
                Ok(ClientMessage::Subscribe(request)) => {
                    self.order(Order::Subscribe { session: self.id, request }).await
                }
                Ok(ClientMessage::Unsubscribe(request)) => {
                    let echo = text_frame(message.as_bytes());
                    self.order(Order::Unsubscribe { session: self.id, request, echo }).await
                }
                Err(refusal) => self.answered(Err(refusal)),
            },
            Message::Binary(_) => self.answered(Err(StreamError::InvalidRequest)),
            // The library answers pings, and hands out no bare frames.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
            Message::Close(_) => {
                self.socket.answer_close();
                Err(End::Gone)
            }
        }
    }

    fn understand(&self, frame: &[u8]) -> Result<ClientMessage, StreamError> {
        let site = &self.dialect.site;
        let budget = site.limiter.public(self.address, site.pace());
        budget.map_err(|_| StreamError::TooManyMessages)?;
        ClientMessage::parse(frame)
    }

    async fn order(&mut self, order: Order) -> Result<(), End> {
        self.ordered = true;
        self.orders.send(order).await.map_err(|_| End::Gone)
    }

    fn answer(&mut self, frame: Bytes) -> Result<(), End> {
        self.socket.outlet().send(frame).map_err(|_| End::Gone)?;
        self.answered(Ok(()))
    }

    /// Counts an answer; one that refuses is yet to be given.
    fn answered(&mut self, answer: Result<(), StreamError>) -> Result<(), End> {
        let Err(refusal) = answer else {
            self.errors_in_a_row = 0;
            return Ok(());
        };
        self.errors_in_a_row += 1;
        self.dialect.site.requests.stream().errors.add(1);
        let frame = text(&refusal.body());
        self.socket.outlet().send(frame).map_err(|_| End::Gone)?;
        match self.errors_in_a_row >= limits::STREAM_ERRORS_MAX {
            true => Err(End::Goodbye(TOO_MANY_ERRORS)),
            false => Ok(()),
        }
    }
}

/// What to say to a client whose frames cannot be read.
fn fault(error: WsError) -> End {
    let (code, reason) = match error {
        WsError::Capacity(_) => (CloseCode::Size, "message too long"),
        WsError::Utf8(_) => (CloseCode::Invalid, "text is not UTF-8"),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return End::Gone,
        WsError::Protocol(_) => (CloseCode::Protocol, "protocol error"),
        _ => return End::Gone,
    };
    End::Goodbye(Goodbye { code, reason })
}
