//! Orders without end: placed, filled and canceled, around so many that rest.
//!
//! It is told what became of its orders only as a client is, and keeps nothing of those that are gone:
//! one that was filled meanwhile it learns about when its cancel is refused.

use openmart_model::{
    AccountId, ClientOrderId, Command, OrderId, OrderKind, Outcome, Price, Quantity, Side,
    TimeInForce,
};
use openmart_sim::random::Random;

use crate::venue::{ACCOUNTS, MARKETS, place};

const SEED: u64 = 20_261_122;

/// Orders in a hundred that take what is there, and are over.
const TAKES_PERCENT: u64 = 10;
/// A step of the price up or down, in so many hundredths of all orders.
const STEPS_PERCENT: u64 = 5;
const PRICE_START: u64 = 100_000;
/// A price wanders no lower; it would take days.
const PRICE_LEAST: u64 = 10_000;
/// Resting orders are up to so many ticks away from the price.
const DISTANCE: u64 = 64;

/// What a command was for.
pub(crate) enum Aim {
    Rest(AccountId),
    Take,
    Cancel,
}

/// What became of all of it.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Counts {
    /// Orders submitted, takes included.
    pub(crate) orders: u64,
    pub(crate) canceled: u64,
    /// Cancels that came too late: the order was filled.
    pub(crate) late: u64,
}

pub(crate) struct Flow {
    random: Random,
    pub(crate) resting: u64,
    client_ids_percent: u64,
    prices: Vec<u64>,
    /// What was placed, and is not known to be gone.
    open: Vec<(AccountId, OrderId)>,
    pub(crate) counts: Counts,
}

impl Flow {
    pub(crate) fn new(resting: u64, client_ids_percent: u64) -> Self {
        let prices = vec![PRICE_START; usize::from(MARKETS)];
        let random = Random::new(SEED);
        let (open, counts) = (Vec::new(), Counts::default());
        Self { random, resting, client_ids_percent, prices, open, counts }
    }

    /// The next command, when so many orders rest.
    pub(crate) fn next(&mut self, orders_open: u64) -> (Aim, Command) {
        let takes = orders_open * 2 > self.resting && self.random.percent(TAKES_PERCENT);
        // Each hundredth too few or too many moves the chance of placing by a tenth.
        let missing = (self.resting as i64 - orders_open as i64) * 1_000 / self.resting as i64;
        let places = (self.random.below(1_000) as i64) < 500 + 10 * missing;
        if !takes && !places && !self.open.is_empty() {
            let at = self.random.index(self.open.len());
            let (account, order) = self.open.swap_remove(at);
            return (Aim::Cancel, Command::Cancel { account, order });
        }
        self.counts.orders += 1;
        self.order(takes)
    }

    fn order(&mut self, takes: bool) -> (Aim, Command) {
        let random = &mut self.random;
        let account = random.below(u64::from(ACCOUNTS)) as u32;
        let market = random.below(u64::from(MARKETS)) as u16;
        let middle = &mut self.prices[usize::from(market)];
        if random.percent(2 * STEPS_PERCENT) {
            *middle = if random.percent(50) { *middle + 1 } else { *middle - 1 }.max(PRICE_LEAST);
        }
        let side = if random.percent(50) { Side::Buy } else { Side::Sell };
        let distance = 1 + random.below(DISTANCE);
        // Whoever takes goes as far beyond the middle as others stay before it.
        let price = match (side == Side::Buy) == takes {
            true => *middle + distance,
            false => *middle - distance,
        };
        let quantity = 1 + random.below(100);
        let named = random.percent(self.client_ids_percent);
        let name = || ClientOrderId::new(&format!("order-{}", self.counts.orders));
        let mut order =
            place(account, market, side, price, quantity, if named { name() } else { None });
        if takes {
            let time_in_force = TimeInForce::ImmediateOrCancel;
            let (price, quantity) = (Price::new(price), Quantity::new(quantity));
            order.kind = OrderKind::Limit { price, quantity, time_in_force };
            return (Aim::Take, Command::Place(order));
        }
        (Aim::Rest(AccountId(account)), Command::Place(order))
    }

    /// Takes in the outcome of a command.
    pub(crate) fn done(&mut self, aim: Aim, outcome: Option<Outcome>) {
        match (aim, outcome) {
            (Aim::Rest(account), Some(Outcome::Placed { order, .. })) => {
                self.open.push((account, order));
            }
            (Aim::Cancel, Some(_)) => self.counts.canceled += 1,
            (Aim::Cancel, None) => self.counts.late += 1,
            _ => {}
        }
    }
}
