//! Reads of the oracle, named as the engine names them.

use openmart_model::{
    AccountId, Amount, ApiKey, AssetId, Balance, ClientOrderId, FeeSchedule, Market, MarketId,
    Order, OrderId, Price, Side, Timestamp,
};

use super::Oracle;

impl Oracle {
    /// The time of the last command.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// How many assets are listed.
    pub fn assets_len(&self) -> usize {
        self.assets.len()
    }

    /// How many markets are listed.
    pub fn markets_len(&self) -> usize {
        self.markets.len()
    }

    /// How many accounts there are.
    pub fn accounts_len(&self) -> usize {
        self.accounts.len()
    }

    /// All keys, revoked ones included.
    pub fn keys(&self) -> &[ApiKey] {
        &self.keys
    }

    /// A listed market.
    pub fn market(&self, market: MarketId) -> Option<&Market> {
        self.markets.get(market.index()).map(|listed| &listed.market)
    }

    /// Deposits minus withdrawals of an asset that is listed.
    pub fn supply(&self, asset: AssetId) -> Amount {
        self.assets[asset.index()].supply
    }

    /// Fees collected in an asset that is listed.
    pub fn fees_collected(&self, asset: AssetId) -> Amount {
        self.assets[asset.index()].fees
    }

    /// What an account that exists has of an asset.
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        self.accounts[account.index()].balances.get(&asset).copied().unwrap_or_default()
    }

    /// An open order.
    pub fn order(&self, order: OrderId) -> Option<Order> {
        self.open.get(&order).copied()
    }

    /// Open orders of an account, oldest first.
    pub fn open_orders(&self, account: AccountId) -> impl Iterator<Item = Order> + '_ {
        self.open.values().filter(move |order| order.account == account).copied()
    }

    /// Open orders of all accounts, oldest first.
    pub fn orders(&self) -> impl ExactSizeIterator<Item = &Order> {
        self.open.values()
    }

    /// How many orders are open.
    pub fn orders_open(&self) -> usize {
        self.open.len()
    }

    /// The order that a client order id stands for, while it is remembered.
    pub fn client_order(&self, account: AccountId, id: &ClientOrderId) -> Option<OrderId> {
        self.accounts[account.index()].client_ids.get(id).map(|remembered| remembered.order)
    }

    /// Price of the last trade on a listed market.
    pub fn last_price(&self, market: MarketId) -> Option<Price> {
        self.markets[market.index()].last_price
    }

    /// Best price of one side of a listed market's book.
    pub fn best_price(&self, market: MarketId, side: Side) -> Option<Price> {
        let prices = self.prices(market, side).into_iter();
        match side {
            Side::Buy => prices.max(),
            Side::Sell => prices.min(),
        }
    }

    /// Price levels of one side of a listed market's book, best first: price, sum of the remaining
    /// lots, number of orders.
    pub fn levels(&self, market: MarketId, side: Side) -> Vec<(Price, u128, u32)> {
        let mut levels: Vec<(Price, u128, u32)> = Vec::new();
        for order in self.side_best_first(market, side) {
            let price = order.kind.price().expect("only limit orders rest");
            if levels.last().is_none_or(|level| level.0 != price) {
                levels.push((price, 0, 0));
            }
            let level = levels.last_mut().expect("there is one by now");
            level.1 += u128::from(order.remaining().lots());
            level.2 += 1;
        }
        levels
    }

    /// The rates that an account pays on a market at present.
    pub fn fees_of(&self, account: AccountId, market: MarketId) -> FeeSchedule {
        let own = self.accounts[account.index()].fees.get(&market).copied();
        own.unwrap_or(self.markets[market.index()].market.spec.fees)
    }

    /// Orders of one side of a book, best price first, then oldest first.
    pub(super) fn side_best_first(&self, market: MarketId, side: Side) -> Vec<Order> {
        let of_side = |order: &&Order| order.market == market && order.side == side;
        let mut orders: Vec<Order> = self.open.values().filter(of_side).copied().collect();
        // They come by ascending id, that is by age, and the sort keeps it among equal prices.
        match side {
            Side::Buy => orders.sort_by_key(|order| std::cmp::Reverse(order.kind.price())),
            Side::Sell => orders.sort_by_key(|order| order.kind.price()),
        }
        orders
    }

    /// Prices of all orders of one side of a book, ascending, with repeats.
    pub(super) fn prices(&self, market: MarketId, side: Side) -> Vec<Price> {
        let of_side = |order: &&Order| order.market == market && order.side == side;
        let orders = self.open.values().filter(of_side);
        let mut prices: Vec<Price> = orders.filter_map(|order| order.kind.price()).collect();
        prices.sort();
        prices
    }
}
