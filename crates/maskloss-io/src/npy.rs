//! One NumPy array: `.npy` format versions 1, 2 and 3.
//!
//! Specification: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. Six magic bytes,
//! two of version, the header's length, a Python dictionary as text, the elements.

mod header;
mod transpose;

use std::io::Read;

use crate::elements::{Conversion, Elements};
use crate::error::ReadError;
use crate::source::{Fields, expect_end, read_all, reserve};
use crate::tensor::{DType, Format, Limits, Tensor, element_count};

/// The text of a header, even of one with 32 axes, is a few hundred bytes.
const MAX_HEADER: u64 = 1 << 16;
/// NumPy's own limit was 32 axes for most of its life.
const MAX_RANK: usize = 32;

/// Reads an array that takes exactly `length` bytes of the input, header and all.
pub(crate) fn read(input: &mut impl Read, length: u64, format: Format, limits: &Limits) -> Result<Tensor, ReadError> {
    let (text, header_bytes) = read_header(input)?;
    let header = header::parse(&text)?;
    if header.shape.len() > MAX_RANK {
        return Err(ReadError::header("shape", format!("at most {MAX_RANK} axes"), header.shape.len()));
    }
    let elements = elements(&header.descr)?;
    let count = element_count(&header.shape)
        .ok_or_else(|| ReadError::header("shape", "at most 2⁶⁴ elements", format!("{:?}", header.shape)))?;
    let bytes = elements.stored_bytes(count, limits)?;
    ReadError::check_length("array data", bytes, length.saturating_sub(header_bytes))?;
    let mut data = elements.read(input, bytes)?;
    expect_end(input, "the array")?;
    if header.fortran_order {
        data = transpose::to_c_order(data, &header.shape, elements.dtype().size())?;
    }
    Ok(Tensor { dtype: elements.dtype(), shape: header.shape, data, affine: None, spacing: None, format })
}

/// The header's text, and the bytes up to the first element.
fn read_header(input: &mut impl Read) -> Result<(Vec<u8>, u64), ReadError> {
    const PART: &str = "NPY header";
    let mut start = [0; 8];
    read_all(input, &mut start, PART)?;
    if &start[..6] != b"\x93NUMPY" {
        return Err(ReadError::header("magic", "\\x93NUMPY", start[..6].escape_ascii()));
    }
    let size = match start[6] {
        1 => 2,
        2 | 3 => 4,
        other => return Err(ReadError::header("version", "1, 2 or 3", other)),
    };
    let mut length = [0; 4];
    read_all(input, &mut length[..size], PART)?;
    let length = u64::from(Fields { bytes: &length, big_endian: false }.u32(0));
    if length > MAX_HEADER {
        return Err(ReadError::Oversized { unit: "bytes of header", size: length, limit: MAX_HEADER });
    }
    let mut text = reserve(length)?;
    text.resize(length as usize, 0);
    read_all(input, &mut text, PART)?;
    Ok((text, 8 + size as u64 + length))
}

/// The type string: byte order (`<`, `>`, `=` this machine's, `|` none), kind, bytes of an element.
fn elements(descr: &str) -> Result<Elements, ReadError> {
    let (order, kind) = match descr.split_at_checked(1) {
        Some((order @ ("<" | ">" | "=" | "|"), kind)) => (order, kind),
        _ => ("=", descr),
    };
    let conversion = match kind {
        "b1" => Conversion::Truth,
        "f2" => Conversion::Half,
        "u1" => Conversion::None(DType::U8),
        "i1" => Conversion::None(DType::I8),
        "u2" => Conversion::None(DType::U16),
        "i2" => Conversion::None(DType::I16),
        "u4" => Conversion::None(DType::U32),
        "i4" => Conversion::None(DType::I32),
        "u8" => Conversion::None(DType::U64),
        "i8" => Conversion::None(DType::I64),
        "f4" => Conversion::None(DType::F32),
        "f8" => Conversion::None(DType::F64),
        "O" | "O8" | "O4" => return Err(ReadError::ObjectDtype),
        _ => return Err(header::foreign_dtype(descr)),
    };
    let big_endian = match order {
        ">" => true,
        "<" => false,
        _ => cfg!(target_endian = "big"),
    };
    let elements = Elements { conversion, big_endian };
    if order == "|" && elements.stored_size() > 1 {
        return Err(ReadError::header("descr", "a byte order (< or >)", descr));
    }
    Ok(elements)
}
