//! The accounts that quote and take: how they come to be, and how they are refilled. All of it is commands.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_engine::Engine;
use openmart_model::{AccountId, Amount, AssetId, Command, NewAccount};

/// An account gives back what it has beyond so many times its first credit, down to half of that.
const SURPLUS: u128 = 4;

/// A group of accounts, numbered from 1: `maker-1`, `maker-2`.
#[derive(Debug)]
pub(crate) struct Traders {
    names: Vec<String>,
    /// First credits, in smallest units.
    credits: Vec<(AssetId, Amount)>,
    pub(crate) accounts: Vec<AccountId>,
}

impl Traders {
    pub(crate) fn new(group: &str, count: u64, credits: Vec<(AssetId, Amount)>) -> Self {
        let names = (1..=count).map(|number| format!("{group}-{number}")).collect();
        Self { names, credits, accounts: Vec::new() }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Commands that open those accounts that are missing.
    pub(crate) fn missing<'a>(&'a self, engine: &'a Engine) -> impl Iterator<Item = Command> + 'a {
        let missing = self.names.iter().filter(|name| engine.account_by_name(name).is_none());
        missing.map(|name| {
            let (name, deposits) = (name.clone(), self.credits.clone());
            Command::AddAccount(NewAccount { name, deposits, keys: Vec::new() })
        })
    }

    /// Learns the numbers of the accounts that there are.
    pub(crate) fn look_up(&mut self, engine: &Engine) {
        let ids = self.names.iter().filter_map(|name| engine.account_by_name(name));
        self.accounts = ids.collect();
    }

    /// A deposit if the account has less than it needs, a withdrawal if it has far too much.
    pub(crate) fn refill(
        &self,
        engine: &Engine,
        account: AccountId,
        asset: AssetId,
        needed: Amount,
    ) -> Option<Command> {
        let credit = self.credits.iter().find(|(credited, _)| *credited == asset)?.1;
        let available = engine.balance(account, asset).available;
        if available < needed {
            return Some(Command::Deposit { account, asset, amount: credit.max(needed) });
        }
        let enough = credit.units().checked_mul(SURPLUS)?;
        if available.units() <= enough.max(needed.units()) {
            return None;
        }
        let surplus = available.units() - (enough / 2).max(needed.units());
        Some(Command::Withdraw { account, asset, amount: Amount::new(surplus) })
    }
}
