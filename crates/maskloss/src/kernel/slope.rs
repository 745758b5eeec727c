//! What pass 2 knows of the losses: coefficients, in every lane, and the formulas of [`derivative`](super::derivative), each in one
//! place.

use crate::criterion::Activation;
use crate::kernel::class_target::ClassTarget;
use crate::kernel::log_loss::clip_bounds;
use crate::loss::Coefficients;
use crate::simd::{Select, Simd, SimdBase, f32x16};

/// What pass 2 knows of the losses.
pub(crate) struct Slope<'a> {
    pub(crate) activation: Activation,
    /// ε of the clip of the logarithms.
    pub(crate) clip: f32,
    /// One for each class.
    pub(crate) coefficients: &'a [Coefficients<f32>],
    /// D of `d_c += Σ_y t_y·D[y, c]`, class by class; empty where there is none.
    pub(crate) between: &'a [f32],
    /// Whether `d` may be more than `A·t + B`.
    pub(crate) curved: bool,
    /// Whether E may not be C, or there may be a D.
    pub(crate) crossed: bool,
    /// Whether there are logarithms: else U, V and K are 0.
    pub(crate) logarithmic: bool,
}

impl Slope<'_> {
    /// Whether all classes have a K, or none has.
    pub(crate) fn is_evenly_complementary(&self) -> bool {
        let mut all = self.coefficients.iter().map(Coefficients::is_complementary);
        let first = all.next();
        all.all(|other| Some(other) == first)
    }

    /// `Σ_k U_k`.
    #[inline(always)]
    pub(crate) fn total(&self) -> f32 {
        self.coefficients.iter().fold(0.0, |total, k| total + k.u)
    }
}

/// The coefficients of a class, in every lane, or of rows of classes.
#[derive(Clone, Copy)]
pub(crate) struct WideCoefficients<S: Simd> {
    a: f32x16<S>,
    b: f32x16<S>,
    c: f32x16<S>,
    e: f32x16<S>,
    s: f32x16<S>,
    u: f32x16<S>,
    v: f32x16<S>,
    k0: f32x16<S>,
    k1: f32x16<S>,
    /// The clip of the logarithms.
    low: f32x16<S>,
    high: f32x16<S>,
    logarithmic: bool,
    complementary: bool,
}

impl<S: Simd> WideCoefficients<S> {
    #[inline(always)]
    pub(crate) fn splat(simd: S, slope: &Slope, class: usize) -> Self {
        let k = &slope.coefficients[class];
        Self::of(
            simd,
            slope,
            class,
            #[inline(always)]
            |coefficient| f32x16::splat(simd, coefficient(k)),
        )
    }

    /// `logarithmic`: as the slope says, but known to the compiler.
    #[inline(always)]
    pub(crate) fn splat_of(simd: S, slope: &Slope, class: usize, logarithmic: bool) -> Self {
        Self { logarithmic, ..Self::splat(simd, slope, class) }
    }

    /// Of rows of all classes, from the first one's place on.
    #[inline(always)]
    pub(crate) fn cyclic(simd: S, slope: &Slope, first: usize) -> Self {
        let classes = slope.coefficients.len();
        Self::of(
            simd,
            slope,
            0,
            #[inline(always)]
            |coefficient| {
                let mut lanes = [0.0; 16];
                for (lane, value) in lanes.iter_mut().enumerate() {
                    *value = coefficient(&slope.coefficients[(first + lane) % classes]);
                }
                f32x16::load_array(simd, lanes)
            },
        )
    }

    #[inline(always)]
    fn of(simd: S, slope: &Slope, class: usize, wide: impl Fn(fn(&Coefficients<f32>) -> f32) -> f32x16<S>) -> Self {
        let (low, high) = clip_bounds(slope.clip);
        Self {
            a: wide(|k| k.a),
            b: wide(|k| k.b),
            c: wide(|k| k.c),
            e: wide(|k| k.e),
            s: wide(|k| k.s),
            u: wide(|k| k.u),
            v: wide(|k| k.v),
            k0: wide(|k| k.k0),
            k1: wide(|k| k.k1),
            low: f32x16::splat(simd, low),
            high: f32x16::splat(simd, high),
            logarithmic: slope.logarithmic,
            complementary: slope.coefficients[class].is_complementary(),
        }
    }

