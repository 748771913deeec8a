//! The house: an ordinary account that trades when a race asks for it.
//!
//! What enters: an order, and how much of it is to be filled. What leaves: orders of the house, each
//! a command like anybody's, paid for by deposits that are commands as well. So what a race leads to
//! is in the journal, and no unit of any asset comes from nowhere.

use openmart_exchange::{Exchange, Pending, State};
use openmart_model::{
    AccountId, Amount, AssetId, Command, Market, NewAccount, NewOrder, Order, OrderId, OrderKind,
    Outcome, Quantity, Side, TimeInForce,
};

/// The name of the account.
const NAME: &str = "openmart-house";

/// Orders that one fill may take. The first takes all that is better in the book; more are needed
/// only for what was there earlier at the same price, in portions of what is still wanted.
const ROUNDS_MAX: usize = 1_000;

/// Why the house could not do it, for whoever armed the race.
type Failure = String;

#[derive(Debug)]
pub(super) struct House {
    exchange: Exchange,
}

/// An order as it stands in the book.
struct Standing {
    order: Order,
    market: Market,
    /// Lots of its side at better prices, which any taker takes first.
    better: u64,
}

impl House {
    pub(super) fn new(exchange: Exchange) -> Self {
        Self { exchange }
    }

    /// Fills `percent` of what remains of an order; of a part, never all. Notes its own orders.
    pub(super) async fn fill(
        &self,
        order: OrderId,
        percent: u8,
        own: &mut Vec<u64>,
    ) -> Result<(), Failure> {
        let standing = self.standing(order).ok_or("the order was not open any more")?;
        let remaining = standing.order.remaining().lots();
        let left = remaining - part_of(&standing, percent)?;
        for _ in 0..ROUNDS_MAX {
            let Some(standing) = self.standing(order) else {
                return if left == 0 { Ok(()) } else { Err("somebody else closed it".to_owned()) };
            };
            let wanted = standing.order.remaining().lots().saturating_sub(left);
            if wanted == 0 {
                return Ok(());
            }
            // The market takes no less than its smallest order.
            let lots = wanted.saturating_add(standing.better);
            let lots = lots.max(standing.market.spec.quantity_min.lots());
            let taker = self.fund(&standing, lots).await?;
            own.push(self.placed(self.submit(taker)?).await?);
        }
        Err("too much in the book went before it".to_owned())
    }

    /// An order for all that remains of another, paid for, to be placed when the moment has come.
    pub(super) async fn taker(&self, order: OrderId) -> Result<NewOrder, Failure> {
        let standing = self.standing(order).ok_or("the order was not open any more")?;
        self.fund(&standing, standing.order.remaining().lots()).await
    }

    /// Sends an order of the house on its way, without waiting for it.
    pub(super) fn submit(&self, taker: NewOrder) -> Result<Pending, Failure> {
        self.exchange.submit(Command::Place(taker)).map_err(|error| error.to_string())
    }

    /// The id of an order of the house.
    pub(super) async fn placed(&self, pending: Pending) -> Result<u64, Failure> {
        let receipt = pending.await.map_err(|error| error.to_string())?;
        match receipt.result {
            Ok(Outcome::Placed { order, .. }) => Ok(order.0),
            Ok(_) => Err("the house's order had another outcome".to_owned()),
            Err(reject) => Err(format!("the house's order was refused: {reject}")),
        }
    }

    /// Makes the order that takes so many lots at the price of another, and sees to its funds.
    async fn fund(&self, standing: &Standing, lots: u64) -> Result<NewOrder, Failure> {
        let Standing { order, market, .. } = standing;
        let price = order.kind.price().ok_or("the order has no price")?;
        let quantity = Quantity::new(lots.min(market.spec.quantity_max.lots()));
        let side = order.side.opposite();
        let needed = match side {
            Side::Buy => {
                let notional = market.notional(price, quantity);
                (market.spec.quote, notional.ok_or("the order is worth too much")?)
            }
            Side::Sell => (market.spec.base, market.base_amount(quantity)),
        };
        let account = self.account().await?;
        self.deposit(account, needed).await?;
        let time_in_force = TimeInForce::ImmediateOrCancel;
        let kind = OrderKind::Limit { price, quantity, time_in_force };
        Ok(NewOrder { account, market: order.market, side, kind, client_id: None })
    }

    /// Always what the order needs: what lies there may be another order's.
    async fn deposit(
        &self,
        account: AccountId,
        (asset, amount): (AssetId, Amount),
    ) -> Result<(), Failure> {
        let receipt = self.exchange.execute(Command::Deposit { account, asset, amount }).await;
        let receipt = receipt.map_err(|error| error.to_string())?;
        let refused = |reject| format!("the house's deposit was refused: {reject}");
        receipt.result.map(drop).map_err(refused)
    }

    async fn account(&self) -> Result<AccountId, Failure> {
        let known = || self.exchange.view(|state| state.engine().account_by_name(NAME));
        if let Some(account) = known() {
            return Ok(account);
        }
        let new = NewAccount { name: NAME.into(), deposits: Vec::new(), keys: Vec::new() };
        let receipt = self.exchange.execute(Command::AddAccount(new)).await;
        let receipt = receipt.map_err(|error| error.to_string())?;
        match (receipt.result, known()) {
            // Somebody else may have been faster.
            (_, Some(account)) => Ok(account),
            (Err(reject), None) => Err(format!("the house's account was refused: {reject}")),
            (Ok(_), None) => Err("the house has no account".to_owned()),
        }
    }

    fn standing(&self, order: OrderId) -> Option<Standing> {
        self.exchange.view(|state| {
            let order = state.engine().order(order)?;
            let market = state.engine().market(order.market)?.clone();
            let better = better_lots(state, &order)?;
            Some(Standing { order, market, better })
        })
    }
}

/// Lots of an order's own side at prices that are better than its own.
fn better_lots(state: &State, order: &Order) -> Option<u64> {
    let ticks = order.kind.price()?.ticks();
    let depth = state.market_data().market(order.market)?.depth(0, usize::MAX);
    let (levels, better): (_, fn(u64, u64) -> bool) = match order.side {
        Side::Buy => (depth.bids, |level, own| level > own),
        Side::Sell => (depth.asks, |level, own| level < own),
    };
    let levels = levels.iter().take_while(|level| better(level.price.units(), ticks));
    let lots = levels.last().map_or(0, |level| level.lots_total);
    Some(u64::try_from(lots).unwrap_or(u64::MAX))
}

/// So many percent of what remains, at least what the market lets anybody take.
fn part_of(standing: &Standing, percent: u8) -> Result<u64, Failure> {
    let remaining = standing.order.remaining().lots();
    if percent >= 100 {
        return Ok(remaining);
    }
    let part = u128::from(remaining) * u128::from(percent) / 100;
    let part = u64::try_from(part).unwrap_or(remaining);
    let part = part.max(standing.market.spec.quantity_min.lots()).max(1);
    if part >= remaining {
        return Err("the order is too small to be filled in part".to_owned());
    }
    Ok(part)
}
