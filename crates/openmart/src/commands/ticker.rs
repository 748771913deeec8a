//! `openmart ticker`.

use openmart_client::Decimal;

use super::arguments::Ticker;
use super::connection::open;
use super::output::{assets, show};
use super::table::{Table, left, right};

pub(super) async fn run(arguments: &Ticker) -> anyhow::Result<()> {
    let Ticker { symbol, connection } = arguments;
    let client = open(connection)?;
    match symbol {
        Some(symbol) => {
            let ticker = client.ticker(symbol).await?;
            show(connection.json, &ticker, |ticker| table(std::slice::from_ref(ticker)))
        }
        None => show(connection.json, &client.tickers().await?, |tickers| table(tickers)),
    }
}

fn table(tickers: &[openmart_client::Ticker]) -> Table {
    let columns = [
        left("MARKET"),
        right("LAST"),
        right("BID"),
        right("ASK"),
        right("CHANGE %"),
        right("LOW"),
        right("HIGH"),
        right("VOLUME"),
        left(""),
        right("TURNOVER"),
        left(""),
    ];
    let mut table = Table::new(columns, "no markets");
    for ticker in tickers {
        let (base, quote) = assets(&ticker.symbol_id);
        table.row([
            ticker.symbol_id.clone(),
            ticker.current_price.clone(),
            ticker.bid_1.clone(),
            ticker.ask_1.clone(),
            percent(&ticker.fluctuation),
            ticker.lowest_price.clone(),
            ticker.highest_price.clone(),
            ticker.volume.clone(),
            base.to_owned(),
            ticker.base_volume.clone(),
            quote.to_owned(),
        ]);
    }
    table
}

/// `+0.0121` as `+1.21`.
fn percent(fraction: &str) -> String {
    let hundred = Decimal::new(100, 0).unwrap_or_default();
    let percent = fraction.parse().ok().and_then(|value: Decimal| value.checked_mul(hundred));
    match percent {
        Some(percent) if percent < Decimal::ZERO => format!("{percent:.2}"),
        Some(percent) => format!("+{percent:.2}"),
        None => fraction.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn fractions_become_percents() {
        for (fraction, text) in
            [("+0.0121", "+1.21"), ("-0.5", "-50.00"), ("+0.0000", "+0.00"), ("?", "?")]
        {
            assert_eq!(percent(fraction), text);
        }
    }
}
