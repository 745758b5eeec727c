//! Reading bytes whose number is known beforehand.

use std::io::{self, ErrorKind, Read};

use crate::error::ReadError;

/// The most bytes that one byte of deflate data can become: 258 bytes out of two bits.
pub(crate) const MAX_DEFLATE_RATIO: u64 = 1032;

/// A compressed size that can hold so many bytes: the check before a decompression bomb gets any memory.
pub(crate) fn fits_deflate(compressed: u64, bytes: u64) -> bool {
    bytes <= compressed.saturating_mul(MAX_DEFLATE_RATIO)
}

/// An empty buffer with room for exactly so many bytes.
pub(crate) fn reserve(bytes: u64) -> Result<Vec<u8>, ReadError> {
    let mut buffer = Vec::new();
    usize::try_from(bytes)
        .ok()
        .and_then(|size| buffer.try_reserve_exact(size).ok())
        .ok_or(ReadError::OutOfMemory { bytes })?;
    Ok(buffer)
}

/// Reads until `buffer` is full or the input ends; gives the number of bytes read.
pub(crate) fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Fills `buffer`; `part` names it in the error.
pub(crate) fn read_all(input: &mut impl Read, buffer: &mut [u8], part: &str) -> Result<(), ReadError> {
    let found = read_up_to(input, buffer).map_err(|error| stream_error(&error, part))?;
    ReadError::check_length(part, buffer.len() as u64, found as u64)
}

/// Reads past bytes without keeping them.
pub(crate) fn skip(input: &mut impl Read, bytes: u64, part: &str) -> Result<(), ReadError> {
    let found = io::copy(&mut input.take(bytes), &mut io::sink()).map_err(|error| stream_error(&error, part))?;
    ReadError::check_length(part, bytes, found)
}

/// Checks that the input ends here. For compressed data this is also where the checksum is compared.
pub(crate) fn expect_end(input: &mut impl Read, part: &str) -> Result<(), ReadError> {
    match read_up_to(input, &mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => Err(ReadError::TrailingData { expected: format!("the end of {part}"), found: "more bytes".into() }),
        Err(error) => Err(stream_error(&error, part)),
    }
}

/// Says what a failed read means. The decoders report bad data as `InvalidInput` or `InvalidData`, and a
/// checksum by that word alone.
pub(crate) fn stream_error(error: &io::Error, part: &str) -> ReadError {
    match error.kind() {
        ErrorKind::UnexpectedEof => {
            ReadError::Truncated { expected: format!("the whole of {part}"), found: "an early end".into() }
        }
        ErrorKind::InvalidInput | ErrorKind::InvalidData if error.to_string().contains("checksum") => {
            ReadError::Checksum { part: part.into() }
        }
        ErrorKind::InvalidInput | ErrorKind::InvalidData => ReadError::corrupt(format!("sound {part}"), error),
        _ => ReadError::Unreadable { reason: error.to_string() },
    }
}

/// Integers and floats at fixed places of a header, in either byte order. A place must lie inside the
/// header, whose length the format fixes.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) big_endian: bool,
}

impl Fields<'_> {
    fn at<const N: usize>(&self, place: usize) -> [u8; N] {
        let mut field = [0; N];
        field.copy_from_slice(&self.bytes[place..place + N]);
        if self.big_endian {
            field.reverse();
        }
        field
    }

    pub(crate) fn u16(&self, place: usize) -> u16 {
        u16::from_le_bytes(self.at(place))
    }

    pub(crate) fn u32(&self, place: usize) -> u32 {
        u32::from_le_bytes(self.at(place))
    }

    pub(crate) fn u64(&self, place: usize) -> u64 {
        u64::from_le_bytes(self.at(place))
    }

    pub(crate) fn i16(&self, place: usize) -> i16 {
        i16::from_le_bytes(self.at(place))
    }

    pub(crate) fn i32(&self, place: usize) -> i32 {
        i32::from_le_bytes(self.at(place))
    }

    pub(crate) fn i64(&self, place: usize) -> i64 {
        i64::from_le_bytes(self.at(place))
    }

    pub(crate) fn f32(&self, place: usize) -> f32 {
        f32::from_le_bytes(self.at(place))
    }

    pub(crate) fn f64(&self, place: usize) -> f64 {
        f64::from_le_bytes(self.at(place))
    }
}
