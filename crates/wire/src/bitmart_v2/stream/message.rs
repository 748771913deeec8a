//! Messages of the client.
//!
//! Lenient where clients differ: members come in any order, unknown ones are ignored, so are those
//! that another channel would need, and numbers may be digits in a string. Strict where a guess
//! could be wrong: a message with two wishes, or a wish that is there twice, is invalid.

use std::borrow::Cow;

use thiserror::Error;

use super::super::{
    STEPS_MINUTES, limits,
    members::{MemberValue, for_each_member},
    messages::ErrorBody,
};

/// What a client wants of its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// A sign of life, answered with [`Push::Pong`](super::Push::Pong).
    Ping,
    /// Start to push, or push everything again.
    Subscribe(ChannelRequest),
    /// Stop to push. A precision or step that is not there means all of them.
    Unsubscribe(ChannelRequest),
    /// An unsubscribe of pings, which changes nothing.
    UnsubscribePing,
}

/// What to push, or to push no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRequest {
    /// The channel and what it needs.
    pub channel: Channel,
    /// The symbol as the client wrote it.
    pub symbol: String,
}

/// A channel. What is not there is up to the server: the largest precision, one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The last 24 hours.
    Price,
    /// The running candle.
    Kline {
        /// Minutes, one of [`STEPS_MINUTES`](super::super::STEPS_MINUTES).
        step: Option<u32>,
    },
    /// The order book; asked for as `order` or `depth`.
    Depth {
        /// Decimals of the prices. Whether the symbol has it is for the server to say.
        precision: Option<u16>,
    },
    /// Trades.
    Trade {
        /// Only echoed.
        precision: Option<u16>,
    },
}

/// A refusal on the stream. `Display` is the text of `message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StreamError {
    /// Not one JSON object, or one that asks for two things.
    #[error("Invalid request")]
    InvalidRequest,
    /// It asks for nothing that there is.
    #[error("Unknown topic")]
    UnknownTopic,
    /// The symbol is missing or not listed.
    #[error("Unknown symbol")]
    UnknownSymbol,
    /// Not a number, or none that the symbol has.
    #[error("Invalid precision")]
    InvalidPrecision,
    /// Not a kline step.
    #[error("Invalid step")]
    InvalidStep,
    /// The connection has as many subscriptions as it may.
    #[error("Too many subscriptions")]
    TooManySubscriptions,
    /// Too many messages of this address.
    #[error("Visit too often, please try again later")]
    TooManyMessages,
}

impl StreamError {
    /// The message to the client.
    pub fn body(self) -> ErrorBody {
        ErrorBody { message: self.to_string() }
    }
}

impl ClientMessage {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`StreamError::InvalidRequest`], [`StreamError::UnknownTopic`], a symbol that is missing or
    /// no text, a precision or step that is no number.
    pub fn parse(frame: &[u8]) -> Result<Self, StreamError> {
        if frame.len() > limits::STREAM_MESSAGE_BYTES_MAX {
            return Err(StreamError::InvalidRequest);
        }
        let members = Members::read(frame)?;
        let (topic, ends) = match (&members.subscribe, &members.unsubscribe) {
            (Some(topic), None) => (topic, false),
            (None, Some(topic)) => (topic, true),
            (None, None) => return Err(StreamError::UnknownTopic),
            (Some(_), Some(_)) => return Err(StreamError::InvalidRequest),
        };
        let MemberValue::Text(topic) = topic else { return Err(StreamError::UnknownTopic) };
        let (topic, ends) = match topic.strip_suffix("_cancel") {
            Some(topic) if !ends => (topic, true),
            _ => (topic.as_ref(), ends),
        };
        if topic == "ping" {
            return Ok(if ends { Self::UnsubscribePing } else { Self::Ping });
        }
        let request = members.request(topic)?;
        Ok(if ends { Self::Unsubscribe(request) } else { Self::Subscribe(request) })
    }

    /// Writes the frame, for a client. A symbol is taken as it is.
    pub fn to_json(&self) -> String {
        let (verb, request) = match self {
            Self::Ping => return r#"{"subscribe":"ping"}"#.to_owned(),
            Self::UnsubscribePing => return r#"{"unsubscribe":"ping"}"#.to_owned(),
            Self::Subscribe(request) => ("subscribe", request),
            Self::Unsubscribe(request) => ("unsubscribe", request),
        };
        let (topic, detail) = match request.channel {
            Channel::Price => ("price", None),
            Channel::Kline { step } => ("kline", step.map(|step| ("step", step))),
            Channel::Depth { precision } => ("depth", precision.map(|n| ("precision", n.into()))),
            Channel::Trade { precision } => ("trade", precision.map(|n| ("precision", n.into()))),
        };
        let mut message = serde_json::json!({ verb: topic, "symbol": request.symbol });
        if let (Some((name, number)), Some(members)) = (detail, message.as_object_mut()) {
            members.insert(name.to_owned(), number.into());
        }
        message.to_string()
    }
}

