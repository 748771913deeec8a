//! What everybody may see: the server's clock, what is listed, and market data.
//!
//! Answers are copied out of the state first and written afterwards, so that nobody's reading keeps
//! the exchange from going on.

use openmart_exchange::KlineRequest;
use openmart_marketdata::{MarketFeed, PublicTrade};
use openmart_model::{MarketId, Timestamp};
use openmart_wire::bitmart_v2::{ApiError, ListKlines, STEPS_MINUTES, ServerTime, limits};
use percent_encoding::percent_decode_str;

use super::Dialect;
use super::answer::Answer;
use super::routes::{Answering, Incoming};
use super::translate::{self, Listed};

/// `GET /v2/ping`.
pub(super) fn ping(_: &Dialect, _: &Incoming<'_>) -> Result<Answer, Answer> {
    Ok(Answer::empty())
}

/// `GET /v2/time`.
pub(super) fn time(_: &Dialect, incoming: &Incoming<'_>) -> Result<Answer, Answer> {
    Ok(Answer::json(&ServerTime { server_time: incoming.now().0 }))
}

/// `GET /v2/steps`.
pub(super) fn steps(_: &Dialect, _: &Incoming<'_>) -> Result<Answer, Answer> {
    Ok(Answer::json(&STEPS_MINUTES))
}

/// `GET /v2/currencies`.
pub(super) fn currencies(dialect: &Dialect, _: &Incoming<'_>) -> Result<Answer, Answer> {
    let assets = dialect.site.exchange.view(|state| state.engine().assets().to_vec());
    let currencies: Vec<_> = assets.into_iter().map(translate::currency).collect();
    Ok(Answer::json(&currencies))
}

/// `GET /v2/symbols`.
pub(super) fn symbols(dialect: &Dialect, _: &Incoming<'_>) -> Result<Answer, Answer> {
    let symbols: Vec<String> = dialect
        .site
        .exchange
        .view(|state| state.engine().markets().map(|market| market.symbol.clone()).collect());
    Ok(Answer::json(&symbols))
}

/// `GET /v2/symbols_details`.
pub(super) fn symbols_details(dialect: &Dialect, _: &Incoming<'_>) -> Result<Answer, Answer> {
    let listed = dialect.site.exchange.view(|state| Listed::all(state.engine()));
    let details: Vec<_> = listed.iter().map(Listed::symbol_details).collect();
    Ok(Answer::json(&details))
}

/// `GET /v2/symbols/{symbol}`.
pub(super) fn symbol_details(dialect: &Dialect, incoming: &Incoming<'_>) -> Result<Answer, Answer> {
    let listed = with_market(dialect, incoming, |_, listed, _| Ok(listed))?;
    Ok(Answer::json(&listed.symbol_details()))
}

/// `GET /v2/ticker`: of one symbol, or of all of them in an array.
pub(super) fn ticker(dialect: &Dialect, incoming: &Incoming<'_>) -> Result<Answer, Answer> {
    let site = &dialect.site;
    let (symbol, url) = (incoming.query()?.text("symbol")?, &site.options.trade_page_url);
    let Some(symbol) = symbol else {
        let all: Vec<_> = site.exchange.view(|state| {
            let feeds = state.market_data().markets();
            let tickers = feeds.map(|(_, feed)| feed.ticker(incoming.now()));
            Listed::all(state.engine()).into_iter().zip(tickers).collect()
        });
        let tickers: Vec<_> =
            all.iter().map(|(listed, ticker)| listed.ticker(ticker, url)).collect();
        return Ok(Answer::json(&tickers));
    };
    let (listed, ticker) = site.exchange.view(|state| {
        let (market, listed) = Listed::find(state.engine(), &symbol)?;
        let feed = state.market_data().market(market).ok_or(ApiError::Internal)?;
        Ok::<_, ApiError>((listed, feed.ticker(incoming.now())))
    })?;
    Ok(Answer::json(&listed.ticker(&ticker, url)))
}

/// `GET /v2/symbols/{symbol}/orders`: the order book.
pub(super) fn depth(dialect: &Dialect, incoming: &Incoming<'_>) -> Result<Answer, Answer> {
    let query = incoming.query()?;
    let (listed, precision, depth) = with_market(dialect, incoming, |_, listed, feed| {
        let (min, max) = listed.depth_precisions();
        let precision = query.precision(min, max)?.unwrap_or(max);
        let depth = feed.depth(max - precision, limits::DEPTH_LEVELS_MAX);
        Ok((listed, precision, depth))
    })?;
    Ok(Answer::json(&listed.depth(&depth, precision)))
}

/// `GET /v2/symbols/{symbol}/trades`: the last trades, newest first.
pub(super) fn trades(dialect: &Dialect, incoming: &Incoming<'_>) -> Result<Answer, Answer> {
    let (listed, trades) = with_market(dialect, incoming, |_, listed, feed| {
        let newest = feed.trades().take(limits::PUBLIC_TRADES_MAX);
        Ok((listed, newest.copied().collect::<Vec<PublicTrade>>()))
    })?;
    let trades: Vec<_> = trades.iter().map(|trade| listed.public_trade(trade)).collect();
    Ok(Answer::json(&trades))
}

/// `GET /v2/symbols/{symbol}/kline`: the candles of a step, oldest first.
pub(super) fn klines<'a>(dialect: &'a Dialect, incoming: &'a Incoming<'a>) -> Answering<'a> {
    Box::pin(async move {
        let asked = ListKlines::from_query(&incoming.query()?)?;
        let step = translate::step(asked.step)?;
        let open_times = Timestamp(asked.from)..=Timestamp(asked.to);
        let (market, listed) =
            with_market(dialect, incoming, |market, listed, _| Ok((market, listed)))?;
        let (now, rows_max) = (incoming.now(), limits::KLINES_MAX);
        let request = KlineRequest { market, step, open_times, now, rows_max };
        let site = &dialect.site;
        let rows = match site.exchange.view(|state| state.klines(&request)) {
            Some(rows) => rows,
            None => {
                let older = site.past.read(move |exchange| exchange.klines(&request)).await;
                older.map_err(translate::past_error)?
            }
        };
        let klines: Vec<_> = rows.iter().map(|row| listed.kline(row)).collect();
        Ok(Answer::json(&klines))
    })
}

/// Copies something out of the market data of the symbol in the path.
fn with_market<R>(
    dialect: &Dialect,
    incoming: &Incoming<'_>,
    read: impl FnOnce(MarketId, Listed, &MarketFeed) -> Result<R, ApiError>,
) -> Result<R, ApiError> {
    let symbol = percent_decode_str(incoming.segment()).decode_utf8();
    let symbol = symbol.map_err(|_| ApiError::UnknownSymbol)?;
    dialect.site.exchange.view(|state| {
        let (market, listed) = Listed::find(state.engine(), &symbol)?;
        let feed = state.market_data().market(market).ok_or(ApiError::Internal)?;
        read(market, listed, feed)
    })
}
