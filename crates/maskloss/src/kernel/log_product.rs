//! `Σ log x` of many numbers by one logarithm: the sum of their binary exponents, and the product of what is left.
//!
//! With `x = 2ᵏ·m`, `1 ≤ m < 2`: `Σ log x = (Σ k)·log 2 + log Π m`. The product is taken in double precision, lane by lane as in
//! [`Lanes`]; a chunk of 4096 pixels multiplies at most 512 factors into a lane, which stays below 2⁵¹². Every
//! product rounds once: the error of the sum is below 2⁻⁵³ for each factor, where an `f32` logarithm of each has 2⁻²⁴ of itself.

use crate::kernel::wide::{Lanes, Wide};
use crate::simd::{Bytes, MaskWiden, Select, Simd, SimdBase, f32x16, f64x8, i32x16, mask32x16};

const MANTISSA_BITS: u32 = 23;
const MANTISSA: i32 = (1 << MANTISSA_BITS) - 1;
const BITS_OF_ONE: i32 = 0x3f80_0000;
const BIAS: i32 = 127;

/// 16 positive, normal, finite numbers as `2ᵏ·m`.
#[derive(Clone, Copy)]
pub(crate) struct Scaled<S: Simd> {
    pub(crate) exponent: i32x16<S>,
    pub(crate) mantissa: Wide<S>,
}

impl<S: Simd> Scaled<S> {
    #[inline(always)]
    pub(crate) fn of(x: f32x16<S>) -> Self {
        let bits: i32x16<S> = x.bitcast();
        let mantissa: f32x16<S> = ((bits & MANTISSA) | BITS_OF_ONE).bitcast();
        Self { exponent: (bits >> MANTISSA_BITS) - BIAS, mantissa: Wide::of(mantissa) }
    }
}

/// The logarithms of a chunk in progress.
#[derive(Clone, Copy)]
pub(crate) struct LogProduct {
    pub(crate) mantissas: Lanes,
    /// Only their sum counts.
    pub(crate) exponents: [i32; 16],
}

impl LogProduct {
    /// Of no numbers.
    pub(crate) const ONE: Self = Self { mantissas: [1.0; 8], exponents: [0; 16] };

    /// Takes the numbers of the lanes where the mask is set.
    #[inline(always)]
    pub(crate) fn multiply<S: Simd>(&mut self, simd: S, mask: mask32x16<S>, x: Scaled<S>) {
        let one = f64x8::splat(simd, 1.0);
        let (low, high) = mask.widen();
        let product = f64x8::load_array_ref(simd, &self.mantissas)
            * (low.select(x.mantissa.0, one) * high.select(x.mantissa.1, one));
        product.store_array(&mut self.mantissas);
        let exponent = mask.select(x.exponent, i32x16::splat(simd, 0));
        (i32x16::load_array_ref(simd, &self.exponents) + exponent).store_array(&mut self.exponents);
    }

    /// `Σ log x`; starts again with none.
    pub(crate) fn take_ln(&mut self) -> f64 {
        let Self { mantissas, exponents } = std::mem::replace(self, Self::ONE);
        let mut exponent: i64 = exponents.iter().map(|&k| i64::from(k)).sum();
        let mut product = 1.0;
        // The eight products are brought to [1, 2) first, or theirs would overflow.
        for mantissa in mantissas {
            let bits = mantissa.to_bits();
            exponent += (bits >> 52) as i64 - 1023;
            product *= f64::from_bits(bits & ((1 << 52) - 1) | 1.0_f64.to_bits());
        }
        exponent as f64 * std::f64::consts::LN_2 + libm::log(product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, dispatch};
    use crate::sum::ExactSum;

    fn sum_of(level: Level, numbers: &[[f32; 16]], wanted: impl Fn(usize) -> bool) -> f64 {
        let mut product = LogProduct::ONE;
        for (b, block) in numbers.iter().enumerate() {
            let set: [i32; 16] = std::array::from_fn(|lane| i32::from(wanted(16 * b + lane)));
            dispatch!(level, simd => {
                let mask = i32x16::load_array_ref(simd, &set).simd_eq(1);
                product.multiply(simd, mask, Scaled::of(f32x16::load_array_ref(simd, block)));
            });
        }
        product.take_ln()
    }

    #[test]
    fn a_chunk_is_within_the_bound_at_every_level() {
        let largest: Vec<[f32; 16]> = vec![[f32::MAX; 16]; 256];
        let smallest: Vec<[f32; 16]> = vec![[f32::MIN_POSITIVE; 16]; 256];
        let mixed: Vec<[f32; 16]> = (0..256)
            .map(|b| std::array::from_fn(|lane| 1e-7 + ((b * 7919 + lane * 104_729) % 1000) as f32 / 333.0))
            .collect();
        for level in Level::available() {
            for numbers in [&largest, &smallest, &mixed] {
                let odd = |pixel: usize| pixel % 3 != 1;
                // The truth is summed exactly: a running sum would have a larger error than the product.
                let (mut truth, mut size) = (ExactSum::new(), 0.0);
                for (_, &x) in numbers.as_flattened().iter().enumerate().filter(|(pixel, _)| odd(*pixel)) {
                    truth.add(libm::log(f64::from(x)));
                    size += libm::log(f64::from(x)).abs();
                }
                let (truth, found) = (truth.value(), sum_of(level, numbers, odd));
                let bound = 4096.0 * 2_f64.powi(-53) + size * 2_f64.powi(-50);
                assert!((found - truth).abs() <= bound, "{}: {found} is not {truth}", level.name());
            }
        }
    }

    #[test]
    fn of_no_numbers_it_is_zero() {
        let mut none = LogProduct::ONE;
        assert_eq!(none.take_ln(), 0.0);
    }
}
