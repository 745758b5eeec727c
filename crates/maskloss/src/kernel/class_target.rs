//! The target of one class, block by block, whatever the target is made of.

use crate::kernel::wide::Wide;
use crate::simd::{Select, Simd, SimdBase, f32x16, i32x16};
use crate::tile::{BLOCK, Block};

/// `t` of one class in a tile.
pub(crate) trait ClassTarget {
    /// False where `t` is known to be 0 in the whole tile: its terms then cost nothing.
    const OCCURS: bool;

    /// `t` of a block.
    fn at<S: Simd>(&self, simd: S, block: usize) -> f32x16<S>;

    /// `t` and `t·p` of a block, in double precision.
    #[inline(always)]
    fn overlap<S: Simd>(&self, simd: S, block: usize, p: f32x16<S>) -> (Wide<S>, Wide<S>) {
        let t = Wide::of(self.at(simd, block));
        (t, t.times(Wide::of(p)))
    }
}

/// A class that occurs among labels: 1 where the label is the class.
pub(crate) struct LabelClass<'a> {
    pub(crate) labels: &'a [[i32; BLOCK]],
    pub(crate) class: usize,
}

impl ClassTarget for LabelClass<'_> {
    const OCCURS: bool = true;

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, block: usize) -> f32x16<S> {
        let label = i32x16::load_array_ref(simd, &self.labels[block]);
        label.simd_eq(self.class as i32).select(f32x16::splat(simd, 1.0), f32x16::splat(simd, 0.0))
    }

    /// A selection instead of a product: t is 0 or 1.
    #[inline(always)]
    fn overlap<S: Simd>(&self, simd: S, block: usize, p: f32x16<S>) -> (Wide<S>, Wide<S>) {
        let is = i32x16::load_array_ref(simd, &self.labels[block]).simd_eq(self.class as i32);
        let zero = f32x16::splat(simd, 0.0);
        (Wide::of(is.select(f32x16::splat(simd, 1.0), zero)), Wide::of(is.select(p, zero)))
    }
}

/// A class that does not occur.
pub(crate) struct Absent;

impl ClassTarget for Absent {
    const OCCURS: bool = false;

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, _: usize) -> f32x16<S> {
        f32x16::splat(simd, 0.0)
    }
}

/// A class with a plane of its own.
pub(crate) struct PlaneClass<'a>(pub(crate) &'a [Block]);

impl ClassTarget for PlaneClass<'_> {
    const OCCURS: bool = true;

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, block: usize) -> f32x16<S> {
        f32x16::load_array_ref(simd, &self.0[block])
    }
}
