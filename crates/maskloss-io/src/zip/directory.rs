//! The directory at the end of an archive.

use std::collections::HashSet;
use std::io::{BufRead, Seek, SeekFrom};

use super::Entry;
use crate::error::ReadError;
use crate::source::{Fields, read_all, reserve, stream_error};

/// An archive of more arrays is not a data set of segmentations.
const MAX_ENTRIES: u64 = 4096;
/// Names and extra fields of so many entries have room in this.
const MAX_DIRECTORY: u64 = 16 << 20;

/// End of central directory; the comment's length is its last field.
const END: (&[u8], usize) = (b"PK\x05\x06", 22);
/// Zip64: where the longer end record is, just before the end record.
const LOCATOR: (&[u8], usize) = (b"PK\x06\x07", 20);
/// Zip64: the end record with 64-bit fields, without its extensible part.
const END_64: (&[u8], usize) = (b"PK\x06\x06", 56);

/// Reads and checks the whole directory.
pub(crate) fn directory(input: &mut (impl BufRead + Seek), length: u64) -> Result<Vec<Entry>, ReadError> {
    let end = End::read(input, length)?;
    if end.entries > MAX_ENTRIES {
        return Err(ReadError::Oversized { unit: "archive entries", size: end.entries, limit: MAX_ENTRIES });
    }
    if end.size > MAX_DIRECTORY {
        return Err(ReadError::Oversized { unit: "bytes of directory", size: end.size, limit: MAX_DIRECTORY });
    }
    if end.start.checked_add(end.size) != Some(end.at) {
        return Err(ReadError::corrupt(
            format!("a zip directory that ends at byte {}", end.at),
            format!("{} bytes at {}", end.size, end.start),
        ));
    }
    let mut bytes = reserve(end.size)?;
    bytes.resize(end.size as usize, 0);
    read_at(input, end.start, &mut bytes, "zip directory")?;

    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    let mut names = HashSet::new();
    for _ in 0..end.entries {
        let entry = Entry::take(&mut rest)?;
        if !names.insert(entry.name.clone()) {
            return Err(ReadError::corrupt(
                "every name once in the archive",
                format!("'{}' twice", entry.name.escape_debug()),
            ));
        }
        entries.push(entry);
    }
    if !rest.is_empty() {
        return Err(ReadError::corrupt(format!("{} entries in the zip directory", end.entries), "more"));
    }
    place(input, &mut entries, end.start)?;
    Ok(entries)
}

/// Finds every entry's data and checks that they lie one after the other before the directory.
fn place(input: &mut (impl BufRead + Seek), entries: &mut [Entry], end: u64) -> Result<(), ReadError> {
    let mut order: Vec<&mut Entry> = entries.iter_mut().collect();
    order.sort_by_key(|entry| entry.header);
    let mut free = 0;
    for entry in order {
        if entry.header < free {
            return Err(ReadError::corrupt("zip entries one after the other", "entries that overlap"));
        }
        free = entry.locate(input, end)?;
    }
    Ok(())
}

/// Reads at a place of the file.
pub(super) fn read_at(
    input: &mut (impl BufRead + Seek),
    place: u64,
    buffer: &mut [u8],
    part: &str,
) -> Result<(), ReadError> {
    input.seek(SeekFrom::Start(place)).map_err(|error| stream_error(&error, part))?;
    read_all(input, buffer, part)
}

/// What the end record says.
struct End {
    /// Where the record stands; the directory must end here.
    at: u64,
    entries: u64,
    size: u64,
    start: u64,
}

impl End {
    fn read(input: &mut (impl BufRead + Seek), length: u64) -> Result<Self, ReadError> {
        // The record is the last thing in the file but for a comment of up to 65535 bytes.
        let span = length.min((END.1 + LOCATOR.1 + usize::from(u16::MAX)) as u64);
        let mut tail = vec![0; span as usize];
        read_at(input, length - span, &mut tail, "zip archive")?;
        let place = find(&tail).ok_or_else(|| ReadError::Truncated {
            expected: "the zip directory at the end of the archive".into(),
            found: "none".into(),
        })?;
        let at = length - span + place as u64;
        let fields = Fields { bytes: &tail[place..], big_endian: false };
        ReadError::check_length("zip archive", at + END.1 as u64 + u64::from(fields.u16(20)), length)?;
        if (fields.u16(4), fields.u16(6)) != (0, 0) || fields.u16(8) != fields.u16(10) {
            return Err(in_parts());
        }
        match place.checked_sub(LOCATOR.1).map(|start| &tail[start..place]) {
            Some(locator) if locator.starts_with(LOCATOR.0) => Self::read_64(input, locator, at - LOCATOR.1 as u64),
            _ => Ok(Self {
                at,
                entries: fields.u16(10).into(),
                size: fields.u32(12).into(),
                start: fields.u32(16).into(),
            }),
        }
    }

    /// The zip64 record, to which the locator at byte `locator_at` points.
    fn read_64(input: &mut (impl BufRead + Seek), locator: &[u8], locator_at: u64) -> Result<Self, ReadError> {
        let at = Fields { bytes: locator, big_endian: false }.u64(8);
        let room = locator_at.checked_sub(at).filter(|&room| room >= END_64.1 as u64);
        let room = room.ok_or_else(|| ReadError::corrupt("a zip64 record before its locator", format!("byte {at}")))?;
        let mut record = [0; END_64.1];
        read_at(input, at, &mut record, "zip64 record")?;
        let fields = Fields { bytes: &record, big_endian: false };
        if !record.starts_with(END_64.0) || fields.u64(4).checked_add(12) != Some(room) {
            return Err(ReadError::corrupt("a zip64 record where its locator points", "something else"));
        }
        if (fields.u32(16), fields.u32(20)) != (0, 0) || fields.u64(24) != fields.u64(32) {
            return Err(in_parts());
        }
        Ok(Self { at, entries: fields.u64(32), size: fields.u64(40), start: fields.u64(48) })
    }
}

/// The last place where an end record stands whose comment ends with the file; or else, so that the error can
/// tell which way the length is wrong, the last place where one stands at all.
fn find(tail: &[u8]) -> Option<usize> {
    let last = tail.len().checked_sub(END.1)?;
    let comment = |place: usize| usize::from(Fields { bytes: &tail[place..], big_endian: false }.u16(20));
    let records = || (0..=last).rev().filter(|&place| tail[place..].starts_with(END.0));
    records().find(|&place| place + comment(place) == last).or_else(|| records().next())
}

fn in_parts() -> ReadError {
    ReadError::NotSupported {
        expected: "an archive in one file",
        found: "one part of several".into(),
        remedy: "save the arrays again with numpy.savez",
    }
}
