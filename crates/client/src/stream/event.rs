//! What a stream tells.

use openmart_wire::bitmart_v2::stream::{ChannelRequest, Push};

/// Something that happened on a [`Stream`](super::Stream).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The exchange pushed something.
    Push(Push),
    /// The connection was lost: whatever happens until the first push of each channel after
    /// [`Event::Reconnected`] is missed. A book or price is then shown whole, so nothing of it needs
    /// repair; of trades the last 15 are shown, among them some that came before.
    Gap {
        /// Why.
        cause: String,
    },
    /// There is a connection again, and everything that was followed has been asked for again.
    Reconnected,
    /// The exchange does not push this any more.
    Unsubscribed(ChannelRequest),
    /// The exchange refused a message, such as a subscription to a market that there is not.
    Refused {
        /// Its own words.
        message: String,
    },
    /// The exchange said something that is not documented.
    Unknown {
        /// As it came.
        text: String,
    },
}
