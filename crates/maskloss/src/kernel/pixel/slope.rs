//! Pass 2: the derivative of a term, added to the gradient of a tile.

use super::element::Element;
use super::function::Part;
use super::{Buffers, PixelTile, parts, prepare};
use crate::criterion::{Activation, Pixel};
use crate::kernel::activation::Activated;
use crate::kernel::derivative::Destination;
use crate::kernel::log_loss::clip_bounds;
use crate::simd::{Level, Select, Simd, SimdBase, SimdMask, dispatch, f32x16};
use crate::tile::{Block, Tile, fit};

/// What the derivatives of a term's parts are multiplied by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    pub(crate) loss: f32,
    /// Of the modulations that normalise it.
    pub(crate) modulation: f32,
}

impl Factors {
    /// The parts of a term, each with its factor.
    pub(super) fn of_parts(self, pixel: &Pixel) -> impl Iterator<Item = (Part, f32)> {
        let of = move |part| (part, if part == Part::Loss { self.loss } else { self.modulation });
        parts(pixel).iter().copied().map(of)
    }
}

/// Adds the gradient of a term to that of a tile.
#[expect(clippy::too_many_arguments, reason = "the state of one tile")]
pub(crate) fn differentiate(
    level: Level,
    pixel: &Pixel,
    factors: Factors,
    activation: Activation,
    tile: &Tile,
    activated: &Activated,
    buffers: &mut Buffers,
    out: &mut Destination,
) {
    let Buffers { others, blend, by_logit, shares } = buffers;
    fit(by_logit, tile.classes * tile.blocks);
    fit(shares, tile.blocks);
    let (by_logit, shares) = (&mut by_logit[..tile.classes * tile.blocks], &mut shares[..tile.blocks]);
    dispatch!(level, simd => {
        let mut term = prepare(simd, pixel, activation, tile, activated, (others, blend));
        if let Some(blend) = &mut term.blend {
            blend.fill_slope(simd, pixel, tile, factors);
        }
        differentiate_tile(simd, &term, factors, by_logit, shares, out);
    });
}

#[inline(always)]
fn differentiate_tile<S: Simd>(
    simd: S,
    term: &PixelTile,
    factors: Factors,
    by_logit: &mut [Block],
    shares: &mut [Block],
    out: &mut Destination,
) {
    let (tile, softmax) = (term.source.tile, term.source.activation == Activation::Softmax);
    // 0 times a factor that is NaN is NaN.
    by_logit.fill([0.0 * (factors.loss + factors.modulation) + 0.0; 16]);
    shares.fill([0.0; 16]);
    for &class in &term.pixel.classes {
        let plane = &mut by_logit[class * tile.blocks..][..tile.blocks];
        for (b, to) in plane.iter_mut().enumerate() {
            let Some(value) = term.by_logit(simd, factors, class, b) else { continue };
            value.store_array(to);
            if softmax {
                let share = term.share(simd, class, b, value);
                (f32x16::load_array_ref(simd, &shares[b]) + share).store_array(&mut shares[b]);
            }
        }
    }
    for class in 0..tile.classes {
        let plane = &by_logit[class * tile.blocks..][..tile.blocks];
        for (b, to) in out.plane(class)[..tile.blocks].iter_mut().enumerate() {
            let value = f32x16::load_array_ref(simd, &plane[b]);
            let slope = match term.source.activation {
                Activation::Softmax => {
                    let shares = f32x16::load_array_ref(simd, &shares[b]);
                    value - term.source.probability(simd, class, b) * (shares - term.share(simd, class, b, value))
                }
                Activation::Sigmoid => value,
                Activation::None => term.by_probability(simd, class, b, value),
            };
            let weighted = match tile.weights {
                None => slope,
                Some(weights) => {
                    let m = f32x16::load_array_ref(simd, &weights[b]);
                    m.simd_eq(0.0).select(f32x16::splat(simd, 0.0), m * slope)
                }
            };
            (f32x16::load_array_ref(simd, to) + weighted).store_array(to);
        }
    }
}

impl PixelTile<'_> {
    /// `b` of a class, times the factors; nothing where it is 0 all over.
    #[inline(always)]
    fn by_logit<S: Simd>(&self, simd: S, factors: Factors, class: usize, b: usize) -> Option<f32x16<S>> {
        let x = self.outcomes(simd, class, b)?;
        if let Some(blend) = &self.blend {
            return Some(blend.by_logit(simd, x.t, x.is.p, x.is.q, b));
        }
        let mut slope = f32x16::splat(simd, 0.0);
        for (part, factor) in factors.of_parts(self.pixel) {
            slope += Element::new(self.pixel, part, class).by_logit(simd, x) * factor;
        }
        Some(slope)
    }

    /// Softmax: `b/(1 − p)`. Where 1 − p is 0, so are the other probabilities.
    #[inline(always)]
    fn share<S: Simd>(&self, simd: S, class: usize, b: usize, by_logit: f32x16<S>) -> f32x16<S> {
        let zero = f32x16::splat(simd, 0.0);
        if by_logit.simd_eq(0.0).all_true() {
            return zero;
        }
        let q = self.source.softmax_complement(simd, class, b);
        q.simd_eq(0.0).select(zero, by_logit / q)
    }

    /// Without activation: `b/(p·(1 − p))`, and 0 outside the clip, where the loss does not change. NaN is on neither side of it.
    #[inline(always)]
    fn by_probability<S: Simd>(&self, simd: S, class: usize, b: usize, by_logit: f32x16<S>) -> f32x16<S> {
        let (low, high) = clip_bounds(self.source.clip);
        let zero = f32x16::splat(simd, 0.0);
        let p = self.source.probability(simd, class, b);
        let slope = by_logit / (p * (1.0 - p));
        p.simd_lt(low).select(zero, p.simd_gt(high).select(zero, slope))
    }
}
