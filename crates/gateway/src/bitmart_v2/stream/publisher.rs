//! The one task that knows who subscribed to what, and pushes on every tick.
//!
//! What enters: orders of sessions, ticks, the state and the events of the exchange. What leaves:
//! frames into outlets, and words to sessions. The exchange is asked once for each topic, a frame is
//! made once for each version, and nothing here waits for a client.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use openmart_exchange::{Clock, Exchange};
use openmart_model::Timestamp;
use openmart_wire::bitmart_v2::limits;
use openmart_wire::bitmart_v2::stream::{ChannelRequest, StreamError};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendError;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tungstenite::protocol::frame::coding::CloseCode;

use super::members::{Goodbye, Member, NewMember, SessionId, Standing, Subscription, Word};
use super::topics::{Open, Topic};
use super::trades::NewTrades;
use crate::faults::{Due, Plan};
use crate::metrics::Requests;
use crate::site::Site;
use crate::ticks::TickSource;

/// Orders that may wait. A session waits with its next one for the answer to the last.
const ORDERS_MAX: usize = 1_024;

/// Sessions that are served before requests get their turn: a tick must not be felt by who cancels
/// at that moment. A write to a socket takes about as long as a cancel.
const SESSIONS_PER_TURN: usize = 8;

/// How often events are taken in between ticks, so that they do not pile up.
const TAKE_IN_INTERVAL: Duration = Duration::from_millis(5);

/// Trades were missed, which must not be passed over.
const TRADES_MISSED: Goodbye =
    Goodbye { code: CloseCode::Again, reason: "trades were missed, connect again" };

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
        echo: Bytes,
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

/// What all members have in common on a tick.
#[derive(Clone, Copy)]
struct Tick<'a> {
    number: u64,
    now: Timestamp,
    /// What is to be done to frames.
    plan: Option<&'a Plan>,
}

pub(super) struct Publisher {
    exchange: Exchange,
    clock: Arc<dyn Clock>,
    pace_clock: Arc<dyn Clock>,
    orders: mpsc::Receiver<Order>,
    members: BTreeMap<SessionId, Member>,
    topics: HashMap<Topic, Open>,
    trades: NewTrades,
    counts: Requests,
    site: Arc<Site>,
    /// The number of the last tick.
    tick: u64,
}

