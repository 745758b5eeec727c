//! One likelihood for the whole pixel, `π = Σ_k t'_k·p_k`: what a soft target means to exclusive classes under
//! [`SoftTarget::Mixed`](crate::criterion::SoftTarget).
//!
//! ```text
//! ℓ = Σ_c a_c·t_c·φ_c(π)        ∂ℓ/∂logit(p_c) = S·t'_c·p_c(1 − p_c)/(π(1 − π)),   S = Σ_c a_c·t_c·∂φ_c/∂logit(π)
//! ```

use super::element::weights;
use super::function::Function;
use super::likelihood::{Likelihood, Source, log_loss};
use super::slope::Factors;
use crate::criterion::{Activation, Pixel};
use crate::kernel::class_target::{target_at, target_of};
use crate::simd::{Select, Simd, SimdBase, SimdMask, f32x16};
use crate::tile::{Block, Tile, fit};

/// Below this a probability after softmax has lost digits.
const VANISHING: f32 = 1e-30;

/// The likelihoods of a tile's pixels.
#[derive(Default)]
pub(super) struct Blend {
    p: Vec<Block>,
    q: Vec<Block>,
    e: Vec<Block>,
    /// S, times the factors.
    slope: Vec<Block>,
}

impl Blend {
    /// `t' = scale·t + offset`.
    #[inline(always)]
    pub(super) fn target<S: Simd>(simd: S, pixel: &Pixel, tile: &Tile, class: usize, b: usize) -> f32x16<S> {
        target_at(simd, &tile.target, class, b) * pixel.target_scale as f32 + pixel.target_offset as f32
    }

    #[inline(always)]
    pub(super) fn fill<S: Simd>(&mut self, simd: S, pixel: &Pixel, source: &Source) {
        let tile = source.tile;
        for plane in [&mut self.p, &mut self.q, &mut self.e, &mut self.slope] {
            fit(plane, tile.blocks);
        }
        let zero = f32x16::splat(simd, 0.0);
        for b in 0..tile.blocks {
            let (mut p, mut q, mut rest) = (zero, zero, f32x16::splat(simd, 1.0));
            for &class in &pixel.classes {
                let t = Self::target(simd, pixel, tile, class, b);
                let (is, _) = source.outcomes(simd, class, b, false);
                p += t * is.p;
                q += t * is.q;
                rest -= t;
            }
            // 1 − Σ t'·p = Σ t'·(1 − p) + (1 − Σ t'), which rounding leaves below 0.
            let q = q + rest;
            let q = q.simd_lt(0.0).select(zero, q);
            p.store_array(&mut self.p[b]);
            q.store_array(&mut self.q[b]);
            log_loss(simd, p, q).store_array(&mut self.e[b]);
            if source.activation == Activation::Softmax && p.simd_lt(VANISHING).any_true() {
                for lane in 0..16 {
                    if self.p[b][lane] < VANISHING {
                        self.e[b][lane] = log_blend(pixel, tile, b, lane);
                    }
                }
            }
        }
    }

    /// Fills S.
    #[inline(always)]
    pub(super) fn fill_slope<S: Simd>(&mut self, simd: S, pixel: &Pixel, tile: &Tile, factors: Factors) {
        for b in 0..tile.blocks {
            let whole = self.likelihood(simd, b);
            let mut slope = f32x16::splat(simd, 0.0);
            for &class in &pixel.classes {
                let t = target_at(simd, &tile.target, class, b);
                for (part, factor) in factors.of_parts(pixel) {
                    let weight = t * (weights(pixel, part, class).0 * factor);
                    slope += weight * Function::of_part(pixel, part, class).by_logit(simd, whole);
                }
            }
            slope.store_array(&mut self.slope[b]);
        }
    }

    #[inline(always)]
    pub(super) fn likelihood<S: Simd>(&self, simd: S, b: usize) -> Likelihood<S> {
        let [p, q, e] = [&self.p, &self.q, &self.e].map(|plane| f32x16::load_array_ref(simd, &plane[b]));
        Likelihood { p, q, e }
    }

    /// The derivative by the logit of the class's probability.
    #[inline(always)]
    pub(super) fn by_logit<S: Simd>(&self, simd: S, t: f32x16<S>, p: f32x16<S>, q: f32x16<S>, b: usize) -> f32x16<S> {
        let whole = self.likelihood(simd, b);
        let spread = whole.p * whole.q;
        // Where π is 0 or 1 for good, the pixel is of one class and π is its p. As t'·p is at most π, the share has no pole.
        let share = spread.simd_eq(0.0).select(t, t * p * q / spread);
        f32x16::load_array_ref(simd, &self.slope[b]) * share
    }
}

/// `−log π = log Σ_k exp(z_k) − log Σ_k t'_k·exp(z_k)` of one pixel.
#[cold]
fn log_blend(pixel: &Pixel, tile: &Tile, b: usize, lane: usize) -> f32 {
    let logit = |class: usize| f64::from(tile.prediction.plane(class)[b][lane]);
    let target =
        |class: usize| pixel.target_scale * f64::from(target_of(&tile.target, class, b, lane)) + pixel.target_offset;
    let all = log_sum_exp((0..tile.classes).map(|class| (1.0, logit(class))));
    let own = log_sum_exp(pixel.classes.iter().map(|&class| (target(class), logit(class))));
    (all - own) as f32
}

/// `log Σ w·exp(z)`.
fn log_sum_exp(terms: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let counted = terms.filter(|&(weight, _)| weight > 0.0);
    let largest = counted.clone().map(|(_, z)| z).fold(f64::NEG_INFINITY, f64::max);
    let sum = counted.map(|(weight, z)| weight * libm::exp(z - largest)).fold(0.0, |a, b| a + b);
    largest + libm::log(sum)
}
