//! What the clients were told, and what they asked for without being told what became of it.

use std::collections::{BTreeMap, BTreeSet};

use openmart_wire::bitmart_v2::{Order, OrderBody, OwnTrade, Side};

use crate::support::account::{ALICE, BOB, Key};

/// One ledger for each account.
#[derive(Default)]
pub(crate) struct Ledgers {
    pub(crate) alice: Ledger,
    pub(crate) bob: Ledger,
}

/// What one account knows. Everything in here was in an answer, but for `doubts`.
#[derive(Default, Debug)]
pub(crate) struct Ledger {
    /// Orders that were accepted.
    pub(crate) placed: BTreeMap<u64, OrderBody>,
    /// Orders that were canceled, or said to be.
    pub(crate) canceled: BTreeSet<u64>,
    /// Orders that were said to be filled.
    pub(crate) filled: BTreeSet<u64>,
    /// Orders that were placed before a cancel-all that covers them.
    pub(crate) swept: BTreeSet<u64>,
    /// Trades as they were shown.
    pub(crate) trades: BTreeMap<u64, OwnTrade>,
    /// Finished orders as they were shown: they never change again.
    pub(crate) finished: BTreeMap<u64, Order>,
    /// Requests of the last round that got no answer.
    pub(crate) doubts: Vec<Doubt>,
    /// Doubts of all rounds.
    pub(crate) resolved: Doubts,
}

/// A request without an answer: wholly carried out, or not at all.
#[derive(Debug)]
pub(crate) enum Doubt {
    /// With a client order id that no other order has.
    Place(OrderBody),
    /// Nobody else touches these orders.
    CancelAll { open: BTreeSet<u64> },
    /// A read, or a cancel: either outcome is good.
    Other,
}

/// How requests without an answer turned out.
#[derive(Default, Debug, Clone, Copy)]
pub(crate) struct Doubts {
    pub(crate) placed: usize,
    pub(crate) not_placed: usize,
    pub(crate) swept: usize,
    pub(crate) not_swept: usize,
}

impl Ledger {
    /// Orders of one market and side that were accepted and not said to be finished.
    pub(crate) fn perhaps_open(&self, symbol: &str, side: Side) -> BTreeSet<u64> {
        let of_book =
            self.placed.iter().filter(|(_, order)| order.symbol == symbol && order.side == side);
        let ids = of_book.map(|(id, _)| *id);
        ids.filter(|id| !self.is_finished(*id)).collect()
    }

    /// Notes a finished order; if it was noted before, it must be the same.
    pub(crate) fn finish(&mut self, order: Order) {
        let before = self.finished.insert(order.entrust_id, order.clone());
        assert!(
            before.as_ref().is_none_or(|before| *before == order),
            "a finished order changed: {before:?} became {order:?}"
        );
    }

    fn is_finished(&self, id: u64) -> bool {
        [&self.canceled, &self.filled, &self.swept].iter().any(|known| known.contains(&id))
            || self.finished.contains_key(&id)
    }
}

/// How much happened.
#[derive(Debug)]
pub(crate) struct Figures {
    placed: usize,
    canceled: usize,
    swept: usize,
    trades: usize,
    resolved: Doubts,
}

impl Figures {
    /// Whether enough happened for so many kills to hit something.
    pub(crate) fn could_have_failed(&self, kills: u64) -> bool {
        let enough = |count: usize| count as u64 >= kills;
        let Doubts { placed, not_placed, .. } = self.resolved;
        let orders = enough(self.placed) && enough(self.canceled) && enough(self.swept);
        orders && enough(self.trades) && placed + not_placed > 0
    }
}

impl Ledgers {
    pub(crate) fn of(&mut self) -> [(Key, &mut Ledger); 2] {
        [(ALICE, &mut self.alice), (BOB, &mut self.bob)]
    }

    pub(crate) fn figures(&self) -> Figures {
        let both = [&self.alice, &self.bob];
        let sum = |count: fn(&Ledger) -> usize| both.iter().map(|ledger| count(ledger)).sum();
        let resolved =
            |count: fn(&Doubts) -> usize| both.iter().map(|ledger| count(&ledger.resolved)).sum();
        Figures {
            placed: sum(|ledger| ledger.placed.len()),
            canceled: sum(|ledger| ledger.canceled.len()),
            swept: sum(|ledger| ledger.swept.len()),
            trades: self.alice.trades.len(),
            resolved: Doubts {
                placed: resolved(|doubts| doubts.placed),
                not_placed: resolved(|doubts| doubts.not_placed),
                swept: resolved(|doubts| doubts.swept),
                not_swept: resolved(|doubts| doubts.not_swept),
            },
        }
    }
}
