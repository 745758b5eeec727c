//! Functions of the probabilities of a pixel, on one tile: focal, poly and generalised cross-entropy, whatever the form.
//!
//! Pass 1 sums them over the pixels, class by class; pass 2 adds their derivative to the gradient of a tile. Where the activation
//! is maskloss's, that derivative is made of `b_c = ∂ℓ/∂logit(p_c) = p_c·(1 − p_c)·∂ℓ/∂p_c`, in which logarithms have no poles:
//!
//! ```text
//! softmax   b_c − p_c·Σ_{k≠c} b_k/(1 − p_k)
//! sigmoid   b
//! none      b/(p·(1 − p))                        0 outside the clip
//! ```

mod blend;
mod element;
mod function;
mod likelihood;
mod slope;

use self::blend::Blend;
use self::element::{Element, Outcomes, weights};
use self::function::{Function, Part};
use crate::criterion::{Activation, Pixel, PixelForm, SoftTarget};
use crate::kernel::activation::Activated;
use crate::kernel::class_target::target_at;
use crate::kernel::sums::Sums;
use crate::kernel::wide::Wide;
use crate::simd::{Level, Select, Simd, SimdBase, SimdMask, dispatch, f32x16, f64x8};
use crate::tile::{BLOCK, Block, Tile};

pub(crate) use likelihood::{Source, log_loss};
pub(crate) use slope::{Factors, differentiate};

/// What the kernel writes to on its way.
#[derive(Default)]
pub(crate) struct Buffers {
    others: Vec<Block>,
    blend: Blend,
    /// `b` of each class.
    by_logit: Vec<Block>,
    /// Softmax: `Σ_k b_k/(1 − p_k)`.
    shares: Vec<Block>,
}

/// A term on a tile.
struct PixelTile<'a> {
    pixel: &'a Pixel,
    source: Source<'a>,
    /// One likelihood for the whole pixel, where that is the form.
    blend: Option<&'a mut Blend>,
    /// Whether every prediction is finite: then 0 times a loss is 0, and need not be computed.
    finite: bool,
}

/// Makes what the classes of a pixel share.
#[inline(always)]
fn prepare<'a, S: Simd>(
    simd: S,
    pixel: &'a Pixel,
    activation: Activation,
    tile: &'a Tile,
    activated: &'a Activated,
    (others, blend): (&'a mut Vec<Block>, &'a mut Blend),
) -> PixelTile<'a> {
    let source = Source::new(simd, (activation, pixel.clip), tile, activated, others);
    let blends = pixel.form == PixelForm::Categorical && pixel.soft_target != SoftTarget::Linear;
    if blends {
        blend.fill(simd, pixel, &source);
    }
    PixelTile { pixel, source, blend: blends.then_some(blend), finite: activated.non_finite == 0 }
}

/// Where the likelihoods of a tile come from, for a loss that is none of these functions.
pub(crate) fn source<'a>(
    level: Level,
    activation: (Activation, f64),
    tile: &'a Tile,
    activated: &'a Activated,
    buffers: &'a mut Buffers,
) -> Source<'a> {
    dispatch!(level, simd => Source::new(simd, activation, tile, activated, &mut buffers.others))
}

