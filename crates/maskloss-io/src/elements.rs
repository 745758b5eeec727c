//! Elements as a file stores them into elements as a tensor holds them.

use std::io::Read;

use crate::error::ReadError;
use crate::source::{read_up_to, reserve, stream_error};
use crate::tensor::{DType, Limits};

/// What one stored element is, and what it becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Conversion {
    /// Kept as it is.
    None(DType),
    /// A byte that is zero or not, into 0 or 1.
    Truth,
    /// Binary16 into binary32.
    Half,
    /// `slope·x + inter`, computed in binary64.
    Scale { from: DType, slope: f64, inter: f64 },
}

/// How the elements of one array lie in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Elements {
    pub(crate) conversion: Conversion,
    pub(crate) big_endian: bool,
}

/// Elements are read, turned and converted so many bytes at a time, in cache; a multiple of every size.
const BLOCK: usize = 1 << 16;

impl Elements {
    /// Bytes of one element in the file.
    pub(crate) const fn stored_size(&self) -> usize {
        match self.conversion {
            Conversion::None(dtype) | Conversion::Scale { from: dtype, .. } => dtype.size(),
            Conversion::Truth => 1,
            Conversion::Half => 2,
        }
    }

    /// The type of the result. Scaled values need a wider float where the stored type has more than the
    /// 24 bits of binary32.
    pub(crate) const fn dtype(&self) -> DType {
        match self.conversion {
            Conversion::None(dtype) => dtype,
            Conversion::Truth => DType::U8,
            Conversion::Half => DType::F32,
            Conversion::Scale { from, .. } => match from {
                DType::U8 | DType::I8 | DType::U16 | DType::I16 | DType::F32 => DType::F32,
                DType::U32 | DType::I32 | DType::U64 | DType::I64 | DType::F64 => DType::F64,
            },
        }
    }

    /// The bytes that `count` elements take in the file, once they are found to be within the limits both
    /// there and in memory.
    pub(crate) fn stored_bytes(&self, count: u64, limits: &Limits) -> Result<u64, ReadError> {
        limits.array_bytes(count, self.dtype().size())?;
        limits.array_bytes(count, self.stored_size())
    }

    /// Reads exactly `bytes` (a whole number of elements) and converts them.
    pub(crate) fn read(&self, input: &mut impl Read, bytes: u64) -> Result<Vec<u8>, ReadError> {
        let size = self.stored_size();
        let mut output = reserve(bytes / size as u64 * self.dtype().size() as u64)?;
        let mut block = vec![0; bytes.min(BLOCK as u64) as usize];
        let mut left = bytes;
        while left > 0 {
            let part = &mut block[..left.min(BLOCK as u64) as usize];
            let found = read_up_to(input, part).map_err(|error| stream_error(&error, "array data"))?;
            left -= found as u64;
            if found < part.len() {
                return ReadError::check_length("array data", bytes, bytes - left).map(|()| output);
            }
            if self.big_endian != cfg!(target_endian = "big") {
                part.chunks_exact_mut(size).for_each(<[u8]>::reverse);
            }
            self.append(part, &mut output);
        }
        Ok(output)
    }

    fn append(&self, block: &[u8], output: &mut Vec<u8>) {
        match self.conversion {
            Conversion::None(_) => output.extend_from_slice(block),
            Conversion::Truth => output.extend(block.iter().map(|&byte| u8::from(byte != 0))),
            Conversion::Half => {
                for &half in block.as_chunks().0 {
                    output.extend_from_slice(&half_to_single(u16::from_ne_bytes(half)).to_ne_bytes());
                }
            }
            Conversion::Scale { from, slope, inter } => {
                let wide = self.dtype() == DType::F64;
                let scale = |value: f64| slope * value + inter;
                let mut put = |value: f64| {
                    if wide {
                        output.extend_from_slice(&scale(value).to_ne_bytes());
                    } else {
                        output.extend_from_slice(&(scale(value) as f32).to_ne_bytes());
                    }
                };
                match from {
                    DType::U8 => block.iter().for_each(|&x| put(x.into())),
                    DType::I8 => block.iter().for_each(|&x| put((x as i8).into())),
                    DType::U16 => block.as_chunks().0.iter().for_each(|&x| put(u16::from_ne_bytes(x).into())),
                    DType::I16 => block.as_chunks().0.iter().for_each(|&x| put(i16::from_ne_bytes(x).into())),
                    DType::U32 => block.as_chunks().0.iter().for_each(|&x| put(u32::from_ne_bytes(x).into())),
                    DType::I32 => block.as_chunks().0.iter().for_each(|&x| put(i32::from_ne_bytes(x).into())),
                    DType::U64 => block.as_chunks().0.iter().for_each(|&x| put(u64::from_ne_bytes(x) as f64)),
                    DType::I64 => block.as_chunks().0.iter().for_each(|&x| put(i64::from_ne_bytes(x) as f64)),
                    DType::F32 => block.as_chunks().0.iter().for_each(|&x| put(f32::from_ne_bytes(x).into())),
                    DType::F64 => block.as_chunks().0.iter().for_each(|&x| put(f64::from_ne_bytes(x))),
                }
            }
        }
    }
}

/// Binary16 (1 sign, 5 exponent, 10 fraction bits, bias 15) into binary32 (bias 127), exactly.
fn half_to_single(half: u16) -> f32 {
    let fraction = u32::from(half & 0x3ff);
    let magnitude = match u32::from(half >> 10 & 0x1f) {
        // Subnormal: fraction · 2⁻²⁴, a normal number of binary32.
        0 => fraction as f32 * f32::from_bits((127 - 24) << 23),
        31 => f32::from_bits(0xff << 23 | fraction << 13),
        exponent => f32::from_bits((exponent + 127 - 15) << 23 | fraction << 13),
    };
    f32::from_bits(magnitude.to_bits() | u32::from(half >> 15) << 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_its_formula() {
        for half in 0..=u16::MAX {
            let (exponent, fraction) = (i32::from(half >> 10 & 0x1f), f64::from(half & 0x3ff));
            let magnitude = match exponent {
                0 => fraction * 2f64.powi(-24),
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
            };
            let found = half_to_single(half);
            assert_eq!(found.is_sign_negative(), half >> 15 == 1, "{half:#06x}");
            assert!(f64::from(found.abs()) == magnitude || found.is_nan() && magnitude.is_nan(), "{half:#06x}");
        }
    }

    #[test]
    fn elements_are_turned_and_converted_across_blocks() {
        let count = BLOCK as u64 / 2 + 3;
        let bytes: Vec<u8> = (0..count).flat_map(|i| (i as i16).to_be_bytes()).collect();
        let scale = Conversion::Scale { from: DType::I16, slope: 0.5, inter: -3.0 };
        let data = Elements { conversion: scale, big_endian: true }.read(&mut &bytes[..], count * 2).unwrap();
        let expected = (0..count).map(|i| 0.5 * f32::from(i as i16) - 3.0);
        assert!(data.as_chunks().0.iter().map(|&x| f32::from_ne_bytes(x)).eq(expected));
    }
}
