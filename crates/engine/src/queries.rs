//! Reading the state.

use alloc::vec::Vec;

use openmart_model::{
    AccountId, Amount, ApiKey, Asset, AssetId, Balance, ClientOrderId, KeyId, Market, MarketId,
    Order, OrderId, Price, Side, Timestamp,
};

use crate::Engine;

impl Engine {
    /// Sequence number of the last entry applied; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Time of the last entry applied.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Assets in order of their ids.
    pub fn assets(&self) -> &[Asset] {
        self.assets.all()
    }

    /// An asset by its code.
    pub fn asset_by_code(&self, code: &str) -> Option<AssetId> {
        self.assets.by_code(code)
    }

    /// Fees collected of an asset.
    pub fn fees_collected(&self, asset: AssetId) -> Amount {
        self.assets.books(asset).fees
    }

    /// Deposits minus withdrawals of an asset.
    pub fn supply(&self, asset: AssetId) -> Amount {
        self.assets.books(asset).supply
    }

    /// Markets in order of their ids.
    pub fn markets(&self) -> impl ExactSizeIterator<Item = &Market> {
        self.listings.all().iter().map(|listing| &listing.market)
    }

    /// A market.
    pub fn market(&self, market: MarketId) -> Option<&Market> {
        self.listings.get(market).map(|listing| &listing.market)
    }

    /// A market by its symbol.
    pub fn market_by_symbol(&self, symbol: &str) -> Option<MarketId> {
        self.listings.by_symbol(symbol)
    }

    /// The price of a market's last trade.
    pub fn last_price(&self, market: MarketId) -> Option<Price> {
        self.listings.get(market)?.last_price
    }

    /// The best price of one side of a market's book.
    pub fn best_price(&self, market: MarketId, side: Side) -> Option<Price> {
        self.listings.best_price(market, side)
    }

    /// Number of accounts; their ids are 0 to one less.
    pub fn accounts_len(&self) -> usize {
        self.accounts.len()
    }

    /// The name of an account.
    pub fn account_name(&self, account: AccountId) -> Option<&str> {
        self.accounts.get(account).map(|account| account.name.as_str())
    }

    /// An account by its name.
    pub fn account_by_name(&self, name: &str) -> Option<AccountId> {
        self.accounts.by_name(name)
    }

    /// What an account has of an asset; nothing if it never had any.
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        self.accounts.balance(account, asset)
    }

    /// An open order.
    pub fn order(&self, order: OrderId) -> Option<Order> {
        let at = self.orders.find(order)?;
        Some(self.orders.order(self.orders.slot(at)))
    }

    /// Open orders of an account, oldest first. They are sorted for every call.
    pub fn open_orders(&self, account: AccountId) -> impl DoubleEndedIterator<Item = Order> + '_ {
        let listed = self.accounts.trading(account).into_iter().flat_map(|own| own.open.slots());
        let mut listed: Vec<_> = listed.map(|at| (self.orders.slot(at).id, at)).collect();
        listed.sort_unstable();
        listed.into_iter().map(|(_, at)| self.orders.order(self.orders.slot(at)))
    }

    /// Number of open orders of an account.
    pub fn open_orders_len(&self, account: AccountId) -> usize {
        self.accounts.trading(account).map_or(0, |account| account.open.len())
    }

    /// Number of open orders of all accounts.
    pub fn orders_open(&self) -> usize {
        self.orders.len()
    }

    /// The order that an account placed under a client order id, as long as that is remembered.
    pub fn client_order(&self, account: AccountId, id: &ClientOrderId) -> Option<OrderId> {
        self.accounts.get(account)?.client_ids.get(id).map(|known| known.order)
    }

    /// A key by its number, revoked or not.
    pub fn key(&self, id: KeyId) -> Option<&ApiKey> {
        self.keys.all().get(id.index())
    }

    /// A key by its text, revoked or not.
    pub fn key_by_text(&self, key: &str) -> Option<&ApiKey> {
        self.keys.by_text(key)
    }

    /// All keys in order of their numbers.
    pub fn keys(&self) -> &[ApiKey] {
        self.keys.all()
    }
}
