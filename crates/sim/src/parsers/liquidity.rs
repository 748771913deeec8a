//! Recorded markets: CSV files from anywhere.

use std::sync::OnceLock;

use openmart_liquidity::{Columns, Kind, Record};
use openmart_model::{
    Amount, Asset, AssetId, DecimalText, FeeSchedule, Market, MarketSpec, Quantity,
    SelfTradePolicy, Side,
};

use super::wire::texts;

/// As the program has it: longer lines are refused before they are read.
const LINE_BYTES_MAX: usize = 4_096;

const PRICE_DECIMALS: u8 = 4;
const QUANTITY_DECIMALS: u8 = 2;

/// A record that is accepted must be accepted as its plainest line, and be the same; and what is
/// wrong with any other line is one line itself.
pub(super) fn recording(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut lines = text.split_inclusive('\n');
    if lines.clone().any(|line| line.len() > LINE_BYTES_MAX) {
        return false;
    }
    let header = lines.next().unwrap_or_default().trim_end();
    let columns = match Columns::parse(header) {
        Ok(columns) => columns,
        Err(fault) => {
            assert!(!fault.to_string().contains('\n'), "{fault}");
            return false;
        }
    };
    let (mut after_us, mut read) = (0, 0);
    for line in lines {
        match columns.record(line, market(), after_us) {
            Ok(Some(record)) => {
                assert!(record.time_us >= after_us, "{line:?} goes back in time");
                check_again(columns.kind(), record, after_us);
                after_us = record.time_us;
                read += 1;
            }
            Ok(None) => {}
            Err(fault) => {
                assert!(!fault.to_string().contains('\n'), "{fault}");
                return false;
            }
        }
    }
    read > 0
}

fn check_again(kind: Kind, record: Record, after_us: u64) {
    let Record { time_us, side, price, quantity } = record;
    let (header, side) = match (kind, side) {
        (Kind::Trades, Side::Buy) => ("timestamp_us,taker_side,price,quantity", "buy"),
        (Kind::Trades, Side::Sell) => ("timestamp_us,taker_side,price,quantity", "sell"),
        (Kind::Books, Side::Buy) => ("timestamp_us,side,price,quantity", "bid"),
        (Kind::Books, Side::Sell) => ("timestamp_us,side,price,quantity", "ask"),
    };
    let columns = Columns::parse(header).expect("all that is needed");
    assert_eq!(columns.kind(), kind);
    let price = DecimalText::new(price.ticks().into(), PRICE_DECIMALS);
    let quantity = DecimalText::new(quantity.lots().into(), QUANTITY_DECIMALS);
    let line = format!("{time_us},{side},{price},{quantity}");
    assert_eq!(columns.record(&line, market(), after_us), Ok(Some(record)), "{line}");
}

fn market() -> &'static Market {
    static MARKET: OnceLock<Market> = OnceLock::new();
    MARKET.get_or_init(|| {
        let asset = |code: &str| Asset { code: code.into(), name: code.into(), decimals: 10 };
        let spec = MarketSpec {
            base: AssetId(0),
            quote: AssetId(1),
            price_decimals: PRICE_DECIMALS,
            quantity_decimals: QUANTITY_DECIMALS,
            depth_decimals_min: 2,
            quantity_min: Quantity::new(10),
            quantity_max: Quantity::new(500_000_000),
            notional_min_buy: Amount::new(1_000),
            notional_min_sell: Amount::new(1_000),
            fees: FeeSchedule::default(),
            self_trade: SelfTradePolicy::Allow,
            price_band_multiple: 5,
        };
        Market::new(spec, &asset("A"), &asset("B")).expect("it can be listed")
    })
}

pub(super) fn recordings() -> Vec<Vec<u8>> {
    texts(&[
        "timestamp_ms,taker_side,price,quantity\n1600000000000,buy,2.5012,18.4\n1600000000000,sell,2.5,1\n",
        "timestamp_us,side,price,quantity\r\n1,bid,0.0001,0\r\n2,ask,2.5013,0.01\r\n\r\n",
        "\u{feff}id, quantity,price,taker_side,timestamp_us,timestamp_ms\n7, 1.50,60.1,sell,1234567,0",
    ])
}
