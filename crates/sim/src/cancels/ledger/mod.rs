//! Every order and every hold, by events alone; and what each result must be.

mod following;
mod holds;

use openmart_model::{
    AccountId, CloseReason, Command, CommandResult, Event, Market, MarketId, OrderId, Outcome,
    Price, Quantity, Reject, Side,
};

use super::Tally;

/// What was so of an order when a cancel came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truth {
    /// It is in the book.
    Open {
        /// What is not filled.
        remaining: Quantity,
        /// Whether something is.
        touched: bool,
    },
    /// It is this account's and has ended.
    Finished(CloseReason),
    /// It is somebody else's.
    Foreign,
    /// There is no such order, or not yet.
    NeverExisted,
    /// There is no such account.
    UnknownAccount,
}

/// What became of all orders.
#[derive(Debug)]
pub struct Ledger {
    markets: Vec<Market>,
    accounts: u32,
    assets: usize,
    /// By id, from 1 on.
    orders: Vec<Known>,
    /// Ids of those in the books, in no order.
    open: Vec<u64>,
    /// By account, then asset.
    holds: Vec<u128>,
    tally: Tally,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    price: Price,
    remaining: Quantity,
    account: AccountId,
    /// Its place in the list of open ones, while it is there.
    place: u32,
    market: MarketId,
    side: Side,
    stage: Stage,
    touched: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Of the command at hand: accepted, neither in the book nor ended.
    Arriving,
    Resting,
    Finished(CloseReason),
}

impl Ledger {
    /// Before the first order of these markets, with accounts from 0 up to a number.
    pub fn new(markets: Vec<Market>, accounts: u32) -> Self {
        let traded = markets.iter().flat_map(|market| [market.spec.base, market.spec.quote]);
        let assets = traded.map(|asset| asset.index() + 1).max().unwrap_or(0);
        let holds = vec![0; assets * accounts as usize];
        let (orders, open, tally) = (Vec::new(), Vec::new(), Tally::default());
        Self { markets, accounts, assets, orders, open, holds, tally }
    }

    /// Counts of all results so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Ids of the orders in the books, in no order.
    pub fn open(&self) -> &[u64] {
        &self.open
    }

    /// How many orders there have been.
    pub fn orders(&self) -> u64 {
        self.orders.len() as u64
    }

    /// Who owns an order that exists.
    pub fn owner(&self, order: u64) -> Option<AccountId> {
        self.known(OrderId(order)).map(|known| known.account)
    }

    /// What is so of an order, for this account.
    pub fn truth(&self, account: AccountId, order: OrderId) -> Truth {
        if account.0 >= self.accounts {
            return Truth::UnknownAccount;
        }
        let Some(known) = self.known(order) else { return Truth::NeverExisted };
        match known.stage {
            _ if known.account != account => Truth::Foreign,
            Stage::Finished(reason) => Truth::Finished(reason),
            _ => Truth::Open { remaining: known.remaining, touched: known.touched },
        }
    }

    /// Takes in the events of the next command and judges its result.
    ///
    /// # Errors
    ///
    /// What cannot be.
    pub fn apply(
        &mut self,
        command: &Command,
        result: &CommandResult,
        events: &[Event],
    ) -> Result<(), String> {
        self.tally.commands += 1;
        if result.is_err() && !events.is_empty() {
            return Err(format!("a refusal has events: {events:?}"));
        }
        let expected = self.expected(command);
        if let Some(expected) = expected
            && expected != *result
        {
            return Err(format!("the result is {result:?}, the truth {expected:?}"));
        }
        let before = self.orders.len();
        for event in events {
            self.follow(command, event).map_err(|what| format!("{what}: {event:?}"))?;
        }
        let placed = &self.orders[before..];
        if placed.iter().any(|known| known.stage == Stage::Arriving) {
            return Err("an order neither rests nor has ended".into());
        }
        match command {
            Command::Cancel { account, order } if result.is_ok() => {
                let done = self.truth(*account, *order) == Truth::Finished(CloseReason::Canceled);
                if !done || events.len() != 1 {
                    return Err(format!("a cancel did something else: {events:?}"));
                }
            }
            Command::CancelAll { .. } if self.of_cancel_all(command) > 0 => {
                return Err("a cancel-all left an order in the book".into());
            }
            _ => {}
        }
        Ok(())
    }

    /// What the result of a cancel must be; nothing for other commands.
    fn expected(&mut self, command: &Command) -> Option<CommandResult> {
        match *command {
            Command::Cancel { account, order } => {
                let truth = self.truth(account, order);
                self.tally.count(truth);
                Some(match truth {
                    Truth::Open { remaining, .. } => Ok(Outcome::Canceled { order, remaining }),
                    Truth::UnknownAccount => Err(Reject::UnknownAccount),
                    _ => Err(Reject::OrderNotOpen),
                })
            }
            Command::CancelAll { account, market, .. } => {
                self.tally.cancel_alls += 1;
                if account.0 >= self.accounts {
                    return Some(Err(Reject::UnknownAccount));
                }
                if market.is_some_and(|market| market.index() >= self.markets.len()) {
                    return Some(Err(Reject::UnknownMarket));
                }
                let orders = self.of_cancel_all(command);
                self.tally.canceled_by_all += u64::from(orders);
                Some(Ok(Outcome::CanceledAll { orders }))
            }
            _ => None,
        }
    }

    /// How many open orders a cancel-all is about.
    fn of_cancel_all(&self, command: &Command) -> u32 {
        let open = self.open.iter().filter_map(|id| self.known(OrderId(*id)));
        open.filter(|known| is_asked_for(command, known)).count() as u32
    }

    fn known(&self, order: OrderId) -> Option<&Known> {
        let at = usize::try_from(order.0.checked_sub(1)?).ok()?;
        self.orders.get(at)
    }

    fn at(&self, order: OrderId) -> Result<usize, &'static str> {
        let at = order.0.wrapping_sub(1) as usize;
        if at < self.orders.len() { Ok(at) } else { Err("an order that was never placed") }
    }
}

/// Whether a cancel or cancel-all is about this order, its id aside.
fn is_asked_for(command: &Command, known: &Known) -> bool {
    match *command {
        Command::Cancel { account, .. } => account == known.account,
        Command::CancelAll { account, market, side } => {
            account == known.account
                && market.is_none_or(|market| market == known.market)
                && side.is_none_or(|side| side == known.side)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
