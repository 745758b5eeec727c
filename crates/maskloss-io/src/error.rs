//! What can be wrong with a file: one variant a kind, one sentence each.

use std::fmt;
use std::path::PathBuf;

use crate::tensor::Format;

/// Why a file could not be read.
///
/// The sentence always says what was expected, what was found instead, and what to do about it. It does not
/// name the file; [`FileError`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing has this name.
    NotFound,
    /// The name belongs to a folder, a pipe, a device or a socket.
    NotAFile {
        /// What it is.
        found: &'static str,
    },
    /// The system refused to open or to read the file.
    Unreadable {
        /// The system's reason.
        reason: String,
    },
    /// The name ends in none of the known extensions.
    UnknownFormat {
        /// The file's name, without its folders.
        name: String,
    },
    /// The first bytes are not those of the format that the name promises.
    WrongFormat {
        /// The format that the name promises.
        expected: Format,
        /// What the first bytes look like.
        found: &'static str,
    },
    /// The file ends too early.
    Truncated {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The file goes on after its end.
    TrailingData {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The array is larger than [`Limits`](crate::Limits) allow.
    Oversized {
        /// What is counted: bytes, pixels, …
        unit: &'static str,
        /// How many the file asks for.
        size: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// The array is within the limits, but the machine has no memory for it.
    OutOfMemory {
        /// The bytes that were asked for.
        bytes: u64,
    },
    /// A header field has a value that it may not have.
    Header {
        /// The field, by its name in the format's specification.
        field: &'static str,
        /// The values it may have.
        expected: String,
        /// The value it has.
        found: String,
    },
    /// The file is sound, but of a kind that is not read.
    NotSupported {
        /// What is read.
        expected: &'static str,
        /// What the file holds.
        found: String,
        /// How to make a file that is read.
        remedy: &'static str,
    },
    /// A NumPy array of Python objects. Reading it would mean running code out of the file.
    ObjectDtype,
    /// The parts of the file contradict each other or cannot be decoded.
    Corrupt {
        /// What a sound file has here.
        expected: String,
        /// What this file has.
        found: String,
    },
    /// A checksum differs: some bytes changed since the file was written.
    Checksum {
        /// The part that the checksum guards.
        part: String,
    },
    /// The archive has no array of the given name.
    NoSuchKey {
        /// The name asked for.
        key: String,
        /// The names there are.
        keys: Vec<String>,
    },
    /// The archive does not hold exactly one array, and no name was given.
    KeyNeeded {
        /// The names there are.
        keys: Vec<String>,
    },
}

impl ReadError {
    /// A stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::NotAFile { .. } => "not-a-file",
            Self::Unreadable { .. } => "unreadable",
            Self::UnknownFormat { .. } => "unknown-format",
            Self::WrongFormat { .. } => "wrong-format",
            Self::Truncated { .. } => "truncated",
            Self::TrailingData { .. } => "trailing-data",
            Self::Oversized { .. } => "oversized",
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::Header { .. } => "header",
            Self::NotSupported { .. } => "not-supported",
            Self::ObjectDtype => "object-dtype",
            Self::Corrupt { .. } => "corrupt",
            Self::Checksum { .. } => "checksum",
            Self::NoSuchKey { .. } => "no-such-key",
            Self::KeyNeeded { .. } => "key-needed",
        }
    }

    /// A header field out of its range.
    pub(crate) fn header(field: &'static str, expected: impl Into<String>, found: impl fmt::Display) -> Self {
        Self::Header { field, expected: expected.into(), found: found.to_string() }
    }

    /// Two parts that contradict each other.
    pub(crate) fn corrupt(expected: impl Into<String>, found: impl fmt::Display) -> Self {
        Self::Corrupt { expected: expected.into(), found: found.to_string() }
    }

    /// A header and its image in two files (`.hdr` + `.img`).
    pub(crate) fn two_files(found: &str) -> Self {
        Self::NotSupported {
            expected: "a NIfTI image in one file",
            found: format!("one half of a {found} pair"),
            remedy: "save it as .nii or .nii.gz",
        }
    }

    /// Checks a length that must be met exactly.
    pub(crate) fn check_length(part: &str, expected: u64, found: u64) -> Result<(), Self> {
        let (wanted, got) = (format!("{expected} bytes of {part}"), format!("{found}"));
        match found.cmp(&expected) {
            std::cmp::Ordering::Less => Err(Self::Truncated { expected: wanted, found: got }),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(Self::TrailingData { expected: wanted, found: got }),
        }
    }
}

