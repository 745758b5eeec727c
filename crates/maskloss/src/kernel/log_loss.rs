//! The logarithms of the cross-entropies, one block at a time: `−log p` and `−log(1 − p)` from logits or probabilities.

use crate::kernel::activation::Activated;
use crate::kernel::wide::Wide;
use crate::simd::{Bytes, Select, Simd, SimdBase, SimdInt, exp, f32x16, f64x8, i32x16, ln};

/// `−log softmax(z)_c = log Σ_k exp(z_k) − z_c`, in double precision.
///
/// The binary exponent of the denominator and the logarithm of its mantissa stay apart, since an `f32` of their sum would round
/// where it is large.
#[inline(always)]
pub(crate) fn softmax_log_loss<S: Simd>(simd: S, activated: &Activated, logit: f32x16<S>, block: usize) -> Wide<S> {
    let bits: i32x16<S> = f32x16::load_array_ref(simd, &activated.denominator[block]).bitcast();
    let exponent: f32x16<S> = ((bits >> 23) - 127).to_float();
    let mantissa: f32x16<S> = ((bits & 0x007f_ffff) | 0x3f80_0000).bitcast();
    let ln_2 = f64x8::splat(simd, std::f64::consts::LN_2);
    // The shift of a pixel with a NaN or an infinite logit is NaN, and so becomes its logarithm.
    let shift = Wide::load(simd, &activated.shift[block]);
    Wide::of(exponent).times(Wide(ln_2, ln_2)).plus(Wide::of(ln(simd, mantissa))).plus(shift).minus(Wide::of(logit))
}

/// `−log sigmoid(z) = max(−z, 0) + log(1 + exp(−|z|))`. Of `−z` it is `−log(1 − sigmoid(z))`.
#[inline(always)]
pub(crate) fn sigmoid_log_loss<S: Simd>(simd: S, logit: f32x16<S>) -> Wide<S> {
    let u = exp(simd, -logit.abs());
    let linear = logit.simd_ge(0.0).select(f32x16::splat(simd, 0.0), -logit);
    // An infinite logit counts as NaN, as in the probability.
    let broken = logit * 0.0;
    Wide::of(linear).plus(Wide::of(ln_1p(simd, u) + broken))
}

/// The bounds of `clip(p, ε, 1 − ε)` that `f32` can tell from 0 and 1: within them both logarithms and quotients are finite.
#[inline(always)]
pub(crate) fn clip_bounds(clip: f32) -> (f32, f32) {
    (clip.max(f32::MIN_POSITIVE), (1.0 - clip).min(1.0 - f32::EPSILON / 2.0))
}

/// `clip(p, ε, 1 − ε)`; NaN stays NaN.
#[inline(always)]
pub(crate) fn clipped<S: Simd>(simd: S, p: f32x16<S>, clip: f32) -> f32x16<S> {
    let (low, high) = clip_bounds(clip);
    let (low, high) = (f32x16::splat(simd, low), f32x16::splat(simd, high));
    p.simd_lt(low).select(low, p.simd_gt(high).select(high, p))
}

/// The same of what is no NaN, in half the instructions.
#[inline(always)]
pub(crate) fn clipped_number<S: Simd>(simd: S, p: f32x16<S>, clip: f32) -> f32x16<S> {
    let (low, high) = clip_bounds(clip);
    p.max(f32x16::splat(simd, low)).min(f32x16::splat(simd, high))
}

/// `−log clip(p, ε, 1 − ε)`; NaN stays NaN.
#[inline(always)]
pub(crate) fn clipped_log_loss<S: Simd>(simd: S, p: f32x16<S>, clip: f32) -> Wide<S> {
    Wide::of(-ln(simd, clipped(simd, p, clip)))
}

/// `log(1 + u)` for u in [0, 1]: the digits that `1 + u` drops come back as a correction, `(u − (w − 1)) / w`.
#[inline(always)]
pub(crate) fn ln_1p<S: Simd>(simd: S, u: f32x16<S>) -> f32x16<S> {
    let w = u + 1.0;
    ln(simd, w) + (u - (w - 1.0)) / w
}
