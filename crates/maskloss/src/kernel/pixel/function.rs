//! The functions of a likelihood p, and their derivatives by its logit, `p·(1 − p)·φ'(p)`, which have no poles.
//!
//! ```text
//! focal         f(p)·(−log p)                f'·(−log p) − f·(1 − p)
//! poly          −log p + γ·(1 − p)           −(1 − p)·(1 + γ·p)
//! generalized   (1 − p^γ)/γ                  −(1 − p)·p^γ
//! modulation    f(p) = (1 − p)^γ             f' = −γ·p·f
//! ```
//!
//! With a threshold θ, f is 1 below it and `((1 − p)/θ)^γ` from there on. For γ = 0 it is 1, at p = 1 too.

use super::likelihood::Likelihood;
use crate::criterion::{Pixel, PixelFunction};
use crate::simd::{Select, Simd, SimdBase, exp, f32x16, ln};

/// What is summed of a term: its loss, or the modulations that normalise it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Loss,
    Modulation,
}

/// A function of a likelihood.
#[derive(Clone, Copy)]
pub(super) enum Function {
    /// Times `−log p`, or alone.
    Modulation(Modulation, Part),
    Poly(f32),
    Generalized(f32),
}

impl Function {
    /// The function of a part of a term, for a class.
    #[inline(always)]
    pub(super) fn of_part(pixel: &Pixel, part: Part, class: usize) -> Self {
        let gamma = pixel.gammas[class] as f32;
        match (part, pixel.function) {
            (Part::Modulation, _) | (_, PixelFunction::Focal) => {
                Self::Modulation(Modulation::of_class(pixel, class), part)
            }
            (_, PixelFunction::Poly) => Self::Poly(gamma),
            (_, PixelFunction::Generalized) => Self::Generalized(gamma),
        }
    }

    #[inline(always)]
    pub(super) fn of<S: Simd>(self, simd: S, x: Likelihood<S>) -> f32x16<S> {
        match self {
            Self::Modulation(modulation, part) => {
                let value = modulation.of(simd, x);
                if part == Part::Loss { value * x.e } else { value }
            }
            Self::Poly(gamma) => x.e + x.q * gamma,
            Self::Generalized(gamma) => one_minus_exp(simd, x.e * gamma) / gamma,
        }
    }

    #[inline(always)]
    pub(super) fn by_logit<S: Simd>(self, simd: S, x: Likelihood<S>) -> f32x16<S> {
        match self {
            Self::Modulation(modulation, part) => {
                let value = modulation.of(simd, x);
                let slope = modulation.slope(simd, x, value);
                if part == Part::Loss { slope * x.e - value * x.q } else { slope }
            }
            Self::Poly(gamma) => -x.q * (x.p * gamma + 1.0),
            Self::Generalized(gamma) => -x.q * exp(simd, -(x.e * gamma)),
        }
    }
}

/// `f(p)`, from `(1 − p)^γ` and the threshold.
#[derive(Clone, Copy)]
pub(super) struct Modulation {
    gamma: f32,
    threshold: Option<f32>,
}

impl Modulation {
    pub(super) fn of_class(pixel: &Pixel, class: usize) -> Self {
        Self { gamma: pixel.gammas[class] as f32, threshold: pixel.reduced_threshold.map(|threshold| threshold as f32) }
    }

    #[inline(always)]
    pub(super) fn of<S: Simd>(self, simd: S, x: Likelihood<S>) -> f32x16<S> {
        match self.threshold {
            None => power(simd, x.q, self.gamma),
            Some(threshold) => {
                let reduced = power(simd, x.q / threshold, self.gamma);
                x.p.simd_lt(threshold).select(f32x16::splat(simd, 1.0), reduced)
            }
        }
    }

    /// The derivative by the logit, where the value is known.
    #[inline(always)]
    pub(super) fn slope<S: Simd>(self, simd: S, x: Likelihood<S>, value: f32x16<S>) -> f32x16<S> {
        let slope = x.p * value * -self.gamma;
        match self.threshold {
            None => slope,
            Some(threshold) => x.p.simd_lt(threshold).select(f32x16::splat(simd, 0.0), slope),
        }
    }
}

/// `x^γ` for x ≥ 0: products for γ of 0, 1 and 2, else `exp(γ·ln x)`, which is 0 at 0.
#[inline(always)]
fn power<S: Simd>(simd: S, x: f32x16<S>, gamma: f32) -> f32x16<S> {
    if gamma == 0.0 {
        f32x16::splat(simd, 1.0)
    } else if gamma == 1.0 {
        x
    } else if gamma == 2.0 {
        x * x
    } else {
        exp(simd, ln(simd, x) * gamma)
    }
}

/// `1 − exp(−x)` for x ≥ 0. Where x is small, of the digits that `1 − u` drops `log u` knows (Kahan): `(1 − u)·x/(−log u)`.
#[inline(always)]
fn one_minus_exp<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    let u = exp(simd, -x);
    let rest = 1.0 - u;
    let exact = rest * x / -ln(simd, u);
    let small = u.simd_eq(1.0).select(x, exact);
    x.simd_lt(0.5).select(small, rest)
}
