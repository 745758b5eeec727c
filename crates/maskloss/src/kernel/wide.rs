//! 16 pixels in double precision, and sums of them in a fixed order.

use crate::simd::{MaskWiden, Select, Simd, SimdBase, SimdNarrow, SimdWiden, f32x16, f64x8, mask32x16};
use crate::tile::{BLOCK, Block};

/// A sum in progress. Lane j takes the pixels 8k + j of a plane, in order: the 16 pixels of a block are widened to twice 8 `f64`,
/// those two are added, and the result joins the lanes. That order is part of the numerics: no tile size, level or layout can
/// change it.
pub(crate) type Lanes = [f64; 8];

const _: () = assert!(BLOCK == 16, "lanes take a block as twice 8 pixels");

/// A block in double precision: its first and its last 8 pixels.
#[derive(Clone, Copy)]
pub(crate) struct Wide<S: Simd>(pub(crate) f64x8<S>, pub(crate) f64x8<S>);

impl<S: Simd> Wide<S> {
    #[inline(always)]
    pub(crate) fn of(value: f32x16<S>) -> Self {
        let (low, high) = value.widen();
        Self(low, high)
    }

    #[inline(always)]
    pub(crate) fn zero(simd: S) -> Self {
        Self(f64x8::splat(simd, 0.0), f64x8::splat(simd, 0.0))
    }

    #[inline(always)]
    pub(crate) fn load(simd: S, block: &Block) -> Self {
        Self::of(f32x16::load_array_ref(simd, block))
    }

    #[inline(always)]
    pub(crate) fn times(self, other: Self) -> Self {
        Self(self.0 * other.0, self.1 * other.1)
    }

    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }

    #[inline(always)]
    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0, self.1 - other.1)
    }

    #[inline(always)]
    pub(crate) fn narrow(self) -> f32x16<S> {
        self.0.narrow(self.1)
    }

    #[inline(always)]
    pub(crate) fn to_array(self) -> [f64; BLOCK] {
        let mut values = [0.0; BLOCK];
        self.0.store_slice(&mut values[..8]);
        self.1.store_slice(&mut values[8..]);
        values
    }

    /// The sum of both halves, of the pixels that the mask names.
    #[inline(always)]
    pub(crate) fn sum_where(self, simd: S, is: mask32x16<S>) -> f64x8<S> {
        let zero = f64x8::splat(simd, 0.0);
        let (low, high) = is.widen();
        low.select(self.0, zero) + high.select(self.1, zero)
    }

    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        Self(self.0.abs(), self.1.abs())
    }
}

/// Adds `term` of each block to a sum.
#[inline(always)]
pub(crate) fn add_blocks<S: Simd>(simd: S, lanes: &mut Lanes, blocks: usize, term: impl Fn(usize) -> Wide<S>) {
    let mut sum = f64x8::load_array_ref(simd, lanes);
    for block in 0..blocks {
        let Wide(low, high) = term(block);
        sum += low + high;
    }
    sum.store_array(lanes);
}
