//! Orders: placed, canceled, shown, listed.

use std::collections::HashSet;
use std::fmt;

use openmart_wire::bitmart_v2::{
    CancelAll, Empty, ListOrders, Order, OrderBody, OrderPage, PlacedOrder, Side, StatusFilter,
    is_client_order_id, limits, paths,
};

use crate::calls::{Answered, Unanswered};
use crate::client::Client;
use crate::decimal::Decimal;
use crate::error::{CancelReason, Error, UsageError};
use crate::request::{Effect, Request, check_symbol, order_path};

/// A limit order to be placed, good till canceled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// The market.
    pub symbol: String,
    /// Its side.
    pub side: Side,
    /// Quantity in the base asset, a multiple of the market's `quote_increment`.
    pub amount: Decimal,
    /// Limit price in the quote asset, with at most `price_max_precision` decimals.
    pub price: Decimal,
    /// A name of our own for this order: only with one can placing it be repeated when the answer
    /// is lost, since the exchange then gives the first order's id instead of placing a second.
    pub client_order_id: Option<ClientOrderId>,
}

impl NewOrder {
    /// An order with a random name, which suits an Openmart exchange.
    pub fn named(symbol: &str, side: Side, amount: Decimal, price: Decimal) -> Self {
        let client_order_id = Some(ClientOrderId::random());
        Self { client_order_id, ..Self::nameless(symbol, side, amount, price) }
    }

    /// An order without a name, for servers of this API that know none. If the answer is lost,
    /// [`Client::place_order`] cannot repeat it and says [`Error::OutcomeUnknown`].
    pub fn nameless(symbol: &str, side: Side, amount: Decimal, price: Decimal) -> Self {
        Self { symbol: symbol.to_owned(), side, amount, price, client_order_id: None }
    }

    fn body(&self) -> OrderBody {
        OrderBody {
            symbol: self.symbol.clone(),
            side: self.side,
            amount: self.amount.to_string(),
            price: self.price.to_string(),
            client_order_id: self.client_order_id.as_ref().map(ClientOrderId::to_string),
        }
    }
}

/// A client's own name for an order: 1 to 32 letters, digits, `_` and `-`, unique in its account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientOrderId(String);

impl ClientOrderId {
    /// Takes a text.
    ///
    /// # Errors
    /// [`UsageError::ClientOrderId`].
    pub fn new(text: impl Into<String>) -> Result<Self, UsageError> {
        let id = text.into();
        match is_client_order_id(&id) {
            true => Ok(Self(id)),
            false => Err(UsageError::ClientOrderId { id }),
        }
    }