/// The members that mean something.
#[derive(Default)]
struct Members<'a> {
    subscribe: Option<MemberValue<'a>>,
    unsubscribe: Option<MemberValue<'a>>,
    symbol: Option<MemberValue<'a>>,
    precision: Option<MemberValue<'a>>,
    step: Option<MemberValue<'a>>,
}

impl<'a> Members<'a> {
    fn read(frame: &'a [u8]) -> Result<Self, StreamError> {
        let mut members = Self::default();
        let mut twice = false;
        for_each_member(frame, |name: Cow<'a, str>, value| {
            let place = match name.as_ref() {
                "subscribe" => &mut members.subscribe,
                "unsubscribe" => &mut members.unsubscribe,
                "symbol" => &mut members.symbol,
                "precision" => &mut members.precision,
                "step" => &mut members.step,
                _ => return,
            };
            twice |= place.replace(value).is_some();
        })
        .map_err(|_| StreamError::InvalidRequest)?;
        if twice { Err(StreamError::InvalidRequest) } else { Ok(members) }
    }

    fn request(&self, topic: &str) -> Result<ChannelRequest, StreamError> {
        let precision = || number(&self.precision).ok_or(StreamError::InvalidPrecision);
        let channel = match topic {
            "price" => Channel::Price,
            "kline" => Channel::Kline { step: self.step()? },
            "order" | "depth" => Channel::Depth { precision: precision()? },
            "trade" => Channel::Trade { precision: precision()? },
            _ => return Err(StreamError::UnknownTopic),
        };
        match &self.symbol {
            Some(MemberValue::Text(symbol)) => {
                Ok(ChannelRequest { channel, symbol: symbol.clone().into_owned() })
            }
            _ => Err(StreamError::UnknownSymbol),
        }
    }

    fn step(&self) -> Result<Option<u32>, StreamError> {
        let Some(step) = number(&self.step) else { return Err(StreamError::InvalidStep) };
        match step {
            Some(step) if STEPS_MINUTES.contains(&step) => Ok(Some(step)),
            Some(_) => Err(StreamError::InvalidStep),
            None => Ok(None),
        }
    }
}

