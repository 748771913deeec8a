//! The task behind a stream: one connection after another.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::Uri;
use openmart_wire::bitmart_v2::stream::{ChannelRequest, ClientMessage, Push, ServerMessage};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::event::Event;
use super::subscriptions::Subscriptions;
use crate::client::Client;
use crate::error::Error;
use crate::transport::Io;

type Socket = WebSocketStream<Io>;

/// Repetitions after which the wait between two of them grows no more.
const REPETITIONS_COUNTED_MAX: u32 = 16;

/// What the owner of a stream wants of it.
#[derive(Debug)]
pub(super) enum Wish {
    Subscribe(ChannelRequest),
    Unsubscribe(ChannelRequest),
}

impl Wish {
    fn message(self) -> ClientMessage {
        match self {
            Self::Subscribe(request) => ClientMessage::Subscribe(request),
            Self::Unsubscribe(request) => ClientMessage::Unsubscribe(request),
        }
    }
}

/// Why a connection is used no more.
enum Ended {
    /// Nobody listens any more.
    Unwanted,
    /// It is lost.
    Lost(String),
}

impl From<SocketError> for Ended {
    fn from(error: SocketError) -> Self {
        Self::Lost(error.to_string())
    }
}

/// Follows what is wished for and tells what comes.
pub(super) struct Follower {
    client: Client,
    socket: Option<Socket>,
    subscriptions: Subscriptions,
    wishes: mpsc::UnboundedReceiver<Wish>,
    events: mpsc::Sender<Event>,
}

impl Follower {
    pub(super) async fn connect(
        client: Client,
        wishes: mpsc::UnboundedReceiver<Wish>,
        events: mpsc::Sender<Event>,
    ) -> Result<Self, Error> {
        let mut follower =
            Self { client, socket: None, subscriptions: Subscriptions::default(), wishes, events };
        let policy = follower.client.retry_policy().clone();
        for repetition in 0.. {
            match connect(&follower.client).await {
                Ok(socket) => {
                    follower.socket = Some(socket);
                    break;
                }
                Err(_) if repetition + 1 < policy.attempts_max => {
                    sleep(follower.wait(repetition)).await;
                }
                Err(reason) => {
                    let url = follower.client.stream_url().to_string();
                    return Err(Error::Unreachable { url, reason });
                }
            }
        }
        Ok(follower)
    }

    /// Runs until the stream is dropped.
    pub(super) async fn run(mut self) {
        loop {
            let Some(socket) = self.socket.take() else { return };
            let Ended::Lost(cause) = self.serve(socket).await else { return };
            if self.events.send(Event::Gap { cause }).await.is_err() {
                return;
            }
            self.socket = self.reconnect().await;
            if self.socket.is_some() && self.events.send(Event::Reconnected).await.is_err() {
                return;
            }
        }
    }

    /// Serves one connection to its end.
    async fn serve(&mut self, mut socket: Socket) -> Ended {
        match self.follow(&mut socket).await {
            Ok(()) => Ended::Unwanted,
            Err(ended) => ended,
        }
    }

    async fn follow(&mut self, socket: &mut Socket) -> Result<(), Ended> {
        for request in self.subscriptions.iter() {
            say(socket, &ClientMessage::Subscribe(request.clone())).await?;
        }
        if self.subscriptions.is_empty() {
            // The exchange ends connections that ask for nothing.
            say(socket, &ClientMessage::Ping).await?;
        }
        let silence_max = self.client.stream_options().silence_max;
        let (mut heard_at, mut has_asked) = (Instant::now(), false);
        loop {
            let patience = if has_asked { 2 * silence_max } else { silence_max };
            tokio::select! {
                wish = self.wishes.recv() => {
                    let Some(wish) = wish else { return Ok(()) };
                    self.remember(&wish);
                    say(socket, &wish.message()).await?;
                }
                frame = socket.next() => {
                    (heard_at, has_asked) = (Instant::now(), false);
                    self.hear(frame).await?;
                }
                () = sleep_until(heard_at + patience) => {
                    if has_asked {
                        return Err(lost(format!("silent for {} ms", patience.as_millis())));
                    }
                    say(socket, &ClientMessage::Ping).await?;
                    has_asked = true;
                }
            }
        }
    }

    fn remember(&mut self, wish: &Wish) {
        match wish {
            Wish::Subscribe(request) => self.subscriptions.add(request),
            Wish::Unsubscribe(request) => self.subscriptions.remove(request),
        }
    }

    /// Passes on what came.
    async fn hear(&self, frame: Option<Result<Message, SocketError>>) -> Result<(), Ended> {
        let text = match frame {
            None => return Err(lost("the connection was closed".to_owned())),
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => {
                let said = frame.map(|frame| format!(": {} {}", frame.code, frame.reason));
                let said = said.unwrap_or_default();
                return Err(lost(format!("the exchange closed the connection{}", said.trim_end())));
            }
            // Pings are answered by the library.
            Some(Ok(_)) => return Ok(()),
            Some(Err(error)) => return Err(error.into()),
        };
        let event = match ServerMessage::parse(text.as_bytes()) {
            Some(ServerMessage::Push(Push::Pong)) => return Ok(()),
            Some(ServerMessage::Push(push)) => Event::Push(push),
            Some(ServerMessage::Unsubscribed(request)) => Event::Unsubscribed(request),
            Some(ServerMessage::Refused { message }) => Event::Refused { message },
            None => Event::Unknown { text: text.as_str().to_owned() },
        };
        self.events.send(event).await.map_err(|_| Ended::Unwanted)
    }

    /// Tries until there is a connection; nothing once nobody listens any more.
    async fn reconnect(&mut self) -> Option<Socket> {
        let mut repetition = 0;
        loop {
            // What is wished for meanwhile is part of what is asked for then.
            while let Ok(wish) = self.wishes.try_recv() {
                self.remember(&wish);
            }
            if self.events.is_closed() {
                return None;
            }
            sleep(self.wait(repetition)).await;
            if let Ok(socket) = connect(&self.client).await {
                return Some(socket);
            }
            repetition = REPETITIONS_COUNTED_MAX.min(repetition + 1);
        }
    }

    fn wait(&self, repetition: u32) -> Duration {
        self.client.retry_policy().wait(repetition, self.client.chance())
    }
}

fn lost(cause: String) -> Ended {
    Ended::Lost(cause)
}

async fn say(socket: &mut Socket, message: &ClientMessage) -> Result<(), Ended> {
    Ok(socket.send(Message::text(message.to_json())).await?)
}

/// Connects and shakes hands.
async fn connect(client: &Client) -> Result<Socket, String> {
    let url = client.stream_url();
    let connection = client.transport().connect(http_address(url)).await?;
    let handshake = tokio_tungstenite::client_async(url, connection);
    match tokio::time::timeout(client.transport().timeout(), handshake).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(SocketError::Http(response))) => {
            Err(format!("no WebSocket there: status {}", response.status().as_u16()))
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer to the WebSocket handshake in time".to_owned()),
    }
}

/// The same address with the scheme that connections are made by.
fn http_address(url: &Uri) -> Uri {
    let mut parts = url.clone().into_parts();
    parts.scheme = match url.scheme_str() {
        Some("wss") => Some(http::uri::Scheme::HTTPS),
        _ => Some(http::uri::Scheme::HTTP),
    };
    Uri::from_parts(parts).unwrap_or_else(|_| url.clone())
}
