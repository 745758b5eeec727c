//! The target of one class, block by block, whatever the target is made of.

use crate::kernel::wide::Wide;
use crate::simd::{Select, Simd, SimdBase, SimdMask, f32x16, f64x8, i32x16, mask32x16};
use crate::tile::{BLOCK, Block, TileTarget};

/// `Σ t·p` and `Σ t` of one class, in progress. Where t is 0 or 1 it is counted: exact, and no addition of lanes.
#[derive(Clone, Copy)]
pub(crate) struct TargetSums<S: Simd> {
    pub(crate) overlap: f64x8<S>,
    pub(crate) reference: f64x8<S>,
    pub(crate) count: u32,
}

impl<S: Simd> TargetSums<S> {
    /// Adds the pixels of a block whose t is 1, where all others are 0.
    #[inline(always)]
    pub(crate) fn add_masked(&mut self, simd: S, is: mask32x16<S>, p: Wide<S>) {
        self.overlap += p.sum_where(simd, is);
        self.count += is.to_bitmask().count_ones();
    }

    /// The same where most blocks have none. Departure 4: a branch that is mostly right is cheaper than three additions.
    #[inline(always)]
    fn add_if_any(&mut self, simd: S, is: mask32x16<S>, p: Wide<S>) {
        if is.any_true() {
            self.add_masked(simd, is, p);
        }
    }
}

/// `t` of one class in a tile.
pub(crate) trait ClassTarget {
    /// False where `t` is known to be 0 in the whole tile: its terms then cost nothing.
    const OCCURS: bool;

    /// `t` of a block.
    fn at<S: Simd>(&self, simd: S, block: usize) -> f32x16<S>;

    /// `constant + slope·t` of a block.
    fn linear<S: Simd>(&self, simd: S, block: usize, constant: f32x16<S>, slope: f32x16<S>) -> f32x16<S>;

    /// `absent·(1 − t) + present·t` of a block.
    fn mean<S: Simd>(&self, simd: S, block: usize, absent: f32x16<S>, present: f32x16<S>) -> f32x16<S>;

    /// Where t is 1, if it is 0 or 1 in the whole block.
    fn mask_if_binary<S: Simd>(&self, simd: S, block: usize) -> Option<mask32x16<S>>;

    /// Adds `t·p` and `t` of a block.
    fn add<S: Simd>(&self, simd: S, block: usize, p: Wide<S>, sums: &mut TargetSums<S>);
}

/// `t` of any class of a block, where it does not matter what the target is made of.
#[inline(always)]
pub(crate) fn target_at<S: Simd>(simd: S, target: &TileTarget, class: usize, block: usize) -> f32x16<S> {
    match *target {
        TileTarget::Planes(planes) => f32x16::load_array_ref(simd, &planes.plane(class)[block]),
        TileTarget::Labels { labels, .. } => LabelClass { labels, class }.at(simd, block),
    }
}

/// The same of one pixel.
pub(crate) fn target_of(target: &TileTarget, class: usize, block: usize, lane: usize) -> f32 {
    match *target {
        TileTarget::Planes(planes) => planes.plane(class)[block][lane],
        TileTarget::Labels { labels, .. } => f32::from(u8::from(labels[block][lane] == class as i32)),
    }
}

/// A class that occurs among labels: 1 where the label is the class.
pub(crate) struct LabelClass<'a> {
    pub(crate) labels: &'a [[i32; BLOCK]],
    pub(crate) class: usize,
}

impl LabelClass<'_> {
    /// Where the label is the class.
    #[inline(always)]
    pub(crate) fn mask<S: Simd>(&self, simd: S, block: usize) -> mask32x16<S> {
        i32x16::load_array_ref(simd, &self.labels[block]).simd_eq(self.class as i32)
    }
}

impl ClassTarget for LabelClass<'_> {
    const OCCURS: bool = true;

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, block: usize) -> f32x16<S> {
        self.mask(simd, block).select(f32x16::splat(simd, 1.0), f32x16::splat(simd, 0.0))
    }

    #[inline(always)]
    fn linear<S: Simd>(&self, simd: S, block: usize, constant: f32x16<S>, slope: f32x16<S>) -> f32x16<S> {
        self.mask(simd, block).select(constant + slope, constant)
    }

    #[inline(always)]
    fn mean<S: Simd>(&self, simd: S, block: usize, absent: f32x16<S>, present: f32x16<S>) -> f32x16<S> {
        self.mask(simd, block).select(present, absent)
    }

    #[inline(always)]
    fn mask_if_binary<S: Simd>(&self, simd: S, block: usize) -> Option<mask32x16<S>> {
        Some(self.mask(simd, block))
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, block: usize, p: Wide<S>, sums: &mut TargetSums<S>) {
        sums.add_if_any(simd, self.mask(simd, block), p);
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

    #[inline(always)]
    fn linear<S: Simd>(&self, _: S, _: usize, constant: f32x16<S>, _: f32x16<S>) -> f32x16<S> {
        constant
    }

    #[inline(always)]
    fn mean<S: Simd>(&self, _: S, _: usize, absent: f32x16<S>, _: f32x16<S>) -> f32x16<S> {
        absent
    }

    #[inline(always)]
    fn mask_if_binary<S: Simd>(&self, _: S, _: usize) -> Option<mask32x16<S>> {
        None
    }

    #[inline(always)]
    fn add<S: Simd>(&self, _: S, _: usize, _: Wide<S>, _: &mut TargetSums<S>) {}
}

/// A class with a plane of its own.
pub(crate) struct PlaneClass<'a> {
    pub(crate) plane: &'a [Block],
    /// Whether every prediction is finite: then 0·p is 0, and need not be computed.
    pub(crate) finite: bool,
}

impl ClassTarget for PlaneClass<'_> {
    const OCCURS: bool = true;

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, block: usize) -> f32x16<S> {
        f32x16::load_array_ref(simd, &self.plane[block])
    }

    #[inline(always)]
    fn linear<S: Simd>(&self, simd: S, block: usize, constant: f32x16<S>, slope: f32x16<S>) -> f32x16<S> {
        constant + slope * self.at(simd, block)
    }

    #[inline(always)]
    fn mean<S: Simd>(&self, simd: S, block: usize, absent: f32x16<S>, present: f32x16<S>) -> f32x16<S> {
        let t = self.at(simd, block);
        absent * (1.0 - t) + present * t
    }

    /// Departure 5: a block of zeros and ones is a mask. Most soft targets are one-hot, and the others are soft at borders only.
    #[inline(always)]
    fn mask_if_binary<S: Simd>(&self, simd: S, block: usize) -> Option<mask32x16<S>> {
        let t = self.at(simd, block);
        let one = t.simd_eq(1.0);
        (self.finite && (one | t.simd_eq(0.0)).all_true()).then_some(one)
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, block: usize, p: Wide<S>, sums: &mut TargetSums<S>) {
        if let Some(is) = self.mask_if_binary(simd, block) {
            sums.add_if_any(simd, is, p);
            return;
        }
        let t = Wide::of(self.at(simd, block));
        let Wide(low, high) = t.times(p);
        sums.overlap += low + high;
        sums.reference += t.0 + t.1;
    }
}
