//! What can be subscribed to, what it shows, and its text.
//!
//! A topic is one channel of one market in one form. What it shows is copied out of the state and
//! compared: only what differs is a new version, and each version is written once, as the frame that
//! everybody is sent.

use bytes::Bytes;
use openmart_engine::Engine;
use openmart_exchange::Exchange;
use openmart_marketdata::{Depth, KlineRow, MarketFeed, PublicTrade, Step, Ticker};
use openmart_model::{MarketId, Timestamp};
use openmart_wire::bitmart_v2::ApiError;
use openmart_wire::bitmart_v2::limits;
use openmart_wire::bitmart_v2::stream::{Channel, ChannelRequest, Push, StreamError, TradeData};

use super::super::translate::Listed;
use super::text;

/// Minutes of a candle when the client does not say.
const KLINE_STEP_DEFAULT: u32 = 1;

const MINUTE_MS: u64 = 60_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Topic {
    pub(super) market: MarketId,
    pub(super) form: Form,
}

/// A channel with all that it needs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Form {
    Price,
    Kline { step: Step },
    Depth { precision: u8 },
    Trade { precision: u16 },
}

impl Topic {
    /// What a client asks for.
    pub(super) fn find(
        engine: &Engine,
        request: &ChannelRequest,
    ) -> Result<(Self, Listed), StreamError> {
        let found: Result<_, ApiError> = Listed::find(engine, &request.symbol);
        let (market, listed) = found.map_err(|_| StreamError::UnknownSymbol)?;
        let (min, max) = listed.depth_precisions();
        let form = match request.channel {
            Channel::Price => Form::Price,
            Channel::Kline { step } => {
                let step = Step::from_minutes(step.unwrap_or(KLINE_STEP_DEFAULT));
                Form::Kline { step: step.ok_or(StreamError::InvalidStep)? }
            }
            Channel::Depth { precision } => {
                let precision = precision.unwrap_or(max.into());
                match u8::try_from(precision) {
                    Ok(precision) if (min..=max).contains(&precision) => Form::Depth { precision },
                    _ => return Err(StreamError::InvalidPrecision),
                }
            }
            Channel::Trade { precision } => match precision.unwrap_or(max.into()) {
                precision if precision <= limits::STREAM_TRADE_PRECISION_MAX => {
                    Form::Trade { precision }
                }
                _ => return Err(StreamError::InvalidPrecision),
            },
        };
        Ok((Self { market, form }, listed))
    }

    /// Whether an unsubscribe for this market means this topic.
    pub(super) fn is_meant(&self, channel: Channel) -> bool {
        match (channel, self.form) {
            (Channel::Price, Form::Price) => true,
            (Channel::Kline { step }, Form::Kline { step: own }) => {
                step.is_none_or(|step| step == own.minutes())
            }
            (Channel::Depth { precision }, Form::Depth { precision: own }) => {
                precision.is_none_or(|precision| precision == u16::from(own))
            }
            (Channel::Trade { precision }, Form::Trade { precision: own }) => {
                precision.is_none_or(|precision| precision == own)
            }
            _ => false,
        }
    }

    /// The name of the channel in pushes.
    pub(super) fn channel(&self) -> &'static str {
        match self.form {
            Form::Price => "price",
            Form::Kline { .. } => "kline",
            Form::Depth { .. } => "depth",
            Form::Trade { .. } => "trade",
        }
    }

    pub(super) fn is_trades(&self) -> bool {
        matches!(self.form, Form::Trade { .. })
    }

    /// The text of a push of trades; they come oldest first or newest first, and leave newest first.
    pub(super) fn trades_text<'a>(
        &self,
        listed: &Listed,
        newest_first: impl Iterator<Item = &'a PublicTrade>,
    ) -> Bytes {
        let Form::Trade { precision } = self.form else { return Bytes::default() };
        let trades = newest_first.map(|trade| listed.stream_trade(trade)).collect();
        let data = TradeData { trades };
        text(&Push::Trade { precision, symbol: listed.symbol().to_owned(), data })
    }
}

