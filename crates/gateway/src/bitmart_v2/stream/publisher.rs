//! The one task that knows who subscribed to what, and pushes on every tick.
//!
//! What enters: orders of sessions, ticks, the state and the events of the exchange. What leaves:
//! deliveries into mailboxes. The exchange is asked once for each topic, a text is written once for
//! each version, and nothing here waits for a client.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use openmart_exchange::{Clock, Exchange};
use openmart_wire::bitmart_v2::limits;
use openmart_wire::bitmart_v2::stream::{ChannelRequest, StreamError};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendError;
use tokio::time::{MissedTickBehavior, interval};

use super::members::{Delivery, Goodbye, Member, NewMember, SessionId, Standing, Subscription};
use super::topics::{Open, Topic};
use super::trades::NewTrades;
use crate::site::Site;
use crate::ticks::TickSource;

/// Orders that may wait. A session waits with its next one for the answer to the last.
const ORDERS_MAX: usize = 1_024;

/// Sessions that are handed something before requests get their turn: a tick must not be felt by
/// who cancels at that moment.
const SESSIONS_PER_TURN: usize = 32;

/// How often events are taken in between ticks, so that they do not pile up.
const TAKE_IN_INTERVAL: Duration = Duration::from_millis(5);

/// Trades were missed, which must not be passed over.
const TRADES_MISSED: Goodbye = Goodbye { code: 1013, reason: "trades were missed, connect again" };

/// What a session wants.
#[derive(Debug)]
pub(super) enum Order {
    Join(NewMember),
    Subscribe {
        session: SessionId,
        request: ChannelRequest,
    },
    /// `echo` is the answer.
    Unsubscribe {
        session: SessionId,
        request: ChannelRequest,
        echo: Utf8Bytes,
    },
}

/// Where orders go. The publisher ends when the last of these is gone.
#[derive(Clone, Debug)]
pub(super) struct Orders {
    sender: mpsc::Sender<Order>,
    ids: Arc<AtomicU64>,
}

impl Orders {
    pub(super) fn next_id(&self) -> SessionId {
        SessionId(self.ids.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) async fn send(&self, order: Order) -> Result<(), SendError<Order>> {
        self.sender.send(order).await
    }
}

pub(super) struct Publisher {
    exchange: Exchange,
    clock: Arc<dyn Clock>,
    pace_clock: Arc<dyn Clock>,
    orders: mpsc::Receiver<Order>,
    members: BTreeMap<SessionId, Member>,
    topics: HashMap<Topic, Open>,
    trades: NewTrades,
    /// The number of the last tick.
    tick: u64,
}

impl Publisher {
    /// Starts it as a task of its own.
    pub(super) fn start(site: &Site) -> Orders {
        let (sender, orders) = mpsc::channel(ORDERS_MAX);
        let publisher = Self {
            exchange: site.exchange.clone(),
            clock: site.options.clock.clone(),
            pace_clock: site.options.pace_clock.clone(),
            orders,
            members: BTreeMap::new(),
            topics: HashMap::new(),
            trades: NewTrades::default(),
            tick: 0,
        };
        tokio::spawn(publisher.run(site.options.stream_ticks.start()));
        Orders { sender, ids: Arc::default() }
    }

