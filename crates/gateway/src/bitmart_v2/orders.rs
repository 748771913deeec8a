//! Orders: placed, canceled, shown, listed.
//!
//! What enters: requests of a [`Caller`]. What leaves: signed [`Attempt`]s on their way to the
//! exchange, and the answers that its receipts become.

use openmart_exchange::{Exchange, OrderView, PageRequest, Receipt, State, SubmitError};
use openmart_model::{AccountId, OrderId, OrderStatus, Outcome, Reject};
use openmart_wire::bitmart_v2::{
    ApiError, CancelAll, CancelOrder, ListOrders, OrderPage, ParameterType, PlaceOrder,
    PlacedOrder, parse_entrust_id,
};

use super::Dialect;
use super::answer::Answer;
use super::authentication::{Acquaintance, Proof};
use super::routes::{Answering, Incoming};
use super::translate::{self, Attempt, Listed};
use crate::access::Caller;
use crate::options::SignatureMode;
use crate::past::PastError;

/// `POST /v2/orders`.
pub(super) fn place(
    dialect: &Dialect,
    caller: Caller,
    incoming: &Incoming<'_>,
    acquaintance: &mut Acquaintance,
) -> Result<(Proof, Attempt), Answer> {
    let request = PlaceOrder::parse(incoming.body)?;
    let strict = dialect.site.options.mode == SignatureMode::Strict;
    if strict && request.client_order_id.is_none() {
        return Err(ApiError::required(ParameterType::String, "client_order_id").into());
    }
    let proof = Proof::of_order(dialect, caller, incoming, acquaintance, &request)?;
    let order = dialect
        .site
        .exchange
        .view(|state| translate::new_order(state.engine(), caller.account(), &request))?;
    Ok((proof, Attempt::Place(order)))
}

/// `DELETE /v2/orders/{entrust_id}`. Nothing here allocates.
pub(super) fn cancel(
    dialect: &Dialect,
    caller: Caller,
    incoming: &Incoming<'_>,
    acquaintance: &mut Acquaintance,
) -> Result<(Proof, Attempt), Answer> {
    let request = CancelOrder::parse(incoming.segment(), incoming.body)?;
    let proof = Proof::of_cancel(dialect, caller, incoming, acquaintance, &request)?;
    let (account, order) = (caller.account(), OrderId(request.entrust_id()));
    Ok((proof, Attempt::Cancel { account, order }))
}

/// `DELETE /v2/orders?symbol=..&side=..`.
pub(super) fn cancel_all(
    dialect: &Dialect,
    caller: Caller,
    incoming: &Incoming<'_>,
    acquaintance: &mut Acquaintance,
) -> Result<(Proof, Attempt), Answer> {
    let request = CancelAll::from_query(&incoming.query()?)?;
    let proof = Proof::of_cancel_all(dialect, caller, incoming, acquaintance, &request)?;
    let market =
        dialect.site.exchange.view(|state| state.engine().market_by_symbol(&request.symbol));
    let market = market.ok_or(ApiError::UnknownSymbol)?;
    let side = translate::side(request.side);
    Ok((proof, Attempt::CancelAll { account: caller.account(), market, side }))
}

/// The answer that tells what became of an attempt.
pub(super) async fn told(
    dialect: &Dialect,
    attempt: Attempt,
    receipt: Result<Receipt, SubmitError>,
) -> Answer {
    match told_at_once(dialect, attempt, receipt) {
        Ok(answer) => answer,
        // Rare, and larger than the rest: it must not make every answer larger.
        Err(refused) => Box::pin(refused.explained(dialect)).await,
    }
}

/// The same without waiting; for a cancel that was refused, the past must be asked why.
pub(super) fn told_at_once(
    dialect: &Dialect,
    attempt: Attempt,
    receipt: Result<Receipt, SubmitError>,
) -> Result<Answer, RefusedCancel> {
    let Receipt { sequence, result, .. } = match receipt {
        Ok(receipt) => receipt,
        Err(error) => return Ok(translate::submit_error(&error).into()),
    };
    let answer = match (result, attempt) {
        (Ok(Outcome::Placed { order, .. }), _) => {
            Answer::json(&PlacedOrder { entrust_id: order.0 })
        }
        (Ok(_), _) => Answer::empty(),
        (Err(reject), Attempt::Cancel { account, order }) => {
            return Err(RefusedCancel { account, order, reject, sequence });
        }
        (Err(reject), Attempt::Place(order)) => {
            let listed =
                dialect.site.exchange.view(|state| Listed::get(state.engine(), order.market));
            let place = listed.as_ref().map(|listed| (listed, order.side));
            translate::reject(reject, place).into()
        }
        (Err(reject), Attempt::CancelAll { .. }) => translate::reject(reject, None).into(),
    };
    Ok(answer.with_sequence(sequence))
}