impl PixelTile<'_> {
    /// `t' = scale·t + offset`.
    #[inline(always)]
    fn target<S: Simd>(&self, simd: S, class: usize, b: usize) -> f32x16<S> {
        Blend::target(simd, self.pixel, self.source.tile, class, b)
    }

    /// Whether the losses of a class are 0 in the whole block: most blocks lack most classes.
    #[inline(always)]
    fn is_nothing<S: Simd>(&self, t: f32x16<S>) -> bool {
        self.finite && self.pixel.form == PixelForm::Categorical && t.simd_eq(0.0).all_true()
    }

    /// A class of a block, where there is anything to it.
    #[inline(always)]
    fn outcomes<S: Simd>(&self, simd: S, class: usize, b: usize) -> Option<Outcomes<S>> {
        let t = self.target(simd, class, b);
        if self.is_nothing(t) {
            return None;
        }
        let (is, is_not) = self.source.outcomes(simd, class, b, self.pixel.form == PixelForm::Binary);
        Some(Outcomes { t, is, is_not })
    }

    /// The loss of a class before the pixels' weights, where it is not 0 all over.
    #[inline(always)]
    fn loss<S: Simd>(&self, simd: S, part: Part, class: usize, b: usize) -> Option<f32x16<S>> {
        let Some(blend) = &self.blend else {
            return Some(Element::new(self.pixel, part, class).of(simd, self.outcomes(simd, class, b)?));
        };
        let t = target_at(simd, &self.source.tile.target, class, b);
        if self.is_nothing(t) {
            return None;
        }
        let function = Function::of_part(self.pixel, part, class);
        Some(t * weights(self.pixel, part, class).0 * function.of(simd, blend.likelihood(simd, b)))
    }

    /// `m·ℓ`; 0 where a pixel does not count.
    #[inline(always)]
    fn weighted_loss<S: Simd>(&self, simd: S, part: Part, class: usize, b: usize) -> Option<Wide<S>> {
        let loss = self.loss(simd, part, class, b)?;
        Some(match self.source.tile.weights {
            None => Wide::of(loss),
            Some(weights) => {
                let m = f32x16::load_array_ref(simd, &weights[b]);
                Wide::of(m).times(Wide::of(m.simd_eq(0.0).select(f32x16::splat(simd, 0.0), loss)))
            }
        })
    }
}

/// The parts of a term that are summed.
fn parts(pixel: &Pixel) -> &'static [Part] {
    if pixel.normalized { &[Part::Loss, Part::Modulation] } else { &[Part::Loss] }
}

impl Pixel {
    /// The sums of pixel functions that the term takes.
    pub(crate) fn functions(&self) -> usize {
        parts(self).len()
    }
}

/// Pass 1 of a term on one tile: adds to its sums, the first of which is the `first` pixel function.
#[expect(clippy::too_many_arguments, reason = "the state of one tile")]
pub(crate) fn accumulate(
    level: Level,
    pixel: &Pixel,
    first: usize,
    activation: Activation,
    tile: &Tile,
    activated: &Activated,
    buffers: &mut Buffers,
    sums: &mut Sums,
) {
    dispatch!(level, simd => {
        let shared = (&mut buffers.others, &mut buffers.blend);
        let term = prepare(simd, pixel, activation, tile, activated, shared);
        accumulate_tile(simd, &term, first, sums);
    });
}

#[inline(always)]
fn accumulate_tile<S: Simd>(simd: S, term: &PixelTile, first: usize, sums: &mut Sums) {
    for (place, &part) in parts(term.pixel).iter().enumerate() {
        for &class in &term.pixel.classes {
            let lanes = sums.function_lanes(first + place, class);
            let mut sum = f64x8::load_array_ref(simd, lanes);
            for b in 0..term.source.tile.blocks {
                if let Some(Wide(low, high)) = term.weighted_loss(simd, part, class, b) {
                    sum += low + high;
                }
            }
            sum.store_array(lanes);
        }
    }
}

/// The losses `m·ℓ` of the pixels of one tile: class, block and what is in it, where that is not 0 all over.
pub(crate) fn losses(
    level: Level,
    pixel: &Pixel,
    activation: Activation,
    tile: &Tile,
    activated: &Activated,
    buffers: &mut Buffers,
    mut take: impl FnMut(usize, usize, [f64; BLOCK]),
) {
    dispatch!(level, simd => {
        let shared = (&mut buffers.others, &mut buffers.blend);
        let term = prepare(simd, pixel, activation, tile, activated, shared);
        for &class in &pixel.classes {
            for b in 0..tile.blocks {
                if let Some(loss) = term.weighted_loss(simd, Part::Loss, class, b) {
                    take(class, b, loss.to_array());
                }
            }
        }
    });
}
