//! A recorded market as accounts that place and cancel. What others take from it stays taken.

mod books;
mod trades;

use alloc::string::ToString;
use alloc::vec::Vec;

use openmart_engine::Engine;
use openmart_model::limits::SUPPLY_MAX;
use openmart_model::{
    AccountId, Amount, AssetId, Command, MarketId, NewAccount, NewOrder, OrderKind, Price,
    Quantity, Side, TimeInForce,
};

use crate::quoting::hold;
use crate::setup::SetupError;

pub use books::ReplayBooks;
pub use trades::ReplayTrades;

/// A deposit is so many times what is lacking, so that not every order needs one.
const DEPOSIT_AHEAD: u128 = 64;

/// The two accounts of a recording: who buys on one side of it, and who on the other.
#[derive(Debug)]
struct Pair {
    market: MarketId,
    names: [&'static str; 2],
    accounts: Option<[AccountId; 2]>,
}

impl Pair {
    fn new(
        market: MarketId,
        names: [&'static str; 2],
        engine: &Engine,
    ) -> Result<Self, SetupError> {
        if engine.market(market).is_none() {
            return Err(SetupError::NoMarket);
        }
        for name in names {
            let account = engine.account_by_name(name);
            if engine.keys().iter().any(|key| Some(key.account) == account) {
                return Err(SetupError::AccountInUse(name.to_string()));
            }
        }
        Ok(Self { market, names, accounts: None })
    }

    /// Learns the accounts; otherwise, what opens those that are missing.
    fn open(&mut self, engine: &Engine) -> Vec<Command> {
        let [first, second] = self.names.map(|name| engine.account_by_name(name));
        if let (Some(first), Some(second)) = (first, second) {
            self.accounts = Some([first, second]);
            return Vec::new();
        }
        let missing = self.names.iter().filter(|name| engine.account_by_name(name).is_none());
        let open = |name: &&str| NewAccount {
            name: name.to_string(),
            deposits: Vec::new(),
            keys: Vec::new(),
        };
        missing.map(open).map(Command::AddAccount).collect()
    }

    fn order(
        &self,
        account: AccountId,
        side: Side,
        price: Price,
        quantity: Quantity,
        time_in_force: TimeInForce,
    ) -> NewOrder {
        let kind = OrderKind::Limit { price, quantity, time_in_force };
        NewOrder { account, market: self.market, side, kind, client_id: None }
    }
}

/// The orders, after the deposits that they need together.
fn funded(orders: Vec<NewOrder>, engine: &Engine) -> Vec<Command> {
    let mut needs: Vec<(AccountId, AssetId, u128)> = Vec::new();
    for order in &orders {
        let Some(market) = engine.market(order.market) else { continue };
        let Some((asset, amount)) = hold(market, order) else { continue };
        let same = |need: &&mut (AccountId, _, _)| (need.0, need.1) == (order.account, asset);
        match needs.iter_mut().find(same) {
            Some(need) => need.2 = need.2.saturating_add(amount.units()),
            None => needs.push((order.account, asset, amount.units())),
        }
    }
    let deposits = needs.into_iter().filter_map(|(account, asset, needed)| {
        let available = engine.balance(account, asset).available.units();
        let lacking = needed.checked_sub(available).filter(|lacking| *lacking > 0)?;
        let room = SUPPLY_MAX.units().saturating_sub(engine.supply(asset).units());
        let amount = lacking.saturating_mul(DEPOSIT_AHEAD).min(room).max(lacking);
        Some(Command::Deposit { account, asset, amount: Amount::new(amount) })
    });
    deposits.chain(orders.into_iter().map(Command::Place)).collect()
}
