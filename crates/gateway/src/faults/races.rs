//! Races on demand: what may happen between an order, its fill, its cancel and the answers, made to
//! happen in a given order.
//!
//! What enters: races to arm, and the orders and cancels of everybody while one waits. What leaves:
//! the same commands and those of the [`House`], submitted one after the other as the race wants it.
//! Nothing waits for time: what must come first is awaited.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openmart_exchange::{Exchange, Receipt, SubmitError};
use openmart_model::{AccountId, Command, KeyId, MarketId, NewOrder, OrderId, Outcome, Side};
use openmart_wire::admin::races::{
    ArmRace, OVER_MAX, Race, RaceKind, RaceList, RaceState, WAITING_MAX,
};

use super::house::House;
use super::problem::RaceError;
use super::{Pushes, key_of};
use crate::site::Site;

/// How long an answer waits for the stream, which has a tick every quarter of a second. Only for the
/// case that it never comes.
const PUSH_WAIT_MAX: Duration = Duration::from_secs(10);

/// What part of an order is filled when it is not said.
const PART_PERCENT: u8 = 50;

#[derive(Debug)]
pub(crate) struct Races {
    exchange: Exchange,
    house: House,
    book: Mutex<Book>,
    /// Those that are not over.
    waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct Book {
    last_id: u64,
    waiting: Vec<Entry>,
    over: VecDeque<Race>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: KeyId,
    /// Whose order it is about, once there is one.
    account: Option<AccountId>,
    race: Race,
}

impl Races {
    pub(super) fn new(exchange: Exchange) -> Self {
        let house = House::new(exchange.clone());
        Self { exchange, house, book: Mutex::default(), waiting: AtomicUsize::new(0) }
    }

    pub(crate) fn any_waits(&self) -> bool {
        self.waiting() > 0
    }

    /// How many are not over.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn arm(&self, arm: &ArmRace) -> Result<Race, RaceError> {
        let key = key_of(&self.exchange, &arm.key);
        let key = key.ok_or_else(|| RaceError::UnknownKey(arm.key.clone()))?;
        let (default, max) = match arm.race {
            RaceKind::PartialBeforeCancel => (PART_PERCENT, 99),
            RaceKind::EventBeforeResponse => (100, 100),
            // What these do is all or nothing.
            RaceKind::FillBeforeCancel | RaceKind::CancelBeforeFill => (100, 100),
        };
        let percent = arm.percent.unwrap_or(default);
        let whole = matches!(arm.race, RaceKind::FillBeforeCancel | RaceKind::CancelBeforeFill);
        if percent == 0 || percent > max || whole && percent != 100 {
            return Err(RaceError::Percent { max, whole });
        }
        let mut book = self.lock();
        if book.waiting.len() >= WAITING_MAX {
            return Err(RaceError::TooMany);
        }
        book.last_id += 1;
        let race = Race {
            id: book.last_id,
            key: arm.key.clone(),
            race: arm.race,
            percent,
            state: RaceState::Armed,
            order: None,
            house_orders: Vec::new(),
            reason: None,
        };
        book.waiting.push(Entry { key, account: None, race: race.clone() });
        self.count(&book);
        tracing::warn!(
            id = race.id,
            race = ?race.race,
            key = %race.key,
            "RACE ARMED for the next order of a key, because the operator asked for it"
        );
        Ok(race)
    }

    pub(super) fn list(&self) -> RaceList {
        let book = self.lock();
        let waiting = book.waiting.iter().map(|entry| &entry.race);
        let mut races: Vec<Race> = book.over.iter().chain(waiting).cloned().collect();
        races.sort_unstable_by_key(|race| race.id);
        RaceList { races }
    }

    pub(super) fn clear(&self) {
        let mut book = self.lock();
        book.waiting.retain(|entry| entry.race.state == RaceState::Running);
        book.over.clear();
        self.count(&book);
        tracing::warn!("races are forgotten");
    }

    /// The oldest race that waits for an order of this key.
    fn take_armed(&self, key: KeyId) -> Option<Race> {
        self.take(|entry| entry.key == key && entry.race.state == RaceState::Armed)
    }

    /// The race about this order, if it waits for the cancel, and this account's is one.
    fn take_placed(&self, account: AccountId, order: OrderId) -> Option<Race> {
        self.take(|entry| {
            entry.race.order == Some(order.0)
                && entry.account == Some(account)
                && entry.race.state == RaceState::Placed
        })
    }

    /// The races about orders that a cancel-all is about to meet.
    fn take_met(
        &self,
        account: AccountId,
        market: Option<MarketId>,
        side: Option<Side>,
    ) -> Vec<Race> {
        let waiting = |entry: &&Entry| {
            entry.account == Some(account) && entry.race.state == RaceState::Placed
        };
        let book = self.lock();
        let orders = book.waiting.iter().filter(waiting).filter_map(|entry| entry.race.order);
        let orders: Vec<OrderId> = orders.map(OrderId).collect();
        drop(book);
        let is_met = |order: &OrderId| {
            self.exchange.view(|state| {
                state.engine().order(*order).is_some_and(|order| {
                    market.is_none_or(|market| market == order.market)
                        && side.is_none_or(|side| side == order.side)
                })
            })
        };
        let met = orders.into_iter().filter(is_met);
        met.filter_map(|order| self.take_placed(account, order)).collect()
    }

