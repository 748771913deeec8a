//! The state as bytes: position in the journal, then the content in the order of the digest.

use alloc::vec::Vec;

use openmart_model::limits::{ACCOUNTS_MAX, ASSETS_MAX, ID_LIMIT, MARKETS_MAX, SUPPLY_MAX};
use openmart_model::{
    AccountId, ApiKey, Asset, AssetId, Balance, ClientOrderId, Codec, DecodeError, FeeSchedule,
    Market, MarketId, MarketSpec, MarketStatus, Order, OrderId, OrderKind, Price, Reader,
    TimeInForce, Writer,
};

use crate::accounts::Accounts;
use crate::administration::has_valid_texts;
use crate::assets::AssetBooks;
use crate::client_ids::Remembered;
use crate::orders::{Rare, Slot};
use crate::{Engine, RULES_VERSION};

impl Engine {
    /// Appends the whole state.
    pub fn snapshot(&self, writer: &mut Writer<'_>) {
        writer.put(&self.sequence);
        writer.put(&self.time);
        self.write_state(writer);
    }

    /// Reads a whole state back. Bytes that do not form a sound state are an error, never a panic:
    /// what is returned has passed [`check`](Self::check).
    pub fn restore(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut engine = Self::new();
        engine.sequence = reader.get()?;
        engine.time = reader.get()?;
        engine.read_state(reader)?;
        match engine.check() {
            Ok(()) => Ok(engine),
            Err(_) => Err(reader.error("a state that keeps its invariants")),
        }
    }

    /// Appends the content of the state; the digest folds exactly these bytes.
    pub(crate) fn write_state(&self, writer: &mut Writer<'_>) {
        writer.put(&self.rules);
        writer.put(&self.next_order);
        writer.put(&self.next_trade);
        count(writer, self.assets.all().len());
        for (at, asset) in self.assets.all().iter().enumerate() {
            let books = self.assets.books(AssetId(at as u16));
            writer.put(asset);
            writer.put(&books.supply);
            writer.put(&books.fees);
        }
        count(writer, self.listings.all().len());
        for listing in self.listings.all() {
            writer.put(&listing.market.spec);
            writer.put(&listing.market.status);
            writer.put(&listing.last_price);
        }
        count(writer, self.accounts.len());
        for id in self.accounts.ids() {
            write_account(writer, &self.accounts, id);
        }
        writer.list::<ApiKey>(self.keys.all());
        count(writer, self.orders.len());
        for at in self.orders.ascending() {
            writer.put(&self.orders.order(self.orders.slot(at)));
        }
    }

    fn read_state(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        self.rules = reader.get()?;
        if self.rules == 0 || self.rules > RULES_VERSION {
            return Err(reader.error("a known rules version"));
        }
        self.next_order = reader.get()?;
        self.next_trade = reader.get()?;
        if !(1..=ID_LIMIT).contains(&self.next_order.0)
            || !(1..=ID_LIMIT).contains(&self.next_trade.0)
        {
            return Err(reader.error("an id below 2^53"));
        }
        self.read_assets(reader)?;
        self.read_markets(reader)?;
        self.read_accounts(reader)?;
        for key in reader.list::<ApiKey>()? {
            self.read_key(reader, key)?;
        }
        let orders: u32 = reader.get()?;
        let mut last = OrderId(0);
        for _ in 0..orders {
            let order: Order = reader.get()?;
            self.read_order(reader, &order, last)?;
            last = order.id;
        }
        Ok(())
    }

    fn read_assets(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        for _ in 0..bounded(reader, ASSETS_MAX)? {
            let asset: Asset = reader.get()?;
            let books = AssetBooks { supply: reader.get()?, fees: reader.get()? };
            let taken = self.assets.by_code(&asset.code).is_some();
            if taken || asset.validate().is_err() || books.supply > SUPPLY_MAX {
                return Err(reader.error("a listable asset"));
            }
            self.assets.add(asset, books);
        }
        Ok(())
    }

    fn read_markets(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        for _ in 0..bounded(reader, MARKETS_MAX)? {
            let spec: MarketSpec = reader.get()?;
            let status: MarketStatus = reader.get()?;
            let last_price: Option<Price> = reader.get()?;
            let assets = self.assets.get(spec.base).zip(self.assets.get(spec.quote));
            let market = assets.and_then(|(base, quote)| Market::new(spec, base, quote).ok());
            let mut market = market.ok_or(reader.error("a listable market"))?;
            if self.listings.by_symbol(&market.symbol).is_some() {
                return Err(reader.error("a market that is listed once"));
            }
            market.status = status;
            self.listings.add(market, last_price);
        }
        Ok(())
    }

