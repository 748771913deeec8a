//! Many requests at a time, and the kill in the midst of them.
//!
//! Each account has a crowd of connections. Over and over a request goes out on each of them, and
//! then the answers are read: the server never has fewer than some dozens at once to put into a
//! batch. What was asked is kept as the command that should be in the journal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use openmart_model::{
    AccountId, ClientOrderId, Command, MarketId, NewOrder, OrderId, OrderKind, Price, Quantity,
    TimeInForce,
};
use openmart_wire::bitmart_v2::{OrderBody, Side};

use crate::fuse::Fuse;
use crate::support::account::{ALICE, Account, BOB, Key, limit, placed};
use crate::support::http::Response;
use crate::support::process::Server;
use crate::support::random::Random;
use crate::venue::{RESTING, TRADING};

const CONNECTIONS_PER_ACCOUNT: usize = 48;

/// The accounts in the order of the configuration.
pub(crate) const ACCOUNTS: [(AccountId, Key); 2] = [(AccountId(0), ALICE), (AccountId(1), BOB)];

/// A request, and what its answer said.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) command: Command,
    /// An answer had told of this sequence before the request went out, so its own is later.
    pub(crate) after: u64,
    pub(crate) told: Option<Told>,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) sequence: u64,
    pub(crate) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    Placed(u64),
    Done,
    Refused,
}

impl Told {
    pub(crate) fn by(answer: &Response, place: bool) -> Self {
        let sequence = answer.header("X-Openmart-Sequence").and_then(|text| text.parse().ok());
        let sequence = sequence.unwrap_or_else(|| panic!("no sequence: {answer:?}"));
        let what = match answer.status {
            200 if place => What::Placed(placed(answer)),
            200 if answer.body == "{}" => What::Done,
            400 | 404 => What::Refused,
            _ => panic!("{answer:?}"),
        };
        Self { sequence, what }
    }
}

/// Runs until so many answers have come, and kills the server. `open` are the orders of each account
/// in the trading market. Gives everything that was asked.
pub(crate) fn run(
    server: &mut Server,
    open: [Vec<(u64, Side)>; 2],
    answers: u64,
    round: u64,
    seed: u64,
) -> Vec<Asked> {
    let (address, latest) = (server.address, AtomicU64::new(0));
    let fuse = Fuse::new(server, answers);
    let crowds = ACCOUNTS.into_iter().zip(open).map(|((account, key), open)| {
        let first = Account::log_in(address, key).expect("the server is there");
        let beside = || first.beside(address).expect("the server is there");
        let lines = (0..CONNECTIONS_PER_ACCOUNT).map(|_| beside()).collect();
        let (name, random) =
            (format!("{}-{round}", key.name), Random::new(seed ^ u64::from(account.0)));
        let (fuse, latest) = (&fuse, &latest);
        Crowd { account, lines, fuse, latest, random, name, orders: 0, open, asked: Vec::new() }
    });
    let crowds: Vec<Crowd<'_>> = crowds.collect();
    let asked = thread::scope(|scope| {
        let threads: Vec<_> =
            crowds.into_iter().map(|crowd| scope.spawn(move || crowd.run())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no client panicked")).collect()
    });
    assert!(fuse.is_burnt(), "the clients stopped before the kill");
    asked
}

struct Crowd<'s> {
    account: AccountId,
    lines: Vec<Account>,
    fuse: &'s Fuse<'s>,
    /// The latest sequence that anybody was told.
    latest: &'s AtomicU64,
    random: Random,
    /// Begins every client order id; no two rounds on a folder share it.
    name: String,
    orders: u64,
    /// Orders that may be open where trading is.
    open: Vec<(u64, Side)>,
    asked: Vec<Asked>,
}

