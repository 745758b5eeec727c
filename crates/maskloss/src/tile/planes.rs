//! Planes of any float or byte dtype and layout into blocks of `f32`.

use crate::simd::{Bytes, Simd, SimdBase, SimdInt, f32x4, i32x4, u32x4};
use crate::tensor::{Layout, Shape};
use crate::tile::interleaved::{load_rows, padded, transpose};
use crate::tile::{BLOCK, Block, PlaneSet, Span};

/// What planes may be made of.
pub(crate) trait Element: Copy {
    /// The value in single precision; an `f64` beyond its range becomes infinite.
    fn to_f32(self) -> f32;

    /// Up to four values of four rows, as columns.
    #[inline(always)]
    fn turn<S: Simd>(simd: S, [a, b, c, d]: [&[Self]; 4]) -> [[f32; 4]; 4] {
        let row = Self::to_f32;
        transpose(simd, [padded(a, row), padded(b, row), padded(c, row), padded(d, row)])
    }
}

impl Element for u8 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }

    /// Departure 15: a row is a word, and its bytes are the columns; there is nothing to shuffle. From 0.20 ns an element to 0.08.
    #[inline(always)]
    fn turn<S: Simd>(simd: S, rows: [&[Self]; 4]) -> [[f32; 4]; 4] {
        let [a, b, c, d] = rows;
        let word = |row: &[Self]| u32::from_le_bytes(padded(row, |value| value));
        let words = u32x4::load_array(simd, [word(a), word(b), word(c), word(d)]);
        [byte_to_f32(words), byte_to_f32(words >> 8), byte_to_f32(words >> 16), byte_to_f32(words >> 24)]
    }
}

/// The lowest byte of each word.
#[inline(always)]
fn byte_to_f32<S: Simd>(words: u32x4<S>) -> [f32; 4] {
    let bytes: i32x4<S> = (words & 0xff).bitcast();
    bytes.to_float::<f32x4<S>>().to_array()
}

impl Element for f32 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }
}

impl Element for f64 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self as f32
    }
}

/// Copies the pixels of a span of one sample, class by class; 0 beyond the tail and where the weight is 0.
#[inline(always)]
pub(crate) fn load_planes<'a, S: Simd, T: Element>(
    simd: S,
    sample: &[T],
    shape: Shape,
    span: Span,
    weights: Option<&[Block]>,
    scratch: &'a mut [Block],
) -> PlaneSet<'a> {
    let Shape { classes, pixels, layout, .. } = shape;
    let blocks = span.len.div_ceil(BLOCK);
    let scratch = &mut scratch[..classes * blocks];
    match layout {
        Layout::ChannelsLast if classes > 1 => {
            load_rows(simd, &sample[span.from * classes..][..span.len * classes], classes, scratch);
        }
        // One class is a plane in either layout.
        Layout::ChannelsFirst | Layout::ChannelsLast => {
            for (class, plane) in scratch.chunks_exact_mut(blocks).enumerate() {
                let flat = plane.as_flattened_mut();
                for (to, &from) in flat.iter_mut().zip(&sample[class * pixels + span.from..][..span.len]) {
                    *to = from.to_f32();
                }
            }
        }
    }
    for plane in scratch.chunks_exact_mut(blocks) {
        let flat = plane.as_flattened_mut();
        flat[span.len..].fill(0.0);
        if let Some(weights) = weights {
            for (value, &weight) in flat.iter_mut().zip(weights.as_flattened()) {
                *value = if weight == 0.0 { 0.0 } else { *value };
            }
        }
    }
    PlaneSet::scratch(scratch, blocks)
}
