//! The caller's own trades.

use openmart_exchange::PageRequest;
use openmart_model::OrderId;
use openmart_wire::bitmart_v2::{ListTrades, TradePage, limits};

use super::Dialect;
use super::answer::Answer;
use super::routes::Incoming;
use super::translate::{self, Listed};
use crate::access::Caller;

/// `GET /v2/trades`: those of a symbol, or of one order on it. For one order the page has all of its
/// trades, up to the limit of any page, whatever `offset` and `limit` say.
pub(super) fn own(
    dialect: &Dialect,
    caller: Caller,
    incoming: &Incoming<'_>,
) -> Result<Answer, Answer> {
    let request = ListTrades::from_query(&incoming.query()?)?;
    let order = request.entrust_id.map(OrderId);
    let (index, rows) = match order {
        Some(_) => (0, limits::PAGE_ROWS_MAX),
        None => (request.offset, request.limit),
    };
    let page = PageRequest { index: translate::page_index(index), size: rows as usize };
    let exchange = &dialect.site.exchange;
    let (market, listed) = exchange.view(|state| Listed::find(state.engine(), &request.symbol))?;
    let fills =
        exchange.fills(caller.account(), market, order, page).map_err(translate::history_error)?;
    Ok(Answer::json(&TradePage {
        total_trades: fills.total as u64,
        total_pages: translate::pages(fills.total, rows),
        current_page: request.offset,
        trades: fills.items.iter().map(|fill| listed.own_trade(fill)).collect(),
    }))
}
