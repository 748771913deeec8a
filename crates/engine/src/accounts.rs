//! Accounts: what trading touches of each of them in one cache line, and the rest apart.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_model::{AccountId, Amount, AssetId, Balance, FeeSchedule, MarketId};

use crate::client_ids::ClientIds;
use crate::open_orders::OpenOrders;
use crate::settlement::{less, more};

#[derive(Debug, Default)]
pub(crate) struct Accounts {
    all: Vec<Account>,
    /// The other half of each account.
    trading: Vec<Trading>,
    by_name: BTreeMap<String, AccountId>,
}

/// What an account has that trading seldom needs.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) client_ids: ClientIds,
    fees: BTreeMap<MarketId, FeeSchedule>,
    pub(crate) keys: usize,
}

/// What every order, trade and cancel of an account touches.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Trading {
    /// By asset, up to the last one it ever had.
    balances: Vec<Balance>,
    pub(crate) open: OpenOrders,
    /// Whether it has fee rates of its own anywhere.
    own_fees: bool,
}

impl Accounts {
    pub(crate) fn add(&mut self, name: String) -> AccountId {
        let id = AccountId(self.all.len() as u32);
        self.by_name.insert(name.clone(), id);
        self.all.push(Account { name, ..Account::default() });
        self.trading.push(Trading::default());
        id
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, id: AccountId) -> Option<&Account> {
        self.all.get(id.index())
    }

    pub(crate) fn get_mut(&mut self, id: AccountId) -> &mut Account {
        &mut self.all[id.index()]
    }

    #[inline]
    pub(crate) fn trading(&self, id: AccountId) -> Option<&Trading> {
        self.trading.get(id.index())
    }

    #[inline]
    pub(crate) fn trading_mut(&mut self, id: AccountId) -> &mut Trading {
        &mut self.trading[id.index()]
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<AccountId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = AccountId> + use<> {
        (0..self.all.len() as u32).map(AccountId)
    }

    /// The balances of an account, by asset, up to the last one it ever had.
    #[inline]
    pub(crate) fn balances(&self, id: AccountId) -> &[Balance] {
        self.trading.get(id.index()).map_or(&[], |account| account.balances.as_slice())
    }

    #[inline]
    pub(crate) fn balance(&self, id: AccountId, asset: AssetId) -> Balance {
        self.balances(id).get(asset.index()).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn balance_mut(&mut self, id: AccountId, asset: AssetId) -> &mut Balance {
        self.trading_mut(id).balance_mut(asset)
    }

    /// The account's own rates on a market.
    #[inline]
    pub(crate) fn fees(&self, id: AccountId, market: MarketId) -> Option<FeeSchedule> {
        if !self.trading.get(id.index())?.own_fees {
            return None;
        }
        self.all[id.index()].fees.get(&market).copied()
    }

    pub(crate) fn set_fees(&mut self, id: AccountId, market: MarketId, fees: Option<FeeSchedule>) {
        let own = &mut self.all[id.index()].fees;
        match fees {
            Some(fees) => own.insert(market, fees),
            None => own.remove(&market),
        };
        self.trading[id.index()].own_fees = !own.is_empty();
    }
}

impl Trading {
    #[inline]
    pub(crate) fn available(&self, asset: AssetId) -> Amount {
        self.balances.get(asset.index()).map_or(Amount::ZERO, |balance| balance.available)
    }

    #[inline]
    pub(crate) fn balance_mut(&mut self, asset: AssetId) -> &mut Balance {
        if self.balances.len() <= asset.index() {
            lengthen(&mut self.balances, asset);
        }
        &mut self.balances[asset.index()]
    }

    /// Adds what a trade brought, less the fee.
    #[inline]
    pub(crate) fn credit(&mut self, (asset, amount): (AssetId, Amount), fee: Amount) {
        let balance = self.balance_mut(asset);
        balance.available = more(balance.available, less(amount, fee));
    }

    /// Reserves available balance.
    #[inline]
    pub(crate) fn hold(&mut self, asset: AssetId, amount: Amount) {
        let balance = self.balance_mut(asset);
        balance.available = less(balance.available, amount);
        balance.hold = more(balance.hold, amount);
    }

    /// Frees reserved balance.
    #[inline]
    pub(crate) fn release(&mut self, asset: AssetId, amount: Amount) {
        let balance = self.balance_mut(asset);
        balance.hold = less(balance.hold, amount);
        balance.available = more(balance.available, amount);
    }
}

#[cold]
fn lengthen(balances: &mut Vec<Balance>, asset: AssetId) {
    balances.resize(asset.index() + 1, Balance::default());
}

impl Account {
    /// All of the account's own rates.
    pub(crate) fn all_fees(&self) -> impl ExactSizeIterator<Item = (MarketId, FeeSchedule)> + '_ {
        self.fees.iter().map(|(market, fees)| (*market, *fees))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trading_touches_of_an_account_is_one_cache_line() {
        assert_eq!(size_of::<Trading>(), 64);
    }
}