/// A list of names out of a file, cut short and without control characters.
struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        for (index, name) in self.0.iter().take(SHOWN).enumerate() {
            write!(out, "{}{}", if index == 0 { "" } else { ", " }, Quoted(name))?;
        }
        match self.0.len() {
            0 => out.write_str("no array"),
            count if count > SHOWN => write!(out, " and {} more", count - SHOWN),
            _ => Ok(()),
        }
    }
}

/// A name in quotes, at most 64 characters of it, control characters escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.0.chars().take(64).collect();
        write!(out, "'{}{}'", start.escape_debug(), if start.len() < self.0.len() { "…" } else { "" })
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => out.write_str("Expected a file but found nothing of this name; check the path"),
            Self::NotAFile { found } => write!(out, "Expected a file but found {found}; give the path of a regular file"),
            Self::Unreadable { reason } => {
                write!(out, "Expected a readable file but found an error of the system ({reason}); check its permissions and its disk")
            }
            Self::UnknownFormat { name } => write!(
                out,
                "Expected a file name ending in .nii, .nii.gz, .npy, .npz or .png but found {}; convert the file to one of these",
                Quoted(name)
            ),
            Self::WrongFormat { expected, found } => write!(
                out,
                "Expected {expected}, as the name says, but found {found}; give the file the extension of what it holds"
            ),
            Self::Truncated { expected, found } => {
                write!(out, "Expected {expected} but found {found}: the file is cut short; copy or export it again")
            }
            Self::TrailingData { expected, found } => {
                write!(out, "Expected {expected} but found {found}: the file goes on after its end; copy or export it again")
            }
            Self::Oversized { unit, size, limit } => write!(
                out,
                "Expected at most {limit} {unit} but found {size} declared; raise the limit if you trust the file"
            ),
            Self::OutOfMemory { bytes } => {
                write!(out, "Expected room for {bytes} bytes but found too little memory; read fewer files at once")
            }
            Self::Header { field, expected, found } => write!(
                out,
                "Expected {expected} for {field} in the header but found {found}; write the file again with a current library"
            ),
            Self::NotSupported { expected, found, remedy } => {
                write!(out, "Expected {expected} but found {found}; {remedy}")
            }
            Self::ObjectDtype => out.write_str(
                "Expected an array of numbers but found Python objects, which are never loaded; save it again with a numeric dtype",
            ),
            Self::Corrupt { expected, found } => {
                write!(out, "Expected {expected} but found {found}: the file is damaged; copy or export it again")
            }
            Self::Checksum { part } => write!(
                out,
                "Expected the checksum stored with {part} but found another: the file is damaged; copy or export it again"
            ),
            Self::NoSuchKey { key, keys } => {
                write!(out, "Expected an array named {} but found {}; give one of these as the key", Quoted(key), Names(keys))
            }
            Self::KeyNeeded { keys } => {
                write!(out, "Expected one array, as no key was given, but found {}; name one as the key", Names(keys))
            }
        }
    }
}

impl std::error::Error for ReadError {}

/// A [`ReadError`] and the file it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The path as it was given.
    pub path: PathBuf,
    /// What is wrong with it.
    pub error: ReadError,
}

impl FileError {
    /// The stable word of [`ReadError::code`].
    pub const fn code(&self) -> &'static str {
        self.error.code()
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
