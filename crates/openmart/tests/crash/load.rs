//! The clients, and the kill.
//!
//! Two clients of each account trade around one price; they see each other's orders and cancel them.
//! A third has a market side to itself, where orders only rest: after a cancel-all without an answer
//! either all of them are gone or none.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use openmart_wire::bitmart_v2::{Order, OrderBody, OrderStatus, Side};

use crate::fuse::Fuse;
use crate::ledger::{Doubt, Ledger, Ledgers};
use crate::support::account::{ALICE, Account, BOB, limit, parsed, placed};
use crate::support::http::Response;
use crate::support::process::Server;
use crate::support::random::Random;
use crate::venue::{RESTING, TRADING};

const TRADERS_PER_ACCOUNT: u64 = 2;

/// Runs all clients until so many answers have come, kills the server, and puts into the ledgers
/// what the clients know.
pub(crate) fn run(server: &mut Server, ledgers: &mut Ledgers, answers: u64, round: u64, seed: u64) {
    let address = server.address;
    let mut clients = Vec::new();
    let fuse = Fuse::new(server, answers);
    let (alice, bob) = (Mutex::new(&mut ledgers.alice), Mutex::new(&mut ledgers.bob));
    for (key, ledger, side) in [(ALICE, &alice, Side::Buy), (BOB, &bob, Side::Sell)] {
        for number in 0..TRADERS_PER_ACCOUNT + 1 {
            let role = if number == 0 { Role::Sweeper(side) } else { Role::Trader(side) };
            // Whoever logs in before the load begins meets a server that is there for sure.
            let account = Account::log_in(address, key).expect("the server is there");
            let name = format!("{}-{round}-{number}", key.name);
            let random = Random::new(seed ^ clients.len() as u64);
            clients.push(Client { account, ledger, fuse: &fuse, random, name, orders: 0, role });
        }
    }
    fuse.burn();
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(move || client.run());
        }
    });
    assert!(fuse.is_burnt(), "the clients stopped before the kill");
}

/// What a client does, and the side it prefers or has to itself.
#[derive(Clone, Copy)]
enum Role {
    Trader(Side),
    Sweeper(Side),
}

struct Client<'s> {
    account: Account,
    ledger: &'s Mutex<&'s mut Ledger>,
    fuse: &'s Fuse<'s>,
    random: Random,
    /// Begins every client order id; no two clients of any round share it.
    name: String,
    orders: u64,
    role: Role,
}

impl Client<'_> {
    /// Asks until no answer comes.
    fn run(mut self) {
        loop {
            let asked = match self.role {
                Role::Trader(side) => self.trade(side),
                Role::Sweeper(side) => self.sweep(side),
            };
            match asked {
                Ok(()) => self.fuse.burn(),
                Err(doubt) => {
                    assert!(self.fuse.is_burnt(), "no answer before the kill to {doubt:?}");
                    return self.note(|ledger| ledger.doubts.push(doubt));
                }
            }
        }
    }

    fn note<R>(&self, write: impl FnOnce(&mut Ledger) -> R) -> R {
        write(*self.ledger.lock().expect("no client panicked"))
    }

    fn trade(&mut self, preferred: Side) -> Result<(), Doubt> {
        let other = if preferred == Side::Buy { Side::Sell } else { Side::Buy };
        let side = if self.random.chance(70) { preferred } else { other };
        match self.random.below(100) {
            0..55 => {
                let amount = format!("0.{:03}", 1 + self.random.below(20));
                let cents = 2_000_000 - 5 + self.random.below(11);
                let price = format!("{}.{:02}", cents / 100, cents % 100);
                self.place(limit(TRADING, side, &amount, &price))
            }
            55..83 => self.cancel_one(TRADING, side),
            83..87 => {
                let covered = self.note(|ledger| ledger.perhaps_open(TRADING, side));
                let answer = self.account.cancel_all(TRADING, side).map_err(|_| Doubt::Other)?;
                self.swept(&answer, covered);
                Ok(())
            }
            87..94 => self.look_at_trades(),
            _ => self.look_at_order(side),
        }
    }

    fn sweep(&mut self, side: Side) -> Result<(), Doubt> {
        match self.random.below(100) {
            0..70 => {
                // Buys far below sells: nothing here trades.
                let base = if side == Side::Buy { 10 } else { 20 };
                let price = format!("0.0{base}{:03}", self.random.below(100));
                self.place(limit(RESTING, side, "1", &price))
            }
            70..85 => self.cancel_one(RESTING, side),
            _ => {
                let open = self.note(|ledger| ledger.perhaps_open(RESTING, side));
                let in_doubt = |_| Doubt::CancelAll { open: open.clone() };
                let answer = self.account.cancel_all(RESTING, side).map_err(in_doubt)?;
                self.swept(&answer, open);
                Ok(())
            }
        }
    }

    fn place(&mut self, order: OrderBody) -> Result<(), Doubt> {
        self.orders += 1;
        let client_order_id = Some(format!("{}-{}", self.name, self.orders));
        let order = OrderBody { client_order_id, ..order };
        let answer = match self.account.place(&order) {
            Ok(answer) => answer,
            Err(_) => return Err(Doubt::Place(order)),
        };
        // An order that would meet one of its own account is refused.
        if answer.status == 400 && answer.body.contains("Place order error") {
            return Ok(());
        }
        let id = placed(&answer);
        let before = self.note(|ledger| ledger.placed.insert(id, order));
        assert!(before.is_none(), "order id {id} was given out twice");
        Ok(())
    }

    fn some_order(&mut self, symbol: &str, side: Side) -> Option<u64> {
        let open = self.note(|ledger| ledger.perhaps_open(symbol, side));
        let at = self.random.below(open.len().max(1) as u64) as usize;
        open.into_iter().nth(at)
    }

    fn cancel_one(&mut self, symbol: &str, side: Side) -> Result<(), Doubt> {
        let Some(id) = self.some_order(symbol, side) else { return Ok(()) };
        let answer = self.account.cancel(id).map_err(|_| Doubt::Other)?;
        self.note(|ledger| match (answer.status, answer.header("X-Openmart-Reason")) {
            (200, None) if answer.body == "{}" => ledger.canceled.insert(id),
            (404, Some("canceled")) => ledger.canceled.insert(id),
            (404, Some("filled")) => ledger.filled.insert(id),
            _ => panic!("cancel of {id}: {answer:?}"),
        });
        Ok(())
    }

    fn swept(&self, answer: &Response, covered: BTreeSet<u64>) {
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"), "{answer:?}");
        self.note(|ledger| ledger.swept.extend(covered));
    }

    fn look_at_trades(&mut self) -> Result<(), Doubt> {
        let trades = self.account.latest_trades(TRADING, 20).map_err(|_| Doubt::Other)?;
        self.note(|ledger| {
            for trade in trades {
                let before = ledger.trades.insert(trade.trade_id, trade.clone());
                assert!(before.is_none_or(|before| before == trade), "{trade:?} was another");
            }
        });
        Ok(())
    }

    fn look_at_order(&mut self, side: Side) -> Result<(), Doubt> {
        let Some(id) = self.some_order(TRADING, side) else { return Ok(()) };
        let answer = self.account.order(id).map_err(|_| Doubt::Other)?;
        let order: Order = parsed(&answer);
        if matches!(order.status, OrderStatus::Filled | OrderStatus::Canceled) {
            self.note(|ledger| ledger.finish(order));
        }
        Ok(())
    }
}
