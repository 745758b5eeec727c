//! The natural logarithm of 16 f32 at once.

use super::{Bytes, Select, Simd, SimdBase, SimdInt, f32x16, fused_multiply_add, i32x16};
use std::f32::consts::LN_2;

// Method:
//
// 1. Subnormal inputs are multiplied by 2²³, which their exponent gives back.
// 2. Write x = 2ᵏ·m with m in [2/3, 4/3) and f = m − 1, exact.
// 3. ln(1 + f) = f + f²·(−1/2 + f·p(f)) with a polynomial p of degree 7. Its even and odd
//    coefficients are summed apart, to shorten the chain of dependent steps.
// 4. ln x = k·ln 2 + ln(1 + f). The error of ln 2 rounded to f32 is 0.05 of an ulp of k·ln 2:
//    one part is enough, as the product is fused.
// 5. Select the results of 0, +∞, negative numbers and NaN.

/// The bits of 2/3: subtracted from those of x, the exponent field counts from there.
const BITS_OF_TWO_THIRDS: i32 = 0x3f2a_aaab;
const EXPONENT_FIELD: i32 = 0xff80_0000_u32 as i32;

const TWO_TO_23: f32 = 8_388_608.0;

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
    let constant = |value| f32x16::splat(simd, value);
    let integer = |value| i32x16::splat(simd, value);
    let fma = |a, b, c| fused_multiply_add(simd, a, b, c);

    let subnormal = x.simd_lt(f32::MIN_POSITIVE);
    let normal = subnormal.select(x * TWO_TO_23, x);
    let k_of_scaling = subnormal.select(constant(-23.0), constant(0.0));

    let bits = normal.bitcast::<i32x16<S>>();
    let exponent = (bits - BITS_OF_TWO_THIRDS) & integer(EXPONENT_FIELD);
    let f = (bits - exponent).bitcast::<f32x16<S>>() - 1.0;
    let k = (exponent >> 23).to_float::<f32x16<S>>() + k_of_scaling;

    let f2 = f * f;
    let even = fma(constant(P_6), f2, constant(P_4));
    let odd = fma(constant(P_7), f2, constant(P_5));
    let even = fma(even, f2, constant(P_2));
    let odd = fma(odd, f2, constant(P_3));
    let odd = fma(odd, f2, constant(P_1));
    let p = fma(odd, f, fma(even, f2, constant(P_0)));
    let ln_m = fma(fma(p, f, constant(-0.5)), f2, f);
    let ln_x = fma(k, constant(LN_2), ln_m);

    // x + x is +∞ for +∞ and NaN for NaN.
    let positive = x.simd_lt(f32::INFINITY).select(ln_x, x + x);
    let not_negative = x.simd_lt(0.0).select(constant(f32::NAN), positive);
    x.simd_eq(0.0).select(constant(f32::NEG_INFINITY), not_negative)
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
