//! Recordings: read exactly, refused by the line, replayed the same each time, and consumed for good.

use std::fs;
use std::path::PathBuf;

use openmart_liquidity::{Batch, Source};
use openmart_model::{
    AccountId, Amount, AssetId, Market, NewAccount, NewOrder, OrderKind, Outcome, Price, Quantity,
    Side, TimeInForce,
};
use tempfile::TempDir;

use super::super::recorded;
use super::super::recording::Recording;
use super::*;

fn market() -> Market {
    let venue = demo::venue();
    let spec = &venue.markets[1];
    let [base, quote] = [spec.base, spec.quote].map(|asset| &venue.assets[asset.index()]);
    Market::new(spec.clone(), base, quote).unwrap()
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recorded.csv");
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// An exchange on which somebody else, with plenty of everything, trades beside a recording.
struct Desk {
    offline: Offline,
    source: Box<dyn Source + Send>,
    /// A batch that is due later.
    coming: Option<Batch>,
    me: AccountId,
    _folder: TempDir,
}

impl Desk {
    fn new(text: &str) -> Self {
        let (folder, path) = file(text);
        let recording = Recording::check(path, market()).unwrap();
        let mut offline = offline(&Arc::new(MemoryStorage::new()));
        let source = offline.exchange.view(|state| recorded(&recording, state.engine())).unwrap();
        let plenty = Amount::new(1_000_000_000 * 10_000_000_000);
        let deposits = (0..4).map(|asset| (AssetId(asset), plenty)).collect();
        let account = NewAccount { name: "me".into(), deposits, keys: Vec::new() };
        let opened = offline.execute(Command::AddAccount(account)).unwrap();
        let Ok(Outcome::AccountAdded(me)) = opened else { panic!("{opened:?}") };
        Self { offline, source, coming: None, me, _folder: folder }
    }

    /// Everything up to so many microseconds after the first record.
    fn until(&mut self, due_us: u64) {
        loop {
            let next = || self.offline.exchange.view(|state| self.source.next(state.engine()));
            let Some(batch) = self.coming.take().or_else(next) else { return };
            if batch.due_us > due_us {
                self.coming = Some(batch);
                return;
            }
            self.offline.carry_out(self.source.as_mut(), batch).unwrap();
        }
    }

    fn place(&mut self, side: Side, price: u64, lots: u64, time_in_force: TimeInForce) {
        let kind = OrderKind::Limit {
            price: Price::new(price),
            quantity: Quantity::new(lots),
            time_in_force,
        };
        let market = openmart_model::MarketId(1);
        let order = NewOrder { account: self.me, market, side, kind, client_id: None };
        self.offline.execute(Command::Place(order)).unwrap().unwrap();
    }

    fn take(&mut self, side: Side, price: u64, lots: u64) {
        self.place(side, price, lots, TimeInForce::ImmediateOrCancel);
    }

    /// Bids and asks, best first: price in ticks, lots.
    fn book(&self) -> [Vec<(u64, u128)>; 2] {
        self.offline.exchange.view(|state| {
            let feed = state.market_data().market(openmart_model::MarketId(1)).unwrap();
            let depth = feed.depth(0, 100);
            [depth.bids, depth.asks].map(|levels| {
                levels.iter().map(|level| (level.price.units(), level.lots)).collect()
            })
        })
    }

    /// What I have left open.
    fn left(&self) -> Vec<u64> {
        self.offline.exchange.view(|state| {
            let open = state.engine().open_orders(self.me);
            open.map(|order| order.remaining().lots()).collect()
        })
    }

    /// Price in ticks and lots of every trade, oldest first.
    fn trades(&self) -> Vec<(u64, u64)> {
        self.offline.exchange.view(|state| {
            let feed = state.market_data().market(openmart_model::MarketId(1)).unwrap();
            let mut trades: Vec<_> = feed
                .trades()
                .map(|trade| (trade.id, trade.price.ticks(), trade.quantity.lots()))
                .collect();
            trades.sort_unstable();
            trades.into_iter().map(|(_, price, lots)| (price, lots)).collect()
        })
    }
}

const BOOK: &str = "\
timestamp_ms,side,price,quantity
1000,bid,100.00,0.00010
1000,bid,99.00,0.00020
1000,ask,101.00,0.00010
1000,ask,102.00,0.00005
2000,ask,101.00,0.00008
3000,ask,101.00,0.00012
4000,ask,101.00,0.00003
5000,ask,101.00,0.00006
6000,ask,101.00,0
7000,ask,101.00,0.00004
8000,bid,99.00,0.00005
";

#[test]
fn a_book_stands_as_it_was_recorded() {
    let mut desk = Desk::new(BOOK);
    desk.until(0);
    assert_eq!(desk.book(), [vec![(10_000, 10), (9_900, 20)], vec![(10_100, 10), (10_200, 5)]]);
    for (due_s, lots) in [(1, 8), (2, 12), (3, 3), (4, 6)] {
        desk.until(due_s * 1_000_000);
        assert_eq!(desk.book()[1], [(10_100, lots), (10_200, 5)], "after {due_s} s");
    }
    desk.until(5_000_000);
    assert_eq!(desk.book()[1], [(10_200, 5)]);
    desk.until(u64::MAX);
    assert_eq!(desk.book(), [vec![(10_000, 10), (9_900, 5)], vec![(10_100, 4), (10_200, 5)]]);
    assert_eq!(desk.trades(), []);
}

#[test]
fn what_is_consumed_stays_consumed() {
    let mut desk = Desk::new(BOOK);
    desk.until(0);
    desk.take(Side::Buy, 10_100, 4);
    assert_eq!(desk.book()[1][0], (10_100, 6));
    // The recording says 8, then 12, then 3, then 6: always less the 4 that are gone.
    for (due_s, lots) in [(1, 4), (2, 8)] {
        desk.until(due_s * 1_000_000);
        assert_eq!(desk.book()[1][0], (10_100, lots), "after {due_s} s");
    }
    desk.until(3_000_000);
    assert_eq!(desk.book()[1][0], (10_200, 5), "3 less 4 is nothing");
    desk.until(4_000_000);
    assert_eq!(desk.book()[1][0], (10_100, 2));
    desk.take(Side::Buy, 10_100, 1);
    desk.until(5_000_000);
    desk.until(6_000_000);
    assert_eq!(desk.book()[1][0], (10_100, 4), "a level that was gone comes back whole");
}

/// The change that comes next is decided before it is due; here it is one of another level.
#[test]
fn what_was_consumed_long_before_a_change_stays_consumed() {
    let text = "\
timestamp_ms,side,price,quantity
1000,ask,101.00,0.00010
2000,bid,98.00,0.00001
3000,ask,101.00,0.00012
4000,bid,98.00,0.00002
5000,ask,101.00,0.00005
6000,bid,98.00,0.00003
7000,ask,101.00,0.00009
";
    let mut desk = Desk::new(text);
    desk.until(0);
    desk.take(Side::Buy, 10_100, 4);
    for (due_s, lots) in [(2, 8), (4, 1), (6, 5)] {
        desk.until(due_s * 1_000_000);
        assert_eq!(desk.book()[1], [(10_100, lots)], "after {due_s} s");
    }
}

#[test]
fn recorded_quotes_meet_who_stands_in_their_way() {
    let mut desk = Desk::new(BOOK);
    desk.place(Side::Buy, 10_150, 7, TimeInForce::GTC);
    desk.until(0);
    assert_eq!(desk.trades(), [(10_150, 7)], "the ask at 101 hits the bid at 101.5");
    assert_eq!(desk.book()[1], [(10_100, 3), (10_200, 5)]);
    desk.until(1_000_000);
    assert_eq!(desk.book()[1][0], (10_100, 1), "8 less 7");
}

const TRADES: &str = "\
timestamp_us,id,taker_side,price,quantity
1000,1,buy,100.00,0.00010
2000,2,sell,99.50,0.00004
3000,3,buy,100.20,0.00010
4000,4,buy,100.10,0.00002
";

#[test]
fn recorded_trades_happen_at_their_price() {
    let mut desk = Desk::new(TRADES);
    desk.until(u64::MAX);
    assert_eq!(desk.trades(), [(10_000, 10), (9_950, 4), (10_020, 10), (10_010, 2)]);
    assert_eq!(desk.book(), [vec![], vec![]], "nothing is left of them");
}

#[test]
fn a_recorded_taker_sweeps_what_stands_better_on_the_way() {
    let mut desk = Desk::new(TRADES);
    desk.place(Side::Sell, 10_015, 3, TimeInForce::GTC);
    desk.place(Side::Buy, 9_960, 1, TimeInForce::GTC);
    desk.until(u64::MAX);
    // The recorded sale at 99.50 hits the bid at 99.60 first, the purchase at 100.20 the ask at 100.15.
    let expected = [(10_000, 10), (9_960, 1), (9_950, 3), (10_015, 3), (10_020, 7), (10_010, 2)];
    assert_eq!(desk.trades(), expected);
    assert_eq!((desk.left(), desk.book()), (vec![], [vec![], vec![]]));
}

#[test]
fn the_same_recording_writes_the_same_journal_byte_for_byte() {
    for (header, sides) in
        [("timestamp_ms,side", ["bid", "ask"]), ("timestamp_ms,taker_side", ["buy", "sell"])]
    {
        let mut text = format!("{header},price,quantity\n");
        for line in 0..3_000_u64 {
            let step = line.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            let (side, above) = if step % 2 == 0 { (sides[0], 0) } else { (sides[1], 50) };
            let (price, lots) = (6_000_000 + above + step % 40, step % 9 + line % 3 + 1);
            let price = format!("{}.{:02}", price / 100, price % 100);
            text += &format!("{},{side},{price},0.{lots:05}\n", 1_767_225_600_000 + line * 7);
        }
        let (_folder, path) = file(&text);
        let run = || {
            let recording = Recording::check(path.clone(), market()).unwrap();
            let storage = Arc::new(MemoryStorage::new());
            let mut offline = offline(&storage);
            let source = offline.exchange.view(|state| recorded(&recording, state.engine()));
            let figures = offline.run(source.unwrap().as_mut(), u64::MAX).unwrap();
            assert_eq!(figures.refused, 0);
            assert!(figures.commands > 2_000, "{figures:?}");
            segments(&storage)
        };
        assert!(run() == run(), "{header}");
    }
}

#[test]
fn a_bad_line_is_one_sentence_with_its_number() {
    let good = "timestamp_ms,side,price,quantity\n1000,bid,100.00,1\n";
    let trades = "timestamp_ms,taker_side,price,quantity\n";
    for (text, line, sentence) in [
        (String::new(), 1, "timestamp is missing"),
        ("1000,bid,100.00,1\n".into(), 1, "the first line must name the columns"),
        ("timestamp_ms,side,price\n".into(), 1, "quantity is missing"),
        ("timestamp_ms,side,taker_side,price,quantity\n".into(), 1, "one of taker_side and side"),
        ("timestamp_ms,side,price,price,quantity\n".into(), 1, "column price comes twice"),
        (format!("{good}\n2000,bid,100.00\n"), 4, "3 fields for 4 columns"),
        (format!("{good}999,bid,100.00,1\n"), 3, "earlier than that of the line before"),
        (format!("{good}-1,bid,100.00,1\n"), 3, "\"-1\" is not a whole number of milliseconds"),
        (format!("{good}99999999999999999999,bid,1,1\n"), 3, "is not a whole number"),
        (format!("{good}2000,buy,100.00,1\n"), 3, "\"buy\" is not a side"),
        (
            format!("{good}2000,bid,100.001,1\n"),
            3,
            "price \"100.001\" is no number of at most 2 decimals",
        ),
        (
            format!("{good}2000,bid,100,0.000001\n"),
            3,
            "quantity \"0.000001\" is no number of at most 5",
        ),
        (format!("{good}2000,bid,1e99,1\n"), 3, "number too large"),
        (format!("{good}2000,bid,0,1\n"), 3, "the price is zero"),
        (format!("{good}2000,bid,1,200000000\n"), 3, "outside of what the market takes"),
        (format!("{trades}2000,buy,1,0\n"), 2, "the quantity is zero"),
        (format!("{good}{}\n", "x".repeat(5_000)), 3, "not a line of text of at most 4096 bytes"),
    ] {
        let (_folder, path) = file(&text);
        let error = Recording::check(path, market()).unwrap_err().to_string();
        assert!(error.contains(&format!("recorded.csv, line {line}: ")), "{error}");
        assert!(error.contains(sentence), "{error}");
    }
    let (_folder, path) = file("timestamp_ms,side,price,quantity\n\n");
    assert!(Recording::check(path, market()).unwrap_err().to_string().contains("has no records"));
    let (folder, _) = file("");
    let error = Recording::check(folder.path().to_owned(), market()).unwrap_err().to_string();
    assert!(error.contains("is not a plain file"), "{error}");
}
