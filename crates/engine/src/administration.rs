//! Assets, markets, accounts and keys, and money in and out.

use alloc::vec::Vec;

use openmart_model::limits::{
    ACCOUNTS_MAX, ADDRESS_RANGES_PER_KEY_MAX, ASSETS_MAX, KEYS_PER_ACCOUNT_MAX, MARKETS_MAX,
    NAME_BYTES_MAX, SEALED_SECRET_BYTES_MAX, SUPPLY_MAX,
};
use openmart_model::{
    AccountId, Amount, ApiKey, Asset, AssetId, CommandResult, Event, FeeSchedule, FullReason,
    KeyId, Market, MarketId, MarketSpec, MarketStatus, NewAccount, NewKey, Outcome, Reject,
};

use crate::Engine;
use crate::assets::AssetBooks;
use crate::settlement::{less, more};

impl Engine {
    pub(crate) fn deposit(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.check_account_and_asset(account, asset)?;
        self.check_deposits(&[(asset, amount)])?;
        self.credit_deposit(account, asset, amount, events);
        Ok(Outcome::Done)
    }

    pub(crate) fn withdraw(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.check_account_and_asset(account, asset)?;
        if amount.is_zero() {
            return Err(Reject::ZeroAmount);
        }
        let available = self.accounts.balance(account, asset).available;
        let left = available.checked_sub(amount).ok_or(Reject::InsufficientFunds)?;
        self.accounts.balance_mut(account, asset).available = left;
        let books = self.assets.books_mut(asset);
        books.supply = less(books.supply, amount);
        events.push(Event::Withdrawn { account, asset, amount });
        Ok(Outcome::Done)
    }

    fn check_account_and_asset(&self, account: AccountId, asset: AssetId) -> Result<(), Reject> {
        self.accounts.get(account).ok_or(Reject::UnknownAccount)?;
        self.assets.get(asset).ok_or(Reject::UnknownAsset)?;
        Ok(())
    }

    /// Checks deposits of known assets, those of one asset together.
    fn check_deposits(&self, deposits: &[(AssetId, Amount)]) -> Result<(), Reject> {
        if deposits.iter().any(|(_, amount)| amount.is_zero()) {
            return Err(Reject::ZeroAmount);
        }
        for (asset, _) in deposits {
            let same = deposits.iter().filter(|(other, _)| other == asset);
            let total = same
                .map(|(_, amount)| *amount)
                .try_fold(self.assets.books(*asset).supply, |total, amount| {
                    total.checked_add(amount)
                });
            if total.is_none_or(|total| total > SUPPLY_MAX) {
                return Err(Reject::SupplyTooLarge);
            }
        }
        Ok(())
    }

    fn credit_deposit(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        events: &mut Vec<Event>,
    ) {
        let balance = self.accounts.balance_mut(account, asset);
        balance.available = more(balance.available, amount);
        let books = self.assets.books_mut(asset);
        books.supply = more(books.supply, amount);
        events.push(Event::Deposited { account, asset, amount });
    }

    pub(crate) fn add_asset(&mut self, asset: &Asset, events: &mut Vec<Event>) -> CommandResult {
        if self.assets.by_code(&asset.code).is_some() {
            return Err(Reject::AlreadyExists);
        }
        asset.validate().map_err(Reject::NotListable)?;
        if self.assets.all().len() >= ASSETS_MAX {
            return Err(Reject::Full(FullReason::Assets));
        }
        let id = self.assets.add(asset.clone(), AssetBooks::default());
        events.push(Event::AssetAdded(id));
        Ok(Outcome::AssetAdded(id))
    }

    pub(crate) fn add_market(
        &mut self,
        spec: &MarketSpec,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        let base = self.assets.get(spec.base).ok_or(Reject::UnknownAsset)?;
        let quote = self.assets.get(spec.quote).ok_or(Reject::UnknownAsset)?;
        let same = |other: &MarketSpec| (other.base, other.quote) == (spec.base, spec.quote);
        if self.listings.all().iter().any(|listing| same(&listing.market.spec)) {
            return Err(Reject::AlreadyExists);
        }
        let market = Market::new(spec.clone(), base, quote).map_err(Reject::NotListable)?;
        if self.listings.all().len() >= MARKETS_MAX {
            return Err(Reject::Full(FullReason::Markets));
        }
        let id = self.listings.add(market, None);
        events.push(Event::MarketAdded(id));
        Ok(Outcome::MarketAdded(id))
    }

