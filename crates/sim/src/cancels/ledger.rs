//! Every order and every hold, by events alone; and what each result must be.

use openmart_model::{
    AccountId, Amount, AssetId, CloseReason, Command, CommandResult, Event, Market, MarketId,
    Order, OrderId, Outcome, Price, Quantity, Reject, Side, Trade,
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

    /// What an account holds of an asset for its open orders.
    pub fn hold(&self, account: AccountId, asset: AssetId) -> Amount {
        Amount::new(self.holds[self.hold_place(account, asset)])
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

    fn follow(&mut self, command: &Command, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Placed(order) => self.place(command, order),
            Event::Traded(trade) => self.trade(trade),
            Event::Rested { order, price, remaining, .. } => self.rest(*order, *price, *remaining),
            Event::Closed { order, reason, rested } => self.close(command, order, *reason, *rested),
            _ => Ok(()),
        }
    }

    fn place(&mut self, command: &Command, order: &Order) -> Result<(), &'static str> {
        let Command::Place(wish) = command else { return Err("placed without being asked to") };
        if (wish.account, wish.market, wish.side) != (order.account, order.market, order.side) {
            return Err("another order than was asked for");
        }
        if order.id.0 != self.orders.len() as u64 + 1 {
            return Err("the id is not the next one");
        }
        self.orders.push(Known {
            // A market order never rests, so it needs no price.
            price: order.kind.price().unwrap_or(Price::new(0)),
            remaining: order.remaining(),
            account: order.account,
            place: 0,
            market: order.market,
            side: order.side,
            stage: Stage::Arriving,
            touched: false,
        });
        Ok(())
    }

    fn trade(&mut self, trade: &Trade) -> Result<(), &'static str> {
        self.tally.trades += 1;
        let (taker, maker) = (self.at(trade.taker_order)?, self.at(trade.maker_order)?);
        if self.orders[taker].stage != Stage::Arriving {
            return Err("a fill of an order that is not arriving");
        }
        if self.orders[maker].stage != Stage::Resting {
            return Err("a fill of an order that is not in the book");
        }
        self.hold_changes(maker, trade.quantity, false)?;
        for at in [taker, maker] {
            let known = &mut self.orders[at];
            let rest = known.remaining.checked_sub(trade.quantity);
            known.remaining = rest.ok_or("more was filled than remained")?;
            known.touched = true;
        }
        Ok(())
    }

    fn rest(&mut self, id: OrderId, price: Price, remaining: Quantity) -> Result<(), &'static str> {
        let at = self.at(id)?;
        let known = &mut self.orders[at];
        if known.stage != Stage::Arriving {
            return Err("entered the book a second time");
        }
        if (known.price, known.remaining) != (price, remaining) || remaining.is_zero() {
            return Err("rests with something else than remained");
        }
        known.stage = Stage::Resting;
        known.place = self.open.len() as u32;
        self.open.push(id.0);
        self.hold_changes(at, remaining, true)
    }

    fn close(
        &mut self,
        command: &Command,
        order: &Order,
        reason: CloseReason,
        rested: bool,
    ) -> Result<(), &'static str> {
        let at = self.at(order.id)?;
        let known = self.orders[at];
        if matches!(known.stage, Stage::Finished(_)) {
            return Err("an order ended twice");
        }
        if rested != (known.stage == Stage::Resting) {
            return Err("wrong about its having been in the book");
        }
        if order.remaining() != known.remaining {
            return Err("ended with something else than remained");
        }
        let right = match reason {
            CloseReason::Filled => known.remaining.is_zero(),
            CloseReason::Canceled => {
                rested && is_asked_for(command, &known) && {
                    !matches!(command, Command::Cancel { order: asked, .. } if *asked != order.id)
                }
            }
            CloseReason::Expired => !rested,
            CloseReason::SelfTrade => {
                matches!(command, Command::Place(wish) if wish.account == known.account)
            }
        };
        if !right || (known.remaining.is_zero() && reason != CloseReason::Filled) {
            return Err("ended for a wrong reason");
        }
        if rested {
            self.hold_changes(at, known.remaining, false)?;
            self.open.swap_remove(known.place as usize);
            if let Some(moved) = self.open.get(known.place as usize) {
                let moved = *moved as usize - 1;
                self.orders[moved].place = known.place;
            }
        }
        self.orders[at].stage = Stage::Finished(reason);
        Ok(())
    }

    fn hold_changes(
        &mut self,
        at: usize,
        quantity: Quantity,
        more: bool,
    ) -> Result<(), &'static str> {
        let known = &self.orders[at];
        let market = &self.markets[known.market.index()];
        let (asset, amount) = match known.side {
            Side::Sell => (market.spec.base, market.base_amount(quantity)),
            Side::Buy => {
                let notional = market.notional(known.price, quantity);
                (market.spec.quote, notional.ok_or("a hold beyond counting")?)
            }
        };
        let place = self.hold_place(known.account, asset);
        let hold = &mut self.holds[place];
        let units = amount.units();
        let changed = if more { hold.checked_add(units) } else { hold.checked_sub(units) };
        *hold = changed.ok_or("more is freed than is held")?;
        Ok(())
    }

    fn hold_place(&self, account: AccountId, asset: AssetId) -> usize {
        account.0 as usize * self.assets + asset.index()
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
mod tests {
    use openmart_model::{NewOrder, OrderKind, TimeInForce, Timestamp, TradeId};

    use super::*;
    use crate::cancels::markets;

    const OWNER: AccountId = AccountId(1);
    const CANCEL: Command = Command::Cancel { account: OWNER, order: OrderId(1) };

    fn order(id: u64, side: Side, quantity: u64) -> (Command, Order) {
        let (price, quantity) = (Price::new(100), Quantity::new(quantity));
        let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
        let (account, market, client_id) = (OWNER, MarketId(0), None);
        let place = Command::Place(NewOrder { account, market, side, kind, client_id });
        let (filled, notional, fees) = (Quantity::ZERO, Amount::ZERO, Amount::ZERO);
        let (id, time) = (OrderId(id), Timestamp(0));
        let order =
            Order { id, account, market, side, kind, client_id, time, filled, notional, fees };
        (place, order)
    }

    fn rested(order: &Order) -> Event {
        let Order { id, market, side, .. } = *order;
        let (price, remaining) = (Price::new(100), order.remaining());
        Event::Rested { order: id, market, side, price, remaining }
    }

    fn fill(taker: u64, quantity: u64) -> Event {
        Event::Traded(Trade {
            id: TradeId(1),
            market: MarketId(0),
            price: Price::new(100),
            quantity: Quantity::new(quantity),
            notional: Amount::ZERO,
            taker_side: Side::Buy,
            taker_order: OrderId(taker),
            taker_account: OWNER,
            taker_fee: Amount::ZERO,
            maker_order: OrderId(1),
            maker_account: OWNER,
            maker_fee: Amount::ZERO,
        })
    }

    /// A ledger with one resting order of five lots, which is then canceled or not.
    fn ledger(canceled: bool) -> (Ledger, Order) {
        let mut ledger = Ledger::new(markets(), 3);
        let (place, order) = order(1, Side::Sell, 5);
        let placed = Ok(Outcome::Placed { order: order.id, duplicate: false });
        ledger.apply(&place, &placed, &[Event::Placed(order), rested(&order)]).unwrap();
        assert!(!ledger.hold(OWNER, AssetId(0)).is_zero());
        if canceled {
            let (result, closed) = cancel(&order);
            ledger.apply(&CANCEL, &result, &[closed]).unwrap();
            assert!(ledger.hold(OWNER, AssetId(0)).is_zero());
        }
        (ledger, order)
    }

    fn cancel(order: &Order) -> (CommandResult, Event) {
        let remaining = order.remaining();
        let closed = Event::Closed { order: *order, reason: CloseReason::Canceled, rested: true };
        (Ok(Outcome::Canceled { order: order.id, remaining }), closed)
    }

    fn refused(told: Result<(), String>, why: &str) {
        let what = told.expect_err(why);
        assert!(what.contains(why), "{what}");
    }

    #[test]
    fn a_fill_after_a_cancel_is_found() {
        for (canceled, lots, why) in [(true, 1, "not in the book"), (false, 6, "more")] {
            let (mut ledger, _) = ledger(canceled);
            let (place, taker) = order(2, Side::Buy, 8);
            let placed = Ok(Outcome::Placed { order: taker.id, duplicate: false });
            refused(ledger.apply(&place, &placed, &[Event::Placed(taker), fill(2, lots)]), why);
        }
    }

    #[test]
    fn a_second_end_is_found() {
        let (mut ledger, order) = ledger(true);
        let closed = Event::Closed { order, reason: CloseReason::SelfTrade, rested: true };
        let (place, _) = self::order(2, Side::Buy, 1);
        refused(ledger.apply(&place, &Ok(Outcome::Done), &[closed]), "ended twice");
    }

    #[test]
    fn results_that_are_not_so_are_found() {
        let (mut open, order) = ledger(false);
        refused(open.apply(&CANCEL, &Err(Reject::OrderNotOpen), &[]), "the truth Ok");
        let (result, closed) = cancel(&order);
        refused(open.apply(&CANCEL, &result, &[]), "something else");
        let (mut gone, _) = ledger(true);
        refused(gone.apply(&CANCEL, &result, &[closed]), "OrderNotOpen");
        refused(gone.apply(&CANCEL, &Err(Reject::UnknownAccount), &[]), "OrderNotOpen");
        let nobody = Command::Cancel { account: AccountId(3), order: order.id };
        refused(gone.apply(&nobody, &Err(Reject::OrderNotOpen), &[]), "UnknownAccount");
        refused(gone.apply(&CANCEL, &Err(Reject::OrderNotOpen), &[closed]), "a refusal has");
    }

    #[test]
    fn an_order_left_behind_is_found() {
        let (mut ledger, _) = ledger(false);
        let (place, order) = order(2, Side::Buy, 1);
        let placed = Ok(Outcome::Placed { order: order.id, duplicate: false });
        refused(ledger.apply(&place, &placed, &[Event::Placed(order)]), "neither rests");
    }

    #[test]
    fn a_cancel_all_that_leaves_something_is_found() {
        let (mut ledger, _) = ledger(false);
        let all = Command::CancelAll { account: OWNER, market: None, side: None };
        let done = |orders| Ok(Outcome::CanceledAll { orders });
        refused(ledger.apply(&all, &done(0), &[]), "the truth");
        refused(ledger.apply(&all, &done(1), &[]), "left an order");
    }
}
