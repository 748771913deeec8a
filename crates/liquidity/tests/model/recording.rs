//! Lines of a recording as strangers write them: read or refused, and never more.

use openmart_liquidity::{Columns, Fault, Kind};
use openmart_model::{Market, Price, Quantity, Side};

use crate::venue::{BTC_USDT, Venue};

const SEED: u64 = 20_261_122;
const LINES: usize = 200_000;

fn market() -> Market {
    Venue::new().engine.market(BTC_USDT).unwrap().clone()
}

#[test]
fn columns_may_stand_in_any_order_among_others() {
    let columns = Columns::parse("\u{feff}id, quantity,price,taker_side,timestamp_us").unwrap();
    assert_eq!(columns.kind(), Kind::Trades);
    let record = columns.record("7, 1.5,60000.1,sell,1234567\r\n", &market(), 0).unwrap().unwrap();
    assert_eq!((record.time_us, record.side), (1_234_567, Side::Sell));
    assert_eq!((record.price, record.quantity), (Price::new(6_000_010), Quantity::new(150_000)));
    assert_eq!(columns.record(" \n", &market(), 0), Ok(None));
    assert_eq!(columns.record("7,1,1,sell,9", &market(), 10), Err(Fault::TimeGoesBack));
}

#[test]
fn no_line_is_a_panic() {
    let market = market();
    let columns = ["timestamp_ms,side,price,quantity", "timestamp_us,taker_side,price,quantity"]
        .map(|header| Columns::parse(header).unwrap());
    let pieces = [
        "1",
        "0",
        "9",
        ".",
        ",",
        "-",
        "e",
        "+",
        " ",
        "bid",
        "ask",
        "buy",
        "sell",
        "\"",
        "é",
        "\0",
        "18446744073709551615",
        "340282366920938463463374607431768211455",
        "0.00001",
        "1e99",
        "\n",
    ];
    let mut state = SEED;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    let (mut read, mut refused) = (0, 0);
    for _ in 0..LINES {
        let mut fields = ["1000", ["bid", "buy"][next(2)], "60000.5", "0.25"].map(str::to_owned);
        for _ in 0..next(4) {
            let (field, piece) = (next(4), pieces[next(pieces.len())]);
            let at = next(fields[field].chars().count() + 1);
            let at = fields[field].char_indices().nth(at).map_or(fields[field].len(), |(at, _)| at);
            fields[field].insert_str(at, piece);
        }
        match columns[next(2)].record(&fields.join(","), &market, next(2_000) as u64) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(
        read > LINES / 20 && refused > LINES / 20,
        "seed {SEED}: {read} read, {refused} refused"
    );
}
