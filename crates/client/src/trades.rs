//! An account's own trades.

use openmart_wire::bitmart_v2::{ListTrades, TradePage, limits, paths};

use crate::client::Client;
use crate::error::Error;
use crate::request::{Request, check_symbol};

impl Client {
    /// A page of the account's trades in one market, newest first.
    ///
    /// # Errors
    /// [`Error::Unauthorized`], [`Error::Refused`] for a market or page size that there is not, and
    /// what any read may meet.
    pub async fn own_trades(&self, list: &ListTrades) -> Result<TradePage, Error> {
        check_symbol(&list.symbol)?;
        let target = format!("{}?{}", paths::OWN_TRADES, list.to_query());
        Ok(self.perform(&Request::private_get(target)).await?.value)
    }

    /// The trades of one of the account's orders, up to 1,000, newest first.
    ///
    /// # Errors
    /// As [`Client::own_trades`].
    pub async fn trades_of_order(&self, symbol: &str, order_id: u64) -> Result<TradePage, Error> {
        let (symbol, limit) = (symbol.to_owned(), limits::PAGE_ROWS_MAX);
        self.own_trades(&ListTrades { symbol, entrust_id: Some(order_id), offset: 0, limit }).await
    }
}
