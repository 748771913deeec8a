//! The configuration of `openmart serve`: one TOML file, read once at start.
//!
//! What enters: the text of the file. What leaves: settings and a checked [`Venue`], or an error
//! that names the line. What it must not know: what an exchange already has.

mod file;
mod resolve;
mod values;

use std::path::{Path, PathBuf};
use std::{fs, io};

use openmart_liquidity::SettingError;
use openmart_model::{DecimalError, ListingError};

use crate::liquidity::Seeded;
use crate::venue::Venue;

use file::File;

pub(crate) use file::{RateLimits, Server, SignatureMode};

/// A configuration, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) rate_limits: RateLimits,
    pub(crate) venue: Venue,
    /// Makers and takers, if they are wanted.
    pub(crate) liquidity: Option<Seeded>,
    /// Whether the text has secrets in it, so that others had better not read the file.
    pub(crate) has_secrets: bool,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error(
        "cannot read the configuration {}: {source}; openmart.example.toml is one to begin with",
        file.display()
    )]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file says something that cannot be.
    #[error("{}, line {line}: {fault}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong there.
        fault: Fault,
    },
}

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Fault {
    /// Not TOML, an unknown field, a missing one, or one of the wrong type.
    #[error("{0}")]
    Form(String),
    /// Two things have one name.
    #[error("{what} {name} is given twice")]
    Twice {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A code that no asset of the file has.
    #[error("there is no asset {0} in this file")]
    UnknownAsset(String),
    /// A symbol that is not two codes.
    #[error("{0:?} is not a symbol such as BTC_USDT")]
    Symbol(String),
    /// A decimal text that is no amount of its unit.
    #[error("{field}: {text:?} is no number of at most {decimals} decimals: {source}")]
    Decimal {
        /// The field.
        field: &'static str,
        /// Its text.
        text: String,
        /// Decimals allowed.
        decimals: u8,
        /// What is wrong with it.
        source: DecimalError,
    },
    /// A parameter of the liquidity that is not one, or out of its range.
    #[error("{name}: {source}")]
    Setting {
        /// The field.
        name: String,
        /// What is wrong with it.
        source: SettingError,
    },
    /// An asset or market that the exchange would not list.
    #[error("{name} cannot be listed: {source}")]
    NotListable {
        /// Code or symbol.
        name: String,
        /// Why.
        source: ListingError,
    },
    /// A name, key or memo that is too long or has characters it must not have.
    #[error("{field}: {rule}")]
    Text {
        /// The field.
        field: &'static str,
        /// What it must be.
        rule: &'static str,
    },
}

impl Config {
    /// Reads and checks a file.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { file: path.to_owned(), source })?;
        Self::parse(&text).map_err(|(offset, fault)| {
            let line = line_of(&text, offset);
            ConfigError::Line { file: path.to_owned(), line, fault }
        })
    }

    /// Checks a text; an error comes with the byte at which it lies.
    fn parse(text: &str) -> Result<Self, (usize, Fault)> {
        let file: File = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            (offset, Fault::Form(error.message().replace('\n', ", ")))
        })?;
        let has_secrets = file.has_secrets();
        let venue = resolve::venue(&file)?;
        let liquidity = resolve::liquidity(&file)?;
        let File { server, rate_limits, .. } = file;
        Ok(Self { server, rate_limits, venue, liquidity, has_secrets })
    }
}

/// Whether a text is a configuration.
///
/// # Panics
///
/// If an error lies outside of the text.
pub(crate) fn check(text: &str) -> bool {
    match Config::parse(text) {
        Ok(_) => true,
        Err((offset, fault)) => {
            assert!(offset <= text.len(), "{fault} at byte {offset} of {}", text.len());
            assert!(line_of(text, offset) <= 1 + text.lines().count());
            false
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = &text.as_bytes()[..offset.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests;
