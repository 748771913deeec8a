//! Balances, deposits and withdrawals: "Money in and out" of the rules.

use openmart_model::limits::SUPPLY_MAX;
use openmart_model::{AccountId, Amount, AssetId, Balance, CommandResult, Event, Outcome, Reject};

use super::Oracle;

impl Oracle {
    pub(super) fn deposit(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.account_known(account)?;
        self.asset_known(asset)?;
        if amount.is_zero() {
            return Err(Reject::ZeroAmount);
        }
        if !self.supply_allows(asset, amount) {
            return Err(Reject::SupplyTooLarge);
        }
        self.credit_from_outside(account, asset, amount, events);
        Ok(Outcome::Done)
    }

    pub(super) fn withdraw(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.account_known(account)?;
        self.asset_known(asset)?;
        if amount.is_zero() {
            return Err(Reject::ZeroAmount);
        }
        if self.balance(account, asset).available < amount {
            return Err(Reject::InsufficientFunds);
        }
        let supply = &mut self.assets[asset.index()].supply;
        *supply = minus(*supply, amount);
        self.take(account, asset, amount);
        events.push(Event::Withdrawn { account, asset, amount });
        Ok(Outcome::Done)
    }

    /// Whether so much more of an asset can be counted.
    pub(super) fn supply_allows(&self, asset: AssetId, amount: Amount) -> bool {
        let supply = self.assets[asset.index()].supply.checked_add(amount);
        supply.is_some_and(|supply| supply <= SUPPLY_MAX)
    }

    pub(super) fn credit_from_outside(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        events: &mut Vec<Event>,
    ) {
        let supply = &mut self.assets[asset.index()].supply;
        *supply = plus(*supply, amount);
        self.give(account, asset, amount);
        events.push(Event::Deposited { account, asset, amount });
    }

    /// Adds to the available balance.
    pub(super) fn give(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        let balance = self.balance_mut(account, asset);
        balance.available = plus(balance.available, amount);
    }

    /// Takes from the available balance, which must cover it.
    pub(super) fn take(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        let balance = self.balance_mut(account, asset);
        balance.available = minus(balance.available, amount);
    }

    /// Moves from available to hold.
    pub(super) fn hold(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        self.take(account, asset, amount);
        let balance = self.balance_mut(account, asset);
        balance.hold = plus(balance.hold, amount);
    }

    /// Moves from hold to available.
    pub(super) fn release(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        self.take_from_hold(account, asset, amount);
        self.give(account, asset, amount);
    }

    /// Takes from the hold, which must cover it.
    pub(super) fn take_from_hold(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        let balance = self.balance_mut(account, asset);
        balance.hold = minus(balance.hold, amount);
    }

    pub(super) fn collect_fee(&mut self, asset: AssetId, fee: Amount) {
        let fees = &mut self.assets[asset.index()].fees;
        *fees = plus(*fees, fee);
    }

    fn balance_mut(&mut self, account: AccountId, asset: AssetId) -> &mut Balance {
        self.accounts[account.index()].balances.entry(asset).or_default()
    }
}

/// A sum that the supply bounds; beyond that the oracle itself is wrong.
pub(super) fn plus(a: Amount, b: Amount) -> Amount {
    a.checked_add(b).expect("no sum of balances exceeds the supply")
}

/// A difference that was checked before.
pub(super) fn minus(a: Amount, b: Amount) -> Amount {
    a.checked_sub(b).expect("nothing is taken that is not there")
}
