//! One file in an archive.

use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Take};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::directory::read_at;
use crate::error::ReadError;
use crate::source::{Fields, fits_deflate, stream_error};

/// An entry as the directory has it.
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Bytes when decompressed.
    pub(crate) size: u64,
    compressed: u64,
    deflated: bool,
    crc: u32,
    /// Where its local header begins.
    pub(super) header: u64,
    /// Where its data begin; set by `locate`.
    data: u64,
}

const DIRECTORY_RECORD: usize = 46;
const LOCAL_HEADER: usize = 30;

impl Entry {
    /// Takes one record off the front of the directory.
    pub(super) fn take(rest: &mut &[u8]) -> Result<Self, ReadError> {
        let record = take(rest, DIRECTORY_RECORD)?;
        let fields = Fields { bytes: record, big_endian: false };
        if !record.starts_with(b"PK\x01\x02") {
            return Err(ReadError::corrupt("a record of the zip directory", record[..4].escape_ascii()));
        }
        let name = take(rest, fields.u16(28).into())?;
        let mut extra = take(rest, fields.u16(30).into())?;
        take(rest, fields.u16(32).into())?;
        let name =
            str::from_utf8(name).map_err(|_| ReadError::header("file name", "UTF-8", name.escape_ascii()))?.to_owned();
        if fields.u16(8) & (1 | 1 << 6 | 1 << 13) != 0 {
            return Err(not_supported("encryption".into()));
        }
        let deflated = match fields.u16(10) {
            0 => false,
            8 => true,
            other => return Err(not_supported(format!("compression method {other}"))),
        };

        // A 32-bit field of all ones means: see the zip64 extra field, which holds only those.
        let mut wide = zip64_field(&mut extra)?;
        let mut long = |place| match fields.u32(place) {
            u32::MAX => take(&mut wide, 8).map(|bytes| Fields { bytes, big_endian: false }.u64(0)),
            short => Ok(short.into()),
        };
        let (size, compressed, header) = (long(24)?, long(20)?, long(42)?);
        let possible = if deflated { fits_deflate(compressed, size) } else { compressed == size };
        if !possible {
            return Err(ReadError::corrupt(
                "a size that the compressed data can have",
                format!("{size} bytes out of {compressed}"),
            ));
        }
        Ok(Self { name, size, compressed, deflated, crc: fields.u32(16), header, data: 0 })
    }

    /// Reads the local header and gives the end of the data, which must lie before `end`.
    pub(super) fn locate(&mut self, input: &mut (impl BufRead + Seek), end: u64) -> Result<u64, ReadError> {
        const PART: &str = "local zip header";
        let outside = || ReadError::corrupt("zip entries before the directory", "one that leaves its place");
        let name_at = self.header.checked_add(LOCAL_HEADER as u64).filter(|&at| at <= end).ok_or_else(outside)?;
        let mut header = [0; LOCAL_HEADER];
        read_at(input, self.header, &mut header, PART)?;
        let fields = Fields { bytes: &header, big_endian: false };
        let name_length = usize::from(fields.u16(26));
        let mut name = vec![0; name_length];
        self.data = name_at + name_length as u64 + u64::from(fields.u16(28));
        let data_end = self.data.checked_add(self.compressed).filter(|&at| at <= end).ok_or_else(outside)?;
        read_at(input, name_at, &mut name, PART)?;
        let method = if self.deflated { 8 } else { 0 };
        if !header.starts_with(b"PK\x03\x04") || name != self.name.as_bytes() || fields.u16(8) != method {
            return Err(ReadError::corrupt("a local zip header like that of the directory", "another"));
        }
        Ok(data_end)
    }

    /// The decompressed bytes. The end of the input is where the checksum is compared.
    pub(crate) fn open<R: BufRead + Seek>(&self, mut input: R) -> Result<EntryReader<R>, ReadError> {
        input.seek(SeekFrom::Start(self.data)).map_err(|error| stream_error(&error, "archive entry"))?;
        let input = input.take(self.compressed);
        let data = if self.deflated { Data::Deflated(DeflateDecoder::new(input)) } else { Data::Stored(input) };
        Ok(EntryReader { data, crc: Crc::new(), expected: self.crc })
    }
}

enum Data<R> {
    Stored(Take<R>),
    Deflated(DeflateDecoder<Take<R>>),
}

/// Reads an entry and checks it.
pub(crate) struct EntryReader<R> {
    data: Data<R>,
    crc: Crc,
    expected: u32,
}

impl<R: BufRead> Read for EntryReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, left) = match &mut self.data {
            Data::Stored(data) => (data.read(buffer)?, data.limit()),
            Data::Deflated(data) => (data.read(buffer)?, data.get_ref().limit()),
        };
        self.crc.update(&buffer[..count]);
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        if left > 0 {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("{left} compressed bytes too many")));
        }
        if self.crc.sum() != self.expected {
            return Err(io::Error::new(ErrorKind::InvalidData, "checksum differs"));
        }
        Ok(0)
    }
}

/// Takes so many bytes off the front.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], ReadError> {
    let (front, back) = rest
        .split_at_checked(count)
        .ok_or_else(|| ReadError::corrupt("a whole record of the zip directory", "its end"))?;
    *rest = back;
    Ok(front)
}

/// The content of extra field 1, or nothing.
fn zip64_field<'a>(extra: &mut &'a [u8]) -> Result<&'a [u8], ReadError> {
    while !extra.is_empty() {
        let fields = Fields { bytes: take(extra, 4)?, big_endian: false };
        let content = take(extra, fields.u16(2).into())?;
        if fields.u16(0) == 1 {
            return Ok(content);
        }
    }
    Ok(&[])
}

fn not_supported(found: String) -> ReadError {
    ReadError::NotSupported {
        expected: "stored or deflated archive entries",
        found,
        remedy: "save the arrays again with numpy.savez or numpy.savez_compressed",
    }
}
