//! Who is connected, and what each has been pushed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use openmart_model::Timestamp;
use openmart_wire::bitmart_v2::limits;
use openmart_wire::bitmart_v2::stream::StreamError;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tungstenite::protocol::frame::coding::CloseCode;

use super::outlet::{NotPushed, Outlet, PING};
use super::topics::Topic;
use crate::faults::{Disturbance, Plan};

/// Words that may wait for a session: an answer, since there is one order at a time, and the end.
pub(super) const MAILBOX_WORDS: usize = 2;

/// Pings in a row that a client may leave unanswered.
const PINGS_UNANSWERED_MAX: u64 = 3;

/// Time for a session to say goodbye before it is cut off.
const GOODBYE_MS: u64 = 5_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct SessionId(pub(super) u64);

/// What the publisher tells a session.
#[derive(Debug)]
pub(super) enum Word {
    /// Its order is carried out, and the client has its answer; or why it is not.
    Answered(Result<(), StreamError>),
    /// The end.
    Goodbye(Goodbye),
}

/// A close code with its reason.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goodbye {
    pub(super) code: CloseCode,
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
    /// Goes with the session.
    pub(super) outlet: Weak<Outlet>,
    /// Cuts the session off when dropped.
    pub(super) mailbox: mpsc::Sender<Word>,
    pub(super) signs: Arc<Signs>,
}

/// A session as the publisher knows it. Dropping it cuts the session off.
#[derive(Debug)]
pub(super) struct Member {
    outlet: Weak<Outlet>,
    mailbox: mpsc::Sender<Word>,
    signs: Arc<Signs>,
    joined: Timestamp,
    heard: Timestamp,
    pinged: Timestamp,
    /// When it was told to end.
    ending: Option<Timestamp>,
    /// When something was pushed on a tick last.
    pub(super) pushed_at: Option<Instant>,
    pub(super) subscriptions: Vec<Subscription>,
    /// What faults have done to it, once there were some.
    pub(super) disturbance: Option<Box<Disturbance<Topic>>>,
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
    /// It does not read what it is sent.
    Slow,
}

impl Member {
    pub(super) fn new(new: NewMember, now: Timestamp) -> Self {
        let NewMember { outlet, mailbox, signs, .. } = new;
        Self {
            outlet,
            mailbox,
            signs,
            joined: now,
            heard: now,
            pinged: now,
            ending: None,
            pushed_at: None,
            subscriptions: Vec::new(),
            disturbance: None,
        }
    }

    /// Frames of earlier ticks that faults have held up until now.
    pub(super) fn release(&mut self, plan: Option<&Plan>, tick: u64, frames: &mut Vec<Bytes>) {
        if let Some(disturbance) = &mut self.disturbance {
            disturbance.release(plan, tick, frames);
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
            return self.dismiss(Goodbye { code: CloseCode::Policy, reason }, now);
        }
        if since(self.pinged) >= limits::STREAM_PING_INTERVAL_MS {
            self.pinged = now;
            return self.push(&[PING]);
        }
        Standing::Stays
    }

    /// Writes frames to the client, or to what waits for it. Nobody waits for whom too much waits.
    pub(super) fn push(&mut self, frames: &[Bytes]) -> Standing {
        let Some(outlet) = self.outlet.upgrade() else { return Standing::Gone };
        match outlet.push(frames) {
            Ok(()) => Standing::Stays,
            Err(NotPushed::Ended) => Standing::Ends,
            Err(NotPushed::Slow) => Standing::Slow,
        }
    }

    /// Tells its session something.
    pub(super) fn tell(&mut self, word: Word) -> Standing {
        match self.mailbox.try_send(word) {
            Ok(()) => Standing::Stays,
            Err(_) => Standing::Gone,
        }
    }

    /// Ends it with a word.
    pub(super) fn dismiss(&mut self, goodbye: Goodbye, now: Timestamp) -> Standing {
        self.ending = Some(now);
        match self.tell(Word::Goodbye(goodbye)) {
            Standing::Stays => Standing::Ends,
            gone => gone,
        }
    }

    /// A subscription counts as made.
    pub(super) fn has_subscribed(&self) {
        self.signs.subscribed.store(true, Ordering::Relaxed);
    }
}
