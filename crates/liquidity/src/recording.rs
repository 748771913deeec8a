//! The lines of a recording: CSV text to exact records. `docs/liquidity.md` describes the format.
//!
//! What enters: the header line, then one line at a time. What leaves: records in the units of a market, or what
//! is wrong with the line. What it must not know: where lines come from, or their numbers.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use openmart_model::{DecimalError, Market, Price, Quantity, Side, parse_decimal};

/// What was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Trades: a quantity that changed hands at a price.
    Trades,
    /// Books: the quantity that stands at a price from then on.
    Books,
}

/// What the columns of a recording hold, as its header line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Columns {
    kind: Kind,
    us_per_tick_of_time: u64,
    time: usize,
    side: usize,
    price: usize,
    quantity: usize,
    len: usize,
}

/// One line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// Microseconds since 1970.
    pub time_us: u64,
    /// Of trades, the taker's; of books, the side of the level.
    pub side: Side,
    /// The price.
    pub price: Price,
    /// What changed hands, or what stands there now.
    pub quantity: Quantity,
}

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The header names neither of the two kinds.
    #[error(
        "the first line must name the columns: timestamp_ms or timestamp_us, then taker_side for trades \
         or side for books, price, quantity; {0} is missing"
    )]
    Header(&'static str),
    /// A column comes twice.
    #[error("column {0} comes twice")]
    ColumnTwice(String),
    /// Fewer or more fields than columns.
    #[error("there are {found} fields for {wanted} columns")]
    Fields {
        /// Fields of the line.
        found: usize,
        /// Columns of the header.
        wanted: usize,
    },
    /// Not a number of milli- or microseconds.
    #[error("{0:?} is not a whole number of milliseconds or microseconds since 1970")]
    Time(String),
    /// Earlier than the line before.
    #[error("the time is earlier than that of the line before")]
    TimeGoesBack,
    /// Not a side.
    #[error("{0:?} is not a side: trades have buy and sell, books bid and ask")]
    Side(String),
    /// Not a number of the market.
    #[error("{column} {text:?} is no number of at most {decimals} decimals: {source}")]
    Number {
        /// Which column.
        column: &'static str,
        /// Its text.
        text: String,
        /// Decimals that the market has.
        decimals: u8,
        /// What is wrong with it.
        source: DecimalError,
    },
    /// A price or a traded quantity of nothing.
    #[error("the {0} is zero")]
    Zero(&'static str),
    /// Outside of the market's rules for one order.
    #[error("an order of this price and quantity is outside of what the market takes")]
    Rules,
}

impl Columns {
    /// Reads the header line.
    ///
    /// # Errors
    /// If a column is missing or comes twice. Columns of other names are left alone.
    pub fn parse(header: &str) -> Result<Self, Fault> {
        let header = header.strip_prefix('\u{feff}').unwrap_or(header);
        let names: Vec<&str> = header.split(',').map(str::trim).collect();
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Err(Fault::ColumnTwice(name.to_string()));
            }
        }
        let find = |wanted: &str| names.iter().position(|name| *name == wanted);
        let column = |wanted: &'static str| find(wanted).ok_or(Fault::Header(wanted));
        let (us_per_tick_of_time, time) = match (find("timestamp_us"), find("timestamp_ms")) {
            (Some(at), _) => (1, at),
            (None, Some(at)) => (1_000, at),
            (None, None) => return Err(Fault::Header("the timestamp")),
        };
        let (kind, side) = match (find("taker_side"), find("side")) {
            (Some(at), None) => (Kind::Trades, at),
            (None, Some(at)) => (Kind::Books, at),
            _ => return Err(Fault::Header("one of taker_side and side")),
        };
        let (price, quantity) = (column("price")?, column("quantity")?);
        Ok(Self { kind, us_per_tick_of_time, time, side, price, quantity, len: names.len() })
    }

    /// What was recorded.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Reads a line that follows one with this time. A blank line has no record.
    ///
    /// # Errors
    /// If it is not a line of this kind, exact in the units of the market and within its rules.
    pub fn record(
        &self,
        line: &str,
        market: &Market,
        after_us: u64,
    ) -> Result<Option<Record>, Fault> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        if fields.len() != self.len {
            return Err(Fault::Fields { found: fields.len(), wanted: self.len });
        }
        let spec = &market.spec;
        let record = Record {
            time_us: self.time(fields[self.time], after_us)?,
            side: self.side(fields[self.side])?,
            price: Price::new(units("price", fields[self.price], spec.price_decimals)?),
            quantity: Quantity::new(units(
                "quantity",
                fields[self.quantity],
                spec.quantity_decimals,
            )?),
        };
        self.check(record, market)?;
        Ok(Some(record))
    }

    fn time(&self, text: &str, after_us: u64) -> Result<u64, Fault> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        let time_us = number.and_then(|n: u64| n.checked_mul(self.us_per_tick_of_time));
        match time_us {
            None => Err(Fault::Time(text.to_string())),
            Some(time_us) if time_us < after_us => Err(Fault::TimeGoesBack),
            Some(time_us) => Ok(time_us),
        }
    }

    fn side(&self, text: &str) -> Result<Side, Fault> {
        match (self.kind, text) {
            (Kind::Trades, "buy") | (Kind::Books, "bid") => Ok(Side::Buy),
            (Kind::Trades, "sell") | (Kind::Books, "ask") => Ok(Side::Sell),
            _ => Err(Fault::Side(text.to_string())),
        }
    }

    /// Refuses what the exchange would refuse whatever its state.
    fn check(&self, record: Record, market: &Market) -> Result<(), Fault> {
        let Record { price, quantity, .. } = record;
        if price == Price::new(0) {
            return Err(Fault::Zero("price"));
        }
        let (spec, notional) = (&market.spec, market.notional(price, quantity));
        let most = openmart_model::limits::SUPPLY_MAX;
        let too_much = quantity > spec.quantity_max || notional.is_none_or(|sum| sum > most);
        let too_little = match self.kind {
            // Changes of a level may be smaller than any order; the level then waits for more.
            Kind::Books => false,
            Kind::Trades if quantity.is_zero() => return Err(Fault::Zero("quantity")),
            Kind::Trades => {
                let least = spec.notional_min_buy.max(spec.notional_min_sell);
                quantity < spec.quantity_min || notional.is_some_and(|sum| sum < least)
            }
        };
        if too_much || too_little { Err(Fault::Rules) } else { Ok(()) }
    }
}

fn units(column: &'static str, text: &str, decimals: u8) -> Result<u64, Fault> {
    let fault = |source| Fault::Number { column, text: text.to_string(), decimals, source };
    let units = parse_decimal(text, decimals).map_err(fault)?;
    u64::try_from(units).map_err(|_| fault(DecimalError::TooLarge))
}
