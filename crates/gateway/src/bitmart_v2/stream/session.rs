//! One connection: reads what its client wants, and writes what it is handed.
//!
//! What enters: frames, and deliveries of the publisher. What leaves: orders for the publisher, and
//! frames. A client that does not read holds up its own session only: the publisher finds the
//! mailbox full and cuts it off, in the middle of a write if need be.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use bytes::Bytes;
use futures_util::SinkExt;
use openmart_wire::bitmart_v2::limits;
use openmart_wire::bitmart_v2::stream::{ClientMessage, Push, StreamError};
use tokio::sync::{mpsc, oneshot};
use tungstenite::Error as WsError;

use super::super::Dialect;
use super::members::{Delivery, Goodbye, MAILBOX_DELIVERIES, NewMember, SessionId, Signs};
use super::publisher::{Order, Orders};
use super::text;
use crate::listener::Tenancy;

/// Time for a client to answer when its connection is closed.
const GOODBYE_WAIT: Duration = Duration::from_secs(1);

const TOO_MANY_ERRORS: Goodbye =
    Goodbye { code: close_code::POLICY, reason: "too many errors in a row" };
const GOING_AWAY: Goodbye = Goodbye { code: close_code::AWAY, reason: "the server stops" };

pub(super) struct Session {
    id: SessionId,
    socket: WebSocket,
    dialect: Arc<Dialect>,
    address: IpAddr,
    orders: Orders,
    mailbox: mpsc::Receiver<Delivery>,
    /// Ends when the publisher cuts the session off.
    cut: oneshot::Receiver<Infallible>,
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
        socket: WebSocket,
        dialect: Arc<Dialect>,
        address: IpAddr,
        orders: Orders,
    ) -> Option<Self> {
        let (sender, mailbox) = mpsc::channel(MAILBOX_DELIVERIES);
        let (cutter, cut) = oneshot::channel();
        let signs = Arc::new(Signs::default());
        let id = orders.next_id();
        let member = NewMember { id, mailbox: sender, cutter, signs: signs.clone() };
        orders.send(Order::Join(member)).await.ok()?;
        let (errors_in_a_row, ordered) = (0, false);
        Some(Self {
            id,
            socket,
            dialect,
            address,
            orders,
            mailbox,
            cut,
            signs,
            errors_in_a_row,
            ordered,
        })
    }

    /// Serves it to its end.
    pub(super) async fn run(mut self, mut tenancy: Option<Tenancy>) {
        let told_to_stop = async {
            match &mut tenancy {
                Some(tenancy) => tenancy.told_to_stop().await,
                None => std::future::pending().await,
            }
        };
        let (_, unused) = oneshot::channel();
        let cut = std::mem::replace(&mut self.cut, unused);
        let end = tokio::select! {
            biased;
            _ = cut => End::Gone,
            () = told_to_stop => End::Goodbye(GOING_AWAY),
            end = self.talk() => end,
        };
        if let End::Goodbye(Goodbye { code, reason }) = end {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            let goodbye = async {
                if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                    // Hanging up on what the client still sends would take the word back.
                    while let Some(Ok(_)) = self.socket.recv().await {}
                }
            };
            // Whoever takes longer is hung up on.
            let _ = tokio::time::timeout(GOODBYE_WAIT, goodbye).await;
        }
    }

    async fn talk(&mut self) -> End {
        loop {
            let done = tokio::select! {
                delivery = self.mailbox.recv() => match delivery {
                    Some(delivery) => self.deliver(delivery).await,
                    None => Err(End::Gone),
                },
                frame = self.socket.recv(), if !self.ordered => match frame {
                    Some(Ok(frame)) => self.hear(frame).await,
                    Some(Err(error)) => Err(fault(error)),
                    None => Err(End::Gone),
                },
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn hear(&mut self, frame: Message) -> Result<(), End> {
        self.signs.heard.store(true, Ordering::Relaxed);
        match frame {
            Message::Text(frame) => match self.understand(frame.as_bytes()) {
                Ok(ClientMessage::Ping) => {
                    self.signs.subscribed.store(true, Ordering::Relaxed);
                    self.answer(Ok(text(&Push::Pong))).await
                }
                Ok(ClientMessage::UnsubscribePing) => self.answer(Ok(frame)).await,
                Ok(ClientMessage::Subscribe(request)) => {
                    self.order(Order::Subscribe { session: self.id, request }).await
                }
                Ok(ClientMessage::Unsubscribe(request)) => {
                    let echo = frame;
                    self.order(Order::Unsubscribe { session: self.id, request, echo }).await
                }
                Err(refusal) => self.answer(Err(refusal)).await,
            },
            Message::Binary(_) => self.answer(Err(StreamError::InvalidRequest)).await,
            // The library answers pings.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => {
                // The library's answer is on its way.
                let _ = self.socket.flush().await;
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

    async fn deliver(&mut self, delivery: Delivery) -> Result<(), End> {
        match delivery {
            Delivery::Pushes(pushes) => {
                for push in pushes {
                    self.socket.feed(Message::Text(push)).await.map_err(|_| End::Gone)?;
                }
                self.socket.flush().await.map_err(|_| End::Gone)
            }
            Delivery::Answer(answer) => {
                self.ordered = false;
                self.answer(answer).await
            }
            Delivery::Ping => {
                let ping = Message::Ping(Bytes::new());
                self.socket.send(ping).await.map_err(|_| End::Gone)
            }
            Delivery::Goodbye(goodbye) => Err(End::Goodbye(goodbye)),
        }
    }

    /// Answers a message of the client.
    async fn answer(&mut self, answer: Result<Utf8Bytes, StreamError>) -> Result<(), End> {
        let message = match answer {
            Ok(message) => {
                self.errors_in_a_row = 0;
                message
            }
            Err(refusal) => {
                self.errors_in_a_row += 1;
                text(&refusal.body())
            }
        };
        self.socket.send(Message::Text(message)).await.map_err(|_| End::Gone)?;
        match self.errors_in_a_row >= limits::STREAM_ERRORS_MAX {
            true => Err(End::Goodbye(TOO_MANY_ERRORS)),
            false => Ok(()),
        }
    }
}

/// What to say to a client whose frames cannot be read.
fn fault(error: axum::Error) -> End {
    let error = error.into_inner().downcast::<WsError>();
    let (code, reason) = match error.as_deref() {
        Ok(WsError::Capacity(_)) => (close_code::SIZE, "message too long"),
        Ok(WsError::Utf8(_)) => (close_code::INVALID, "text is not UTF-8"),
        Ok(WsError::Protocol(_)) => (close_code::PROTOCOL, "protocol error"),
        _ => return End::Gone,
    };
    End::Goodbye(Goodbye { code, reason })
}
