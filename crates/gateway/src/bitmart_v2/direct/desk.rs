//! A desk: one task that serves many connections.
//!
//! What enters: fresh connections, their bells, answers of the exchange, the word to stop. What
//! leaves: turns for connections, and each connection when its business here is done. What it must
//! not know: requests and answers.
//!
//! Whoever rang has a turn, and all that they submit comes to the exchange together. Their answers
//! arrive in one inbox, under numbers that say whose they are.

use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use openmart_exchange::{Inbox, Numbered, Receipt, SubmitError};
use openmart_wire::bitmart_v2::ApiError;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, Sleep, sleep};

use super::super::answer::{Answer, Date};
use super::super::{Dialect, orders, routes};
use super::bells::Bells;
use super::connection::{Came, Connection, GROUP_MAX, Turn, guarded};
use crate::listener::{ConnectionLimits, Ending, Served};

/// Connections that have their turn before the desk gives way to other tasks: a millisecond.
const TURNS_MAX: usize = 256;

/// Longest time between two looks for connections whose time is over. A deadline is late by no
/// more than this, and by no more than a quarter of what it allows.
const LOOK_INTERVAL_MAX: Duration = Duration::from_millis(250);

/// Shortest time between two looks.
const LOOK_INTERVAL_MIN: Duration = Duration::from_millis(1);

/// A connection that is to be served.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) stream: TcpStream,
    pub(super) address: IpAddr,
    pub(super) limits: ConnectionLimits,
    /// Told when its business here is done.
    pub(super) done: oneshot::Sender<Served>,
}

/// One that is served.
struct Guest {
    connection: Connection,
    done: oneshot::Sender<Served>,
}

/// The answer to a request by its number.
type LateAnswer = (u32, Answer);

pub(super) struct Desk {
    dialect: Arc<Dialect>,
    /// The routes of orders and of cancels.
    routes: (usize, usize),
    newcomers: mpsc::UnboundedReceiver<Newcomer>,
    /// By place; nobody sits at a free one.
    guests: Vec<Option<Box<Guest>>>,
    free: Vec<u32>,
    bells: Arc<Bells>,
    /// Places whose turn it is.
    rung: Vec<u32>,
    inbox: Inbox,
    /// Answers that the inbox owes.
    owed: usize,
    arrived: Vec<Numbered>,
    /// Answers for which the past had to be asked.
    late: (mpsc::UnboundedSender<LateAnswer>, mpsc::UnboundedReceiver<LateAnswer>),
    date: Date,
    look_interval: Duration,
    stopping: bool,
}

impl Desk {
    pub(super) fn new(dialect: Arc<Dialect>, newcomers: mpsc::UnboundedReceiver<Newcomer>) -> Self {
        Self {
            dialect,
            routes: (routes::place_of_orders(), routes::place_of_cancels()),
            newcomers,
            guests: Vec::new(),
            free: Vec::new(),
            bells: Arc::default(),
            rung: Vec::new(),
            inbox: Inbox::new(),
            owed: 0,
            arrived: Vec::new(),
            // No more than there are requests under way.
            late: mpsc::unbounded_channel(),
            date: Date::default(),
            look_interval: LOOK_INTERVAL_MAX,
            stopping: false,
        }
    }

    /// Serves for ever: whoever opened the desk closes it.
    pub(super) async fn serve(mut self, mut stopping: watch::Receiver<Option<Ending>>) {
        let mut stop = pin!(async move {
            // An error means that the teller is gone, which is the end as well.
            let _ = stopping.wait_for(Option::is_some).await;
        });
        let mut alarm = pin!(sleep(LOOK_INTERVAL_MAX));
        poll_fn(|context| {
            if self.welcome(context) {
                let soon = Instant::now() + self.look_interval;
                if alarm.deadline() > soon {
                    alarm.as_mut().reset(soon);
                }
            }
            self.hear_of_stop(context, stop.as_mut());
            self.give_turns(context);
            self.look_for_overdue(context, alarm.as_mut());
            Poll::<()>::Pending
        })
        .await;
    }

    /// Seats those who have come. Whether there were any.
    fn welcome(&mut self, context: &mut Context<'_>) -> bool {
        let mut any = false;
        while let Poll::Ready(Some(newcomer)) = self.newcomers.poll_recv(context) {
            let Newcomer { stream, address, limits, done } = newcomer;
            let place = self.free.pop().unwrap_or_else(|| {
                self.guests.push(None);
                (self.guests.len() - 1) as u32
            });
            let quarter = limits.header_timeout / 4;
            self.look_interval = quarter.clamp(LOOK_INTERVAL_MIN, LOOK_INTERVAL_MAX);
            let bell = Bells::bell(&self.bells, place);
            let first_number = place * GROUP_MAX as u32;
            let now = Instant::now();
            let connection = Connection::new(stream, address, &limits, first_number, bell, now);
            self.guests[place as usize] = Some(Box::new(Guest { connection, done }));
            self.rung.push(place);
            any = true;
        }
        any
    }

