//! The probability of an outcome, of 16 pixels, without loss where it is almost 0 or almost 1.

use crate::criterion::Activation;
use crate::kernel::activation::Activated;
use crate::kernel::log_loss::{clipped, ln_1p, softmax_log_loss};
use crate::simd::{Select, Simd, SimdBase, exp, f32x16, ln};
use crate::tile::{Block, Tile, fit};

/// What a function of a probability is a function of.
#[derive(Clone, Copy)]
pub(super) struct Likelihood<S: Simd> {
    pub(super) p: f32x16<S>,
    /// `1 − p`.
    pub(super) q: f32x16<S>,
    /// `−log p`.
    pub(super) e: f32x16<S>,
}

/// Where likelihoods come from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) activation: Activation,
    /// ε of `clip(p, ε, 1 − ε)`, without activation only.
    pub(crate) clip: f32,
    pub(crate) tile: &'a Tile<'a>,
    pub(crate) activated: &'a Activated<'a>,
    /// Softmax: of each pixel, the sum of all exponentials but the largest.
    pub(super) others: &'a [Block],
}

impl<'a> Source<'a> {
    /// The source of a tile.
    #[inline(always)]
    pub(super) fn new<S: Simd>(
        simd: S,
        (activation, clip): (Activation, f64),
        tile: &'a Tile,
        activated: &'a Activated,
        others: &'a mut Vec<Block>,
    ) -> Self {
        if activation == Activation::Softmax {
            fit(others, tile.blocks);
            sum_others(simd, tile.classes, activated, &mut others[..tile.blocks]);
        }
        Self { activation, clip: clip as f32, tile, activated, others }
    }

    /// `p` of a block, as the losses see it.
    #[inline(always)]
    pub(crate) fn probability<S: Simd>(&self, simd: S, class: usize, b: usize) -> f32x16<S> {
        let plane = f32x16::load_array_ref(simd, &self.activated.planes.plane(class)[b]);
        plane * f32x16::load_array_ref(simd, &self.activated.scale[b])
    }

    /// `1 − p` after softmax: of the one class above ½ it is the sum of the others, which a difference would have lost.
    #[inline(always)]
    pub(crate) fn softmax_complement<S: Simd>(&self, simd: S, class: usize, b: usize) -> f32x16<S> {
        let own = f32x16::load_array_ref(simd, &self.activated.planes.plane(class)[b]);
        let all = f32x16::load_array_ref(simd, &self.activated.denominator[b]);
        let others = f32x16::load_array_ref(simd, &self.others[b]);
        (own + own).simd_gt(all).select(others, all - own) * f32x16::load_array_ref(simd, &self.activated.scale[b])
    }

    /// That the pixels of a block are of the class, and that they are not. The logarithm of the second is there where `both` are wanted.
    #[inline(always)]
    pub(super) fn outcomes<S: Simd>(
        &self,
        simd: S,
        class: usize,
        b: usize,
        both: bool,
    ) -> (Likelihood<S>, Likelihood<S>) {
        let z = f32x16::load_array_ref(simd, &self.tile.prediction.plane(class)[b]);
        let zero = f32x16::splat(simd, 0.0);
        let (p, q, e, e_not) = match self.activation {
            Activation::Softmax => {
                let (p, q) = (self.probability(simd, class, b), self.softmax_complement(simd, class, b));
                let from_logits = softmax_log_loss(simd, self.activated, z, b).narrow();
                let e = p.simd_ge(0.5).select(log_loss(simd, p, q), from_logits);
                (p, q, e, if both { log_loss(simd, q, p) } else { zero })
            }
            Activation::Sigmoid => {
                let u = exp(simd, -z.abs());
                let above = z.simd_ge(0.0);
                // An infinite logit counts as NaN.
                let likely = 1.0 / (u + 1.0) + z * 0.0;
                let unlikely = u * likely;
                let log = ln_1p(simd, u) + z * 0.0;
                let (e, e_not) = (above.select(log, log - z), above.select(log + z, log));
                (above.select(likely, unlikely), above.select(unlikely, likely), e, e_not)
            }
            Activation::None => {
                let x = f32x16::load_array_ref(simd, &self.activated.planes.plane(class)[b]);
                let (p, q) = (clipped(simd, x, self.clip), clipped(simd, 1.0 - x, self.clip));
                (p, q, log_loss(simd, p, q), if both { log_loss(simd, q, p) } else { zero })
            }
        };
        (Likelihood { p, q, e }, Likelihood { p: q, q: p, e: e_not })
    }
}

/// `−log p`: where p is above ½ it is `−log(1 − q)`, to the digits of q.
#[inline(always)]
pub(crate) fn log_loss<S: Simd>(simd: S, p: f32x16<S>, q: f32x16<S>) -> f32x16<S> {
    let zero = f32x16::splat(simd, 0.0);
    let likely = p.simd_ge(0.5);
    // A probability that has vanished is the smallest one.
    let least = f32x16::splat(simd, f32::MIN_POSITIVE);
    let w = likely.select(1.0 - q, p.simd_lt(least).select(least, p));
    let lost = likely.select(((1.0 - w) - q) / w, zero);
    -(ln(simd, w) + lost)
}

/// Fills `others`: of each pixel, the sum of all exponentials but the largest.
#[inline(always)]
fn sum_others<S: Simd>(simd: S, classes: usize, activated: &Activated, others: &mut [Block]) {
    for (b, others) in others.iter_mut().enumerate() {
        let load = |class: usize| f32x16::load_array_ref(simd, &activated.planes.plane(class)[b]);
        let (mut largest, mut sum) = (load(0), f32x16::splat(simd, 0.0));
        for class in 1..classes {
            let value = load(class);
            let above = value.simd_gt(largest);
            sum += above.select(largest, value);
            largest = above.select(value, largest);
        }
        sum.store_array(others);
    }
}
