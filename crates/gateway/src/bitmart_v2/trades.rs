//! The caller's own trades.

use openmart_exchange::{PageRequest, State};
use openmart_model::OrderId;
use openmart_wire::bitmart_v2::{ListTrades, TradePage, limits};

use super::Dialect;
use super::answer::Answer;
use super::routes::{Answering, Incoming};
use super::translate::{self, Listed};
use crate::access::Caller;

/// `GET /v2/trades`: those of a symbol, or of one order on it. For one order the page has all of its
/// trades, up to the limit of any page, whatever `offset` and `limit` say.
pub(super) fn own<'a>(
    dialect: &'a Dialect,
    caller: Caller,
    incoming: &'a Incoming<'a>,
) -> Answering<'a> {
    Box::pin(list(dialect, caller, incoming))
}

async fn list(
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
    let (site, account) = (&dialect.site, caller.account());
    let find = |state: &State| Listed::find(state.engine(), &request.symbol);
    let (market, listed) = site.exchange.view(find)?;
    let fills = site.past.read(move |exchange| exchange.fills(account, market, order, page)).await;
    let fills = fills.map_err(translate::past_error)?;
    Ok(Answer::json(&TradePage {
        total_trades: fills.total as u64,
        total_pages: translate::pages(fills.total, rows),
        current_page: request.offset,
        trades: fills.items.iter().map(|fill| listed.own_trade(fill)).collect(),
    }))
}
