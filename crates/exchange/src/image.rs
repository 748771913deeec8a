//! The state as the bytes of a snapshot: a version (32 bits), then the sections engine and market
//! data, each behind its length in bytes (64 bits). What is in a section is its owner's.

use openmart_engine::Engine;
use openmart_history::Tail;
use openmart_marketdata::MarketData;
use openmart_model::{DecodeError, Reader, Writer};

use crate::open_orders::OpenOrders;
use crate::state::State;

/// The layout. Another number is another layout.
const VERSION: u32 = 2;

/// More than an open order takes in an image. Room that is made at once is not copied while the image
/// grows, and what is left over is never touched.
const ORDER_BYTES: usize = 96;

/// Bytes of the length before each section.
const LENGTH_BYTES: usize = size_of::<u64>();

impl State {
    /// The bytes of the whole state. Equal states have equal bytes.
    pub(crate) fn to_image(&self) -> Vec<u8> {
        let mut image = Vec::with_capacity(self.engine.orders_open() * ORDER_BYTES);
        Writer::new(&mut image).put(&VERSION);
        section(&mut image, |writer| self.engine.snapshot(writer));
        section(&mut image, |writer| self.market_data.snapshot(writer));
        image
    }

    /// Reads a state back, but for the lists of open orders, which follow from the engine. Never panics,
    /// whatever the bytes are.
    pub(crate) fn from_image(image: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(image);
        if reader.get::<u32>()? != VERSION {
            return Err(reader.error("a state of version 2"));
        }
        let engine = parse(&mut reader, Engine::restore)?;
        let market_data = parse(&mut reader, MarketData::restore)?;
        if market_data.sequence() != engine.sequence() {
            return Err(reader.error("market data at the sequence of the engine"));
        }
        reader.finish()?;
        let (open, tail) = (OpenOrders::default(), Tail::after(engine.sequence()));
        Ok(Self { engine, market_data, tail, open })
    }
}

/// Entry point for fuzzing: reads any bytes at all as the content of a snapshot, without a panic and
/// without unbounded memory. Whether they are a state.
pub fn check_state_bytes(bytes: &[u8]) -> bool {
    State::from_image(bytes).is_ok()
}

/// Appends a section behind its length, without knowing the length before.
fn section(image: &mut Vec<u8>, write: impl FnOnce(&mut Writer<'_>)) {
    let length_at = image.len();
    image.extend_from_slice(&[0; LENGTH_BYTES]);
    write(&mut Writer::new(image));
    let content_at = length_at + LENGTH_BYTES;
    let length = (image.len() - content_at) as u64;
    image[length_at..content_at].copy_from_slice(&length.to_le_bytes());
}

/// Reads a section, all of it. Positions of errors count from the start of the image.
fn parse<T>(
    reader: &mut Reader<'_>,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let length: u64 = reader.get()?;
    let start = reader.error("").offset;
    let too_long = reader.error("a section within the image");
    let content = reader.raw(usize::try_from(length).map_err(|_| too_long)?)?;
    let mut inner = Reader::new(content);
    let shift = |error: DecodeError| DecodeError { offset: start + error.offset, ..error };
    let value = read(&mut inner).map_err(shift)?;
    inner.finish().map_err(shift)?;
    Ok(value)
}
