//! Planes of any float or byte dtype and layout into blocks of `f32`.

use crate::tensor::{Layout, Shape};
use crate::tile::{BLOCK, Block, PlaneSet, Span};

/// What planes may be made of.
pub(crate) trait Element: Copy {
    /// The value in single precision; an `f64` beyond its range becomes infinite.
    fn to_f32(self) -> f32;
}

impl Element for u8 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }
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
pub(crate) fn load_planes<'a, T: Element>(
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
        Layout::ChannelsFirst => {
            for (class, plane) in scratch.chunks_exact_mut(blocks).enumerate() {
                let flat = plane.as_flattened_mut();
                for (to, &from) in flat.iter_mut().zip(&sample[class * pixels + span.from..][..span.len]) {
                    *to = from.to_f32();
                }
            }
        }
        Layout::ChannelsLast => {
            let flat = scratch.as_flattened_mut();
            let rows = &sample[span.from * classes..][..span.len * classes];
            for (pixel, row) in rows.chunks_exact(classes).enumerate() {
                for (class, &value) in row.iter().enumerate() {
                    flat[class * blocks * BLOCK + pixel] = value.to_f32();
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
    PlaneSet::Scratch { data: scratch, blocks }
}
