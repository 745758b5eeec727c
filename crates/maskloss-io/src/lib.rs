//! NIfTI, NPY, NPZ and PNG files into tensors.
//!
//! [`read`] takes a path, [`read_bytes`] a file already in memory; both give a [`Tensor`] or say in one
//! sentence what is wrong. Every file is taken for hostile until it was read:
//!
//! - a size stated in a file is checked against the file and against [`Limits`] before memory is reserved;
//! - compressed data may give exactly the bytes that its header implies, not one more;
//! - checksums are compared, trailing bytes are refused, and nothing is ever extracted or mapped.
//!
//! A damaged file is therefore an error, never a tensor of wrong values.
#![forbid(unsafe_code)]

mod elements;
mod error;
mod nifti;
mod npy;
mod npz;
mod open;
mod png;
mod source;
mod tensor;
mod zip;

pub use error::{FileError, ReadError};
pub use open::{read, read_bytes};
pub use tensor::{DType, Format, Limits, Tensor};
