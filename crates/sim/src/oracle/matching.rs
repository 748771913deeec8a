//! What an arriving order meets, and one trade: "Matching" of the rules.

use openmart_model::{
    Amount, CloseReason, Event, NewOrder, Order, OrderId, OrderKind, Price, Quantity,
    SelfTradePolicy, Side, Trade, TradeId,
};

use super::Oracle;
use super::money::minus;
use super::orders::crosses;

/// All that an arriving order would do to the book, found without changing anything.
#[derive(Debug)]
pub(super) struct Meeting {
    pub(super) steps: Vec<Step>,
    /// Whether an order of its own account ends it while something remains.
    pub(super) ends_at_own: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Trade { maker: OrderId, price: Price, quantity: Quantity },
    CloseOwn { maker: OrderId },
}

impl Meeting {
    /// Price and quantity of each trade.
    pub(super) fn trades(&self) -> impl Iterator<Item = (Price, Quantity)> + '_ {
        self.steps.iter().filter_map(|step| match step {
            Step::Trade { price, quantity, .. } => Some((*price, *quantity)),
            Step::CloseOwn { .. } => None,
        })
    }

    /// Lots traded.
    pub(super) fn quantity(&self) -> u128 {
        self.trades().map(|(_, quantity)| u128::from(quantity.lots())).sum()
    }
}

/// What an arriving order still wants.
enum Wanted {
    Lots(Quantity),
    /// The rest of a notional, and what is left to the market's largest quantity.
    Notional(Amount, Quantity),
}

impl Oracle {
    pub(super) fn meeting(&self, wish: &NewOrder) -> Meeting {
        let market = &self.markets[wish.market.index()].market;
        let mut meeting = Meeting { steps: Vec::new(), ends_at_own: false };
        let mut wanted = match wish.kind {
            OrderKind::Limit { quantity, .. } | OrderKind::Market { quantity } => {
                Wanted::Lots(quantity)
            }
            OrderKind::MarketNotional { notional } => {
                Wanted::Notional(notional, market.spec.quantity_max)
            }
        };
        for maker in self.side_best_first(wish.market, wish.side.opposite()) {
            let price = maker.kind.price().expect("only limit orders rest");
            if wish.kind.price().is_some_and(|limit| !crosses(wish.side, limit, price)) {
                break;
            }
            let remaining = match wanted {
                Wanted::Lots(quantity) => quantity,
                Wanted::Notional(rest, room) => market.quantity_for(rest, price).min(room),
            };
            if remaining.is_zero() {
                break;
            }
            if maker.account == wish.account {
                match market.spec.self_trade {
                    SelfTradePolicy::Allow => {}
                    SelfTradePolicy::CancelMaker => {
                        meeting.steps.push(Step::CloseOwn { maker: maker.id });
                        continue;
                    }
                    SelfTradePolicy::CancelBoth => {
                        meeting.steps.push(Step::CloseOwn { maker: maker.id });
                        meeting.ends_at_own = true;
                        break;
                    }
                    SelfTradePolicy::CancelTaker | SelfTradePolicy::RefuseTaker => {
                        meeting.ends_at_own = true;
                        break;
                    }
                }
            }
            let quantity = remaining.min(maker.remaining());
            meeting.steps.push(Step::Trade { maker: maker.id, price, quantity });
            if quantity < maker.remaining() {
                // It stays the best one, and nothing that remains could be traded with it.
                break;
            }
            let minus_traded =
                |from: Quantity| from.checked_sub(quantity).expect("the smaller one");
            wanted = match wanted {
                Wanted::Lots(rest) => Wanted::Lots(minus_traded(rest)),
                Wanted::Notional(rest, room) => {
                    let paid = market.notional(price, quantity).expect("no more than the rest");
                    Wanted::Notional(minus(rest, paid), minus_traded(room))
                }
            };
        }
        meeting
    }

    /// One match: money, fees, trade id, last price, and the resting order when nothing is left.
    pub(super) fn trade(
        &mut self,
        taker: &mut Order,
        maker_id: OrderId,
        quantity: Quantity,
        events: &mut Vec<Event>,
    ) {
        let mut maker = self.open[&maker_id];
        let market = &self.markets[taker.market.index()].market;
        let (base, quote) = (market.spec.base, market.spec.quote);
        let price = maker.kind.price().expect("only limit orders rest");
        let base_amount = market.base_amount(quantity);
        let notional = market.notional(price, quantity).expect("within the resting order's");

        let maker_rate = self.fees_of(maker.account, maker.market).maker;
        let taker_rate = self.fees_of(taker.account, taker.market).taker;
        let (taker_gives, taker_gets) = match taker.side {
            Side::Buy => ((quote, notional), (base, base_amount)),
            Side::Sell => ((base, base_amount), (quote, notional)),
        };
        let maker_fee = maker_rate.fee_on(taker_gives.1);
        let taker_fee = taker_rate.fee_on(taker_gets.1);

        self.take(taker.account, taker_gives.0, taker_gives.1);
        self.give(maker.account, taker_gives.0, minus(taker_gives.1, maker_fee));
        self.collect_fee(taker_gives.0, maker_fee);
        self.take_from_hold(maker.account, taker_gets.0, taker_gets.1);
        self.give(taker.account, taker_gets.0, minus(taker_gets.1, taker_fee));
        self.collect_fee(taker_gets.0, taker_fee);

        fill(taker, quantity, notional, taker_fee);
        fill(&mut maker, quantity, notional, maker_fee);
        let id = TradeId(self.trade_next);
        self.trade_next += 1;
        self.markets[taker.market.index()].last_price = Some(price);
        events.push(Event::Traded(Trade {
            id,
            market: taker.market,
            price,
            quantity,
            notional,
            taker_side: taker.side,
            taker_order: taker.id,
            taker_account: taker.account,
            taker_fee,
            maker_order: maker.id,
            maker_account: maker.account,
            maker_fee,
        }));
        if maker.remaining().is_zero() {
            self.open.remove(&maker_id);
            self.close(maker, CloseReason::Filled, true, events);
        } else {
            self.open.insert(maker_id, maker);
        }
    }
}

fn fill(order: &mut Order, quantity: Quantity, notional: Amount, fee: Amount) {
    order.filled = order.filled.checked_add(quantity).expect("no more than it asked for");
    order.notional = order.notional.checked_add(notional).expect("bounded by the supply");
    order.fees = order.fees.checked_add(fee).expect("bounded by the supply");
}