/// A request before it goes out.
enum Request {
    Place(OrderBody, NewOrder),
    Cancel(u64),
    CancelAll(&'static str, Side),
}

impl Crowd<'_> {
    fn run(mut self) -> Vec<Asked> {
        let mut cut_off = false;
        while !cut_off {
            let first = self.asked.len();
            let requests: Vec<Request> = (0..self.lines.len()).map(|_| self.request()).collect();
            for (line, request) in self.lines.iter_mut().zip(&requests) {
                let after = self.latest.load(Ordering::SeqCst);
                let command = request.command(self.account);
                // If it cannot be sent, no answer will come either.
                let _ = request.send(line);
                self.asked.push(Asked { command, after, told: None });
            }
            for (at, request) in requests.iter().enumerate() {
                // What was answered before the kill is still there to be read after it.
                match self.lines[at].finish() {
                    Ok(answer) => self.hear(first + at, request, &answer),
                    Err(error) => {
                        assert!(self.fuse.is_burnt(), "no answer before the kill: {error}");
                        cut_off = true;
                    }
                }
            }
        }
        self.asked
    }

    fn hear(&mut self, at: usize, request: &Request, answer: &Response) {
        let told = Told::by(answer, matches!(request, Request::Place(..)));
        self.latest.fetch_max(told.sequence, Ordering::SeqCst);
        if let (What::Placed(id), Request::Place(body, _)) = (&told.what, request)
            && body.symbol == TRADING
        {
            self.open.push((*id, body.side));
        }
        self.asked[at].told = Some(told);
        self.fuse.burn();
    }

    fn request(&mut self) -> Request {
        let (preferred, other) = match self.account {
            AccountId(0) => (Side::Buy, Side::Sell),
            _ => (Side::Sell, Side::Buy),
        };
        match self.random.below(100) {
            0..50 => {
                let side = if self.random.chance(70) { preferred } else { other };
                let (lots, ticks) = (1 + self.random.below(20), 1_999_995 + self.random.below(11));
                let price = format!("{}.{:02}", ticks / 100, ticks % 100);
                let body = limit(TRADING, side, &format!("0.{lots:03}"), &price);
                self.place(body, MarketId(0), lots * 100, ticks)
            }
            50..86 if !self.open.is_empty() => {
                let at = self.random.below(self.open.len() as u64) as usize;
                Request::Cancel(self.open.swap_remove(at).0)
            }
            86..88 => {
                self.open.retain(|(_, side)| *side != preferred);
                Request::CancelAll(TRADING, preferred)
            }
            88..91 => Request::CancelAll(RESTING, preferred),
            _ => {
                // Buys far below sells: nothing here trades.
                let base = if preferred == Side::Buy { 10_000 } else { 20_000 };
                let ticks = base + self.random.below(100);
                let body = limit(RESTING, preferred, "1", &format!("0.{ticks:06}"));
                self.place(body, MarketId(1), 10_000, ticks)
            }
        }
    }

    fn place(&mut self, body: OrderBody, market: MarketId, lots: u64, ticks: u64) -> Request {
        self.orders += 1;
        let name = format!("{}-{}", self.name, self.orders);
        let (price, quantity) = (Price::new(ticks), Quantity::new(lots));
        let order = NewOrder {
            account: self.account,
            market,
            side: side(body.side),
            kind: OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
            client_id: Some(ClientOrderId::new(&name).expect("a short name")),
        };
        Request::Place(OrderBody { client_order_id: Some(name), ..body }, order)
    }
}

fn side(side: Side) -> openmart_model::Side {
    match side {
        Side::Buy => openmart_model::Side::Buy,
        Side::Sell => openmart_model::Side::Sell,
    }
}

impl Request {
    fn command(&self, account: AccountId) -> Command {
        match self {
            Self::Place(_, order) => Command::Place(*order),
            Self::Cancel(id) => Command::Cancel { account, order: OrderId(*id) },
            Self::CancelAll(symbol, of_side) => {
                let market = Some(MarketId(u16::from(*symbol == RESTING)));
                Command::CancelAll { account, market, side: Some(side(*of_side)) }
            }
        }
    }

    fn send(&self, line: &mut Account) -> std::io::Result<()> {
        match self {
            Self::Place(body, _) => line.begin_place(body),
            Self::Cancel(id) => line.begin_cancel(*id),
            Self::CancelAll(symbol, side) => line.begin_cancel_all(symbol, *side),
        }
    }
}
