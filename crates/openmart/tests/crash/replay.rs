//! The journal against what the clients asked and were told, entry by entry, and what the server
//! shows against an engine that replays it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::AddAssign;
use std::sync::Arc;

use openmart_engine::Engine;
use openmart_journal::{FileStorage, Reader};
use openmart_model::{AccountId, Command, CommandResult, Event, OrderId, Outcome, Timestamp};
use openmart_wire::bitmart_v2::{Side, StatusFilter};

use crate::flood::{ACCOUNTS, Asked, Told, What};
use crate::support::account::{ALICE, Account};
use crate::venue::{SYMBOLS, units};

/// An order that nobody has, below 2^53 as all are.
const NO_ORDER: u64 = (1 << 53) - 1;

/// Digits after the point of price and quantity, by market, as configured.
const DECIMALS: [(u32, u32); 2] = [(2, 5), (6, 4)];

/// How much was compared.
#[derive(Default, Debug, Clone, Copy)]
pub(crate) struct Figures {
    kills: u64,
    acknowledged: u64,
    refused: u64,
    /// Requests without an answer that are in the journal.
    unanswered_done: u64,
    /// Requests without an answer that are not.
    unanswered_not_done: u64,
    trades: u64,
}

impl Figures {
    /// Whether enough happened for so many kills to hit something.
    pub(crate) fn could_have_failed(&self, kills: u64) -> bool {
        let enough = self.acknowledged > 500 * kills && self.trades > 10 * kills;
        enough && self.refused < self.acknowledged / 2 && self.unanswered_not_done > kills
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.unanswered_done += other.unanswered_done;
        self.unanswered_not_done += other.unanswered_not_done;
        self.trades += other.trades;
    }
}

/// An engine that reads the journal of a data folder beside the server.
pub(crate) struct Replay {
    reader: Reader,
    engine: Engine,
    pub(crate) figures: Figures,
}

impl Replay {
    /// Begins after what the server needed to list itself; nobody else has asked for anything yet.
    pub(crate) fn of(data_dir: &str, address: SocketAddr) -> Self {
        let storage = FileStorage::create(data_dir).expect("the data folder");
        let reader = Reader::open(Arc::new(storage), 1).expect("a sound journal");
        let mut replay = Self { reader, engine: Engine::new(), figures: Figures::default() };
        let mut anybody = |_, _: &Command, _: &CommandResult| ();
        replay.follow(probe(address).1, &mut anybody);
        replay
    }

    /// Holds what was asked before a kill against the journal that the server goes on with.
    ///
    /// Every answer must be in the journal, at the place it told, as the command that was asked, with
    /// the outcome that was told, and after all answers that came before the request. Every entry must
    /// have been asked for, and no request is in there twice.
    pub(crate) fn audit(&mut self, address: SocketAddr, asked: Vec<Asked>) {
        let (mut told, mut untold) = (HashMap::new(), Vec::new());
        let (probed, until) = probe(address);
        for asked in asked.into_iter().chain([probed]) {
            match &asked.told {
                Some(answer) => {
                    assert!(answer.sequence > asked.after, "out of order: {asked:?}");
                    let before = told.insert(answer.sequence, asked);
                    assert!(before.is_none(), "told twice: {before:?}");
                }
                None => untold.push(asked),
            }
        }
        let mut figures =
            Figures { kills: 1, acknowledged: told.len() as u64, ..Figures::default() };
        self.follow(until, &mut |sequence, command, result| {
            if let Some(asked) = told.remove(&sequence) {
                assert_eq!(asked.command, *command, "sequence {sequence}");
                let answer = asked.told.expect("it is among those told");
                assert_eq!(answer.what, what(result), "sequence {sequence}: {command:?}");
                figures.refused += u64::from(answer.what == What::Refused);
                return;
            }
            let is_it = |asked: &Asked| asked.command == *command && asked.after < sequence;
            let at = untold.iter().position(is_it);
            let at = at.unwrap_or_else(|| panic!("nobody asked for {sequence}: {command:?}"));
            untold.swap_remove(at);
            figures.unanswered_done += 1;
        });
        assert!(told.is_empty(), "lost: {told:?}");
        figures.unanswered_not_done = untold.len() as u64;
        self.figures += figures;
        assert_eq!(self.engine.check(), Ok(()));
        for (account, key) in ACCOUNTS {
            let mut shown = Account::log_in(address, key).expect("the server is there");
            self.compare_balances(account, &mut shown);
            self.compare_orders(account, &mut shown);
        }
    }

