//! One class of 16 pixels: its loss before the pixels' weights, and its derivative by the logit of the class's probability.
//!
//! ```text
//! categorical   a·t'·φ(p)
//! binary        a·t'·φ(p) + b·(1 − t')·φ(1 − p)
//! mixture       f(π)·(a·t' + b·(1 − t'))·BCE(p, t')      π = p·t' + (1 − p)·(1 − t'), or σ(z·(2t' − 1))
//! ```

use super::function::{Function, Modulation, Part};
use super::likelihood::Likelihood;
use crate::criterion::{Pixel, PixelForm, PixelFunction, SoftTarget};
use crate::simd::{Select, Simd, SimdBase, SimdMask, exp, f32x16, mask32x16};

/// How the classes of a pixel enter a part of a term.
#[derive(Clone, Copy)]
enum Form {
    Categorical(Function),
    Binary(Function),
    /// One modulation of both outcomes, and whether it is of the signed logit.
    Mixture {
        modulation: Modulation,
        signed: bool,
        part: Part,
    },
}

/// A part of a term, for one class.
#[derive(Clone, Copy)]
pub(super) struct Element {
    form: Form,
    /// a, b; 1 for a modulation.
    positive: f32,
    negative: f32,
}

/// A class of a block.
#[derive(Clone, Copy)]
pub(super) struct Outcomes<S: Simd> {
    /// `t'`.
    pub(super) t: f32x16<S>,
    pub(super) is: Likelihood<S>,
    pub(super) is_not: Likelihood<S>,
}

/// a and b of a class; 1 for a modulation.
pub(super) fn weights(pixel: &Pixel, part: Part, class: usize) -> (f32, f32) {
    let weight = |weights: &Option<Vec<f64>>| match (part, weights) {
        (Part::Loss, Some(weights)) => weights[class] as f32,
        _ => 1.0,
    };
    (weight(&pixel.positive_weights), weight(&pixel.negative_weights))
}

impl Element {
    #[inline(always)]
    pub(super) fn new(pixel: &Pixel, part: Part, class: usize) -> Self {
        let function = Function::of_part(pixel, part, class);
        let (positive, negative) = weights(pixel, part, class);
        let form = match (pixel.form, pixel.function, pixel.soft_target) {
            (PixelForm::Categorical, ..) => Form::Categorical(function),
            (PixelForm::Binary, PixelFunction::Focal, soft @ (SoftTarget::Mixed | SoftTarget::Signed)) => {
                let modulation = Modulation::of_class(pixel, class);
                Form::Mixture { modulation, signed: soft == SoftTarget::Signed, part }
            }
            (PixelForm::Binary, ..) => Form::Binary(function),
        };
        Self { form, positive, negative }
    }

    /// The loss.
    #[inline(always)]
    pub(super) fn of<S: Simd>(&self, simd: S, x: Outcomes<S>) -> f32x16<S> {
        match self.form {
            Form::Categorical(function) | Form::Binary(function) => {
                let Sides { first, second } = self.sides(simd, x, 1.0);
                let own = first.0 * function.of(simd, first.1);
                match second {
                    Some((weight, other)) => own + weight * function.of(simd, other),
                    None => own,
                }
            }
            Form::Mixture { modulation, signed, part } => {
                let factor = modulation.of(simd, x.mixture(simd, signed).0);
                if part == Part::Modulation { factor } else { self.weight(x) * factor * x.entropy() }
            }
        }
    }

