//! Recorded books: what stands at each price, kept as orders of two accounts, one for each side.
//!
//! A level stands as recorded, less what others have taken from it. That stays taken whatever the recording says
//! next about the level, until it says that the level is gone.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use openmart_engine::Engine;
use openmart_model::{
    AccountId, Command, CommandResult, MarketId, NewOrder, OrderId, Outcome, Price, Quantity, Side,
    TimeInForce,
};

use super::{Pair, funded};
use crate::recording::Record;
use crate::setup::SetupError;
use crate::{Batch, Source};

/// Who has the bids, who has the asks.
const NAMES: [&str; 2] = ["recorded-bids", "recorded-asks"];

/// Changes of one moment that are carried out together; more of them make several batches.
const CHANGES_MAX: usize = 1_000;

/// The book of one market.
#[derive(Debug)]
pub struct ReplayBooks<R> {
    records: R,
    /// A record that was read and belongs to a later moment.
    coming: Option<Record>,
    pair: Pair,
    begin_us: u64,
    now_us: u64,
    /// Bids best first, then asks best first.
    levels: BTreeMap<Place, Level>,
    /// Those that the present moment changes, once their cancels are under way.
    changed: Option<Vec<Place>>,
    /// What the last batch asked for, and for which level.
    asked: Vec<(Command, Option<Place>)>,
}

/// Where a level stands: 0 for bids and the price counted down, 1 for asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place(usize, u64);

#[derive(Default, Debug)]
struct Level {
    recorded: u64,
    /// What others have taken of it.
    taken: u64,
    /// Our orders, oldest first, with what they had left when we last looked.
    orders: Vec<(OrderId, u64)>,
}

impl Place {
    fn new(side: Side, price: Price) -> Self {
        match side {
            Side::Buy => Self(0, u64::MAX - price.ticks()),
            Side::Sell => Self(1, price.ticks()),
        }
    }

    fn side(self) -> Side {
        if self.0 == 0 { Side::Buy } else { Side::Sell }
    }

    fn price(self) -> Price {
        Price::new(if self.0 == 0 { u64::MAX - self.1 } else { self.1 })
    }
}

impl Level {
    fn standing(&self) -> u64 {
        self.orders.iter().map(|(_, lots)| lots).sum()
    }

    fn wanted(&self) -> u64 {
        self.recorded.saturating_sub(self.taken)
    }

    /// Finds out what others have taken since we last looked.
    fn look(&mut self, engine: &Engine) {
        let Self { orders, taken, .. } = self;
        orders.retain_mut(|(order, lots)| {
            let left = engine.order(*order).map_or(0, |order| order.remaining().lots());
            *taken = taken.saturating_add(lots.saturating_sub(left));
            *lots = left;
            left > 0
        });
    }

    /// The newest orders, as many as must go so that no more stands than wanted. The last of them may take too
    /// much with it, which is placed again.
    fn surplus(&self) -> Vec<OrderId> {
        let (mut standing, wanted) = (self.standing(), self.wanted());
        let mut surplus = Vec::new();
        for (order, lots) in self.orders.iter().rev() {
            if standing <= wanted {
                break;
            }
            standing -= lots;
            surplus.push(*order);
        }
        surplus
    }

    /// An order is gone, and so much of it was still there.
    fn canceled(&mut self, order: OrderId, left: u64) {
        let Some(at) = self.orders.iter().position(|(own, _)| *own == order) else { return };
        let (_, lots) = self.orders.remove(at);
        self.taken = self.taken.saturating_add(lots.saturating_sub(left));
    }
}

