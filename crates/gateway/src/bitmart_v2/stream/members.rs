//! Who is connected, and what each has been pushed.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::ws::Utf8Bytes;
use openmart_model::Timestamp;
use openmart_wire::bitmart_v2::limits;
use openmart_wire::bitmart_v2::stream::StreamError;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::topics::Topic;

/// Deliveries that may wait for a session. With one in each tick, it may stop to read for four
/// seconds, besides what the system's buffers hold.
pub(super) const MAILBOX_DELIVERIES: usize = 16;

/// Pings in a row that a client may leave unanswered.
const PINGS_UNANSWERED_MAX: u64 = 3;

/// Time for a session to say goodbye before it is cut off.
const GOODBYE_MS: u64 = 5_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct SessionId(pub(super) u64);

/// What the publisher hands to a session.
#[derive(Debug)]
pub(super) enum Delivery {
    /// What has changed.
    Pushes(Vec<Utf8Bytes>),
    /// The answer to an order of the session.
    Answer(Result<Utf8Bytes, StreamError>),
    /// A ping of the protocol.
    Ping,
    /// The end.
    Goodbye(Goodbye),
}

/// A close code with its reason.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goodbye {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

/// What a session shows of its client.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// A frame came since the publisher looked last.
    pub(super) heard: AtomicBool,
    /// There was a good subscribe or ping.
    pub(super) subscribed: AtomicBool,
}

/// A session that begins.
#[derive(Debug)]
pub(super) struct NewMember {
    pub(super) id: SessionId,
    pub(super) mailbox: mpsc::Sender<Delivery>,
    /// Cuts the session off when dropped.
    pub(super) cutter: oneshot::Sender<Infallible>,
    pub(super) signs: Arc<Signs>,
}

/// A session as the publisher knows it. Dropping it cuts the session off.
#[derive(Debug)]
pub(super) struct Member {
    mailbox: mpsc::Sender<Delivery>,
    _cutter: oneshot::Sender<Infallible>,
    signs: Arc<Signs>,
    joined: Timestamp,
    heard: Timestamp,
    pinged: Timestamp,
    /// When it was told to end.
    ending: Option<Timestamp>,
    pub(super) subscriptions: Vec<Subscription>,
}

/// What a session has of a topic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    pub(super) topic: Topic,
    /// The version or trade id that was pushed last; the topic tells which.
    pub(super) seen: u64,
    /// The tick that the last push counts as.
    pub(super) pushed_tick: u64,
}

/// Whether a member stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    Stays,
    /// It is on its way out and gets nothing any more.
    Ends,
    Gone,
}

impl Member {
    pub(super) fn new(new: NewMember, now: Timestamp) -> Self {
        let NewMember { mailbox, cutter, signs, .. } = new;
        Self {
            mailbox,
            _cutter: cutter,
            signs,
            joined: now,
            heard: now,
            pinged: now,
            ending: None,
            subscriptions: Vec::new(),
        }
    }

    /// Looks after the connection itself, once in a tick: the first subscribe, pings, silence.
    pub(super) fn look_after(&mut self, now: Timestamp) -> Standing {
        let since = |then: Timestamp| now.0.saturating_sub(then.0);
        if self.mailbox.is_closed() {
            return Standing::Gone;
        }
        if let Some(ending) = self.ending {
            return if since(ending) >= GOODBYE_MS { Standing::Gone } else { Standing::Ends };
        }
        if self.signs.heard.swap(false, Ordering::Relaxed) {
            self.heard = now;
        }
        let silence_ms_max = limits::STREAM_PING_INTERVAL_MS * (PINGS_UNANSWERED_MAX + 1);
        if since(self.heard) >= silence_ms_max {
            return Standing::Gone;
        }
        let subscribed = self.signs.subscribed.load(Ordering::Relaxed);
        if !subscribed && since(self.joined) >= limits::STREAM_SUBSCRIBE_WAIT_MS {
            let reason = "no subscribe within 5 seconds";
            return self.dismiss(Goodbye { code: 1008, reason }, now);
        }
        if since(self.pinged) >= limits::STREAM_PING_INTERVAL_MS {
            self.pinged = now;
            return self.deliver(Delivery::Ping);
        }
        Standing::Stays
    }

    /// Puts something into the mailbox. A full one ends the session: nobody waits for it.
    pub(super) fn deliver(&mut self, delivery: Delivery) -> Standing {
        match self.mailbox.try_send(delivery) {
            Ok(()) => Standing::Stays,
            Err(TrySendError::Closed(_)) => Standing::Gone,
            Err(TrySendError::Full(_)) => {
                tracing::debug!("a slow reader of the stream is cut off");
                Standing::Gone
            }
        }
    }

    /// Ends it with a word.
    pub(super) fn dismiss(&mut self, goodbye: Goodbye, now: Timestamp) -> Standing {
        self.ending = Some(now);
        match self.deliver(Delivery::Goodbye(goodbye)) {
            Standing::Stays => Standing::Ends,
            gone => gone,
        }
    }

    /// A subscription counts as made.
    pub(super) fn has_subscribed(&self) {
        self.signs.subscribed.store(true, Ordering::Relaxed);
    }
}
