//! Candles and trades of more than memory keeps, against plain lists, wherever they are at the moment.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use openmart_exchange::{Exchange, KLINES_MAX, KlineRequest, LAG_ROWS_MAX, ManualClock, Options};
use openmart_marketdata::{CANDLES_KEPT, KlineRow, PublicTrade, Step};
use openmart_model::{Amount, MarketId, Price, Quantity, Side, Timestamp, TradeId};

use crate::history_trouble::{Setup, fill, make_space};
use crate::venue::{Dice, MARKET, START_MS, limit, options, run};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 1_440 * MINUTE_MS;
/// Smallest units of the quote asset in a tick times a lot.
const NOTIONAL_UNITS: u128 = 1_000_000;

/// An exchange on which account 0 sells to account 1, and what it must show.
struct Venue {
    setup: Setup,
    clock: Arc<ManualClock>,
    dice: Dice,
    trades: Vec<PublicTrade>,
    candles: BTreeMap<(Step, Timestamp), KlineRow>,
}

impl Venue {
    fn new(seed: u64) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(START_MS)));
        let setup = Setup::new(LAG_ROWS_MAX, Options { clock: clock.clone(), ..options() });
        Self { setup, clock, dice: Dice(seed), trades: vec![], candles: BTreeMap::new() }
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.trades.last().map_or(START_MS, |last| last.time.0) + 3 * DAY_MS)
    }

    /// Most trades come more than a month after the one before, so that no step keeps all candles.
    fn trade(&mut self, exchange: &Exchange, count: usize) {
        for _ in 0..count {
            let gap_ms_max = [MINUTE_MS / 2, 3 * MINUTE_MS][self.dice.below(2) as usize];
            let months_ms = if self.dice.below(10) == 0 { 0 } else { 32 * DAY_MS };
            let before = self.trades.last().map_or(START_MS, |last| last.time.0);
            let time = Timestamp(before + months_ms + self.dice.below(gap_ms_max));
            let (ticks, lots) = (1 + self.dice.below(50), 1 + self.dice.below(9));
            self.clock.set(time);
            run(exchange, [limit(0, Side::Sell, ticks, lots), limit(1, Side::Buy, ticks, lots)]);
            self.note(PublicTrade {
                id: TradeId(self.trades.len() as u64 + 1),
                time,
                price: Price::new(ticks),
                quantity: Quantity::new(lots),
                notional: Amount::new(u128::from(ticks * lots) * NOTIONAL_UNITS),
                taker_side: Side::Buy,
            });
        }
    }

    fn note(&mut self, trade: PublicTrade) {
        self.trades.push(trade);
        for step in Step::ALL {
            let open_time = step.open_time(trade.time);
            let candle = self.candles.entry((step, open_time)).or_insert(KlineRow {
                open_time,
                open: trade.price,
                high: trade.price,
                low: trade.price,
                close: trade.price,
                volume_lots: 0,
                turnover: Amount::ZERO,
            });
            candle.high = candle.high.max(trade.price);
            candle.low = candle.low.min(trade.price);
            candle.close = trade.price;
            candle.volume_lots += u128::from(trade.quantity.lots());
            candle.turnover = Amount::new(candle.turnover.units() + trade.notional.units());
        }
    }

    /// Candle by candle, each looked up.
    fn klines(&self, request: &KlineRequest) -> Vec<KlineRow> {
        let (step, (from, to)) = (request.step, request.open_times.clone().into_inner());
        let mut rows = Vec::new();
        let first = self.candles.range((step, Timestamp(0))..).next().unwrap().0.1;
        let mut open_time = from.max(first);
        if step.open_time(open_time) < open_time {
            let Some(next) = step.next_open_time(open_time) else { return rows };
            open_time = next;
        }
        while open_time <= to.min(request.now) && rows.len() < request.rows_max.min(KLINES_MAX) {
            let key = (step, open_time);
            let mut before = self.candles.range((Bound::Unbounded, Bound::Included(key)));
            let (_, last) = before.next_back().unwrap();
            rows.push(match last.open_time == open_time {
                true => *last,
                false => KlineRow {
                    open_time,
                    open: last.close,
                    high: last.close,
                    low: last.close,
                    volume_lots: 0,
                    turnover: Amount::ZERO,
                    ..*last
                },
            });
            open_time = step.next_open_time(open_time).unwrap();
        }
        rows
    }

    fn compare(&mut self, exchange: &Exchange, context: &str) {
        let now = self.now();
        for step in Step::ALL {
            let open_times: Vec<u64> = (self.candles.keys())
                .filter(|(of, _)| *of == step)
                .map(|(_, open_time)| open_time.0)
                .collect();
            // Where memory begins to know them, when it has dropped any.
            let known = open_times.len().saturating_sub(CANDLES_KEPT);
            let dropped = known > 0;
            let near = |place: usize| open_times[place.min(open_times.len() - 1)];
            let mut ranges = vec![(0, u64::MAX), (near(known), u64::MAX), (near(known) + 1, 0)];
            for place in [0, known.saturating_sub(1), known, known + 1, open_times.len() - 1] {
                let from = near(place) - 1 + self.dice.below(3);
                ranges.push((from, from + self.dice.below(100 * DAY_MS)));
                ranges.push((from.saturating_sub(self.dice.below(400 * DAY_MS)), u64::MAX));
            }
            for ((from, to), rows_max) in ranges.into_iter().flat_map(|r| [(r, 50), (r, 9_999)]) {
                let open_times = Timestamp(from)..=Timestamp(to);
                let request = KlineRequest { market: MARKET, step, open_times, now, rows_max };
                let found = exchange.klines(&request).unwrap();
                assert_eq!(found, self.klines(&request), "{context} {request:?}");
                let in_memory = exchange.view(|state| state.klines(&request));
                let known = !dropped || from >= near(known);
                assert_eq!(in_memory.is_some(), known, "{context} {request:?}");
            }
        }
        self.compare_trades(exchange, context);
    }

    fn compare_trades(&mut self, exchange: &Exchange, context: &str) {
        let last = self.trades.len() as u64;
        for before in [None, Some(0), Some(1), Some(u64::MAX), Some(1 + self.dice.below(last))] {
            for count in [0, 10, 50, 51, 400, 9_999] {
                let found = exchange.trades(MARKET, before.map(TradeId), count).unwrap();
                let below = |trade: &&PublicTrade| before.is_none_or(|before| trade.id.0 < before);
                let newest = self.trades.iter().rev().filter(below).take(count.min(1_000));
                let expected: Vec<_> = newest.copied().collect();
                assert_eq!(found, expected, "{context} below {before:?}, {count}");
            }
        }
        assert_eq!(exchange.trades(MarketId(9), None, 10), Ok(vec![]));
    }
}