    /// Applies the entries up to that one.
    fn follow(&mut self, until: u64, see: &mut impl FnMut(u64, &Command, &CommandResult)) {
        let mut events = Vec::new();
        while let Some(entry) = self.reader.next_entry(until).expect("a sound journal") {
            let command = Command::decode(entry.payload).expect("a command");
            let (sequence, time) = (entry.sequence, Timestamp(entry.time_ms));
            events.clear();
            let result = self.engine.apply(sequence, time, &command, &mut events);
            let trades = events.iter().filter(|event| matches!(event, Event::Traded { .. }));
            self.figures.trades += trades.count() as u64;
            see(sequence, &command, &result);
        }
        assert_eq!(self.engine.sequence(), until);
    }

    /// Open orders of both accounts in the first market.
    pub(crate) fn open_orders(&self) -> [Vec<(u64, Side)>; 2] {
        ACCOUNTS.map(|(account, _)| {
            let orders = self.engine.open_orders(account).filter(|order| order.market.0 == 0);
            let side = |side| match side {
                openmart_model::Side::Buy => Side::Buy,
                openmart_model::Side::Sell => Side::Sell,
            };
            orders.map(|order| (order.id.0, side(order.side))).collect()
        })
    }

    fn compare_balances(&self, account: AccountId, shown: &mut Account) {
        let wallet = shown.wallet().expect("the server is there");
        assert_eq!(wallet.len(), self.engine.assets().len());
        for entry in wallet {
            let asset = self.engine.asset_by_code(&entry.id).expect("a listed asset");
            let balance = self.engine.balance(account, asset);
            let found = (units(&entry.available), units(&entry.frozen));
            assert_eq!(found, (balance.available.units(), balance.hold.units()), "{entry:?}");
        }
    }

    fn compare_orders(&self, account: AccountId, shown: &mut Account) {
        let mut open: HashMap<u64, _> =
            self.engine.open_orders(account).map(|order| (order.id.0, order)).collect();
        for (market, symbol) in SYMBOLS.into_iter().enumerate() {
            let (price_decimals, quantity_decimals) = DECIMALS[market];
            let orders = shown.orders_with(symbol, StatusFilter::InBook);
            for order in orders.expect("the server is there") {
                let known = open.remove(&order.entrust_id);
                let known = known.unwrap_or_else(|| panic!("{order:?} came back"));
                let price = known.kind.price().expect("a limit order").ticks();
                let price = u128::from(price) * 10_u128.pow(10 - price_decimals);
                let lots = |lots: u64| u128::from(lots) * 10_u128.pow(10 - quantity_decimals);
                let expected = (price, lots(known.remaining().lots()), lots(known.filled.lots()));
                let remaining = units(&order.remaining_amount);
                let found = (units(&order.price), remaining, units(&order.executed_amount));
                assert_eq!((found, market), (expected, known.market.index()), "{order:?}");
            }
        }
        assert!(open.is_empty(), "lost: {open:?}");
    }
}

/// Asks for something that changes nothing. All that was done before is before its sequence.
fn probe(address: SocketAddr) -> (Asked, u64) {
    let mut account = Account::log_in(address, ALICE).expect("the server is there");
    let told = Told::by(&account.cancel(NO_ORDER).expect("the server is there"), false);
    let command = Command::Cancel { account: ACCOUNTS[0].0, order: OrderId(NO_ORDER) };
    let sequence = told.sequence;
    (Asked { command, after: 0, told: Some(told) }, sequence)
}

fn what(result: &CommandResult) -> What {
    match result {
        Ok(Outcome::Placed { order, .. }) => What::Placed(order.0),
        Ok(_) => What::Done,
        Err(_) => What::Refused,
    }
}