impl<R: Iterator<Item = Record>> ReplayBooks<R> {
    /// Records in the units of the market, the first of which is due at once.
    ///
    /// # Errors
    /// If there is no such market, or one of the two accounts is somebody's.
    pub fn new(
        records: R,
        market: MarketId,
        begin_us: u64,
        engine: &Engine,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            records,
            coming: None,
            pair: Pair::new(market, NAMES, engine)?,
            begin_us,
            now_us: 0,
            levels: BTreeMap::new(),
            changed: None,
            asked: Vec::new(),
        })
    }

    fn account(&self, side: Side) -> Option<AccountId> {
        self.pair.accounts.map(|accounts| accounts[side.index()])
    }

    /// Reads the changes of the next moment. The places that they change, best first; nothing at the end.
    fn read_moment(&mut self, engine: &Engine) -> Option<Vec<Place>> {
        let first = self.coming.take().or_else(|| self.records.next())?;
        let mut changed = BTreeMap::new();
        let mut record = Some(first);
        while let Some(Record { time_us, side, price, quantity }) = record {
            if time_us != first.time_us || changed.len() >= CHANGES_MAX {
                self.coming = record;
                break;
            }
            changed.insert(Place::new(side, price), quantity.lots());
            record = self.records.next();
        }
        self.now_us = first.time_us.saturating_sub(self.begin_us);
        for (place, lots) in &changed {
            let level = self.levels.entry(*place).or_default();
            level.look(engine);
            level.recorded = *lots;
        }
        Some(changed.into_keys().collect())
    }

    fn cancels(&mut self, changed: &[Place]) -> Vec<Command> {
        self.asked.clear();
        for place in changed {
            let (Some(account), Some(level)) = (self.account(place.side()), self.levels.get(place))
            else {
                continue;
            };
            let cancels = level.surplus().into_iter();
            let cancels = cancels.map(|order| (Command::Cancel { account, order }, Some(*place)));
            self.asked.extend(cancels);
        }
        self.asked.iter().map(|(command, _)| command.clone()).collect()
    }

    fn additions(&mut self, changed: Vec<Place>, engine: &Engine) -> Vec<Command> {
        let mut orders: Vec<NewOrder> = Vec::new();
        for place in changed {
            let Some(level) = self.levels.get_mut(&place) else { continue };
            if level.recorded == 0 && level.orders.is_empty() {
                self.levels.remove(&place);
                continue;
            }
            let lots = level.wanted().saturating_sub(level.standing());
            let (side, price) = (place.side(), place.price());
            if let (Some(account), true) = (self.account(side), lots > 0) {
                let quantity = Quantity::new(lots);
                orders.push(self.pair.order(account, side, price, quantity, TimeInForce::GTC));
            }
        }
        let place_of = |command: &Command| match command {
            Command::Place(NewOrder { side, kind, .. }) => {
                kind.price().map(|price| Place::new(*side, price))
            }
            _ => None,
        };
        let commands = funded(orders, engine);
        self.asked = commands.iter().map(|command| (command.clone(), place_of(command))).collect();
        commands
    }
}

impl<R: Iterator<Item = Record>> Source for ReplayBooks<R> {
    fn next(&mut self, engine: &Engine) -> Option<Batch> {
        if self.pair.accounts.is_none() {
            let commands = self.pair.open(engine);
            return Some(Batch { due_us: self.now_us, commands });
        }
        // Additions are worked out once it is known what the cancels still found.
        let changed = match self.changed.take() {
            Some(changed) => changed,
            None => {
                let changed = self.read_moment(engine)?;
                let commands = self.cancels(&changed);
                if !commands.is_empty() {
                    self.changed = Some(changed);
                    return Some(Batch { due_us: self.now_us, commands });
                }
                changed
            }
        };
        let commands = self.additions(changed, engine);
        Some(Batch { due_us: self.now_us, commands })
    }

    fn answered(&mut self, answers: &[Option<CommandResult>]) {
        for ((command, place), answer) in self.asked.drain(..).zip(answers) {
            let level = place.and_then(|place| self.levels.get_mut(&place));
            let (Some(level), Some(answer)) = (level, answer) else { continue };
            match (command, answer) {
                (Command::Cancel { order, .. }, Ok(Outcome::Canceled { remaining, .. })) => {
                    level.canceled(order, remaining.lots());
                }
                (Command::Cancel { order, .. }, Err(_)) => level.canceled(order, 0),
                (Command::Place(order), Ok(Outcome::Placed { order: id, .. })) => {
                    let lots = order.kind.quantity().map_or(0, Quantity::lots);
                    level.orders.push((*id, lots));
                }
                _ => {}
            }
        }
    }
}