    /// Its derivative by the logit of p.
    #[inline(always)]
    pub(super) fn by_logit<S: Simd>(&self, simd: S, x: Outcomes<S>) -> f32x16<S> {
        match self.form {
            Form::Categorical(function) | Form::Binary(function) => {
                // The logit of 1 − p is minus that of p.
                let Sides { first, second } = self.sides(simd, x, -1.0);
                let own = first.0 * function.by_logit(simd, first.1);
                match second {
                    Some((weight, other)) => own + weight * function.by_logit(simd, other),
                    None => own,
                }
            }
            Form::Mixture { modulation, signed, part } => {
                let (mixture, by_logit) = x.mixture(simd, signed);
                let factor = modulation.of(simd, mixture);
                let slope = by_logit * modulation.slope(simd, mixture, factor);
                if part == Part::Modulation {
                    return slope;
                }
                let entropy_slope = (1.0 - x.t) * x.is.p - x.t * x.is.q;
                self.weight(x) * (slope * x.entropy() + factor * entropy_slope)
            }
        }
    }

    /// The likelihoods that φ is taken of, with their weights; those of what is not carry the sign too. Where t' is 0 or 1 in the whole
    /// block, each pixel has one.
    #[inline(always)]
    fn sides<S: Simd>(&self, simd: S, x: Outcomes<S>, sign: f32) -> Sides<S> {
        let (positive, negative) = (self.positive, sign * self.negative);
        if let Form::Categorical(_) = self.form {
            return Sides { first: (x.t * positive, x.is), second: None };
        }
        let one = x.t.simd_eq(1.0);
        if (one | x.t.simd_eq(0.0)).all_true() {
            let weight = one.select(f32x16::splat(simd, positive), f32x16::splat(simd, negative));
            return Sides { first: (weight, x.chosen(one)), second: None };
        }
        Sides { first: (x.t * positive, x.is), second: Some(((1.0 - x.t) * negative, x.is_not)) }
    }

    /// `a·t' + b·(1 − t')`.
    #[inline(always)]
    fn weight<S: Simd>(&self, x: Outcomes<S>) -> f32x16<S> {
        x.t * self.positive + (1.0 - x.t) * self.negative
    }
}

/// One likelihood a pixel, or two.
struct Sides<S: Simd> {
    first: (f32x16<S>, Likelihood<S>),
    second: Option<(f32x16<S>, Likelihood<S>)>,
}

impl<S: Simd> Outcomes<S> {
    /// The outcome that is: of the class where the mask says so, else not.
    #[inline(always)]
    fn chosen(self, one: mask32x16<S>) -> Likelihood<S> {
        Likelihood {
            p: one.select(self.is.p, self.is_not.p),
            q: one.select(self.is.q, self.is_not.q),
            e: one.select(self.is.e, self.is_not.e),
        }
    }

    /// `BCE(p, t')`.
    #[inline(always)]
    fn entropy(self) -> f32x16<S> {
        self.t * self.is.e + (1.0 - self.t) * self.is_not.e
    }

    /// π, and the derivative of its logit by that of p: `(2t' − 1)·p(1 − p)/(π(1 − π))`, or `2t' − 1`. Its logarithm is not wanted.
    #[inline(always)]
    fn mixture(self, simd: S, signed: bool) -> (Likelihood<S>, f32x16<S>) {
        let Self { t, is, is_not } = self;
        let sign = t + t - 1.0;
        let zero = f32x16::splat(simd, 0.0);
        if signed {
            let z = sign * (is_not.e - is.e);
            let u = exp(simd, -z.abs());
            let above = z.simd_ge(0.0);
            let likely = 1.0 / (u + 1.0) + z * 0.0;
            let unlikely = u * likely;
            let (p, q) = (above.select(likely, unlikely), above.select(unlikely, likely));
            return (Likelihood { p, q, e: zero }, sign);
        }
        let p = is.p * t + is.q * (1.0 - t);
        let q = is.q * t + is.p * (1.0 - t);
        // Only a target of 0 or 1 lets π reach 0 or 1, and then the quotient is 1 all the way.
        let spread = p * q;
        let quotient = spread.simd_eq(0.0).select(f32x16::splat(simd, 1.0), is.p * is.q / spread);
        (Likelihood { p, q, e: zero }, sign * quotient)
    }
}
