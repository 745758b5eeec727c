//! The exponential function of 16 f32 at once.

use super::{
    Bytes, Select, Simd, SimdBase, SimdMask, f32x16, fused_multiply_add, has_fused_multiply_add, i32x16,
    in_line_if_short, mask32x16,
};
use std::f32::consts::{LN_2, LOG2_E};

// Method:
//
// 1. Write eˣ = 2ᵏ·eʳ with k = round(x / ln 2) and r = x − k·ln 2, |r| ≤ ln 2 / 2.
//    Adding 1.5·2²³ rounds x / ln 2 to an integer, which then stands in the low bits of the sum.
// 2. ln 2 is taken in two parts (Cody and Waite). Both steps are fused, so that r has the
//    rounding error of its last bit only.
// 3. eʳ = 1 + r + r²·q(r) with a polynomial q of degree 4, by Horner's rule.
// 4. Multiply by 2ᵏ by adding k to the exponent of eʳ, as an integer. This holds for every
//    normal result, also where 2ᵏ itself is out of range (k = 128, eʳ < 1).
// 5. Select the results that are not normal: +0 below 2⁻¹²⁶, +∞ above the largest f32, NaN.
//    One comparison and a branch see that most vectors have none: selecting always costs 10 %
//    more time with AVX-512, 25 % with AVX2.

const LN_2_HIGH: f32 = LN_2;
/// ln 2 − LN_2_HIGH.
const LN_2_LOW: f32 = -1.904_654_2e-9;

/// 1.5·2²³: the ulp is 1 here, and stays so for sums with a negative number.
const ROUND_TO_INTEGER: f32 = 12_582_912.0;

// q(r) = Q_0 + Q_1·r + …: the minimax polynomial of the relative error of 1 + r + r²·q(r) on
// |r| ≤ ln 2 / 2 (Remez), each coefficient rounded to f32 and the later ones fitted again.
// Its error is 3.2e-9, 0.03 of an ulp.
const Q_0: f32 = 0.499_999_94; // ~ 1/2!
const Q_1: f32 = 0.166_665_17; // ~ 1/3!
const Q_2: f32 = 0.041_668_1; // ~ 1/4!
const Q_3: f32 = 0.008_369_192; // ~ 1/5!
const Q_4: f32 = 0.001_383_890_2; // ~ 1/6!

/// The smallest f32 whose exponential is at least 2⁻¹²⁶.
const SMALLEST_NORMAL_RESULT: f32 = -87.336_54;
/// The largest f32 whose exponential is below 2¹²⁸.
const LARGEST_FINITE_RESULT: f32 = 88.722_83;

/// eˣ, within 1 ULP of the true value for every x whose result is a normal f32.
///
/// Results below 2⁻¹²⁶ are +0, results above the largest f32 are +∞, NaN gives NaN, and exp(0)
/// is exactly 1. Every level gives the same bits.
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    in_line_if_short(
        simd,
        #[inline(always)]
        || exp_in_line(simd, x),
    )
}

/// [`exp`] of several vectors with one test of their range, and the bits of the largest |x| of each lane: above those of every
/// finite number where one is infinite or NaN.
#[inline(always)]
pub(crate) fn exp_each<S: Simd, const N: usize>(simd: S, x: [f32x16<S>; N]) -> ([f32x16<S>; N], i32x16<S>) {
    let largest = largest_size(simd, x);
    let mut values = exp_of_each(simd, x);
    if !have_normal_results(largest).all_true() {
        for (value, x) in values.iter_mut().zip(x) {
            *value = select_other_results(simd, x, *value);
        }
    }
    (values, largest)
}

/// [`exp`] of several vectors where [`have_normal_results`] holds of their [`largest_size`]: without step 5. Where × and + are not one
/// instruction, one vector alone fills the registers.
#[inline(always)]
pub(crate) fn exp_of_each<S: Simd, const N: usize>(simd: S, x: [f32x16<S>; N]) -> [f32x16<S>; N] {
    if has_fused_multiply_add(simd) {
        return exp_of_normal_results(simd, x);
    }
    let mut values = x;
    for value in &mut values {
        [*value] = in_line_if_short(
            simd,
            #[inline(always)]
            || exp_of_normal_results(simd, [*value]),
        );
    }
    values
}

/// The bits of the largest |x| of each lane.
#[inline(always)]
pub(crate) fn largest_size<S: Simd, const N: usize>(simd: S, x: [f32x16<S>; N]) -> i32x16<S> {
    let mut largest = i32x16::splat(simd, 0);
    for x in x {
        largest = largest.max(x.abs().bitcast::<i32x16<S>>());
    }
    largest
}

/// Where the exponentials of numbers up to this [`largest_size`] are normal numbers.
#[inline(always)]
pub(crate) fn have_normal_results<S: Simd>(largest: i32x16<S>) -> mask32x16<S> {
    largest.simd_le((-SMALLEST_NORMAL_RESULT).to_bits() as i32)
}

