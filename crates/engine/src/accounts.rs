//! Accounts: what trading touches of each of them in one cache line, and the rest apart.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_model::{AccountId, Amount, AssetId, Balance, FeeSchedule, MarketId};

use crate::client_ids::ClientIds;
use crate::open_orders::OpenOrders;

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
    pub(crate) fn open_mut(&mut self, id: AccountId) -> &mut OpenOrders {
        &mut self.trading[id.index()].open
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
        let balances = &mut self.trading[id.index()].balances;
        if balances.len() <= asset.index() {
            lengthen(balances, asset);
        }
        &mut balances[asset.index()]
    }

    #[inline]
    pub(crate) fn available(&self, id: AccountId, asset: AssetId) -> Amount {
        self.trading(id).map_or(Amount::ZERO, |account| account.available(asset))
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
