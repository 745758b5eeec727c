//! What pass 2 adds to the gradient of a tile beside the coefficients' part, term by term.

use crate::criterion::Criterion;
use crate::kernel::activation::Activated;
use crate::kernel::derivative::{Buffers, Destination, differentiate};
use crate::kernel::lovasz::{self, Derivatives};
use crate::kernel::pixel;
use crate::kernel::slope::Slope;
use crate::loss::Coefficients;
use crate::simd::Level;
use crate::tensor::Shape;
use crate::terms::{Addition, Slopes};
use crate::tile::{Block, Span, Tile, fit};

/// One worker's additions.
pub(crate) struct Additions<'a> {
    criterion: &'a Criterion,
    shape: Shape,
    slopes: &'a Slopes<'a>,
    pixels: &'a mut pixel::Buffers,
    weights: &'a mut Vec<Block>,
}

impl<'a> Additions<'a> {
    pub(crate) fn new(
        criterion: &'a Criterion,
        shape: Shape,
        slopes: &'a Slopes<'a>,
        pixels: &'a mut pixel::Buffers,
        weights: &'a mut Vec<Block>,
    ) -> Self {
        Self { criterion, shape, slopes, pixels, weights }
    }

    /// Whether all is in the coefficients.
    pub(crate) fn is_empty(&self) -> bool {
        self.slopes.additions.is_empty()
    }

    /// Whether a term has coefficients over all pixels.
    pub(crate) fn stand_beside_coefficients(&self) -> bool {
        self.slopes.has_coefficients
    }

    /// Adds the gradients of the terms to that of a tile.
    pub(crate) fn add(
        &mut self,
        level: Level,
        span: Span,
        tile: &Tile,
        activated: &Activated,
        buffers: &mut Buffers,
        out: &mut Destination,
    ) {
        let Self { criterion, shape, .. } = *self;
        let activation = criterion.activation;
        for addition in &self.slopes.additions {
            match addition {
                Addition::Function { pixel, factors } => {
                    pixel::differentiate(level, pixel, *factors, activation, tile, activated, self.pixels, out);
                }
                Addition::TopPixels { table, weights } => {
                    let coefficients: Vec<Coefficients<f32>> = table.sample(span.sample).collect();
                    let slope = Slope {
                        activation,
                        clip: criterion.clip() as f32,
                        coefficients: &coefficients,
                        between: &[],
                        curved: false,
                        crossed: false,
                        logarithmic: true,
                    };
                    let own = &weights[span.sample * shape.pixels + span.from..][..span.len];
                    let tile = Tile { weights: Some(blocks_of(own, tile.blocks, self.weights)), ..*tile };
                    differentiate(level, &slope, &tile, activated, buffers, true, out);
                }
                Addition::Sorted { derivatives, factors, activation } => {
                    let sample = &derivatives[span.sample * shape.sample_len()..][..shape.sample_len()];
                    let planes: Vec<&[f32]> =
                        sample.chunks_exact(shape.pixels).map(|plane| &plane[span.from..][..span.len]).collect();
                    let factors = &factors[span.sample * shape.classes..][..shape.classes];
                    let derivatives = Derivatives { planes: &planes, factors };
                    lovasz::differentiate(level, *activation, &derivatives, tile, activated, &mut buffers.rest, out);
                }
            }
        }
    }
}

/// Pixels as blocks, 0 beyond their end.
fn blocks_of<'b>(pixels: &[f32], blocks: usize, buffer: &'b mut Vec<Block>) -> &'b [Block] {
    fit(buffer, blocks);
    let flat = buffer[..blocks].as_flattened_mut();
    flat[..pixels.len()].copy_from_slice(pixels);
    flat[pixels.len()..].fill(0.0);
    &buffer[..blocks]
}