    fn read_accounts(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        for _ in 0..bounded(reader, ACCOUNTS_MAX)? {
            let name: alloc::string::String = reader.get()?;
            if self.accounts.by_name(&name).is_some() {
                return Err(reader.error("an account that exists once"));
            }
            let id = self.accounts.add(name);
            for (asset, balance) in ascending::<AssetId, Balance>(reader)? {
                if self.assets.get(asset).is_none() || balance == Balance::default() {
                    return Err(reader.error("a balance of a known asset"));
                }
                *self.accounts.balance_mut(id, asset) = balance;
            }
            for (market, fees) in ascending::<MarketId, FeeSchedule>(reader)? {
                if self.listings.get(market).is_none() {
                    return Err(reader.error("fees on a known market"));
                }
                self.accounts.set_fees(id, market, Some(fees));
            }
            self.read_client_ids(reader, id)?;
        }
        Ok(())
    }

    fn read_client_ids(
        &mut self,
        reader: &mut Reader<'_>,
        account: AccountId,
    ) -> Result<(), DecodeError> {
        let known = ascending::<ClientOrderId, Remembered>(reader)?;
        let closed: Vec<ClientOrderId> = reader.list()?;
        let ids = &mut self.accounts.get_mut(account).client_ids;
        for (id, order) in &known {
            ids.remember(*id, *order);
        }
        for id in &closed {
            if ids.get(id).is_none() {
                return Err(reader.error("a client order id among those remembered"));
            }
            ids.closed(*id);
        }
        // More than the limit, or one twice, would have made the lists differ.
        let kept = ids.all().len() == known.len() && ids.all_closed().len() == closed.len();
        if kept { Ok(()) } else { Err(reader.error("client order ids within their limit")) }
    }

    fn read_key(&mut self, reader: &Reader<'_>, key: ApiKey) -> Result<(), DecodeError> {
        let known = self.accounts.get(key.account).is_some();
        let taken = self.keys.by_text(&key.spec.key).is_some();
        let next = key.id.index() == self.keys.len();
        if !known || taken || !next || !has_valid_texts(&key.spec) {
            return Err(reader.error("a key of a known account"));
        }
        self.accounts.get_mut(key.account).keys += 1;
        self.keys.push(key);
        Ok(())
    }

    fn read_order(
        &mut self,
        reader: &Reader<'_>,
        order: &Order,
        last: OrderId,
    ) -> Result<(), DecodeError> {
        let OrderKind::Limit {
            price,
            quantity,
            time_in_force: TimeInForce::GoodTillCanceled { post_only },
        } = order.kind
        else {
            return Err(reader.error("an order that may rest"));
        };
        let listing = self.listings.get(order.market);
        let notional = listing.and_then(|listing| listing.market.notional(price, quantity));
        let unfilled = order.notional.is_zero() && order.fees.is_zero();
        let sound = self.accounts.get(order.account).is_some()
            && notional.is_some_and(|notional| notional <= SUPPLY_MAX)
            && order.id > last
            && order.id < self.next_order
            && order.filled < quantity
            && (unfilled || !order.filled.is_zero());
        if !sound {
            return Err(reader.error("an open order"));
        }
        let Order { id, account, market, side, time, .. } = *order;
        let Order { client_id, notional, fees, .. } = *order;
        let remaining = order.remaining();
        let resting = Slot::resting(id, account, market, side, price, remaining, time, post_only);
        self.enter(resting, Rare { quantity, notional, fees, client_id });
        Ok(())
    }
}

fn write_account(writer: &mut Writer<'_>, accounts: &Accounts, id: AccountId) {
    let Some(account) = accounts.get(id) else { return };
    writer.put(&account.name);
    let balances = accounts.balances(id).iter().enumerate();
    let held = balances.filter(|(_, balance)| **balance != Balance::default());
    count(writer, held.clone().count());
    for (asset, balance) in held {
        writer.put(&AssetId(asset as u16));
        writer.put(balance);
    }
    count(writer, account.all_fees().len());
    for fees in account.all_fees() {
        writer.put(&fees);
    }
    count(writer, account.client_ids.all().len());
    for (id, order) in account.client_ids.all() {
        writer.put(id);
        writer.put(order);
    }
    count(writer, account.client_ids.all_closed().len());
    for id in account.client_ids.all_closed() {
        writer.put(id);
    }
}

fn count(writer: &mut Writer<'_>, things: usize) {
    writer.put(&(things as u32));
}

fn bounded(reader: &mut Reader<'_>, max: usize) -> Result<u32, DecodeError> {
    let things: u32 = reader.get()?;
    if things as usize <= max { Ok(things) } else { Err(reader.error("a count within its limit")) }
}

/// A list of pairs whose first parts ascend.
fn ascending<K: Codec + Ord, V: Codec>(
    reader: &mut Reader<'_>,
) -> Result<Vec<(K, V)>, DecodeError> {
    let pairs = reader.list::<(K, V)>()?;
    if pairs.is_sorted_by(|a, b| a.0 < b.0) {
        Ok(pairs)
    } else {
        Err(reader.error("a list in ascending order"))
    }
}

impl Codec for Remembered {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.order);
        writer.put(&self.market);
        writer.put(&self.side);
        writer.put(&self.kind);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            order: reader.get()?,
            market: reader.get()?,
            side: reader.get()?,
            kind: reader.get()?,
        })
    }
}