    /// `A·t + B`: d without its curved terms.
    #[inline(always)]
    pub(crate) fn by_probability<T: ClassTarget>(&self, simd: S, target: &T, b: usize) -> f32x16<S> {
        target.linear(simd, b, self.b, self.a)
    }

    /// `d + (C·(1 − t) + E·t)·p + S·sign(p − t)`, or the same where E is C.
    #[inline(always)]
    pub(crate) fn curved<T: ClassTarget, const CROSSED: bool>(
        &self,
        simd: S,
        target: &T,
        b: usize,
        p: f32x16<S>,
        d: f32x16<S>,
    ) -> f32x16<S> {
        let t = target.at(simd, b);
        let sign = p.simd_gt(t).select(self.s, p.simd_lt(t).select(-self.s, f32x16::splat(simd, 0.0)));
        let by_p = if CROSSED { target.mean(simd, b, self.c, self.e) } else { self.c };
        d + by_p * p + sign
    }

    /// `U + V·t`.
    #[inline(always)]
    fn logarithm<T: ClassTarget>(&self, simd: S, target: &T, b: usize) -> f32x16<S> {
        target.linear(simd, b, self.u, self.v)
    }

    /// `K₀ + K₁·t`.
    #[inline(always)]
    fn complement<T: ClassTarget>(&self, simd: S, target: &T, b: usize) -> f32x16<S> {
        target.linear(simd, b, self.k0, self.k1)
    }

    /// `− (U + V·t)/p + (K₀ + K₁·t)/(1 − p)`.
    #[inline(always)]
    fn quotients<T: ClassTarget>(&self, simd: S, target: &T, b: usize, p: f32x16<S>) -> f32x16<S> {
        let quotient = -self.logarithm(simd, target, b) / p;
        if self.complementary { quotient + self.complement(simd, target, b) / (1.0 - p) } else { quotient }
    }

    /// What a class adds to `rest`: `− p·d + V·t`.
    #[inline(always)]
    pub(crate) fn rest<T: ClassTarget>(
        &self,
        simd: S,
        target: &T,
        b: usize,
        rest: f32x16<S>,
        p: f32x16<S>,
        d: f32x16<S>,
    ) -> f32x16<S> {
        let rest = rest - p * d;
        if self.logarithmic && T::OCCURS {
            rest + target.linear(simd, b, f32x16::splat(simd, 0.0), self.v)
        } else {
            rest
        }
    }

    /// `p·(d + rest) − (U + V·t)`.
    #[inline(always)]
    pub(crate) fn softmax<T: ClassTarget>(
        &self,
        simd: S,
        target: &T,
        b: usize,
        rest: f32x16<S>,
        p: f32x16<S>,
        d: f32x16<S>,
    ) -> f32x16<S> {
        let value = p * (d + rest);
        if self.logarithmic { value - self.logarithm(simd, target, b) } else { value }
    }

    /// `p·(1 − p)·d + p·(K₀ + K₁·t) − (U + V·t)`.
    #[inline(always)]
    pub(crate) fn sigmoid<T: ClassTarget>(
        &self,
        simd: S,
        target: &T,
        b: usize,
        p: f32x16<S>,
        d: f32x16<S>,
    ) -> f32x16<S> {
        let value = p * (1.0 - p) * d;
        if self.logarithmic {
            value + p * self.complement(simd, target, b) - self.logarithm(simd, target, b)
        } else {
            value
        }
    }

    /// `d − (U + V·t)/p + (K₀ + K₁·t)/(1 − p)`, the quotients 0 outside the clip.
    #[inline(always)]
    pub(crate) fn identity<T: ClassTarget>(
        &self,
        simd: S,
        target: &T,
        b: usize,
        p: f32x16<S>,
        d: f32x16<S>,
    ) -> f32x16<S> {
        if !self.logarithmic {
            // 0·p is 0, but NaN where the prediction is.
            return d + p * 0.0;
        }
        let zero = f32x16::splat(simd, 0.0);
        let quotients = self.quotients(simd, target, b, p);
        // NaN is on neither side of the clip, and stays.
        d + p.simd_lt(self.low).select(zero, p.simd_gt(self.high).select(zero, quotients))
    }
}
