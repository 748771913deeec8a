//! The byte form of commands in the journal and of state in snapshots.
//!
//! Little-endian, fixed widths, a one-byte tag before each variant, a 32-bit count before each list.
//! What is written here is read for ever: a tag or a field is never reused, only added.
//! `docs/journal-format.md` has the layout.

mod commands;
mod plain;
mod values;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Bytes that do not have the form they should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// Position of the offending value.
    pub offset: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.offset)
    }
}

impl core::error::Error for DecodeError {}

/// A value with a byte form.
pub trait Codec: Sized {
    /// Appends the byte form.
    fn write(&self, writer: &mut Writer<'_>);

    /// Takes the byte form from the front. Never panics, whatever the bytes are.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// Appends values to a buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends behind what the buffer holds.
    pub fn new(buffer: &'a mut Vec<u8>) -> Self {
        Self { buffer }
    }

    /// Appends a value.
    pub fn put<T: Codec>(&mut self, value: &T) {
        value.write(self);
    }

    /// Appends a list of values behind their count.
    pub fn list<T: Codec>(&mut self, values: &[T]) {
        self.put(&(values.len() as u32));
        values.iter().for_each(|value| self.put(value));
    }

    /// Appends bytes behind their count.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u32));
        self.raw(bytes);
    }

    /// Appends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }
}

/// Takes values from bytes.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Takes a value.
    pub fn get<T: Codec>(&mut self) -> Result<T, DecodeError> {
        T::read(self)
    }

    /// Takes a list of values behind their count.
    pub fn list<T: Codec>(&mut self) -> Result<Vec<T>, DecodeError> {
        let count: u32 = self.get()?;
        // The count is foreign: reserve no more than the bytes that are left could hold.
        let mut values = Vec::with_capacity((count as usize).min(self.bytes.len() - self.offset));
        for _ in 0..count {
            values.push(self.get()?);
        }
        Ok(values)
    }

    /// Takes bytes behind their count.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let count: u32 = self.get()?;
        self.raw(count as usize)
    }

    /// Takes so many bytes as they are.
    pub fn raw(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let rest = &self.bytes[self.offset..];
        let taken = rest.get(..count).ok_or(self.error("more bytes"))?;
        self.offset += count;
        Ok(taken)
    }

    /// Ends the reading; bytes left over are an error.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.offset == self.bytes.len() { Ok(()) } else { Err(self.error("the end")) }
    }

    /// An error at the present position.
    pub fn error(&self, expected: &'static str) -> DecodeError {
        DecodeError { offset: self.offset, expected }
    }
}

macro_rules! integer {
    ($($int:ty),*) => {$(
        impl Codec for $int {
            fn write(&self, writer: &mut Writer<'_>) {
                writer.raw(&self.to_le_bytes());
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let mut bytes = [0; size_of::<$int>()];
                bytes.copy_from_slice(reader.raw(size_of::<$int>())?);
                Ok(<$int>::from_le_bytes(bytes))
            }
        }
    )*};
}

integer!(u8, u16, u32, u64, u128);

impl Codec for bool {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&u8::from(*self));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.get::<u8>()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(reader.error("0 or 1")),
        }
    }
}

impl<T: Codec> Codec for Option<T> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.is_some());
        if let Some(value) = self {
            writer.put(value);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.get::<bool>()? { reader.get().map(Some) } else { Ok(None) }
    }
}

impl<A: Codec, B: Codec> Codec for (A, B) {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.0);
        writer.put(&self.1);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((reader.get()?, reader.get()?))
    }
}

impl Codec for String {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = reader.bytes()?;
        let text = core::str::from_utf8(bytes).map_err(|_| reader.error("UTF-8 text"))?;
        Ok(text.into())
    }
}