    pub(crate) fn set_market_status(
        &mut self,
        market: MarketId,
        status: MarketStatus,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.listings.get(market).ok_or(Reject::UnknownMarket)?;
        self.listings.get_mut(market).market.status = status;
        events.push(Event::MarketStatusSet(market, status));
        Ok(Outcome::Done)
    }

    pub(crate) fn set_market_fees(
        &mut self,
        market: MarketId,
        fees: FeeSchedule,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.listings.get(market).ok_or(Reject::UnknownMarket)?;
        self.listings.get_mut(market).market.spec.fees = fees;
        events.push(Event::FeesSet(market, None));
        Ok(Outcome::Done)
    }

    pub(crate) fn set_account_fees(
        &mut self,
        account: AccountId,
        market: MarketId,
        fees: Option<FeeSchedule>,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.accounts.get(account).ok_or(Reject::UnknownAccount)?;
        self.listings.get(market).ok_or(Reject::UnknownMarket)?;
        self.accounts.set_fees(account, market, fees);
        events.push(Event::FeesSet(market, Some(account)));
        Ok(Outcome::Done)
    }

    pub(crate) fn add_account(
        &mut self,
        account: &NewAccount,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        if account.deposits.iter().any(|(asset, _)| self.assets.get(*asset).is_none()) {
            return Err(Reject::UnknownAsset);
        }
        if self.accounts.by_name(&account.name).is_some() || self.any_key_taken(&account.keys) {
            return Err(Reject::AlreadyExists);
        }
        let name_fits = (1..=NAME_BYTES_MAX).contains(&account.name.len());
        if !name_fits || !account.keys.iter().all(has_valid_texts) {
            return Err(Reject::InvalidText);
        }
        self.check_deposits(&account.deposits)?;
        if self.accounts.len() >= ACCOUNTS_MAX {
            return Err(Reject::Full(FullReason::Accounts));
        }
        if account.keys.len() > KEYS_PER_ACCOUNT_MAX {
            return Err(Reject::Full(FullReason::Keys));
        }
        let id = self.accounts.add(account.name.clone());
        events.push(Event::AccountAdded(id));
        for (asset, amount) in &account.deposits {
            self.credit_deposit(id, *asset, *amount, events);
        }
        for key in &account.keys {
            self.enter_key(id, key, events);
        }
        Ok(Outcome::AccountAdded(id))
    }

    fn any_key_taken(&self, keys: &[NewKey]) -> bool {
        let taken = |key: &NewKey| self.key_by_text(&key.key).is_some();
        let repeated = |(at, key): (usize, &NewKey)| keys[..at].iter().any(|k| k.key == key.key);
        keys.iter().any(taken) || keys.iter().enumerate().any(repeated)
    }

    pub(crate) fn add_key(
        &mut self,
        account: AccountId,
        key: &NewKey,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        let keys = self.accounts.get(account).ok_or(Reject::UnknownAccount)?.keys;
        if self.key_by_text(&key.key).is_some() {
            return Err(Reject::AlreadyExists);
        }
        if !has_valid_texts(key) {
            return Err(Reject::InvalidText);
        }
        if keys >= KEYS_PER_ACCOUNT_MAX {
            return Err(Reject::Full(FullReason::Keys));
        }
        Ok(Outcome::KeyAdded(self.enter_key(account, key, events)))
    }

    fn enter_key(&mut self, account: AccountId, key: &NewKey, events: &mut Vec<Event>) -> KeyId {
        let id = self.keys.push(ApiKey {
            id: KeyId(self.keys.len() as u32),
            account,
            spec: key.clone(),
            revoked: false,
        });
        self.accounts.get_mut(account).keys += 1;
        events.push(Event::KeyAdded(id));
        id
    }

    pub(crate) fn revoke_key(&mut self, key: KeyId, events: &mut Vec<Event>) -> CommandResult {
        if self.keys.revoke(key).ok_or(Reject::UnknownKey)? {
            events.push(Event::KeyRevoked(key));
        }
        Ok(Outcome::Done)
    }
}

pub(crate) fn has_valid_texts(key: &NewKey) -> bool {
    let printable = |b: u8| (b' '..=b'~').contains(&b) && b != b':';
    (1..=NAME_BYTES_MAX).contains(&key.key.len())
        && key.memo.len() <= NAME_BYTES_MAX
        && key.memo.bytes().all(printable)
        && (1..=SEALED_SECRET_BYTES_MAX).contains(&key.sealed_secret.len())
        && key.ranges.len() <= ADDRESS_RANGES_PER_KEY_MAX
        && key.ranges.iter().all(|range| range.prefix_bits <= 128)
}
