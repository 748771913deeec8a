//! Assets, markets, accounts and keys: "Listing, accounts, keys" of the rules.

use openmart_model::limits::{
    ACCOUNTS_MAX, ADDRESS_RANGES_PER_KEY_MAX, ASSETS_MAX, KEYS_PER_ACCOUNT_MAX, MARKETS_MAX,
    NAME_BYTES_MAX, SEALED_SECRET_BYTES_MAX, SUPPLY_MAX,
};
use openmart_model::{
    AccountId, Amount, ApiKey, Asset, AssetId, CommandResult, Event, FeeSchedule, FullReason,
    KeyId, Market, MarketId, MarketSpec, NewAccount, NewKey, Outcome, Reject,
};

use super::{Account, ListedAsset, ListedMarket, Oracle};

impl Oracle {
    pub(super) fn add_asset(&mut self, asset: &Asset, events: &mut Vec<Event>) -> CommandResult {
        if self.assets.iter().any(|listed| listed.asset.code == asset.code) {
            return Err(Reject::AlreadyExists);
        }
        asset.validate().map_err(Reject::NotListable)?;
        if self.assets.len() == ASSETS_MAX {
            return Err(Reject::Full(FullReason::Assets));
        }
        let id = AssetId(self.assets.len() as u16);
        let (supply, fees) = (Amount::ZERO, Amount::ZERO);
        self.assets.push(ListedAsset { asset: asset.clone(), supply, fees });
        events.push(Event::AssetAdded(id));
        Ok(Outcome::AssetAdded(id))
    }

    pub(super) fn add_market(
        &mut self,
        spec: &MarketSpec,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.asset_known(spec.base)?;
        self.asset_known(spec.quote)?;
        let pair = |listed: &MarketSpec| (listed.base, listed.quote);
        if self.markets.iter().any(|listed| pair(&listed.market.spec) == pair(spec)) {
            return Err(Reject::AlreadyExists);
        }
        let base = &self.assets[spec.base.index()].asset;
        let quote = &self.assets[spec.quote.index()].asset;
        let market = Market::new(spec.clone(), base, quote).map_err(Reject::NotListable)?;
        if self.markets.len() == MARKETS_MAX {
            return Err(Reject::Full(FullReason::Markets));
        }
        let id = MarketId(self.markets.len() as u16);
        self.markets.push(ListedMarket { market, last_price: None });
        events.push(Event::MarketAdded(id));
        Ok(Outcome::MarketAdded(id))
    }

    pub(super) fn set_account_fees(
        &mut self,
        account: AccountId,
        market: MarketId,
        fees: Option<FeeSchedule>,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.account_known(account)?;
        self.market_listed(market)?;
        let own = &mut self.accounts[account.index()].fees;
        match fees {
            Some(fees) => own.insert(market, fees),
            None => own.remove(&market),
        };
        events.push(Event::FeesSet(market, Some(account)));
        Ok(Outcome::Done)
    }

    pub(super) fn add_account(
        &mut self,
        new: &NewAccount,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        for (asset, _) in &new.deposits {
            self.asset_known(*asset)?;
        }
        let name_taken = self.accounts.iter().any(|account| account.name == new.name);
        if name_taken || new.keys.iter().any(|key| self.key_taken(key)) || repeats(&new.keys) {
            return Err(Reject::AlreadyExists);
        }
        if !name_valid(&new.name) || !new.keys.iter().all(key_valid) {
            return Err(Reject::InvalidText);
        }
        if new.deposits.iter().any(|(_, amount)| amount.is_zero()) {
            return Err(Reject::ZeroAmount);
        }
        if new.deposits.iter().any(|(asset, _)| !self.supply_allows_all(*asset, new)) {
            return Err(Reject::SupplyTooLarge);
        }
        if self.accounts.len() == ACCOUNTS_MAX {
            return Err(Reject::Full(FullReason::Accounts));
        }
        if new.keys.len() > KEYS_PER_ACCOUNT_MAX {
            return Err(Reject::Full(FullReason::Keys));
        }
        let id = AccountId(self.accounts.len() as u32);
        self.accounts.push(Account { name: new.name.clone(), ..Account::default() });
        events.push(Event::AccountAdded(id));
        for (asset, amount) in &new.deposits {
            self.credit_from_outside(id, *asset, *amount, events);
        }
        for key in &new.keys {
            self.append_key(id, key, events);
        }
        Ok(Outcome::AccountAdded(id))
    }

    pub(super) fn add_key(
        &mut self,
        account: AccountId,
        key: &NewKey,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.account_known(account)?;
        if self.key_taken(key) {
            return Err(Reject::AlreadyExists);
        }
        if !key_valid(key) {
            return Err(Reject::InvalidText);
        }
        if self.keys.iter().filter(|key| key.account == account).count() >= KEYS_PER_ACCOUNT_MAX {
            return Err(Reject::Full(FullReason::Keys));
        }
        let id = self.append_key(account, key, events);
        Ok(Outcome::KeyAdded(id))
    }

    pub(super) fn revoke_key(&mut self, id: KeyId, events: &mut Vec<Event>) -> CommandResult {
        let key = self.keys.get_mut(id.index()).ok_or(Reject::UnknownKey)?;
        if !key.revoked {
            key.revoked = true;
            events.push(Event::KeyRevoked(id));
        }
        Ok(Outcome::Done)
    }

    fn append_key(&mut self, account: AccountId, key: &NewKey, events: &mut Vec<Event>) -> KeyId {
        let id = KeyId(self.keys.len() as u32);
        self.keys.push(ApiKey { id, account, spec: key.clone(), revoked: false });
        events.push(Event::KeyAdded(id));
        id
    }

    /// Whether the key is anybody's, revoked ones included.
    fn key_taken(&self, key: &NewKey) -> bool {
        self.keys.iter().any(|taken| taken.spec.key == key.key)
    }

    /// Whether all first deposits of one asset together can be counted.
    fn supply_allows_all(&self, asset: AssetId, new: &NewAccount) -> bool {
        let mut total = self.assets[asset.index()].supply;
        for (_, amount) in new.deposits.iter().filter(|deposit| deposit.0 == asset) {
            match total.checked_add(*amount) {
                Some(sum) => total = sum,
                None => return false,
            }
        }
        total <= SUPPLY_MAX
    }

    pub(super) fn account_known(&self, account: AccountId) -> Result<(), Reject> {
        self.accounts.get(account.index()).map(|_| ()).ok_or(Reject::UnknownAccount)
    }

    pub(super) fn asset_known(&self, asset: AssetId) -> Result<(), Reject> {
        self.assets.get(asset.index()).map(|_| ()).ok_or(Reject::UnknownAsset)
    }

    pub(super) fn market_listed(&self, market: MarketId) -> Result<(), Reject> {
        self.markets.get(market.index()).map(|_| ()).ok_or(Reject::UnknownMarket)
    }
}

fn repeats(keys: &[NewKey]) -> bool {
    keys.iter().enumerate().any(|(at, key)| keys[..at].iter().any(|other| other.key == key.key))
}

fn name_valid(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
}

fn key_valid(key: &NewKey) -> bool {
    let memo_character = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b':';
    name_valid(&key.key)
        && (1..=SEALED_SECRET_BYTES_MAX).contains(&key.sealed_secret.len())
        && key.memo.len() <= NAME_BYTES_MAX
        && key.memo.bytes().all(memo_character)
        && key.ranges.len() <= ADDRESS_RANGES_PER_KEY_MAX
        && key.ranges.iter().all(|range| range.prefix_bits <= 128)
}
