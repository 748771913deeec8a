//! Where the words of the API and those of the exchange meet, and nowhere else.
//!
//! What enters: requests of the wire on their way in, values of the model on their way out. What
//! leaves: model values that cannot be ill-formed, wire values with exactly the decimals that the
//! API shows. No number is rounded here but where the API cuts: fees, wallets and `base_volume` to
//! fewer decimals, volumes of klines to those of the price, the quote value of a public trade half
//! up.

mod listed;

use openmart_engine::Engine;
use openmart_exchange::{OrderFilter, SubmitError};
use openmart_marketdata::Step;
use openmart_model::{
    AccountId, ClientOrderId, Command, DecimalError, MarketId, NewOrder, OrderId, OrderKind, Price,
    Quantity, Reject, Side, TimeInForce, parse_decimal,
};
use openmart_wire::bitmart_v2 as wire;
use openmart_wire::bitmart_v2::ApiError;

use crate::past::PastError;
use listed::size;
pub(super) use listed::{Listed, currency, wallet_entry};

/// What a signed request wants done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attempt {
    /// Place an order.
    Place(NewOrder),
    /// Cancel an order.
    Cancel {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderId,
    },
    /// Cancel all orders of one side of a market.
    CancelAll {
        /// Whose.
        account: AccountId,
        /// Where.
        market: MarketId,
        /// Which side.
        side: Side,
    },
}

impl Attempt {
    /// The command for the exchange.
    pub(super) fn command(self) -> Command {
        match self {
            Self::Place(order) => Command::Place(order),
            Self::Cancel { account, order } => Command::Cancel { account, order },
            Self::CancelAll { account, market, side } => {
                Command::CancelAll { account, market: Some(market), side: Some(side) }
            }
        }
    }
}

/// An order as asked for, in ticks and lots of its market. What is off the grid is refused, never
/// rounded.
pub(super) fn new_order(
    engine: &Engine,
    account: AccountId,
    request: &wire::PlaceOrder<'_>,
) -> Result<NewOrder, ApiError> {
    let id = engine.market_by_symbol(&request.symbol).ok_or(ApiError::UnknownSymbol)?;
    let market = engine.market(id).ok_or(ApiError::UnknownSymbol)?;
    let quantity = match parse_decimal(request.amount.plain(), market.spec.quantity_decimals) {
        Ok(lots) => u64::try_from(lots).map_err(|_| DecimalError::TooLarge),
        Err(error) => Err(error),
    };
    let quantity = quantity.map_err(|error| match error {
        DecimalError::Malformed | DecimalError::TooPrecise => ApiError::invalid_amount(),
        DecimalError::TooLarge => ApiError::maximum_amount(size(market, market.spec.quantity_max)),
    })?;
    let price = parse_decimal(request.price.plain(), market.spec.price_decimals);
    let price = price.ok().and_then(|ticks| u64::try_from(ticks).ok());
    let price = price.ok_or(ApiError::invalid_price())?;
    let client_id = match &request.client_order_id {
        Some(text) => Some(ClientOrderId::new(text).ok_or(ApiError::invalid("client_order_id"))?),
        None => None,
    };
    Ok(NewOrder {
        account,
        market: id,
        side: side(request.side),
        kind: OrderKind::Limit {
            price: Price::new(price),
            quantity: Quantity::new(quantity),
            time_in_force: TimeInForce::GTC,
        },
        client_id,
    })
}

/// What a refusal of the exchange is called here. `place` is the market and side of the order that
/// was refused, for the numbers in the texts.
pub(super) fn reject(reject: Reject, place: Option<(&Listed, Side)>) -> ApiError {
    let text = |error: &dyn Fn(&Listed, Side) -> ApiError| {
        place.map_or(ApiError::Internal, |(listed, side)| error(listed, side))
    };
    match reject {
        Reject::UnknownMarket => ApiError::UnknownSymbol,
        Reject::OrderNotOpen => ApiError::OrderNotFound,
        Reject::ClientIdTaken { .. } => ApiError::invalid("client_order_id"),
        Reject::ZeroQuantity => ApiError::invalid_amount(),
        Reject::QuantityTooSmall { min } => {
            text(&|listed, _| ApiError::minimum_amount(listed.size(min)))
        }
        Reject::QuantityTooLarge { max } => {
            text(&|listed, _| ApiError::maximum_amount(listed.size(max)))
        }
        Reject::ZeroPrice => ApiError::invalid_price(),
        Reject::NotionalTooSmall { min } => text(&|listed, side| {
            ApiError::minimum_notional(side_to_wire(side), listed.smallest_notional(min))
        }),
        Reject::PriceAboveBand { max } => {
            text(&|listed, _| ApiError::maximum_price(listed.price(Some(max))))
        }
        Reject::MarketHalted
        | Reject::NotionalTooLarge
        | Reject::WouldTake
        | Reject::SelfTrade
        | Reject::NotFillable
        | Reject::InsufficientFunds
        | Reject::Full(_) => ApiError::PlaceOrderError,
        // None of these answers a command that this dialect sends.
        Reject::UnknownAccount
        | Reject::UnknownAsset
        | Reject::UnknownKey
        | Reject::AlreadyExists
        | Reject::NotListable(_)
        | Reject::InvalidText
        | Reject::UnknownRules
        | Reject::ZeroAmount
        | Reject::SupplyTooLarge => ApiError::Internal,
    }
}

/// What it is called here when a command has no outcome.
pub(super) fn submit_error(error: &SubmitError) -> ApiError {
    match error {
        SubmitError::Overloaded { .. } => ApiError::Overloaded,
        SubmitError::DiskFull => ApiError::DiskFull,
        SubmitError::Stopped { .. } => ApiError::Unavailable,
        // The one error after which a client must look, not repeat.
        SubmitError::InDoubt { .. } => ApiError::Internal,
        _ => ApiError::Internal,
    }
}

pub(super) fn side(side: wire::Side) -> Side {
    match side {
        wire::Side::Buy => Side::Buy,
        wire::Side::Sell => Side::Sell,
    }
}

fn side_to_wire(side: Side) -> wire::Side {
    match side {
        Side::Buy => wire::Side::Buy,
        Side::Sell => wire::Side::Sell,
    }
}

pub(super) fn order_filter(filter: wire::StatusFilter) -> OrderFilter {
    OrderFilter {
        open_untouched: filter.shows(wire::OrderStatus::Open),
        open_partial: filter.shows(wire::OrderStatus::PartiallyFilled),
        filled: filter.shows(wire::OrderStatus::Filled),
        canceled: filter.shows(wire::OrderStatus::Canceled),
    }
}

/// The step that the API calls by its minutes.
pub(super) fn step(minutes: u32) -> Result<Step, ApiError> {
    Step::from_minutes(minutes).ok_or(ApiError::invalid("step"))
}

/// History cannot be read: the operator is told why, the caller is not.
pub(super) fn past_error(error: PastError) -> ApiError {
    tracing::error!(%error, "history cannot be read");
    ApiError::Internal
}

/// A page number. What no machine can count to is past every end.
pub(super) fn page_index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Pages that so many rows fill.
pub(super) fn pages(total: usize, rows: u32) -> u64 {
    (total as u64).div_ceil(u64::from(rows.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_up() {
        assert_eq!((pages(0, 10), pages(216, 10), pages(220, 10)), (0, 22, 22));
    }

    #[test]
    fn the_steps_offered_are_the_steps_there_are() {
        assert_eq!(wire::STEPS_MINUTES, Step::ALL.map(Step::minutes));
    }
}
