//! Random orders and cancels.

use openmart_model::{
    AccountId, Amount, ClientOrderId, Command, Market, MarketId, NewOrder, Order, OrderId,
    OrderKind, Price, Quantity, Side, TimeInForce,
};

use super::RandomCommands;
use crate::oracle::Oracle;

/// Orders with a client order id that are kept for asking again.
const ASKED_KEPT: usize = 24;

impl RandomCommands {
    pub(super) fn place(&mut self, state: &Oracle) -> Command {
        if !self.asked.is_empty() && self.random.percent(4) {
            return Command::Place(self.ask_again());
        }
        let (account, id) = (self.account(state), self.market(state));
        let side = self.side();
        let kind = match state.market(id) {
            Some(market) if account.index() < state.accounts_len() => {
                self.kind(state, account, id, market, side)
            }
            _ => OrderKind::Market { quantity: Quantity::new(1) },
        };
        let client_id = self.random.percent(12).then(|| self.client_id());
        let order = NewOrder { account, market: id, side, kind, client_id };
        if client_id.is_some() {
            self.asked.push(order);
            if self.asked.len() > ASKED_KEPT {
                self.asked.swap_remove(0);
            }
        }
        Command::Place(order)
    }

    /// An order that was asked for before, or one that differs from it in one thing.
    fn ask_again(&mut self) -> NewOrder {
        let mut order = self.random.pick(&self.asked);
        match self.random.below(8) {
            0 => order.side = order.side.opposite(),
            1 => order.market = MarketId(order.market.0 ^ 1),
            2 => order.kind = OrderKind::Market { quantity: Quantity::new(3) },
            3 => order.account = AccountId(order.account.0 ^ 1),
            _ => {}
        }
        order
    }

    fn client_id(&mut self) -> ClientOrderId {
        let number = self.random.below(self.world.client_ids);
        let text = if number == 0 { "x".repeat(32) } else { format!("c-{number}") };
        ClientOrderId::new(&text).expect("it is within the alphabet")
    }

    fn side(&mut self) -> Side {
        self.random.pick(&[Side::Buy, Side::Sell])
    }

    fn kind(
        &mut self,
        state: &Oracle,
        account: AccountId,
        id: MarketId,
        market: &Market,
        side: Side,
    ) -> OrderKind {
        let price = self.price(state, id, side);
        let quantity = self.quantity(state, account, market, side, price);
        let limit = |time_in_force| OrderKind::Limit { price, quantity, time_in_force };
        match self.random.weighted(&[50, 10, 10, 10, 8, 12]) {
            0 => limit(TimeInForce::GTC),
            1 => limit(TimeInForce::GoodTillCanceled { post_only: true }),
            2 => limit(TimeInForce::ImmediateOrCancel),
            3 => limit(TimeInForce::FillOrKill),
            4 => OrderKind::Market { quantity },
            _ => {
                let notional = self.notional(state, account, market, price, quantity);
                OrderKind::MarketNotional { notional }
            }
        }
    }

    /// Mostly within a few ticks of where the market trades.
    fn price(&mut self, state: &Oracle, market: MarketId, side: Side) -> Price {
        let mid = self.mid(market);
        let best = |side| state.best_price(market, side).map(Price::ticks);
        let ticks = match self.random.weighted(&[70, 12, 12, 1, 1, 1, 3]) {
            0 => mid.saturating_sub(3).saturating_add(self.random.below(7)),
            1 => best(side.opposite()).unwrap_or(mid),
            2 => best(side).unwrap_or(mid),
            3 => 0,
            4 => 1,
            5 => u64::MAX,
            _ => mid.saturating_mul(self.random.below(12)),
        };
        Price::new(ticks)
    }

    fn quantity(
        &mut self,
        state: &Oracle,
        account: AccountId,
        market: &Market,
        side: Side,
        price: Price,
    ) -> Quantity {
        let (min, max) = (market.spec.quantity_min.lots(), market.spec.quantity_max.lots());
        let lots = match self.random.weighted(&[120, 30, 16, 6, 2, 1, 1, 1, 1]) {
            0 => min.saturating_add(self.random.below(20)),
            1 => min.saturating_add(self.random.below(200)),
            2 => affordable(state, account, market, side, price).min(max),
            3 => affordable(state, account, market, side, price).saturating_add(1),
            4 => min - 1,
            5 => max,
            6 => max.saturating_add(1),
            7 => 0,
            _ => self.random.bits(),
        };
        Quantity::new(lots)
    }

    fn notional(
        &mut self,
        state: &Oracle,
        account: AccountId,
        market: &Market,
        price: Price,
        quantity: Quantity,
    ) -> Amount {
        let exact = market.notional(price, quantity).map_or(u128::MAX, Amount::units);
        let units = match self.random.weighted(&[30, 15, 15, 30, 8, 1, 1]) {
            0 => exact,
            1 => exact.saturating_sub(1),
            2 => exact.saturating_add(1),
            3 => exact / 3 + u128::from(self.random.below(1_000)),
            4 => state.balance(account, market.spec.quote).available.units(),
            5 => 0,
            _ => openmart_model::limits::SUPPLY_MAX.units() + u128::from(self.random.below(2)),
        };
        Amount::new(units)
    }

    pub(super) fn cancel(&mut self, state: &Oracle) -> Command {
        let account = self.account(state);
        let open = self.some_open_order(state);
        let order = match (open, self.random.weighted(&[80, 8, 12])) {
            (Some(order), 0) => {
                return Command::Cancel { account: order.account, order: order.id };
            }
            (Some(order), 1) => order.id,
            // Small numbers are orders of the past, sooner or later.
            (_, _) => OrderId(self.random.pick(&[0, 1, 7, 100, 1_000, 1 << 53, u64::MAX])),
        };
        Command::Cancel { account, order }
    }

    fn some_open_order(&mut self, state: &Oracle) -> Option<Order> {
        match state.orders_open() {
            0 => None,
            open => state.orders().nth(self.random.index(open)).copied(),
        }
    }

    pub(super) fn cancel_all(&mut self, state: &Oracle) -> Command {
        let market = if self.random.percent(50) { Some(self.market(state)) } else { None };
        let side = if self.random.percent(50) { Some(self.side()) } else { None };
        Command::CancelAll { account: self.account(state), market, side }
    }
}

/// The most lots that the available balance pays for, to the unit.
fn affordable(
    state: &Oracle,
    account: AccountId,
    market: &Market,
    side: Side,
    price: Price,
) -> u64 {
    match side {
        Side::Buy => {
            let available = state.balance(account, market.spec.quote).available;
            market.quantity_for(available, price).lots()
        }
        Side::Sell => {
            let available = state.balance(account, market.spec.base).available.units();
            let lots = available / market.base_amount(Quantity::new(1)).units();
            u64::try_from(lots).unwrap_or(u64::MAX)
        }
    }
}
