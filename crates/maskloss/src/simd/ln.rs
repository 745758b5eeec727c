//! The natural logarithm of 16 f32 at once.

use super::{Bytes, Select, Simd, SimdBase, SimdInt, SimdMask, f32x16, fused_multiply_add, i32x16, in_line_if_short};
use std::f32::consts::LN_2;

// Method:
//
// 1. Write x = 2ᵏ·m with m in [2/3, 4/3) and f = m − 1, exact.
// 2. ln(1 + f) = f + f²·(−1/2 + f·p(f)) with a polynomial p of degree 7. Its even and odd
//    coefficients are summed apart, to shorten the chain of dependent steps.
// 3. ln x = k·ln 2 + ln(1 + f). The error of ln 2 rounded to f32 is 0.05 of an ulp of k·ln 2:
//    one part is enough, as the product is fused.
// 4. One comparison and a branch see that most vectors hold positive, normal, finite numbers
//    only. Elsewhere subnormal ones are multiplied by 2²³, which k gives back, and the results
//    of ±0, +∞, negative numbers and NaN are selected.

/// The bits of 2/3: subtracted from those of x, the exponent field counts from there.
const BITS_OF_TWO_THIRDS: i32 = 0x3f2a_aaab;
const EXPONENT_FIELD: i32 = 0xff80_0000_u32 as i32;

const BITS_OF_SMALLEST_NORMAL: i32 = f32::MIN_POSITIVE.to_bits() as i32;
const BITS_OF_INFINITY: i32 = f32::INFINITY.to_bits() as i32;

// p(f) = P_0 + P_1·f + …: the minimax polynomial of the relative error of ln(1 + f) on
// |f| ≤ 1/3 (Remez), each coefficient rounded to f32 and the later ones fitted again.
// Its error is 4.9e-9, 0.08 of an ulp.
const P_0: f32 = 0.333_332_15; // ~  1/3
const P_1: f32 = -0.249_997_84; // ~ -1/4
const P_2: f32 = 0.200_104_77; // ~  1/5
const P_3: f32 = -0.166_812_08; // ~ -1/6
const P_4: f32 = 0.140_044_35; // ~  1/7
const P_5: f32 = -0.121_729_01; // ~ -1/8
const P_6: f32 = 0.139_926_52; // ~  1/9
const P_7: f32 = -0.129_472_42; // ~ -1/10

/// ln x, within 1 ULP of the true value for every positive f32, subnormal ones too.
///
/// ln(1) is +0, ln(±0) is −∞, ln(+∞) is +∞; a negative number or NaN gives NaN. Every level
/// gives the same bits.
#[inline(always)]
pub(crate) fn ln<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    in_line_if_short(
        simd,
        #[inline(always)]
        || ln_in_line(simd, x),
    )
}

#[inline(always)]
fn ln_in_line<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    // Counted from the smallest normal number, the bits of positive normal ones are below those
    // of the rest as unsigned integers; i32::MIN more, as signed ones.
    const SMALLEST: i32 = BITS_OF_SMALLEST_NORMAL.wrapping_add(i32::MIN);
    const INFINITY: i32 = BITS_OF_INFINITY.wrapping_sub(SMALLEST);
    if (x.bitcast::<i32x16<S>>() - SMALLEST).simd_lt(INFINITY).all_true() {
        return ln_of_scaled(simd, x, i32x16::splat(simd, 0));
    }

    let constant = |value| f32x16::splat(simd, value);
    let integer = |value| i32x16::splat(simd, value);
    let subnormal = x.simd_lt(f32::MIN_POSITIVE);
    let normal = subnormal.select(x * 8_388_608.0, x);
    let ln_x = ln_of_scaled(simd, normal, subnormal.select(integer(23), integer(0)));

    // x + x is +∞ for +∞ and NaN for NaN.
    let positive = x.simd_lt(f32::INFINITY).select(ln_x, x + x);
    let not_negative = x.simd_lt(0.0).select(constant(f32::NAN), positive);
    x.simd_eq(0.0).select(constant(f32::NEG_INFINITY), not_negative)
}

