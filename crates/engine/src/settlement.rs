//! Moves of money between balances. Every one takes from one place what it adds to others.

use openmart_model::{
    AccountId, Amount, AssetId, FeeSchedule, Market, MarketId, Price, Quantity, Side,
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
        let (taker_fee, maker_fee) = (taker_rate.fee_on(received.1), maker_rate.fee_on(paid.1));
        let taker = self.accounts.trading_mut(trade.taker);
        let balance = taker.balance_mut(paid.0);
        balance.available = less(balance.available, paid.1);
        taker.credit(received, taker_fee);
        let maker = self.accounts.trading_mut(trade.maker);
        let balance = maker.balance_mut(received.0);
        balance.hold = less(balance.hold, received.1);
        maker.credit(paid, maker_fee);
        self.assets.collect(received.0, taker_fee);
        self.assets.collect(paid.0, maker_fee);
        Settled { notional, taker_fee, maker_fee }
    }

    fn fees_of(&self, account: AccountId, market: MarketId, rates: FeeSchedule) -> FeeSchedule {
        self.accounts.fees(account, market).unwrap_or(rates)
    }
}

/// What a resting order holds, and of which asset.
#[inline]
pub(crate) fn held(
    market: &Market,
    side: Side,
    price: Price,
    quantity: Quantity,
) -> (AssetId, Amount) {
    market.payment(side, price, quantity).expect("the notional of an accepted order fits")
}

#[inline]
pub(crate) fn less(amount: Amount, taken: Amount) -> Amount {
    amount.checked_sub(taken).expect("a balance covers what is taken from it")
}

#[inline]
pub(crate) fn more(amount: Amount, added: Amount) -> Amount {
    amount.checked_add(added).expect("a balance stays below the largest supply")
}
