//! Random runs: everything that can be asked, after every few commands, at random later times.

use openmart_marketdata::{Depth, DepthLevel, MarketData, MarketFeed, Step};
use openmart_model::{MarketId, Reader, Side, Timestamp, Writer};

use crate::naive::{self, Row};
use crate::venue::{Batch, Venue};

const SEEDS: u64 = 24;
const COMMANDS: usize = 600;

pub(crate) fn bytes_of(data: &MarketData) -> Vec<u8> {
    let mut bytes = Vec::new();
    data.snapshot(&mut Writer::new(&mut bytes));
    bytes
}

pub(crate) fn restored(bytes: &[u8]) -> MarketData {
    let mut reader = Reader::new(bytes);
    let data = MarketData::restore(&mut reader).expect("own bytes");
    reader.finish().expect("nothing left over");
    data
}

#[test]
fn every_answer_is_what_the_events_say() {
    let mut trades = 0;
    for seed in 0..SEEDS {
        let mut venue = Venue::new(seed);
        let (mut data, mut log) = (MarketData::new(), Vec::new());
        for step in 0..COMMANDS {
            let batch = venue.step();
            data.apply(batch.sequence, batch.time, &batch.events);
            let now = Timestamp(batch.time.0 + venue.pause());
            log.push(batch);
            if step % 7 == 0 || step == COMMANDS - 1 {
                let what = format!("seed {seed}, step {step}");
                for (market, feed) in data.markets() {
                    check_depth(feed, &log, market, &what);
                    check_ticker(feed, &log, market, now, &what);
                    let shown: Vec<_> = feed.trades().copied().collect();
                    assert_eq!(shown, naive::trades(&log, market), "{what}, {market}");
                    trades += shown.len();
                }
            }
        }
    }
    assert!(trades > 0, "the runs never traded");
}

fn check_depth(feed: &MarketFeed, log: &[Batch], market: MarketId, what: &str) {
    for digits_dropped in [0, 1, 2, 6, 19] {
        let what = format!("{what}, {market}, {digits_dropped} digits dropped");
        let depth = feed.depth(digits_dropped, usize::MAX);
        let bids = naive::depth(log, market, Side::Buy, digits_dropped);
        let asks = naive::depth(log, market, Side::Sell, digits_dropped);
        assert_eq!((rows(&depth.bids), rows(&depth.asks)), (bids, asks), "{what}");
        assert!(!crosses(&depth), "{what}: {depth:?}");
        for levels_max in [0, 1, 5] {
            let top = feed.depth(digits_dropped, levels_max);
            assert_eq!(top.bids, depth.bids[..levels_max.min(depth.bids.len())], "{what}");
            assert_eq!(top.asks, depth.asks[..levels_max.min(depth.asks.len())], "{what}");
        }
    }
    let all = feed.depth(0, 1);
    for (side, levels) in [(Side::Buy, &all.bids), (Side::Sell, &all.asks)] {
        let best = feed.best(side).map(|best| (best.price.ticks(), best.lots));
        let first = levels.first().map(|level| (level.price.units(), level.lots));
        assert_eq!(best, first, "{what}, {market}, {side:?}");
    }
}

fn rows(levels: &[DepthLevel]) -> Vec<Row> {
    let row =
        |level: &DepthLevel| (level.price.units(), level.lots, level.lots_total, level.orders);
    levels.iter().map(row).collect()
}

pub(crate) fn crosses(depth: &Depth) -> bool {
    let best = depth.bids.first().zip(depth.asks.first());
    best.is_some_and(|(bid, ask)| bid.price >= ask.price)
}

fn check_ticker(feed: &MarketFeed, log: &[Batch], market: MarketId, now: Timestamp, what: &str) {
    let ticker = feed.ticker(now);
    let shown = naive::Day {
        last: ticker.last.map(|price| price.ticks()),
        open: ticker.open.map(|price| price.ticks()),
        high: ticker.high.map(|price| price.ticks()),
        low: ticker.low.map(|price| price.ticks()),
        volume: ticker.volume_lots,
        turnover: ticker.turnover.units(),
    };
    assert_eq!(shown, naive::day(log, market, now), "{what}, {market}, now {now:?}");
    assert_eq!(ticker.bid, feed.best(Side::Buy), "{what}, {market}");
    assert_eq!(ticker.ask, feed.best(Side::Sell), "{what}, {market}");
}

#[test]
fn a_restored_state_goes_on_like_the_one_it_was_taken_from() {
    for seed in 100..100 + SEEDS {
        let mut venue = Venue::new(seed);
        let mut data = MarketData::new();
        let mut copy = MarketData::new();
        for step in 0..COMMANDS {
            let batch = venue.step();
            data.apply(batch.sequence, batch.time, &batch.events);
            copy.apply(batch.sequence, batch.time, &batch.events);
            if venue.random.chance(5) || step == COMMANDS - 1 {
                let bytes = bytes_of(&data);
                assert_eq!(bytes, bytes_of(&copy), "seed {seed}, step {step}");
                let now = Timestamp(batch.time.0 + venue.pause());
                for (market, feed) in data.markets() {
                    let same = copy.market(market).expect("the same markets");
                    assert_eq!(feed.ticker(now), same.ticker(now), "seed {seed}, step {step}");
                    assert_eq!(feed.depth(1, 20), same.depth(1, 20), "seed {seed}, step {step}");
                    for step in Step::ALL {
                        let klines = |feed: &MarketFeed| {
                            feed.klines(step, Timestamp(0)..=Timestamp(u64::MAX), now, 100)
                        };
                        assert_eq!(klines(feed), klines(same), "seed {seed}, {step:?}");
                    }
                }
                copy = restored(&bytes);
            }
        }
    }
}