    /// Everybody must hear of it: who has nothing under way ends.
    fn hear_of_stop(
        &mut self,
        context: &mut Context<'_>,
        stop: Pin<&mut impl Future<Output = ()>>,
    ) {
        if !self.stopping && stop.poll(context).is_ready() {
            self.stopping = true;
            self.rung.extend(0..self.guests.len() as u32);
        }
    }

    /// Serves whoever rang, until nobody does.
    fn give_turns(&mut self, context: &mut Context<'_>) {
        let now = Instant::now();
        self.date.look();
        let mut turns = 0;
        loop {
            self.take_answers(context);
            let _ = self.bells.poll_rung(context, &mut self.rung);
            if self.rung.is_empty() {
                return;
            }
            let Self { dialect, inbox, date, rung, guests, free, .. } = self;
            let (routes, stopping) = (self.routes, self.stopping);
            let turn = Turn { dialect, routes, inbox, date, now, stopping };
            let served = rung.len().min(TURNS_MAX);
            for place in rung.drain(..served) {
                let seat = &mut guests[place as usize];
                let Some(Guest { connection, .. }) = seat.as_deref_mut() else { continue };
                let owed_before = connection.owed();
                let came = catch_unwind(AssertUnwindSafe(|| connection.advance(&turn)));
                self.owed += connection.owed() - owed_before;
                part(seat, free, place, came.unwrap_or(Came::Broke));
            }
            turns += served;
            if turns >= TURNS_MAX {
                context.waker().wake_by_ref();
                return;
            }
        }
    }

    /// Gives out the answers that have come. Whoever has all of his has a turn.
    fn take_answers(&mut self, context: &mut Context<'_>) {
        while self.owed > 0 && self.inbox.poll_take(context, &mut self.arrived).is_ready() {
            self.owed -= self.arrived.len();
            let mut arrived = std::mem::take(&mut self.arrived);
            for (number, receipt) in arrived.drain(..) {
                self.tell(number, receipt);
            }
            self.arrived = arrived;
        }
        while let Poll::Ready(Some((number, answer))) = self.late.1.poll_recv(context) {
            self.give(number, answer);
        }
    }

    fn tell(&mut self, number: u32, receipt: Result<Receipt, SubmitError>) {
        let Some(attempt) = self.guest(number).and_then(|guest| guest.connection.attempt(number))
        else {
            return;
        };
        let dialect = &self.dialect;
        let told =
            catch_unwind(AssertUnwindSafe(|| orders::told_at_once(dialect, attempt, receipt)));
        match told {
            Ok(Ok(answer)) => self.give(number, answer),
            Ok(Err(refused)) => {
                let (dialect, late) = (self.dialect.clone(), self.late.0.clone());
                tokio::spawn(async move {
                    let answer = guarded(refused.explained(&dialect)).await;
                    // Without a desk there is no connection.
                    let _ = late.send((number, answer));
                });
            }
            Err(_) => self.give(number, Answer::from(ApiError::Internal)),
        }
    }

    fn give(&mut self, number: u32, answer: Answer) {
        let place = number / GROUP_MAX as u32;
        if let Some(guest) = self.guest(number)
            && guest.connection.take(number, answer)
        {
            self.rung.push(place);
        }
    }

    /// Whose answer has this number. He stays as long as answers are owed to him.
    fn guest(&mut self, number: u32) -> Option<&mut Guest> {
        self.guests[(number / GROUP_MAX as u32) as usize].as_deref_mut()
    }

    /// Parts with those whose time is over.
    fn look_for_overdue(&mut self, context: &mut Context<'_>, mut alarm: Pin<&mut Sleep>) {
        if self.guests.len() == self.free.len() {
            // With the next newcomer it is looked at again.
            return;
        }
        while alarm.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            for place in 0..self.guests.len() {
                if let Some(guest) = &self.guests[place] {
                    let came = guest.connection.overdue(now);
                    part(&mut self.guests[place], &mut self.free, place as u32, came);
                }
            }
            alarm.as_mut().reset(now + self.look_interval);
        }
    }
}

/// Lets a guest go whose business here is done.
fn part(seat: &mut Option<Box<Guest>>, free: &mut Vec<u32>, place: u32, came: Came) {
    if came == Came::Waits {
        return;
    }
    if let Some(guest) = seat.take() {
        // Answers may be on their way to one that broke: nobody else may get their numbers.
        if came != Came::Broke {
            free.push(place);
        }
        let Guest { connection, done } = *guest;
        let served = match came {
            Came::HandedOn => connection.hand_on(),
            Came::Waits | Came::Ended | Came::Broke => Served::Ended,
        };
        // Whoever asked has been cut off with everybody else.
        let _ = done.send(served);
    }
}
