//! Snapshots of the market data.

use openmart_marketdata::{MarketData, MarketFeed, Step};
use openmart_model::{Reader, Timestamp, Writer};

use crate::pair::Pair;
use crate::workload::random::RandomCommands;

/// What restores must be written back the same, and can be shown.
pub(super) fn snapshot(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let Ok(data) = MarketData::restore(&mut reader) else { return false };
    if reader.finish().is_err() {
        return false;
    }
    assert_eq!(written(&data), bytes, "market data has two byte forms");
    for (_, feed) in data.markets() {
        let _ = (feed.depth(0, 10), feed.depth(3, 10), feed.ticker(Timestamp(0)));
        show_klines(feed);
    }
    true
}

fn show_klines(feed: &MarketFeed) {
    let end = Timestamp(u64::MAX);
    for step in Step::ALL {
        let _ = feed.klines(step, Timestamp(0)..=end, end, 10);
        let _ = feed.running_kline(step, end);
    }
}

pub(super) fn snapshots() -> Vec<Vec<u8>> {
    let after = |seed: u64| {
        let (mut source, mut pair) = (RandomCommands::new(seed), Pair::new());
        for _ in 0..200 * seed {
            let (time, command) = (source.time(), source.command(&pair.oracle));
            let _ = pair.apply(time, &command).expect("engine and oracle agree");
        }
        written(&pair.market_data)
    };
    (1..=5).map(after).collect()
}

fn written(data: &MarketData) -> Vec<u8> {
    let mut bytes = Vec::new();
    data.snapshot(&mut Writer::new(&mut bytes));
    bytes
}
