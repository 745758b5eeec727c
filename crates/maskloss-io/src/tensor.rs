//! What a file becomes: a tensor, and the limits within which it is read.

use std::fmt;
use std::path::Path;

use crate::error::ReadError;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// Unsigned, 8 bits. NumPy's bool becomes 0 and 1 of this type.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 64 bits.
    I64,
    /// Binary32. NumPy's float16 becomes this type, without loss.
    F32,
    /// Binary64.
    F64,
}

impl DType {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The name NumPy gives to the type, such as `uint8`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

/// A kind of file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// NIfTI-1 or NIfTI-2, one file, not compressed: `.nii`.
    Nifti,
    /// NIfTI-1 or NIfTI-2, one file, gzip: `.nii.gz`.
    NiftiGz,
    /// One NumPy array: `.npy`.
    Npy,
    /// A NumPy archive of arrays: `.npz`.
    Npz,
    /// A grey or palette image: `.png`.
    Png,
}

impl Format {
    /// Every format, in the order in which messages list them.
    pub const ALL: [Self; 5] = [Self::Nifti, Self::NiftiGz, Self::Npy, Self::Npz, Self::Png];

    /// The ending of file names of this format, with the dot, in lower case.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Nifti => ".nii",
            Self::NiftiGz => ".nii.gz",
            Self::Npy => ".npy",
            Self::Npz => ".npz",
            Self::Png => ".png",
        }
    }

    /// The format that a file's name says it has; upper and lower case are the same.
    pub fn from_path(path: &Path) -> Result<Self, ReadError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if name.ends_with(".hdr") || name.ends_with(".img") {
            return Err(ReadError::two_files(&name[name.len() - 4..]));
        }
        Self::ALL.into_iter().find(|format| name.ends_with(format.extension())).ok_or(ReadError::UnknownFormat { name })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Nifti => "a NIfTI image",
            Self::NiftiGz => "a gzip-compressed NIfTI image",
            Self::Npy => "a NumPy array",
            Self::Npz => "a NumPy archive",
            Self::Png => "a PNG image",
        })
    }
}

/// One array out of a file.
///
/// **Axes.** The last axis is the fastest (C order) in every format. NPY and NPZ keep the shape that NumPy
/// shows. PNG gives `[height, width]`. NIfTI stores its first axis fastest, so its axes come in reverse: a
/// file of `(x, y, z)` gives `[z, y, x]` and not one byte moves. Axes of length 1 beyond the third are
/// dropped, since writers add them freely, and a line becomes `[1, x]`. A class axis, fourth in the file
/// (or fifth, after a time axis of 1), so comes first: class scores `(x, y, z, c)` give `[c, z, y, x]`,
/// which is the layout CDHW. One class gives `[z, y, x]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The type of the elements in `data`.
    pub dtype: DType,
    /// Lengths of the axes, slowest first. Empty for a NumPy scalar.
    pub shape: Vec<u64>,
    /// The elements, in the byte order of this machine. No alignment is promised.
    pub data: Vec<u8>,
    /// NIfTI: the three rows `[x, y, z, 1] → millimetres`, one after the other, where x, y, z count voxels
    /// along the *last*, last but one, and last but two axis of `shape`.
    pub affine: Option<[f64; 12]>,
    /// NIfTI: the distance between neighbours along the last `spacing.len()` axes of `shape`, in their
    /// order (slowest first), as the header gives it. None where the header gives none.
    pub spacing: Option<Vec<f64>>,
    /// The kind of file this came from.
    pub format: Format,
}

/// How much a file may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of one PNG image; 2²⁸ unless told.
    pub max_pixels: u64,
    /// Bytes of one array, as stored and as returned; 4 GiB unless told. Reading may hold twice as much for
    /// a moment, where a Fortran-ordered array is turned.
    pub max_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 1 << 28, max_bytes: 4 << 30 }
    }
}

impl Limits {
    /// The bytes of so many elements, if one array may have them.
    pub(crate) fn array_bytes(&self, count: u64, size: usize) -> Result<u64, ReadError> {
        match count.checked_mul(size as u64) {
            Some(bytes) if bytes <= self.max_bytes => Ok(bytes),
            product => {
                Err(ReadError::Oversized { unit: "bytes", size: product.unwrap_or(u64::MAX), limit: self.max_bytes })
            }
        }
    }
}

/// The number of elements of a shape, or None where it does not fit 64 bits.
pub(crate) fn element_count(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(1u64, |count, &length| count.checked_mul(length))
}
