//! The two commands that nearly every journal entry is, read in one step.
//!
//! A cancel, and a limit order without a client order id, have each one length, and every field at one
//! place. What is not exactly one of them is left to the reading field by field, which also says what
//! is wrong with it; both read the same out of the same bytes.

use crate::command::Command;
use crate::ids::{AccountId, MarketId, OrderId};
use crate::order::{NewOrder, OrderKind, Side, TimeInForce};
use crate::units::{Price, Quantity};

const CANCEL_BYTES: usize = 13;
const PLACE_BYTES: usize = 27;

/// The command that the bytes are, if it is one of the two.
#[inline]
pub(super) fn plain_command(bytes: &[u8]) -> Option<Command> {
    match bytes.len() {
        CANCEL_BYTES => cancel(bytes.try_into().ok()?),
        PLACE_BYTES => place(bytes.try_into().ok()?),
        _ => None,
    }
}

#[inline]
fn cancel(bytes: &[u8; CANCEL_BYTES]) -> Option<Command> {
    let [2, a, b, c, d, order @ ..] = *bytes else { return None };
    let account = AccountId(u32::from_le_bytes([a, b, c, d]));
    Some(Command::Cancel { account, order: OrderId(u64::from_le_bytes(order)) })
}

#[inline]
fn place(bytes: &[u8; PLACE_BYTES]) -> Option<Command> {
    let [1, a, b, c, d, e, f, side, 0, terms @ .., time_in_force, 0] = *bytes else { return None };
    let account = AccountId(u32::from_le_bytes([a, b, c, d]));
    let market = MarketId(u16::from_le_bytes([e, f]));
    let side = match side {
        0 => Side::Buy,
        1 => Side::Sell,
        _ => return None,
    };
    let time_in_force = match time_in_force {
        0 => TimeInForce::GoodTillCanceled { post_only: false },
        1 => TimeInForce::GoodTillCanceled { post_only: true },
        2 => TimeInForce::ImmediateOrCancel,
        3 => TimeInForce::FillOrKill,
        _ => return None,
    };
    let terms = u128::from_le_bytes(terms);
    let (price, quantity) = (Price::new(terms as u64), Quantity::new((terms >> 64) as u64));
    let kind = OrderKind::Limit { price, quantity, time_in_force };
    Some(Command::Place(NewOrder { account, market, side, kind, client_id: None }))
}
