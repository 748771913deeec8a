//! The WebSocket: subscriptions that outlive connections, and events with their types.
//!
//! What enters: what to follow. What leaves: an [`Event`] for each push, and one whenever something
//! may have been missed. What it must not know: what the events are used for.
//!
//! A task of its own reads the connection, answers pings, notices silence, and connects again. The
//! caller takes events at its own pace up to [`EVENTS_WAITING_MAX`]; beyond that the exchange's
//! pushes wait in the connection, until the exchange cuts it off, which is a gap like any other.

mod event;
mod session;
mod subscriptions;

use std::fmt;
use std::time::Duration;

use openmart_wire::bitmart_v2::stream::ChannelRequest;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use event::Event;

use crate::client::Client;
use crate::error::{Error, UsageError};
use crate::request::check_symbol;
use session::{Follower, Wish};

/// Events that may wait for the caller.
pub const EVENTS_WAITING_MAX: usize = 1_024;

/// When a stream asks for a sign of life, and when it gives a connection up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOptions {
    /// After so much silence the exchange is sent a ping; after twice as much the connection counts
    /// as lost. Default 15 s: half the interval of the exchange's own pings.
    pub silence_max: Duration,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self { silence_max: Duration::from_secs(15) }
    }
}

/// A connection to the exchange's WebSocket that is made again when it is lost.
///
/// ```no_run
/// use openmart_client::{Channel, ChannelRequest, Client, Event};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder("http://127.0.0.1:8470").build()?;
/// let mut stream = client.stream().await?;
/// let symbol = "BTC_USDT".to_owned();
/// stream.subscribe(ChannelRequest { channel: Channel::Depth { precision: None }, symbol })?;
/// while let Some(event) = stream.next().await {
///     match event {
///         Event::Push(push) => println!("{push:?}"),
///         Event::Gap { cause } => println!("something may be missing: {cause}"),
///         other => println!("{other:?}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Stream {
    wishes: mpsc::UnboundedSender<Wish>,
    events: mpsc::Receiver<Event>,
    task: JoinHandle<()>,
}

impl Client {
    /// Opens a stream. From then on it reconnects by itself, for as long as it takes.
    ///
    /// # Errors
    /// [`Error::Unreachable`] if the first connection does not come about, tried as often as the
    /// [policy](crate::RetryPolicy) says.
    pub async fn stream(&self) -> Result<Stream, Error> {
        let (wishes, wished) = mpsc::unbounded_channel();
        let (told, events) = mpsc::channel(EVENTS_WAITING_MAX);
        let follower = Follower::connect(self.clone(), wished, told).await?;
        Ok(Stream { wishes, events, task: tokio::spawn(follower.run()) })
    }
}

impl Stream {
    /// Follows a channel, on this connection and every later one. The first push comes at once and
    /// shows what there is. If the exchange refuses, [`Event::Refused`] says why. Subscribing again
    /// has everything pushed again.
    ///
    /// # Errors
    /// [`UsageError::Symbol`] for a text that no symbol can be.
    pub fn subscribe(&self, request: ChannelRequest) -> Result<(), UsageError> {
        check_symbol(&request.symbol)?;
        // Once the task has ended, `next` says so.
        let _ = self.wishes.send(Wish::Subscribe(request));
        Ok(())
    }

    /// Follows a channel no more; without precision or step, every one of that symbol and kind.
    /// [`Event::Unsubscribed`] comes after the last push.
    ///
    /// # Errors
    /// [`UsageError::Symbol`] for a text that no symbol can be.
    pub fn unsubscribe(&self, request: ChannelRequest) -> Result<(), UsageError> {
        check_symbol(&request.symbol)?;
        let _ = self.wishes.send(Wish::Unsubscribe(request));
        Ok(())
    }

    /// The next event. May be dropped while it waits; no event is lost by that. `None` only if the
    /// runtime shuts down.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}