/// ln(x / 2ˢ) for positive, normal, finite x.
#[inline(always)]
fn ln_of_scaled<S: Simd>(simd: S, x: f32x16<S>, s: i32x16<S>) -> f32x16<S> {
    let constant = |value| f32x16::splat(simd, value);
    let fma = |a, b, c| fused_multiply_add(simd, a, b, c);

    let bits = x.bitcast::<i32x16<S>>();
    let exponent = (bits - BITS_OF_TWO_THIRDS) & EXPONENT_FIELD;
    let f = (bits - exponent).bitcast::<f32x16<S>>() - 1.0;
    let k = ((exponent >> 23) - s).to_float::<f32x16<S>>();

    let f2 = f * f;
    let even = fma(constant(P_6), f2, constant(P_4));
    let odd = fma(constant(P_7), f2, constant(P_5));
    let even = fma(even, f2, constant(P_2));
    let odd = fma(odd, f2, constant(P_3));
    let odd = fma(odd, f2, constant(P_1));
    let p = fma(odd, f, fma(even, f2, constant(P_0)));
    let ln_m = fma(fma(p, f, constant(-0.5)), f2, f);
    fma(k, constant(LN_2), ln_m)
}

#[cfg(test)]
mod tests {
    use super::super::testing::UnaryTester;
    use super::super::{Level, dispatch};
    use super::*;

    const MAX_LN_ERROR_ULPS: f64 = 1.0;

    const TESTER: UnaryTester = UnaryTester { subject: ln_of_slice, reference: true_ln, max_ulps: MAX_LN_ERROR_ULPS };

    fn ln_of_slice(level: Level, values: &mut [f32]) {
        dispatch!(level, simd => {
            for block in values.chunks_mut(16) {
                let mut padded = [1.0; 16];
                padded[..block.len()].copy_from_slice(block);
                ln(simd, f32x16::from_slice(simd, &padded)).store_slice(&mut padded);
                block.copy_from_slice(&padded[..block.len()]);
            }
        });
    }

    fn true_ln(x: f32) -> f64 {
        libm::log(f64::from(x))
    }

    #[test]
    fn a_dense_choice_of_all_f32_is_within_the_bound_at_every_level() {
        TESTER.check_bit_patterns(61);
    }

    #[test]
    fn the_edges_are_within_the_bound_at_every_level() {
        let two_thirds = f32::from_bits(BITS_OF_TWO_THIRDS as u32);
        let edges = [
            0.0,
            -0.0,
            f32::MIN_POSITIVE,
            1.0,
            -1.0,
            two_thirds,
            2.0 * two_thirds,
            f32::MAX,
            f32::MIN,
            f32::INFINITY,
            f32::NEG_INFINITY,
        ];
        TESTER.check_around(&edges, 2000);
    }

    #[test]
    fn a_result_does_not_depend_on_the_other_lanes() {
        TESTER.check_lanes_alone(&[0.3, 1e30, f32::MIN_POSITIVE, 1e-40, 0.0, -0.0, -2.0, f32::INFINITY, f32::NAN]);
    }

    #[test]
    #[ignore = "every f32 at every level: minutes"]
    fn every_f32_is_within_the_bound_at_every_level() {
        println!("{:?}", TESTER.check_bit_patterns(1));
    }

    #[test]
    fn the_special_cases_are_exact() {
        let inputs = [1.0, 0.0, -0.0, f32::INFINITY];
        let expected = [0.0_f32, f32::NEG_INFINITY, f32::NEG_INFINITY, f32::INFINITY];
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&TESTER.results(&inputs)), bits(&expected));
        let not_numbers = [f32::NAN, -1.0, f32::NEG_INFINITY, f32::from_bits(0x8000_0001)];
        assert!(TESTER.results(&not_numbers).iter().all(|result| result.is_nan()));
    }
}