    /// One that nobody has had: 120 random bits, in 32 characters with what tells where it is from.
    ///
    /// # Panics
    /// If the operating system has no randomness to give.
    pub fn random() -> Self {
        let mut bytes = [0; 15];
        getrandom::fill(&mut bytes).expect("the operating system has randomness");
        Self(bytes.iter().fold("c-".to_owned(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An order was placed: it is durable, and visible to every request that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placed {
    /// Its id, the API's `entrust_id`.
    pub order_id: u64,
    /// Where it stands in the exchange's journal (Openmart).
    pub sequence: Option<u64>,
}

/// An order was canceled: it is off the book, and nothing can fill it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Canceled {
    /// Where the cancel stands in the exchange's journal (Openmart); not known where the answer to
    /// it was lost.
    pub sequence: Option<u64>,
    /// Whether the answer to the cancel was lost, and its repetition found the order canceled.
    pub found_canceled: bool,
}

impl Client {
    /// Places an order. With a [client order id](NewOrder::client_order_id) it is repeated as the
    /// policy allows: the exchange knows the name and answers with the first order's id. Without
    /// one it is sent once.
    ///
    /// # Errors
    /// [`Error::Refused`] with the exchange's words, [`Error::OutcomeUnknown`] if no answer came
    /// and none could be got; after every other error the order was not placed.
    pub async fn place_order(&self, order: &NewOrder) -> Result<Placed, Error> {
        check_symbol(&order.symbol)?;
        let body = order.body();
        let signature = self.credentials()?.signing().sign(body.signed_message());
        let effect = match order.client_order_id {
            Some(_) => Effect::PlacesNamed,
            None => Effect::Places,
        };
        let request = Request::post(paths::ORDERS, &body, signature, effect)?;
        let Answered { value, sequence } = self.perform::<PlacedOrder>(&request).await?;
        Ok(Placed { order_id: value.entrust_id, sequence })
    }

    /// Cancels an order. Repeated as the policy allows: there is nothing to cancel twice. If an
    /// answer was lost and the repetition finds the order canceled, that is a success.
    ///
    /// # Errors
    /// [`Error::Refused`], from Openmart with its [reason](crate::Refusal::reason): the order was
    /// filled or canceled before, or there is none. [`Error::OutcomeUnknown`] if no answer came
    /// and none could be got.
    pub async fn cancel_order(&self, order_id: u64) -> Result<Canceled, Error> {
        let signature = self.credentials()?.signing().sign_cancel_order(order_id);
        let request = Request::delete(order_path(order_id), signature, Effect::Cancels);
        match self.perform::<Empty>(&request).await {
            Ok(Answered { sequence, .. }) => Ok(Canceled { sequence, found_canceled: false }),
            Err(Unanswered { error: Error::Refused(refusal), in_doubt: true, .. })
                if refusal.reason == Some(CancelReason::Canceled) =>
            {
                Ok(Canceled { sequence: None, found_canceled: true })
            }
            Err(unanswered) => Err(unanswered.into()),
        }
    }

    /// Cancels all of the account's orders on one side of a market, in one step of the exchange.
    /// Repeated as the policy allows; a repetition also cancels what was placed meanwhile. Returns
    /// where it stands in the exchange's journal (Openmart).
    ///
    /// # Errors
    /// As [`Client::cancel_order`], but for the reason.
    pub async fn cancel_all(&self, symbol: &str, side: Side) -> Result<Option<u64>, Error> {
        check_symbol(symbol)?;
        let signature = self.credentials()?.signing().sign_cancel_all(symbol, side);
        let target = format!("{}?{}", paths::ORDERS, CancelAll::query_of(symbol, side));
        let request = Request::delete(target, signature, Effect::CancelsAll);
        Ok(self.perform::<Empty>(&request).await?.sequence)
    }

    /// One of the account's orders, open or finished.
    ///
    /// # Errors
    /// [`Error::Refused`] with status 404 if there is none, [`Error::Unauthorized`], and what any
    /// read may meet.
    pub async fn order(&self, order_id: u64) -> Result<Order, Error> {
        Ok(self.perform(&Request::private_get(order_path(order_id))).await?.value)
    }

    /// A page of the account's orders in one market, newest first.
    ///
    /// # Errors
    /// [`Error::Refused`] for a market or page size that there is not, [`Error::Unauthorized`], and
    /// what any read may meet.
    pub async fn orders(&self, list: &ListOrders) -> Result<OrderPage, Error> {
        check_symbol(&list.symbol)?;
        let target = format!("{}?{}", paths::ORDERS, list.to_query());
        Ok(self.perform(&Request::private_get(target)).await?.value)
    }

    /// All of the account's open orders in one market, newest first. Up to 1,000 come in one
    /// answer, which is of one moment. More come page by page, none twice; but where orders end
    /// meanwhile, the pages move up, and others may be missed.
    ///
    /// # Errors
    /// As [`Client::orders`].
    pub async fn open_orders(&self, symbol: &str) -> Result<Vec<Order>, Error> {
        let (status, limit) = (StatusFilter::InBook, limits::PAGE_ROWS_MAX);
        let mut list = ListOrders { symbol: symbol.to_owned(), status, offset: 0, limit };
        let (mut orders, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let page = self.orders(&list).await?;
            let is_last = list.offset + 1 >= page.total_pages || page.orders.is_empty();
            orders.extend(page.orders.into_iter().filter(|order| seen.insert(order.entrust_id)));
            if is_last {
                return Ok(orders);
            }
            list.offset += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_names_are_names_and_differ() {
        let (one, other) = (ClientOrderId::random(), ClientOrderId::random());
        assert_ne!(one, other);
        assert_eq!(ClientOrderId::new(one.as_str()), Ok(one));
        for text in ["", "a b", "ü", &"x".repeat(33)] {
            assert!(ClientOrderId::new(text).is_err(), "{text}");
        }
    }
}
