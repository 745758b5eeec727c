//! A NumPy archive: a zip file of `.npy` files.

use std::io::{BufRead, Seek};

use crate::error::ReadError;
use crate::npy;
use crate::tensor::{Format, Limits, Tensor};
use crate::zip::{self, Entry};

const EXTENSION: &str = ".npy";

/// Reads the array named `key`, or the only one.
pub(crate) fn read(
    mut input: impl BufRead + Seek,
    length: u64,
    key: Option<&str>,
    limits: &Limits,
) -> Result<Tensor, ReadError> {
    let entries = zip::directory(&mut input, length)?;
    let entry = choose(&entries, key)?;
    npy::read(&mut entry.open(input)?, entry.size, Format::Npz, limits)
}

/// Arrays are the entries named `.npy`; their keys leave that out, as in NumPy. A name in full goes first.
fn choose<'a>(entries: &'a [Entry], key: Option<&str>) -> Result<&'a Entry, ReadError> {
    let arrays: Vec<&Entry> = entries.iter().filter(|entry| entry.name.ends_with(EXTENSION)).collect();
    let keys = || arrays.iter().map(|entry| entry.name[..entry.name.len() - EXTENSION.len()].to_owned()).collect();
    match (key, arrays.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(ReadError::KeyNeeded { keys: keys() }),
        (Some(key), _) => {
            let named = |name: &str| arrays.iter().find(|entry| entry.name == name).copied();
            named(key)
                .or_else(|| named(&format!("{key}{EXTENSION}")))
                .ok_or_else(|| ReadError::NoSuchKey { key: key.into(), keys: keys() })
        }
    }
}
