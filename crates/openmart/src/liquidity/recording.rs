//! A recording as a file: checked as a whole before anything is done with it, then read again line by line, so
//! that its length does not matter.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use openmart_liquidity::{Columns, Fault, Kind, Record};
use openmart_model::Market;

/// Longest line, in bytes: several times what any record needs.
const LINE_BYTES_MAX: usize = 4_096;

/// Why a recording is not replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RecordingError {
    /// The file cannot be read.
    #[error("cannot read the recording {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It can be read only once.
    #[error("the recording {} is not a plain file, and it has to be read twice", file.display())]
    NotAFile {
        /// The file.
        file: PathBuf,
    },
    /// A line that is not one of a recording of this market.
    #[error("{}, line {line}: {fault}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// What is wrong there.
        fault: Fault,
    },
    /// A line that is not even text.
    #[error("{}, line {line}: not a line of text of at most {LINE_BYTES_MAX} bytes", file.display())]
    NotText {
        /// The file.
        file: PathBuf,
        /// Line number, from 1.
        line: u64,
    },
    /// No line but the header.
    #[error("the recording {} has no records", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
}

/// A file that was read to its end and found good.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    file: PathBuf,
    market: Market,
    kind: Kind,
    begin_us: u64,
}

impl Recording {
    /// Reads all of it.
    pub(crate) fn check(file: PathBuf, market: Market) -> Result<Self, RecordingError> {
        let mut records = Records::open(&file, &market)?;
        let first = records.read()?;
        let Some(first) = first else { return Err(RecordingError::Empty { file }) };
        while records.read()?.is_some() {}
        Ok(Self { kind: records.columns.kind(), file, market, begin_us: first.time_us })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    pub(crate) fn symbol(&self) -> &str {
        &self.market.symbol
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Time of the first record, microseconds since 1970.
    pub(crate) fn begin_us(&self) -> u64 {
        self.begin_us
    }

    /// Reads it again.
    pub(crate) fn records(&self) -> Result<Records, RecordingError> {
        Records::open(&self.file, &self.market)
    }
}

/// The records of a file, one after the other.
#[derive(Debug)]
pub(crate) struct Records {
    file: PathBuf,
    reader: BufReader<File>,
    market: Market,
    columns: Columns,
    line: u64,
    text: Vec<u8>,
    after_us: u64,
}

impl Records {
    fn open(file: &Path, market: &Market) -> Result<Self, RecordingError> {
        let cannot = |source| RecordingError::Read { file: file.to_owned(), source };
        if !fs::metadata(file).map_err(cannot)?.is_file() {
            return Err(RecordingError::NotAFile { file: file.to_owned() });
        }
        let mut reader = BufReader::new(File::open(file).map_err(cannot)?);
        let mut text = Vec::new();
        let header = read_line(&mut reader, &mut text).map_err(cannot)?;
        let header = header.and_then(|()| str::from_utf8(&text).ok());
        let Some(header) = header else {
            return Err(RecordingError::NotText { file: file.to_owned(), line: 1 });
        };
        let at_header = |fault| RecordingError::Line { file: file.to_owned(), line: 1, fault };
        let columns = Columns::parse(header.trim_end()).map_err(at_header)?;
        let (file, market) = (file.to_owned(), market.clone());
        Ok(Self { file, reader, market, columns, line: 1, text, after_us: 0 })
    }

    /// The next record; nothing at the end.
    fn read(&mut self) -> Result<Option<Record>, RecordingError> {
        loop {
            self.line += 1;
            let read = read_line(&mut self.reader, &mut self.text)
                .map_err(|source| RecordingError::Read { file: self.file.clone(), source })?;
            let text = read.and_then(|()| str::from_utf8(&self.text).ok());
            let Some(text) = text else {
                return Err(RecordingError::NotText { file: self.file.clone(), line: self.line });
            };
            if text.is_empty() {
                return Ok(None);
            }
            let record = self.columns.record(text, &self.market, self.after_us);
            let record = record.map_err(|fault| RecordingError::Line {
                file: self.file.clone(),
                line: self.line,
                fault,
            })?;
            if let Some(record) = record {
                self.after_us = record.time_us;
                return Ok(Some(record));
            }
        }
    }
}

impl Iterator for Records {
    type Item = Record;

    /// A file that was changed after it was checked ends early, and the log says so.
    fn next(&mut self) -> Option<Record> {
        self.read().unwrap_or_else(|error| {
            tracing::error!(%error, "the recording has changed and ends here");
            None
        })
    }
}

/// Reads a line with its end; an empty text is the end of the file, nothing a line that is too long.
fn read_line(reader: &mut BufReader<File>, text: &mut Vec<u8>) -> io::Result<Option<()>> {
    text.clear();
    let limit = LINE_BYTES_MAX as u64 + 1;
    let read = reader.by_ref().take(limit).read_until(b'\n', text)?;
    Ok((read <= LINE_BYTES_MAX).then_some(()))
}
