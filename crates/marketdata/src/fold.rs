//! The fold over the events of all markets, and its snapshot.
//!
//! Events enter with the sequence and time of their command. Events that change nothing public pass
//! by.

use alloc::vec::Vec;

use openmart_model::limits::MARKETS_MAX;
use openmart_model::{DecodeError, Event, MarketId, Reader, Timestamp, Writer};

use crate::feed::MarketFeed;

/// The form of the snapshot bytes. Another number is another layout.
const SNAPSHOT_FORM: u8 = 2;

/// The market data of all markets as of one command.
#[derive(Clone, Default, Debug)]
pub struct MarketData {
    sequence: u64,
    time: Timestamp,
    markets: Vec<MarketFeed>,
}

impl MarketData {
    /// No market, nothing applied yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies the events of one command, in their order, with its sequence and time. Commands
    /// without events may be left out.
    ///
    /// # Panics
    ///
    /// When the events cannot follow those applied before: a sequence that does not ascend, a time
    /// that goes back, a level or market that is not there. Events come from the engine, so this is
    /// a bug, and what is shown would be wrong from here on.
    pub fn apply(&mut self, sequence: u64, time: Timestamp, events: &[Event]) {
        assert!(
            sequence > self.sequence && time >= self.time,
            "market data at sequence {} and {:?} was given sequence {sequence} and {time:?}",
            self.sequence,
            self.time,
        );
        (self.sequence, self.time) = (sequence, time);
        for event in events {
            if let Err(broken) = self.apply_event(event) {
                panic!("market data: {broken} at sequence {sequence}, {event:?}");
            }
        }
    }

    fn apply_event(&mut self, event: &Event) -> Result<(), &'static str> {
        let (sequence, time) = (self.sequence, self.time);
        match event {
            Event::Rested { market, side, price, remaining, .. } => {
                self.feed(*market)?.rest(sequence, *side, *price, *remaining);
            }
            Event::Traded(trade) => self.feed(trade.market)?.trade(sequence, time, trade)?,
            Event::Closed { order, rested: true, .. } => {
                self.feed(order.market)?.close(sequence, order)?;
            }
            Event::MarketAdded(market) => {
                if market.index() != self.markets.len() {
                    return Err("a market out of turn");
                }
                self.markets.push(MarketFeed::new(sequence));
            }
            Event::Closed { rested: false, .. }
            | Event::Placed(_)
            | Event::Deposited { .. }
            | Event::Withdrawn { .. }
            | Event::AssetAdded(_)
            | Event::MarketStatusSet(..)
            | Event::FeesSet(..)
            | Event::AccountAdded(_)
            | Event::KeyAdded(_)
            | Event::KeyRevoked(_) => {}
        }
        Ok(())
    }

    fn feed(&mut self, market: MarketId) -> Result<&mut MarketFeed, &'static str> {
        self.markets.get_mut(market.index()).ok_or("no such market")
    }

    /// Sequence of the last command that was applied; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The market data of a market, from the event on that added it.
    pub fn market(&self, market: MarketId) -> Option<&MarketFeed> {
        self.markets.get(market.index())
    }

    /// The market data of all markets, in the order they were added.
    pub fn markets(&self) -> impl ExactSizeIterator<Item = (MarketId, &MarketFeed)> {
        self.markets.iter().enumerate().map(|(index, feed)| (MarketId(index as u16), feed))
    }

    /// Appends the whole state. The same events always give the same bytes.
    pub fn snapshot(&self, writer: &mut Writer<'_>) {
        writer.put(&SNAPSHOT_FORM);
        writer.put(&self.sequence);
        writer.put(&self.time);
        writer.list(&self.markets);
    }

    /// Takes what [`snapshot`](Self::snapshot) wrote. Bytes that no sequence of events could have
    /// led to, as far as a state can tell, are an error: a crossed book, an empty level, trades out
    /// of order, candles that do not fit together. Never panics.
    pub fn restore(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.get::<u8>()? != SNAPSHOT_FORM {
            return Err(reader.error("market data of form 2"));
        }
        let (sequence, time) = (reader.get()?, reader.get()?);
        let count: u32 = reader.get()?;
        if count as usize > MARKETS_MAX {
            return Err(reader.error("at most 4096 markets"));
        }
        let mut markets = Vec::new();
        for _ in 0..count {
            let feed: MarketFeed = reader.get()?;
            if feed.changed_sequence() > sequence {
                return Err(reader.error("a market that did not change later than the snapshot"));
            }
            if feed.trades().any(|trade| trade.time > time) {
                return Err(reader.error("trades no later than the snapshot"));
            }
            markets.push(feed);
        }
        Ok(Self { sequence, time, markets })
    }
}