    /// Nobody else takes it until it is put back.
    fn take(&self, is_meant: impl Fn(&Entry) -> bool) -> Option<Race> {
        let mut book = self.lock();
        let entry = book.waiting.iter_mut().find(|entry| is_meant(entry))?;
        let taken = entry.race.clone();
        entry.race.state = RaceState::Running;
        Some(taken)
    }

    fn put_back(&self, race: Race, account: Option<AccountId>) {
        let mut book = self.lock();
        if let Some(entry) = book.waiting.iter_mut().find(|entry| entry.race.id == race.id) {
            entry.race = race;
            entry.account = account;
        }
    }

    fn end(&self, mut race: Race, ended: Result<(), String>) {
        match ended {
            Ok(()) => race.state = RaceState::Done,
            Err(reason) => {
                race.state = RaceState::Missed;
                race.reason = Some(reason);
            }
        }
        tracing::warn!(
            id = race.id,
            race = ?race.race,
            state = ?race.state,
            order = race.order,
            reason = race.reason,
            "race over"
        );
        let mut book = self.lock();
        book.waiting.retain(|entry| entry.race.id != race.id);
        book.over.push_back(race);
        if book.over.len() > OVER_MAX {
            book.over.pop_front();
        }
        self.count(&book);
    }

    fn count(&self, book: &Book) {
        self.waiting.store(book.waiting.len(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // Whoever panicked here left whole entries.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries out what somebody wants, with the race that waits for it, if one does.
pub(crate) async fn carry_out(
    site: &Arc<Site>,
    key: KeyId,
    command: Command,
) -> Result<Receipt, SubmitError> {
    let races = &site.faults.races;
    if !races.any_waits() {
        return site.exchange.submit(command)?.await;
    }
    let taken = match &command {
        Command::Place(_) => Vec::from_iter(races.take_armed(key)),
        Command::Cancel { account, order } => Vec::from_iter(races.take_placed(*account, *order)),
        Command::CancelAll { account, market, side } => races.take_met(*account, *market, *side),
        _ => Vec::new(),
    };
    if taken.is_empty() {
        return site.exchange.submit(command)?.await;
    }
    // Apart, so that a client who goes away does not leave half a race.
    let running = site.clone();
    let run = tokio::spawn(async move { run(&running, taken, command).await });
    run.await
        .unwrap_or_else(|error| Err(SubmitError::InDoubt { reason: Arc::from(error.to_string()) }))
}

async fn run(site: &Site, mut taken: Vec<Race>, command: Command) -> Result<Receipt, SubmitError> {
    let races = &site.faults.races;
    let receipt = match (command, taken.pop()) {
        (Command::Place(order), Some(race)) => races.place(race, order, &site.faults.pushes).await,
        (command, last) => {
            taken.extend(last);
            races.cancel(taken, command).await
        }
    };
    site.faults.look_again();
    receipt
}

impl Races {
    async fn place(
        &self,
        mut race: Race,
        wish: NewOrder,
        pushes: &Pushes,
    ) -> Result<Receipt, SubmitError> {
        let submitted = self.exchange.execute(Command::Place(wish)).await;
        let order = match &submitted {
            Ok(Receipt { result: Ok(Outcome::Placed { order, duplicate: false }), .. }) => *order,
            // There is no order yet.
            _ => {
                self.put_back(race, None);
                return submitted;
            }
        };
        race.order = Some(order.0);
        if race.race != RaceKind::EventBeforeResponse {
            race.state = RaceState::Placed;
            self.put_back(race, Some(wish.account));
            return submitted;
        }
        // One that was filled at once needs nobody else.
        let is_open = self.exchange.view(|state| state.engine().order(order).is_some());
        let filled = match is_open {
            true => self.house.fill(order, race.percent, &mut race.house_orders).await,
            false => Ok(()),
        };
        let pushed = tokio::time::timeout(PUSH_WAIT_MAX, pushes.told()).await;
        let pushed = pushed.map_err(|_| "the stream did not push in time".to_owned());
        self.end(race, filled.and(pushed));
        submitted
    }

    /// Cancels one order or many, each with its race.
    async fn cancel(&self, races: Vec<Race>, command: Command) -> Result<Receipt, SubmitError> {
        let order_of = |race: &Race| OrderId(race.order.unwrap_or_default());
        let mut over = Vec::new();
        let mut takers = Vec::new();
        let is_after = |race: &Race| race.race == RaceKind::CancelBeforeFill;
        let (after, before): (Vec<Race>, Vec<Race>) = races.into_iter().partition(is_after);
        for mut race in before {
            let order = order_of(&race);
            let filled = self.house.fill(order, race.percent, &mut race.house_orders).await;
            over.push((race, filled));
        }
        for race in after {
            let taker = self.house.taker(order_of(&race)).await;
            takers.push((race, taker));
        }
        // Nothing is awaited in between: the takers are right behind the cancel.
        let canceled = self.exchange.submit(command);
        let mut sent = Vec::new();
        for (race, taker) in takers {
            let taker = match &canceled {
                Ok(_) => taker.and_then(|taker| self.house.submit(taker)),
                Err(error) => Err(error.to_string()),
            };
            sent.push((race, taker));
        }
        let canceled = async { canceled?.await }.await;
        for (mut race, taker) in sent {
            let placed = match taker {
                Ok(pending) => self.house.placed(pending).await,
                Err(reason) => Err(reason),
            };
            let ended = placed.map(|id| race.house_orders.push(id));
            over.push((race, ended));
        }
        for (race, ended) in over {
            self.end(race, ended);
        }
        canceled
    }
}