    async fn run(mut self, mut ticks: TickSource) {
        let mut take_in = interval(TAKE_IN_INTERVAL);
        take_in.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                tick = ticks.next() => {
                    self.push().await;
                    tick.done(self.members.len());
                }
                _ = take_in.tick(), if self.trades.is_following() => self.take_in_trades(),
                order = self.orders.recv() => match order {
                    Some(order) => self.carry_out(order),
                    None => return,
                },
            }
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Join(member) => {
                let id = member.id;
                self.members.insert(id, Member::new(member, self.pace_clock.now()));
            }
            Order::Subscribe { session, request } => {
                let answer = self.subscribe(session, &request);
                self.answer(session, answer);
            }
            Order::Unsubscribe { session, request, echo } => {
                let answer = self.unsubscribe(session, &request).map(|()| echo);
                self.answer(session, answer);
            }
        }
    }

    fn answer(&mut self, session: SessionId, answer: Result<Utf8Bytes, StreamError>) {
        let Some(member) = self.members.get_mut(&session) else { return };
        if member.deliver(Delivery::Answer(answer)) == Standing::Gone {
            self.remove(session);
        }
    }

    /// Adds a subscription, or takes up one that is there; the first push.
    fn subscribe(
        &mut self,
        session: SessionId,
        request: &ChannelRequest,
    ) -> Result<Utf8Bytes, StreamError> {
        let found = self.exchange.view(|state| Topic::find(state.engine(), request));
        let (topic, listed) = found?;
        let Some(member) = self.members.get_mut(&session) else { return Ok(Utf8Bytes::default()) };
        let place = member.subscriptions.iter().position(|known| known.topic == topic);
        if place.is_none() && member.subscriptions.len() >= limits::STREAM_SUBSCRIPTIONS_MAX {
            return Err(StreamError::TooManySubscriptions);
        }
        let now = self.clock.now();
        let open = self.topics.entry(topic).or_insert_with(|| {
            if topic.is_trades() {
                self.trades.follow(topic.market);
            }
            Open::new(listed, topic, &self.exchange, now)
        });
        let (seen, first) = match topic.is_trades() {
            true => {
                let last = self.trades.last(&self.exchange, topic.market);
                let seen = last.first().map_or(0, |trade| trade.id.0);
                (seen, topic.trades_text(&open.listed, last.iter()))
            }
            false => {
                open.look(topic, &self.exchange, now);
                (open.version, open.fresh_text(topic, now))
            }
        };
        // It counts as the push of the coming tick, so that there is never more than one.
        let subscription = Subscription { topic, seen, pushed_tick: self.tick + 1 };
        match place {
            Some(place) => member.subscriptions[place] = subscription,
            None => {
                open.subscribers += 1;
                member.subscriptions.push(subscription);
            }
        }
        member.has_subscribed();
        Ok(first)
    }

    fn unsubscribe(
        &mut self,
        session: SessionId,
        request: &ChannelRequest,
    ) -> Result<(), StreamError> {
        let market = self.exchange.view(|state| state.engine().market_by_symbol(&request.symbol));
        let market = market.ok_or(StreamError::UnknownSymbol)?;
        let Some(member) = self.members.get_mut(&session) else { return Ok(()) };
        let meant = |subscription: &mut Subscription| {
            subscription.topic.market == market && subscription.topic.is_meant(request.channel)
        };
        let ended: Vec<Subscription> = member.subscriptions.extract_if(.., meant).collect();
        self.release(ended);
        Ok(())
    }

    fn remove(&mut self, session: SessionId) {
        if let Some(member) = self.members.remove(&session) {
            self.release(member.subscriptions);
        }
    }

    /// Closes topics that nobody subscribes to any more.
    fn release(&mut self, ended: Vec<Subscription>) {
        for Subscription { topic, .. } in ended {
            let Some(open) = self.topics.get_mut(&topic) else { continue };
            open.subscribers -= 1;
            if open.subscribers == 0 {
                self.topics.remove(&topic);
                if topic.is_trades() {
                    self.trades.unfollow(topic.market);
                }
            }
        }
    }

    fn take_in_trades(&mut self) {
        if self.trades.take_in().is_ok() {
            return;
        }
        tracing::warn!("the stream missed trades; who follows them is disconnected");
        let now = self.pace_clock.now();
        for member in self.members.values_mut() {
            if member.subscriptions.iter().any(|subscription| subscription.topic.is_trades()) {
                // One that cannot be told is found gone on the next tick.
                let _ = member.dismiss(TRADES_MISSED, now);
            }
        }
    }

    /// Pushes what has changed to whom it concerns.
    async fn push(&mut self) {
        self.tick += 1;
        let (now, pace) = (self.clock.now(), self.pace_clock.now());
        self.take_in_trades();
        for (topic, open) in &mut self.topics {
            open.forget_texts();
            if !topic.is_trades() {
                open.look(*topic, &self.exchange, now);
            }
        }
        let sessions: Vec<SessionId> = self.members.keys().copied().collect();
        for turn in sessions.chunks(SESSIONS_PER_TURN) {
            for session in turn {
                let Some(member) = self.members.get_mut(session) else { continue };
                let mut standing = member.look_after(pace);
                if standing == Standing::Stays {
                    let pushes = Self::due(member, &mut self.topics, &self.trades, self.tick, now);
                    if !pushes.is_empty() {
                        standing = member.deliver(Delivery::Pushes(pushes));
                    }
                }
                if standing == Standing::Gone {
                    self.remove(*session);
                }
            }
            tokio::task::yield_now().await;
        }
        self.trades.tick_over();
    }

    /// What a member has not seen yet.
    fn due(
        member: &mut Member,
        topics: &mut HashMap<Topic, Open>,
        trades: &NewTrades,
        tick: u64,
        now: openmart_model::Timestamp,
    ) -> Vec<Utf8Bytes> {
        let mut pushes = Vec::new();
        for subscription in &mut member.subscriptions {
            let topic = subscription.topic;
            let Some(open) = topics.get_mut(&topic) else { continue };
            if subscription.pushed_tick >= tick {
                continue;
            }
            let (seen, text) = if topic.is_trades() {
                let new = trades.after(topic.market, subscription.seen);
                let Some(newest) = new.last() else { continue };
                let write = |open: &Open| topic.trades_text(&open.listed, new.iter().rev());
                // Who has as many new ones has the same.
                (newest.id.0, open.text_of(new.len() as u64, write))
            } else {
                if subscription.seen == open.version {
                    continue;
                }
                let version = open.version;
                (version, open.text_of(version, |open| open.fresh_text(topic, now)))
            };
            subscription.seen = seen;
            subscription.pushed_tick = tick;
            pushes.push(text);
        }
        pushes
    }
}
