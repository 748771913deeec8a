//! Moves of money between balances. Every one takes from one place what it adds to others.

use openmart_model::{
    AccountId, Amount, AssetId, FeeRate, FeeSchedule, Market, MarketId, Price, Quantity, Side,
};

use crate::Engine;

/// What the two accounts of a trade paid in fees.
pub(crate) struct Settled {
    pub(crate) notional: Amount,
    pub(crate) taker_fee: Amount,
    pub(crate) maker_fee: Amount,
}

/// One match, before the money has moved.
#[derive(Clone, Copy)]
pub(crate) struct Match {
    pub(crate) market: MarketId,
    pub(crate) price: Price,
    pub(crate) quantity: Quantity,
    pub(crate) taker_side: Side,
    pub(crate) taker: AccountId,
    pub(crate) maker: AccountId,
}

impl Engine {
    /// Moves both legs of a trade: the maker's from its hold, the taker's from its available balance.
    pub(crate) fn settle(&mut self, trade: Match) -> Settled {
        let listing = &self.listings.all()[trade.market.index()];
        let notional = listing.notional(trade.price, trade.quantity);
        let base_amount = listing.market.base_amount(trade.quantity);
        let (base, quote) = (listing.market.spec.base, listing.market.spec.quote);
        let market_fees = listing.market.spec.fees;
        let maker_rate = self.fees_of(trade.maker, trade.market, market_fees).maker;
        let taker_rate = self.fees_of(trade.taker, trade.market, market_fees).taker;
        let (paid, received) = match trade.taker_side {
            Side::Buy => ((quote, notional), (base, base_amount)),
            Side::Sell => ((base, base_amount), (quote, notional)),
        };
        let balance = self.accounts.balance_mut(trade.taker, paid.0);
        balance.available = less(balance.available, paid.1);
        let balance = self.accounts.balance_mut(trade.maker, received.0);
        balance.hold = less(balance.hold, received.1);
        let taker_fee = self.credit(trade.taker, received, taker_rate);
        let maker_fee = self.credit(trade.maker, paid, maker_rate);
        Settled { notional, taker_fee, maker_fee }
    }

    fn fees_of(&self, account: AccountId, market: MarketId, rates: FeeSchedule) -> FeeSchedule {
        self.accounts.fees(account, market).unwrap_or(rates)
    }

    /// Credits what an account received, less the fee.
    fn credit(&mut self, account: AccountId, received: (AssetId, Amount), rate: FeeRate) -> Amount {
        let (asset, amount) = received;
        let fee = rate.fee_on(amount);
        let balance = self.accounts.balance_mut(account, asset);
        balance.available = more(balance.available, less(amount, fee));
        let books = self.assets.books_mut(asset);
        books.fees = more(books.fees, fee);
        fee
    }

    /// Reserves available balance.
    pub(crate) fn hold(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        let balance = self.accounts.balance_mut(account, asset);
        balance.available = less(balance.available, amount);
        balance.hold = more(balance.hold, amount);
    }

    /// Frees reserved balance.
    pub(crate) fn release(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        let balance = self.accounts.balance_mut(account, asset);
        balance.hold = less(balance.hold, amount);
        balance.available = more(balance.available, amount);
    }
}

/// What a resting order holds, and of which asset.
pub(crate) fn held(
    market: &Market,
    side: Side,
    price: Price,
    quantity: Quantity,
) -> (AssetId, Amount) {
    match side {
        Side::Buy => {
            let notional = market.notional(price, quantity);
            (market.spec.quote, notional.expect("the notional of an accepted order fits"))
        }
        Side::Sell => (market.spec.base, market.base_amount(quantity)),
    }
}

#[inline]
pub(crate) fn less(amount: Amount, taken: Amount) -> Amount {
    amount.checked_sub(taken).expect("a balance covers what is taken from it")
}

#[inline]
pub(crate) fn more(amount: Amount, added: Amount) -> Amount {
    amount.checked_add(added).expect("a balance stays below the largest supply")
}
