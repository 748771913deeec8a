//! Accounts: names, balances, fee rates of their own, open orders and remembered client order ids.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_model::{AccountId, Amount, AssetId, Balance, FeeSchedule, MarketId, OrderId};

use crate::client_ids::ClientIds;
use crate::orders::Orders;

#[derive(Debug, Default)]
pub(crate) struct Accounts {
    all: Vec<Account>,
    /// Apart from the rest of the account, since every trade and cancel touches them.
    balances: Vec<Vec<Balance>>,
    by_name: BTreeMap<String, AccountId>,
}

#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) open: OpenOrders,
    pub(crate) client_ids: ClientIds,
    fees: BTreeMap<MarketId, FeeSchedule>,
    pub(crate) keys: usize,
}

impl Accounts {
    pub(crate) fn add(&mut self, name: String) -> AccountId {
        let id = AccountId(self.all.len() as u32);
        self.by_name.insert(name.clone(), id);
        self.all.push(Account { name, ..Account::default() });
        self.balances.push(Vec::new());
        id
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, id: AccountId) -> Option<&Account> {
        self.all.get(id.index())
    }

    pub(crate) fn get_mut(&mut self, id: AccountId) -> &mut Account {
        &mut self.all[id.index()]
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<AccountId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = AccountId> + use<> {
        (0..self.all.len() as u32).map(AccountId)
    }

    /// The balances of an account, by asset, up to the last one it ever had.
    pub(crate) fn balances(&self, id: AccountId) -> &[Balance] {
        self.balances.get(id.index()).map_or(&[], Vec::as_slice)
    }

    #[inline]
    pub(crate) fn balance(&self, id: AccountId, asset: AssetId) -> Balance {
        self.balances(id).get(asset.index()).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn balance_mut(&mut self, id: AccountId, asset: AssetId) -> &mut Balance {
        let row = &mut self.balances[id.index()];
        if row.len() <= asset.index() {
            row.resize(asset.index() + 1, Balance::default());
        }
        &mut row[asset.index()]
    }

    pub(crate) fn available(&self, id: AccountId, asset: AssetId) -> Amount {
        self.balance(id, asset).available
    }
}

impl Account {
    /// The account's own rates on a market.
    pub(crate) fn fees(&self, market: MarketId) -> Option<FeeSchedule> {
        self.fees.get(&market).copied()
    }

    pub(crate) fn all_fees(&self) -> impl ExactSizeIterator<Item = (MarketId, FeeSchedule)> + '_ {
        self.fees.iter().map(|(market, fees)| (*market, *fees))
    }

    pub(crate) fn set_fees(&mut self, market: MarketId, fees: Option<FeeSchedule>) {
        match fees {
            Some(fees) => self.fees.insert(market, fees),
            None => self.fees.remove(&market),
        };
    }
}

/// The ids of an account's open orders, ascending. Ids of orders that are gone stay in the list
/// until there are as many of them as open ones, so that a cancel need not search it.
#[derive(Debug, Default)]
pub(crate) struct OpenOrders {
    ids: Vec<OrderId>,
    open: usize,
}

/// Below this length a list is not worth tidying.
const TIDY_LENGTH_MIN: usize = 32;

impl OpenOrders {
    pub(crate) fn len(&self) -> usize {
        self.open
    }

    pub(crate) fn push(&mut self, id: OrderId) {
        self.ids.push(id);
        self.open += 1;
    }

    /// Counts an order out that is no longer in `orders`.
    pub(crate) fn closed(&mut self, orders: &Orders) {
        self.open -= 1;
        if self.ids.len() > TIDY_LENGTH_MIN && self.ids.len() > 2 * self.open {
            self.ids.retain(|id| orders.find(*id).is_some());
        }
    }

    /// Every id in the list, ascending; some may be gone.
    pub(crate) fn listed(&self) -> &[OrderId] {
        &self.ids
    }
}