/// A topic that somebody subscribed to.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) listed: Listed,
    pub(super) subscribers: usize,
    /// Number of `content`, from 1.
    pub(super) version: u64,
    content: Content,
    revision: Revision,
    /// The text of this version, or of the trades from a place on, on this tick.
    texts: Vec<(u64, Bytes)>,
}

/// What a topic shows. Trades are events, not content.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Content {
    Price(Ticker),
    /// Nothing when there never was a trade.
    Kline(Option<KlineRow>),
    Depth(Depth),
    Trades,
}

/// As long as this stays, there is no need to look at the content.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Revision {
    sequence: u64,
    minute: u64,
}

impl Open {
    pub(super) fn new(listed: Listed, topic: Topic, exchange: &Exchange, now: Timestamp) -> Self {
        let mut open = Self {
            listed,
            subscribers: 0,
            version: 0,
            content: Content::Trades,
            revision: Revision::default(),
            texts: Vec::new(),
        };
        open.look(topic, exchange, now);
        open
    }

    /// Looks whether there is something new.
    pub(super) fn look(&mut self, topic: Topic, exchange: &Exchange, now: Timestamp) {
        let (_, max) = self.listed.depth_precisions();
        let before = (self.version > 0).then_some(self.revision);
        let found = exchange.view(|state| {
            let feed = state.market_data().market(topic.market)?;
            let revision = topic.form.revision(feed, now);
            (before != Some(revision)).then(|| (revision, topic.form.content(feed, max, now)))
        });
        let Some((revision, content)) = found else { return };
        self.revision = revision;
        if self.version == 0 || self.content != content {
            self.content = content;
            self.version += 1;
            self.texts.clear();
        }
    }

    /// A tick begins: texts tell the time.
    pub(super) fn forget_texts(&mut self) {
        self.texts.clear();
    }

    /// The text of the content, written now.
    pub(super) fn fresh_text(&self, topic: Topic, now: Timestamp) -> Bytes {
        let symbol = self.listed.symbol().to_owned();
        match (&self.content, topic.form) {
            (Content::Price(ticker), _) => {
                text(&Push::Price { symbol, data: self.listed.price_data(ticker, now) })
            }
            (Content::Kline(row), Form::Kline { step }) => {
                let data = self.listed.kline_data(row.as_ref(), now);
                text(&Push::Kline { symbol, step: step.minutes().to_string(), data })
            }
            (Content::Depth(depth), Form::Depth { precision }) => {
                let data = self.listed.depth(depth, precision);
                text(&Push::Depth { symbol, precision: precision.into(), data })
            }
            (Content::Kline(_) | Content::Depth(_) | Content::Trades, _) => Bytes::default(),
        }
    }

    /// A text of this tick, written when first asked for.
    pub(super) fn text_of(&mut self, key: u64, write: impl FnOnce(&Self) -> Bytes) -> Bytes {
        if let Some((_, text)) = self.texts.iter().find(|(known, _)| *known == key) {
            return text.clone();
        }
        let text = write(self);
        self.texts.push((key, text.clone()));
        text
    }
}

impl Form {
    fn revision(self, feed: &MarketFeed, now: Timestamp) -> Revision {
        match self {
            // Old trades leave the last 24 hours, and candles end, minute by minute.
            Self::Price | Self::Kline { .. } => {
                Revision { sequence: feed.trades_sequence(), minute: now.0 / MINUTE_MS }
            }
            Self::Depth { .. } => Revision { sequence: feed.depth_sequence(), minute: 0 },
            Self::Trade { .. } => Revision::default(),
        }
    }

    fn content(self, feed: &MarketFeed, price_decimals: u8, now: Timestamp) -> Content {
        match self {
            // Best offers are no part of this channel.
            Self::Price => Content::Price(Ticker { bid: None, ask: None, ..feed.ticker(now) }),
            Self::Kline { step } => Content::Kline(feed.running_kline(step, now)),
            Self::Depth { precision } => {
                let dropped = price_decimals - precision;
                Content::Depth(feed.depth(dropped, limits::STREAM_DEPTH_LEVELS_MAX))
            }
            Self::Trade { .. } => Content::Trades,
        }
    }
}
