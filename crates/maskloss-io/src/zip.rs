//! The part of the zip format that NumPy writes: stored or deflated entries, with or without zip64.
//!
//! Specification: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>. A zip file says most things
//! twice, and two readers of a file that contradicts itself see two files. So the directory at the end is
//! the truth, every local header must agree with it, and the parts may neither overlap nor leave the file.

mod directory;
mod entry;

pub(crate) use directory::directory;
pub(crate) use entry::Entry;
