//! NIfTI-1 and NIfTI-2 in one file, plain or gzip.
//!
//! Specification: <https://nifti.nimh.nih.gov/nifti-1>, <https://nifti.nimh.nih.gov/nifti-2>. A file is a
//! header of 348 or 540 bytes, extensions (skipped), and from `vox_offset` on the voxels, first axis fastest.

mod header;
mod orientation;

use std::io::{BufRead, Read};

use flate2::bufread::MultiGzDecoder;

use crate::elements::{Conversion, Elements};
use crate::error::ReadError;
use crate::source::{MAX_DEFLATE_RATIO, expect_end, fits_deflate, skip};
use crate::tensor::{DType, Format, Limits, Tensor, element_count};
use header::Header;

/// Reads a plain file of the given length.
pub(crate) fn read(mut input: impl Read, length: u64, limits: &Limits) -> Result<Tensor, ReadError> {
    let header = Header::read(&mut input)?;
    let layout = Layout::new(&header, limits)?;
    ReadError::check_length("NIfTI header and voxels", layout.total, length)?;
    layout.read(&header, input, Format::Nifti)
}

/// Reads a gzip file of the given length, in one pass: the header says how much may follow.
pub(crate) fn read_gzip(input: impl BufRead, length: u64, limits: &Limits) -> Result<Tensor, ReadError> {
    let mut input = MultiGzDecoder::new(input);
    let header = Header::read(&mut input)?;
    let layout = Layout::new(&header, limits)?;
    if !fits_deflate(length, layout.total) {
        return Err(ReadError::Truncated {
            expected: format!("at least {} bytes of gzip data", layout.total / MAX_DEFLATE_RATIO),
            found: length.to_string(),
        });
    }
    layout.read(&header, input, Format::NiftiGz)
}

/// Where the voxels lie and what they become.
struct Layout {
    elements: Elements,
    shape: Vec<u64>,
    /// Bytes of the voxels.
    bytes: u64,
    /// Bytes of the whole file, uncompressed.
    total: u64,
}

impl Layout {
    fn new(header: &Header, limits: &Limits) -> Result<Self, ReadError> {
        let elements = elements(header)?;
        let count = element_count(&header.dims)
            .ok_or_else(|| ReadError::header("dim", "at most 2⁶⁴ voxels", format!("{:?}", header.dims)))?;
        let bytes = elements.stored_bytes(count, limits)?;
        let total = header
            .vox_offset
            .checked_add(bytes)
            .ok_or_else(|| ReadError::header("vox_offset", "a place inside the file", header.vox_offset))?;
        Ok(Self { elements, shape: tensor_shape(&header.dims), bytes, total })
    }

    /// Reads the voxels; the header is behind already.
    fn read(self, header: &Header, mut input: impl Read, format: Format) -> Result<Tensor, ReadError> {
        let affine = orientation::affine(header)?;
        skip(&mut input, header.vox_offset - header.size, "NIfTI extensions")?;
        let data = self.elements.read(&mut input, self.bytes)?;
        expect_end(&mut input, "the NIfTI file")?;
        Ok(Tensor {
            dtype: self.elements.dtype(),
            shape: self.shape,
            data,
            affine: Some(affine),
            spacing: orientation::spacing(header),
            format,
        })
    }
}

/// The file's axes in reverse, so that the first axis of the file, the fastest, comes last. Beyond the third
/// axis those of length 1 say nothing: `(x, y, z, 1)` is a volume, `(x, y, z, 1, c)` a volume of c classes.
fn tensor_shape(dims: &[u64]) -> Vec<u64> {
    let mut shape: Vec<u64> =
        dims.iter().enumerate().filter(|&(axis, &length)| axis < 3 || length != 1).map(|(_, &length)| length).collect();
    if shape.len() == 1 {
        shape.push(1);
    }
    shape.reverse();
    shape
}

/// The voxels' type, checked against `bitpix`, and their scaling.
///
/// A slope of 0 means none by the specification, and a NaN is what Nibabel writes for none. Slope 1 with
/// intercept 0 changes nothing, so integers stay integers.
fn elements(header: &Header) -> Result<Elements, ReadError> {
    let dtype = match header.datatype {
        2 => DType::U8,
        4 => DType::I16,
        8 => DType::I32,
        16 => DType::F32,
        64 => DType::F64,
        256 => DType::I8,
        512 => DType::U16,
        768 => DType::U32,
        1024 => DType::I64,
        1280 => DType::U64,
        other => return Err(foreign_datatype(other)),
    };
    let bits = dtype.size() as i16 * 8;
    if header.bitpix != bits {
        return Err(ReadError::header("bitpix", format!("{bits}, as datatype is {}", dtype.name()), header.bitpix));
    }
    let (slope, inter) = (header.scl_slope, header.scl_inter);
    let conversion = if slope == 0.0 || slope.is_nan() || slope == 1.0 && inter == 0.0 {
        Conversion::None(dtype)
    } else if !slope.is_finite() {
        return Err(ReadError::header("scl_slope", "a finite number", slope));
    } else if !inter.is_finite() {
        return Err(ReadError::header("scl_inter", "a finite number", inter));
    } else {
        Conversion::Scale { from: dtype, slope, inter }
    };
    Ok(Elements { conversion, big_endian: header.big_endian })
}

fn foreign_datatype(code: i16) -> ReadError {
    let name = match code {
        1 => "binary",
        32 => "complex64",
        128 => "RGB24",
        1536 => "float128",
        1792 => "complex128",
        2048 => "complex256",
        2304 => "RGBA32",
        _ => return ReadError::header("datatype", "a code of the NIfTI standard", code),
    };
    ReadError::NotSupported {
        expected: "integer, float32 or float64 voxels",
        found: format!("datatype {code} ({name})"),
        remedy: "convert the image to one of these",
    }
}
