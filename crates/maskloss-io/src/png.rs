//! PNG label maps: grey values and palette *indices*, as they lie in the file.
//!
//! An image library would show the picture: palette colors, gamma, transparency. A label map needs the
//! numbers, so nothing is applied. Chunks other than the image's own are ignored.

use std::io::{BufRead, ErrorKind, Seek};

use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Transformations};

use crate::error::ReadError;
use crate::source::{MAX_DEFLATE_RATIO, expect_end, fits_deflate, reserve};
use crate::tensor::{DType, Format, Limits, Tensor};

/// Reads an image out of a file of the given length.
pub(crate) fn read(mut input: impl BufRead + Seek, length: u64, limits: &Limits) -> Result<Tensor, ReadError> {
    let mut options = DecodeOptions::default();
    options.set_ignore_adler32(false);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(&mut input, options);
    decoder.set_transformations(Transformations::IDENTITY);

    let info = decoder.read_header_info().map_err(decoding_error)?;
    let (width, height, depth) = (u64::from(info.width), u64::from(info.height), info.bit_depth);
    check_color(info.color_type)?;
    let pixels = width * height;
    if pixels > limits.max_pixels {
        return Err(ReadError::Oversized { unit: "pixels", size: pixels, limit: limits.max_pixels });
    }
    let dtype = if depth == BitDepth::Sixteen { DType::U16 } else { DType::U8 };
    limits.array_bytes(pixels, dtype.size())?;
    let packed = (width * depth as u64).div_ceil(8) * height;
    if !fits_deflate(length, packed) {
        return Err(ReadError::Truncated {
            expected: format!("at least {} bytes of image data", packed / MAX_DEFLATE_RATIO),
            found: length.to_string(),
        });
    }

    let mut data = reserve(packed)?;
    data.resize(packed as usize, 0);
    let mut reader = decoder.read_info().map_err(decoding_error)?;
    if reader.info().animation_control.is_some() {
        return Err(ReadError::NotSupported {
            expected: "one image",
            found: "an animation".into(),
            remedy: "save each frame as a file of its own",
        });
    }
    reader.next_frame(&mut data).map_err(decoding_error)?;
    reader.finish().map_err(decoding_error)?;
    drop(reader);
    expect_end(&mut input, "the PNG file")?;

    match depth {
        BitDepth::Eight => {}
        BitDepth::Sixteen => {
            for value in data.as_chunks_mut().0 {
                *value = u16::from_be_bytes(*value).to_ne_bytes();
            }
        }
        BitDepth::One | BitDepth::Two | BitDepth::Four => data = unpack(&data, width as usize, depth as usize, pixels)?,
    }
    Ok(Tensor { dtype, shape: vec![height, width], data, affine: None, spacing: None, format: Format::Png })
}

fn check_color(color: ColorType) -> Result<(), ReadError> {
    let found = match color {
        ColorType::Grayscale | ColorType::Indexed => return Ok(()),
        ColorType::GrayscaleAlpha => "grey with alpha",
        ColorType::Rgb => "RGB",
        ColorType::Rgba => "RGB with alpha",
    };
    Err(ReadError::NotSupported {
        expected: "a grey or palette PNG, whose values are the labels",
        found: format!("{found} pixels"),
        remedy: "save the label map as 8-bit or 16-bit grey, or with a palette",
    })
}

/// Pixels of 1, 2 or 4 bits, leftmost in the highest bits, rows padded to bytes, into one byte each.
fn unpack(packed: &[u8], width: usize, bits: usize, pixels: u64) -> Result<Vec<u8>, ReadError> {
    let mut data = reserve(pixels)?;
    let per_byte = 8 / bits;
    for row in packed.chunks_exact(width.div_ceil(per_byte)) {
        data.extend((0..width).map(|x| {
            let shift = 8 - bits * (x % per_byte + 1);
            row[x / per_byte] >> shift & ((1 << bits) - 1)
        }));
    }
    Ok(data)
}

fn decoding_error(error: DecodingError) -> ReadError {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            ReadError::Truncated { expected: "the whole PNG image".into(), found: "an early end".into() }
        }
        DecodingError::IoError(error) => ReadError::Unreadable { reason: error.to_string() },
        DecodingError::Format(error) => {
            let reason = error.to_string();
            // The decoder names both of its checksums in the message and nowhere else.
            if reason.contains("CRC") || reason.contains("WrongChecksum") {
                ReadError::Checksum { part: "a PNG chunk".into() }
            } else {
                ReadError::corrupt("a sound PNG image", reason)
            }
        }
        other => ReadError::corrupt("a sound PNG image", other),
    }
}