#[test]
fn what_memory_no_longer_has_comes_from_history_wherever_that_is() {
    let mut venue = Venue::new(1);
    let exchange = venue.setup.try_open().unwrap();
    run(&exchange, crate::venue::listing());
    venue.trade(&exchange, 40);
    venue.compare(&exchange, "a few");
    venue.trade(&exchange, 500);
    exchange.snapshot().wait().unwrap();

    // From here on nothing is written: the tail has candles that are older than those in memory.
    fill(&venue.setup.path());
    let written = venue.now();
    venue.trade(&exchange, 6_200);
    for step in Step::ALL {
        let unwritten =
            venue.candles.range((step, written)..).take_while(|((of, _), _)| *of == step);
        assert!(unwritten.count() > CANDLES_KEPT + 100, "{step:?}");
    }
    assert!(exchange.status().history.trouble.is_some(), "{:?}", exchange.status());
    venue.compare(&exchange, "in the tail");
    make_space(&venue.setup.path());
    while exchange.snapshot().wait().is_err() {
        std::thread::yield_now();
    }
    venue.compare(&exchange, "written");
    venue.trade(&exchange, 10);
    venue.compare(&exchange, "a few more");
    // Without a last snapshot: replayed over what the file has already.
    drop(exchange);
    let exchange = venue.setup.try_open().unwrap();
    venue.compare(&exchange, "restored");
    exchange.close().unwrap();
    venue.compare(&exchange, "closed");
}