/// A cancel that was refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefusedCancel {
    account: AccountId,
    order: OrderId,
    reject: Reject,
    sequence: u64,
}

impl RefusedCancel {
    /// The answer that says why.
    pub(super) async fn explained(self, dialect: &Dialect) -> Answer {
        let Self { account, order, reject, sequence } = self;
        let answer = Answer::from(translate::reject(reject, None)).with_sequence(sequence);
        answer.with_reason(reason(dialect, account, order).await)
    }
}

/// Why an order could not be canceled, as its owner may know it. Somebody else's looks like none.
async fn reason(dialect: &Dialect, account: AccountId, order: OrderId) -> &'static str {
    // Without history the answer to the cancel stands all the same.
    let found = find(dialect, account, order).await.unwrap_or_else(|error| {
        tracing::error!(%error, "cannot tell why a cancel was refused");
        None
    });
    match found.map(|found| found.status) {
        Some(OrderStatus::Filled) => "filled",
        Some(OrderStatus::Canceled) => "canceled",
        // An open one can only have been placed since, by somebody who guessed its id.
        Some(OrderStatus::Open | OrderStatus::PartiallyFilled) | None => "unknown",
    }
}

/// An order of an account. Only one that memory does not have any more is looked for in history.
async fn find(
    dialect: &Dialect,
    account: AccountId,
    order: OrderId,
) -> Result<Option<OrderView>, PastError> {
    let site = &dialect.site;
    match site.exchange.view(|state| state.recent_order(order)) {
        Some(recent) => Ok(Some(recent).filter(|recent| recent.order.account == account)),
        None => site.past.read(move |exchange| exchange.find_order(account, order)).await,
    }
}

/// `GET /v2/orders/{entrust_id}`.
pub(super) fn show<'a>(
    dialect: &'a Dialect,
    caller: Caller,
    incoming: &'a Incoming<'a>,
) -> Answering<'a> {
    Box::pin(async move {
        let order = OrderId(parse_entrust_id(incoming.segment())?);
        let found = find(dialect, caller.account(), order).await;
        let found = found.map_err(translate::past_error)?.ok_or(ApiError::OrderNotFound)?;
        let exchange = &dialect.site.exchange;
        let listed = exchange.view(|state| Listed::get(state.engine(), found.order.market));
        let listed = listed.ok_or(ApiError::OrderNotFound)?;
        Ok(Answer::json(&listed.order(&found)))
    })
}

/// `GET /v2/orders`.
pub(super) fn list<'a>(
    dialect: &'a Dialect,
    caller: Caller,
    incoming: &'a Incoming<'a>,
) -> Answering<'a> {
    Box::pin(page(dialect, caller, incoming))
}

async fn page(
    dialect: &Dialect,
    caller: Caller,
    incoming: &Incoming<'_>,
) -> Result<Answer, Answer> {
    let request = ListOrders::from_query(&incoming.query()?)?;
    let filter = translate::order_filter(request.status);
    let page =
        PageRequest { index: translate::page_index(request.offset), size: request.limit as usize };
    let (site, account) = (&dialect.site, caller.account());
    let find = |state: &State| Listed::find(state.engine(), &request.symbol);
    let (market, listed) = site.exchange.view(find)?;
    let read = move |exchange: &Exchange| exchange.orders(account, market, filter, page);
    let orders = match filter.reads_history() {
        true => site.past.read(read).await,
        false => read(&site.exchange).map_err(PastError::from),
    };
    let orders = orders.map_err(translate::past_error)?;
    Ok(Answer::json(&OrderPage {
        orders: orders.items.iter().map(|order| listed.order(order)).collect(),
        total_pages: translate::pages(orders.total, request.limit),
        total_orders: orders.total as u64,
        current_page: request.offset,
    }))
}
