//! From a path to a format's reader.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Seek};
use std::path::Path;

use crate::error::{FileError, ReadError};
use crate::tensor::{Format, Limits, Tensor};
use crate::{nifti, npy, npz, png};

/// Reads the array in a file.
///
/// The format is that of the file's extension, and the file's first bytes must agree. `key` names the array
/// in an `.npz` archive, with or without its `.npy`; without a key the archive must hold one array. Other
/// formats hold one array and take no notice of the key.
///
/// Only regular files are opened: a pipe would never end, a device may not either.
///
/// ```no_run
/// let labels = maskloss_io::read("case_0001.nii.gz".as_ref(), None, &Default::default())?;
/// assert_eq!(labels.shape.len(), 3);
/// # Ok::<(), maskloss_io::FileError>(())
/// ```
pub fn read(path: &Path, key: Option<&str>, limits: &Limits) -> Result<Tensor, FileError> {
    let read = || {
        let format = Format::from_path(path)?;
        let (file, length) = open(path)?;
        decode(format, BufReader::new(file), length, key, limits)
    };
    read().map_err(|error| FileError { path: path.to_path_buf(), error })
}

/// Reads the array in a file that is in memory; see [`read`].
pub fn read_bytes(format: Format, bytes: &[u8], key: Option<&str>, limits: &Limits) -> Result<Tensor, ReadError> {
    decode(format, Cursor::new(bytes), bytes.len() as u64, key, limits)
}

fn decode(
    format: Format,
    mut input: impl BufRead + Seek,
    length: u64,
    key: Option<&str>,
    limits: &Limits,
) -> Result<Tensor, ReadError> {
    let start = input.fill_buf().map_err(unreadable)?;
    check_magic(format, start)?;
    match format {
        Format::Nifti => nifti::read(input, length, limits),
        Format::NiftiGz => nifti::read_gzip(input, length, limits),
        Format::Npy => npy::read(&mut input, length, Format::Npy, limits),
        Format::Npz => npz::read(input, length, key, limits),
        Format::Png => png::read(input, length, limits),
    }
}

/// What files of each kind begin with. NIfTI is told by its header's own fields, not here.
const MAGIC: [(&[u8], &str, &[Format]); 9] = [
    (&[0x1f, 0x8b], "gzip data", &[Format::NiftiGz]),
    (b"\x93NUMPY", "a NumPy array", &[Format::Npy]),
    (b"PK\x03\x04", "a zip archive", &[Format::Npz]),
    (b"PK\x05\x06", "an empty zip archive", &[Format::Npz]),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", &[Format::Png]),
    (b"\xff\xd8\xff", "a JPEG image", &[]),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", &[]),
    (b"II*\0", "a TIFF image", &[]),
    (b"MM\0*", "a TIFF image", &[]),
];

/// Compares a file's first bytes with its extension. A file that ends within the right magic is left to its
/// reader, which knows how to say that it is cut short.
fn check_magic(format: Format, start: &[u8]) -> Result<(), ReadError> {
    let expected = || MAGIC.iter().filter(|(_, _, formats)| formats.contains(&format));
    let agrees = |magic: &[u8]| start.iter().zip(magic).all(|(found, wanted)| found == wanted);
    if expected().any(|(magic, _, _)| agrees(magic)) {
        return Ok(());
    }
    let found = MAGIC.iter().find(|(magic, _, _)| start.starts_with(magic));
    match found {
        None if format == Format::Nifti => Ok(()),
        _ => {
            Err(ReadError::WrongFormat { expected: format, found: found.map_or("unknown bytes", |&(_, name, _)| name) })
        }
    }
}

/// Opens a regular file and gives its length.
fn open(path: &Path) -> Result<(File, u64), ReadError> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Without this flag the opening of a pipe that nobody writes to waits for ever.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::NotFound,
        _ if path.is_dir() => ReadError::NotAFile { found: "a folder" },
        _ => unreadable(error),
    })?;
    // Asked of the open file, so that nobody can put another in its place in between.
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_file() {
        Ok((file, metadata.len()))
    } else {
        let found = if metadata.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
        Err(ReadError::NotAFile { found })
    }
}

fn unreadable(error: io::Error) -> ReadError {
    ReadError::Unreadable { reason: error.to_string() }
}
