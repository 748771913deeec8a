//! What everybody may ask: the server itself, markets, prices, the book, trades, candles.

use openmart_wire::bitmart_v2::{
    Currency, Depth, Empty, Kline, ListKlines, PublicTrade, ServerTime, SymbolDetails, Ticker,
    paths,
};
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;
use crate::request::{Request, check_symbol, symbol_path};

/// All of these are reads, which are repeated as the policy allows. Any of them can fail with
/// [`Error::Refused`], [`Error::RateLimited`], [`Error::Failed`], [`Error::Unreachable`] and
/// [`Error::Malformed`]; those that take a symbol with [`Error::Usage`] for a text that is none.
impl Client {
    /// Whether the exchange answers.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read::<Empty>(paths::PING).await.map(|_| ())
    }

    /// The exchange's clock, milliseconds since 1970 UTC.
    pub async fn server_time(&self) -> Result<u64, Error> {
        self.read::<ServerTime>(paths::TIME).await.map(|time| time.server_time)
    }

    /// The steps of candles, in minutes.
    pub async fn steps(&self) -> Result<Vec<u32>, Error> {
        self.read(paths::STEPS).await
    }

    /// Every currency.
    pub async fn currencies(&self) -> Result<Vec<Currency>, Error> {
        self.read(paths::CURRENCIES).await
    }

    /// The name of every market, `BASE_QUOTE`.
    pub async fn symbols(&self) -> Result<Vec<String>, Error> {
        self.read(paths::SYMBOLS).await
    }

    /// Every market with its rules.
    pub async fn symbols_details(&self) -> Result<Vec<SymbolDetails>, Error> {
        self.read(paths::SYMBOLS_DETAILS).await
    }

    /// One market with its rules.
    pub async fn symbol_details(&self, symbol: &str) -> Result<SymbolDetails, Error> {
        self.read(symbol_path(paths::SYMBOL, symbol)?).await
    }

    /// The last 24 hours and the best prices of one market.
    pub async fn ticker(&self, symbol: &str) -> Result<Ticker, Error> {
        check_symbol(symbol)?;
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("symbol", symbol).finish();
        self.read(format!("{}?{query}", paths::TICKER)).await
    }

    /// The same of every market.
    pub async fn tickers(&self) -> Result<Vec<Ticker>, Error> {
        self.read(paths::TICKER).await
    }

    /// The order book, best prices first. `precision` groups prices by so many decimals; without,
    /// as many as the market has.
    pub async fn depth(&self, symbol: &str, precision: Option<u8>) -> Result<Depth, Error> {
        let path = symbol_path(paths::DEPTH, symbol)?;
        match precision {
            Some(precision) => self.read(format!("{path}?precision={precision}")).await,
            None => self.read(path).await,
        }
    }

    /// The last trades of a market, newest first.
    pub async fn public_trades(&self, symbol: &str) -> Result<Vec<PublicTrade>, Error> {
        self.read(symbol_path(paths::PUBLIC_TRADES, symbol)?).await
    }

    /// Candles of a market, oldest first. An answer has a limited number of them, the earliest; go
    /// on from the last one's time.
    pub async fn klines(&self, symbol: &str, list: ListKlines) -> Result<Vec<Kline>, Error> {
        let path = symbol_path(paths::KLINES, symbol)?;
        self.read(format!("{path}?{}", list.to_query())).await
    }

    async fn read<T: DeserializeOwned>(&self, target: impl Into<String>) -> Result<T, Error> {
        Ok(self.perform(&Request::get(target)).await?.value)
    }
}
