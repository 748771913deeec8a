//! What each event does to the orders, and what it cannot do.

use openmart_model::{CloseReason, Command, Event, Order, OrderId, Price, Quantity, Trade};

use super::{Known, Ledger, Stage, is_asked_for};

impl Ledger {
    /// Takes in one event of a command.
    pub(super) fn follow(&mut self, command: &Command, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Placed(order) => self.place(command, order),
            Event::Traded(trade) => self.trade(trade),
            Event::Rested { order, price, remaining, .. } => self.rest(*order, *price, *remaining),
            Event::Closed { order, reason, rested } => self.close(command, order, *reason, *rested),
            _ => Ok(()),
        }
    }

    fn place(&mut self, command: &Command, order: &Order) -> Result<(), &'static str> {
        let Command::Place(wish) = command else { return Err("placed without being asked to") };
        if (wish.account, wish.market, wish.side) != (order.account, order.market, order.side) {
            return Err("another order than was asked for");
        }
        if order.id.0 != self.orders.len() as u64 + 1 {
            return Err("the id is not the next one");
        }
        self.orders.push(Known {
            // A market order never rests, so it needs no price.
            price: order.kind.price().unwrap_or(Price::new(0)),
            remaining: order.remaining(),
            account: order.account,
            place: 0,
            market: order.market,
            side: order.side,
            stage: Stage::Arriving,
            touched: false,
        });
        Ok(())
    }

    fn trade(&mut self, trade: &Trade) -> Result<(), &'static str> {
        self.tally.trades += 1;
        let (taker, maker) = (self.at(trade.taker_order)?, self.at(trade.maker_order)?);
        if self.orders[taker].stage != Stage::Arriving {
            return Err("a fill of an order that is not arriving");
        }
        if self.orders[maker].stage != Stage::Resting {
            return Err("a fill of an order that is not in the book");
        }
        self.hold_changes(maker, trade.quantity, false)?;
        for at in [taker, maker] {
            let known = &mut self.orders[at];
            let rest = known.remaining.checked_sub(trade.quantity);
            known.remaining = rest.ok_or("more was filled than remained")?;
            known.touched = true;
        }
        Ok(())
    }

    fn rest(&mut self, id: OrderId, price: Price, remaining: Quantity) -> Result<(), &'static str> {
        let at = self.at(id)?;
        let known = &mut self.orders[at];
        if known.stage != Stage::Arriving {
            return Err("entered the book a second time");
        }
        if (known.price, known.remaining) != (price, remaining) || remaining.is_zero() {
            return Err("rests with something else than remained");
        }
        known.stage = Stage::Resting;
        known.place = self.open.len() as u32;
        self.open.push(id.0);
        self.hold_changes(at, remaining, true)
    }

    fn close(
        &mut self,
        command: &Command,
        order: &Order,
        reason: CloseReason,
        rested: bool,
    ) -> Result<(), &'static str> {
        let at = self.at(order.id)?;
        let known = self.orders[at];
        if matches!(known.stage, Stage::Finished(_)) {
            return Err("an order ended twice");
        }
        if rested != (known.stage == Stage::Resting) {
            return Err("wrong about its having been in the book");
        }
        if order.remaining() != known.remaining {
            return Err("ended with something else than remained");
        }
        let right = match reason {
            CloseReason::Filled => known.remaining.is_zero(),
            CloseReason::Canceled => {
                rested && is_asked_for(command, &known) && {
                    !matches!(command, Command::Cancel { order: asked, .. } if *asked != order.id)
                }
            }
            CloseReason::Expired => !rested,
            CloseReason::SelfTrade => {
                matches!(command, Command::Place(wish) if wish.account == known.account)
            }
        };
        if !right || (known.remaining.is_zero() && reason != CloseReason::Filled) {
            return Err("ended for a wrong reason");
        }
        if rested {
            self.hold_changes(at, known.remaining, false)?;
            self.open.swap_remove(known.place as usize);
            if let Some(moved) = self.open.get(known.place as usize) {
                let moved = *moved as usize - 1;
                self.orders[moved].place = known.place;
            }
        }
        self.orders[at].stage = Stage::Finished(reason);
        Ok(())
    }
}