#[inline(always)]
fn exp_in_line<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    let [scaled] = exp_of_normal_results(simd, [x]);
    if x.abs().simd_le(-SMALLEST_NORMAL_RESULT).all_true() { scaled } else { select_other_results(simd, x, scaled) }
}

/// Steps 1 to 4, each of all vectors before the next: a step waits four cycles for the one before it, and the processor looks only
/// some sixty operations ahead for what else it could do.
#[inline(always)]
fn exp_of_normal_results<S: Simd, const N: usize>(simd: S, x: [f32x16<S>; N]) -> [f32x16<S>; N] {
    let constant = |value| f32x16::splat(simd, value);
    let fma = |a, b, c| fused_multiply_add(simd, a, b, c);
    let (mut shifted, mut k, mut r, mut value) = (x, x, x, [constant(Q_4); N]);
    for i in 0..N {
        shifted[i] = fma(x[i], constant(LOG2_E), constant(ROUND_TO_INTEGER));
    }
    for i in 0..N {
        k[i] = shifted[i] - ROUND_TO_INTEGER;
    }
    for i in 0..N {
        r[i] = fma(k[i], constant(-LN_2_HIGH), x[i]);
    }
    for i in 0..N {
        r[i] = fma(k[i], constant(-LN_2_LOW), r[i]);
    }
    for coefficient in [Q_3, Q_2, Q_1, Q_0, 1.0, 1.0] {
        for i in 0..N {
            value[i] = fma(value[i], r[i], constant(coefficient));
        }
    }
    for i in 0..N {
        // Shifted left, only the low 9 bits of the sum remain: k, modulo 512.
        let exponent = shifted[i].bitcast::<i32x16<S>>() << 23;
        value[i] = (value[i].bitcast::<i32x16<S>>() + exponent).bitcast();
    }
    value
}

/// Step 5.
#[inline(always)]
fn select_other_results<S: Simd>(simd: S, x: f32x16<S>, scaled: f32x16<S>) -> f32x16<S> {
    // x + ∞ is +∞ for a large x and NaN for NaN, which fails the comparison too.
    let finite = x.simd_le(LARGEST_FINITE_RESULT).select(scaled, x + f32::INFINITY);
    x.simd_lt(SMALLEST_NORMAL_RESULT).select(f32x16::splat(simd, 0.0), finite)
}

#[cfg(test)]
mod tests {
    use super::super::testing::UnaryTester;
    use super::super::{Level, dispatch};
    use super::*;

    const MAX_EXP_ERROR_ULPS: f64 = 1.0;

    const TESTER: UnaryTester =
        UnaryTester { subject: exp_of_slice, reference: flushed_exp, max_ulps: MAX_EXP_ERROR_ULPS };

    fn exp_of_slice(level: Level, values: &mut [f32]) {
        dispatch!(level, simd => {
            for block in values.chunks_mut(16) {
                let mut padded = [0.0; 16];
                padded[..block.len()].copy_from_slice(block);
                exp(simd, f32x16::from_slice(simd, &padded)).store_slice(&mut padded);
                block.copy_from_slice(&padded[..block.len()]);
            }
        });
    }

    fn flushed_exp(x: f32) -> f64 {
        let truth = libm::exp(f64::from(x));
        if truth < f64::from(f32::MIN_POSITIVE) { 0.0 } else { truth }
    }

    #[test]
    fn a_dense_choice_of_all_f32_is_within_the_bound_at_every_level() {
        TESTER.check_bit_patterns(61);
    }

    #[test]
    fn the_edges_are_within_the_bound_at_every_level() {
        let edges = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            LN_2_HIGH / 2.0,
            -LN_2_HIGH / 2.0,
            SMALLEST_NORMAL_RESULT,
            LARGEST_FINITE_RESULT,
            f32::MIN_POSITIVE,
            f32::MAX,
            f32::MIN,
            f32::INFINITY,
            f32::NEG_INFINITY,
        ];
        TESTER.check_around(&edges, 2000);
    }

    #[test]
    fn a_result_does_not_depend_on_the_other_lanes() {
        TESTER.check_lanes_alone(&[0.3, -20.0, -87.3, -87.34, 88.0, 88.73, f32::INFINITY, f32::NEG_INFINITY, f32::NAN]);
    }

    #[test]
    #[ignore = "every f32 at every level: minutes"]
    fn every_f32_is_within_the_bound_at_every_level() {
        println!("{:?}", TESTER.check_bit_patterns(1));
    }

    #[test]
    fn the_special_cases_are_exact() {
        let inputs = [0.0, -0.0, 100.0, f32::INFINITY, -100.0, f32::NEG_INFINITY];
        assert_eq!(TESTER.results(&inputs), [1.0, 1.0, f32::INFINITY, f32::INFINITY, 0.0, 0.0]);
        assert!(TESTER.results(&[f32::NAN])[0].is_nan());
    }
}