impl Publisher {
    /// Starts it as a task of its own.
    pub(super) fn start(site: &Arc<Site>) -> Orders {
        site.faults.pushes.begin(0);
        let (sender, orders) = mpsc::channel(ORDERS_MAX);
        let publisher = Self {
            exchange: site.exchange.clone(),
            clock: site.options.clock.clone(),
            pace_clock: site.options.pace_clock.clone(),
            orders,
            members: BTreeMap::new(),
            topics: HashMap::new(),
            trades: NewTrades::new(site.options.stream_updates_max),
            counts: site.requests.clone(),
            site: site.clone(),
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
                    self.push(ticks.gap()).await;
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
                self.counts.stream().connections.set(self.members.len());
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

    fn answer(&mut self, session: SessionId, answer: Result<Bytes, StreamError>) {
        let Some(member) = self.members.get_mut(&session) else { return };
        let pushed = match &answer {
            Ok(frame) => member.push(std::slice::from_ref(frame)),
            Err(_) => Standing::Stays,
        };
        let told = member.tell(Word::Answered(answer.map(|_| ())));
        self.follow_up(session, if pushed == Standing::Stays { told } else { pushed });
    }

    /// Removes a session that does not stay.
    fn follow_up(&mut self, session: SessionId, standing: Standing) {
        match standing {
            Standing::Stays | Standing::Ends => return,
            Standing::Gone => {}
            Standing::Slow => {
                tracing::debug!("a slow reader of the stream is cut off");
                self.counts.stream().cut_off.add(1);
            }
        }
        if let Some(member) = self.members.remove(&session) {
            self.counts.stream().connections.set(self.members.len());
            self.release(member.subscriptions);
        }
    }

    /// Adds a subscription, or takes up one that is there; the first push.
    fn subscribe(
        &mut self,
        session: SessionId,
        request: &ChannelRequest,
    ) -> Result<Bytes, StreamError> {
        let found = self.exchange.view(|state| Topic::find(state.engine(), request));
        let (topic, listed) = found?;
        let Some(member) = self.members.get_mut(&session) else { return Ok(Bytes::default()) };
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
                self.counts.stream().subscriptions.add(1);
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

    /// Closes topics that nobody subscribes to any more.
    fn release(&mut self, ended: Vec<Subscription>) {
        self.counts.stream().subscriptions.sub(ended.len());
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
        self.counts.stream().trades_missed.add(1);
        tracing::warn!("the stream missed trades; who follows them is disconnected");
        let now = self.pace_clock.now();
        for member in self.members.values_mut() {
            if member.subscriptions.iter().any(|subscription| subscription.topic.is_trades()) {
                // One that cannot be told is found gone on the next tick.
                let _ = member.dismiss(TRADES_MISSED, now);
            }
        }
    }

    /// Pushes what has changed to whom it concerns; to nobody sooner than `gap` after the last time.
    async fn push(&mut self, gap: Option<Duration>) {
        self.tick += 1;
        self.site.faults.pushes.begin(self.tick);
        let plan = self.site.faults.plan().filter(|plan| plan.has_frames());
        let plan = plan.as_deref();
        let now = self.clock.now();
        self.take_in_trades();
        for (topic, open) in &mut self.topics {
            open.forget_texts();
            if !topic.is_trades() {
                open.look(*topic, &self.exchange, now);
            }
        }
        let sessions: Vec<SessionId> = self.members.keys().copied().collect();
        let mut frames = Vec::new();
        for turn in sessions.chunks(SESSIONS_PER_TURN) {
            self.wait_for_turn(turn, gap).await;
            let (pace, began) = (self.pace_clock.now(), Instant::now());
            for session in turn {
                let Some(member) = self.members.get_mut(session) else { continue };
                let mut standing = member.look_after(pace);
                if standing == Standing::Stays {
                    frames.clear();
                    member.release(plan, self.tick, &mut frames);
                    let due = Tick { number: self.tick, now, plan };
                    Self::due(member, &mut self.topics, &self.trades, due, &mut frames);
                    if !frames.is_empty() {
                        standing = member.push(&frames);
                        member.pushed_at = Some(began);
                    }
                    if standing == Standing::Stays {
                        self.counts.stream().pushes.add(frames.len());
                    }
                }
                self.follow_up(*session, standing);
            }
        }
        self.trades.tick_over();
        self.site.faults.pushes.end(self.tick);
    }

    /// Lets requests go first, and sessions ask for something, until every session of a turn may be
    /// pushed to. A tick that took long under load is not made up for by a shorter gap.
    async fn wait_for_turn(&mut self, turn: &[SessionId], gap: Option<Duration>) {
        tokio::task::yield_now().await;
        while let Ok(order) = self.orders.try_recv() {
            self.carry_out(order);
        }
        let Some(gap) = gap else { return };
        let pushed = turn.iter().filter_map(|session| self.members.get(session)?.pushed_at).max();
        let Some(pushed) = pushed else { return };
        while let Ok(Some(order)) = timeout_at(pushed + gap, self.orders.recv()).await {
            self.carry_out(order);
        }
    }

    /// What a member has not seen yet.
    fn due(
        member: &mut Member,
        topics: &mut HashMap<Topic, Open>,
        trades: &NewTrades,
        tick: Tick<'_>,
        frames: &mut Vec<Bytes>,
    ) {
        let Tick { number: tick, now, plan } = tick;
        let Member { subscriptions, disturbance, .. } = member;
        for subscription in subscriptions {
            let topic = subscription.topic;
            let Some(open) = topics.get_mut(&topic) else { continue };
            if subscription.pushed_tick >= tick {
                continue;
            }
            let (seen, frame) = if topic.is_trades() {
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
            match plan {
                None => frames.push(frame),
                Some(plan) => {
                    let (channel, symbol) = (topic.channel(), open.listed.symbol());
                    let due = Due { topic, channel, symbol, tick };
                    disturbance.get_or_insert_default().pass(plan, &due, frame, frames);
                }
            }
        }
    }
}