/// A number in digits, as a number or a text; what is missing or null is no number, and nothing
/// stands for anything else.
fn number<T: TryFrom<u32>>(value: &Option<MemberValue<'_>>) -> Option<Option<T>> {
    let digits = match value {
        None | Some(MemberValue::Null) => return Some(None),
        Some(MemberValue::Number(digits)) => digits,
        Some(MemberValue::Text(digits)) => digits.as_ref(),
        Some(MemberValue::Flag(_) | MemberValue::Nested) => return None,
    };
    let is_number = (1..=limits::STREAM_NUMBER_DIGITS_MAX).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| digits.parse::<u32>().ok()).flatten()?;
    T::try_from(number).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscribe(channel: Channel) -> Result<ClientMessage, StreamError> {
        let symbol = "ACX_USDT".to_owned();
        Ok(ClientMessage::Subscribe(ChannelRequest { channel, symbol }))
    }

    fn unsubscribe(channel: Channel) -> Result<ClientMessage, StreamError> {
        let symbol = "ACX_USDT".to_owned();
        Ok(ClientMessage::Unsubscribe(ChannelRequest { channel, symbol }))
    }

    #[test]
    fn every_form_that_clients_send_is_read() {
        let depth = |precision| subscribe(Channel::Depth { precision });
        let trade = |precision| subscribe(Channel::Trade { precision });
        let kline = |step| subscribe(Channel::Kline { step });
        for (frame, expected) in [
            (r#"{"subscribe":"ping"}"#, Ok(ClientMessage::Ping)),
            (r#"{"unsubscribe":"ping"}"#, Ok(ClientMessage::UnsubscribePing)),
            (r#"{"subscribe":"ping_cancel"}"#, Ok(ClientMessage::UnsubscribePing)),
            (r#"{"subscribe":"price","symbol":"ACX_USDT"}"#, subscribe(Channel::Price)),
            (r#" {"symbol":"ACX_USDT", "subscribe":"price"} "#, subscribe(Channel::Price)),
            (
                r#"{"subscribe":"price","symbol":"ACX_USDT","local":"en_US","precision":-1,"step":{}}"#,
                subscribe(Channel::Price),
            ),
            (r#"{"subscribe":"order","symbol":"ACX_USDT","precision":4}"#, depth(Some(4))),
            (r#"{"subscribe":"depth","symbol":"ACX_USDT","precision":"4"}"#, depth(Some(4))),
            (r#"{"subscribe":"depth","symbol":"ACX_USDT","precision":null}"#, depth(None)),
            (r#"{"subscribe":"trade","symbol":"ACX_USDT"}"#, trade(None)),
            (
                r#"{"subscribe":"trade","symbol":"ACX_USDT","precision":006}"#,
                Err(StreamError::InvalidRequest),
            ),
            (r#"{"subscribe":"trade","symbol":"ACX_USDT","precision":"006"}"#, trade(Some(6))),
            (r#"{"subscribe":"kline","symbol":"ACX_USDT","step":5}"#, kline(Some(5))),
            (r#"{"subscribe":"kline","symbol":"ACX_USDT","step":"43200"}"#, kline(Some(43_200))),
            (r#"{"subscribe":"kline","symbol":"ACX_USDT"}"#, kline(None)),
            (r#"{"unsubscribe":"price","symbol":"ACX_USDT"}"#, unsubscribe(Channel::Price)),
            (r#"{"subscribe":"price_cancel","symbol":"ACX_USDT"}"#, unsubscribe(Channel::Price)),
            (
                r#"{"unsubscribe":"order","symbol":"ACX_USDT","precision":3}"#,
                unsubscribe(Channel::Depth { precision: Some(3) }),
            ),
            (
                r#"{"subscribe":"depth_cancel","symbol":"ACX_USDT"}"#,
                unsubscribe(Channel::Depth { precision: None }),
            ),
        ] {
            assert_eq!(ClientMessage::parse(frame.as_bytes()), expected, "{frame}");
        }
    }

    #[test]
    fn what_a_client_writes_is_read_as_what_it_means() {
        let mut messages = vec![ClientMessage::Ping, ClientMessage::UnsubscribePing];
        for channel in [
            Channel::Price,
            Channel::Kline { step: None },
            Channel::Kline { step: Some(43_200) },
            Channel::Depth { precision: None },
            Channel::Depth { precision: Some(4) },
            Channel::Trade { precision: None },
            Channel::Trade { precision: Some(0) },
        ] {
            messages.extend(subscribe(channel));
            messages.extend(unsubscribe(channel));
        }
        for message in messages {
            let text = message.to_json();
            assert_eq!(ClientMessage::parse(text.as_bytes()), Ok(message), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        use StreamError::{
            InvalidPrecision, InvalidRequest, InvalidStep, UnknownSymbol, UnknownTopic,
        };
        let long = format!(r#"{{"subscribe":"ping","x":"{}"}}"#, "x".repeat(4_096));
        for (frame, expected) in [
            ("", InvalidRequest),
            ("ping", InvalidRequest),
            ("[]", InvalidRequest),
            (r#"["subscribe"]"#, InvalidRequest),
            (r#"{"subscribe":"ping"}{}"#, InvalidRequest),
            (r#"{"subscribe":"ping","subscribe":"ping"}"#, InvalidRequest),
            (r#"{"subscribe":"ping","unsubscribe":"ping"}"#, InvalidRequest),
            (long.as_str(), InvalidRequest),
            ("{}", UnknownTopic),
            (r#"{"event":"ping"}"#, UnknownTopic),
            (r#"{"subscribe":1}"#, UnknownTopic),
            (r#"{"subscribe":null}"#, UnknownTopic),
            (r#"{"subscribe":"PRICE","symbol":"ACX_USDT"}"#, UnknownTopic),
            (r#"{"unsubscribe":"price_cancel","symbol":"ACX_USDT"}"#, UnknownTopic),
            (r#"{"subscribe":"price"}"#, UnknownSymbol),
            (r#"{"subscribe":"price","symbol":7}"#, UnknownSymbol),
            (r#"{"subscribe":"order","symbol":"A_B","precision":"x"}"#, InvalidPrecision),
            (r#"{"subscribe":"order","symbol":"A_B","precision":-1}"#, InvalidPrecision),
            (r#"{"subscribe":"order","symbol":"A_B","precision":4.0}"#, InvalidPrecision),
            (r#"{"subscribe":"trade","symbol":"A_B","precision":""}"#, InvalidPrecision),
            (r#"{"subscribe":"trade","symbol":"A_B","precision":true}"#, InvalidPrecision),
            (r#"{"subscribe":"trade","symbol":"A_B","precision":65536}"#, InvalidPrecision),
            (r#"{"subscribe":"kline","symbol":"A_B","step":2}"#, InvalidStep),
            (r#"{"subscribe":"kline","symbol":"A_B","step":[1]}"#, InvalidStep),
            (r#"{"subscribe":"kline","symbol":"A_B","step":4294967296}"#, InvalidStep),
        ] {
            assert_eq!(ClientMessage::parse(frame.as_bytes()), Err(expected), "{frame}");
        }
    }
}
