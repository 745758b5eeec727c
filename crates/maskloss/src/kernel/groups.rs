//! Exclusive classes, of which there may be many: a few blocks go from logits to sums (pass 1) or to their gradient (pass 2) before the
//! next ones, through a scratch that an L1 cache holds up to some 100 classes. Taken for what most calls are: labels, every pixel
//! counting once, no logit that needs a shift or lies beyond ±87.3. All else goes through the scratch of
//! [`activation`](super::activation), which gives the same bits.
//!
//! Departure 24: a tile of exponentials is written to and read from the L2 cache, a group of four blocks is not; its denominators are
//! not stored, and what is done with a class is a loop of known length.

use crate::criterion::Activation;
use crate::kernel::activation::{GROUP, Softmax, blocks_at, in_groups};
use crate::kernel::class_target::{Absent, ClassTarget, LabelClass};
use crate::kernel::derivative::Destination;
use crate::kernel::log_product::Scaled;
use crate::kernel::slope::{Slope, WideCoefficients};
use crate::kernel::sums::{LogSums, ProductSums, Sums};
use crate::kernel::wide::Wide;
use crate::simd::{Level, Simd, SimdBase, SimdMask, dispatch, f32x16, f64x8, i32x16, mask32x16, prefetch};
use crate::tile::{BLOCK, Block, Tile, TileTarget};

/// Pass 1 on as many blocks of a tile as can be done here, from the first one on: returns how many those are. `scratch` holds a tile.
pub(crate) fn accumulate_in_groups(
    level: Level,
    activation: Activation,
    tile: &Tile,
    scratch: &mut [Block],
    sums: &mut Sums,
) -> usize {
    match tile.plain_labels() {
        Some(labels) if activation == Activation::Softmax && sums.are_of_products() => {
            let sums = &mut sums.products();
            dispatch!(level, simd => in_groups(
                tile.blocks,
                #[inline(always)]
                |first, whole| {
                    if whole {
                        add_group::<_, GROUP>(simd, tile, labels, first, scratch, sums)
                    } else {
                        add_group::<_, 1>(simd, tile, labels, first, scratch, sums)
                    }
                },
            ))
        }
        _ => 0,
    }
}

/// Pass 2 on one tile: written, not added; false where it has to go through the scratch of tiles, which then writes over it.
pub(crate) fn differentiate_in_groups(
    level: Level,
    slope: &Slope,
    tile: &Tile,
    scratch: &mut [Block],
    out: &mut Destination,
) -> bool {
    let (TileTarget::Labels { labels, present }, None) = (tile.target, tile.weights) else { return false };
    if slope.activation != Activation::Softmax || slope.curved {
        return false;
    }
    let slope = (slope, slope.total());
    let done = dispatch!(level, simd => in_groups(
        tile.blocks,
        #[inline(always)]
        |first, whole| {
            if whole {
                write_group::<_, GROUP>(simd, slope, tile, (labels, present), first, scratch, out)
            } else {
                write_group::<_, 1>(simd, slope, tile, (labels, present), first, scratch, out)
            }
        },
    ));
    done == tile.blocks
}

/// False, and nothing added, where a group has to be done elsewhere.
#[inline(always)]
fn add_group<S: Simd, const B: usize>(
    simd: S,
    tile: &Tile,
    labels: &[[i32; BLOCK]],
    first: usize,
    scratch: &mut [Block],
    sums: &mut ProductSums,
) -> bool {
    let Some(group) = Group::<S, B>::activate(simd, tile, labels, first, scratch) else { return false };
    group.add_predicted(sums.predicted);
    group.add_own_classes(tile, sums);
    true
}

#[inline(always)]
fn write_group<S: Simd, const B: usize>(
    simd: S,
    (slope, total): (&Slope, f32),
    tile: &Tile,
    (labels, present): (&[[i32; BLOCK]], &[usize]),
    first: usize,
    scratch: &mut [Block],
    out: &mut Destination,
) -> bool {
    let Some(group) = Group::<S, B>::activate(simd, tile, labels, first, scratch) else { return false };
    if slope.logarithmic {
        group.write::<true>(slope, total, present, out);
    } else {
        group.write::<false>(slope, total, present, out);
    }
    true
}

/// B blocks of a tile, activated: `p = exponential · scale`.
struct Group<'a, S: Simd, const B: usize> {
    simd: S,
    first: usize,
    /// Of the tile.
    labels: &'a [[i32; BLOCK]],
    /// One for each class.
    exponentials: &'a [[Block; B]],
    shared: Softmax<S, B>,
}

impl<'a, S: Simd, const B: usize> Group<'a, S, B> {
    #[inline(always)]
    fn activate(
        simd: S,
        tile: &Tile,
        labels: &'a [[i32; BLOCK]],
        first: usize,
        scratch: &'a mut [Block],
    ) -> Option<Self> {
        let exponentials = &mut scratch.as_chunks_mut().0[..tile.classes];
        let shared = Softmax::of(
            simd,
            tile,
            first,
            #[inline(always)]
            |class, values: [f32x16<S>; B]| {
                for (value, to) in values.into_iter().zip(&mut exponentials[class]) {
                    value.store_array(to);
                }
            },
        )?;
        Some(Self { simd, first, labels, exponentials, shared })
    }

    #[inline(always)]
    fn probability(&self, exponentials: &[Block; B], b: usize) -> f32x16<S> {
        f32x16::load_array_ref(self.simd, &exponentials[b]) * self.shared.scale[b]
    }

    /// P of all classes.
    #[inline(always)]
    fn add_predicted(&self, predicted: &mut [[f64; 8]]) {
        for (lanes, exponentials) in predicted.iter_mut().zip(self.exponentials) {
            let mut sum = f64x8::load_array_ref(self.simd, lanes);
            for b in 0..B {
                let Wide(low, high) = Wide::of(self.probability(exponentials, b));
                sum += low + high;
            }
            sum.store_array(lanes);
        }
    }

    /// I, G and `Σ −log p`.
    ///
    /// Departure 19: labels lie in regions, so that a group has few classes. It visits those, and not each class its blocks.
    #[inline(always)]
    fn add_own_classes(&self, tile: &Tile, sums: &mut ProductSums) {
        let simd = self.simd;
        let labels: &[_; B] = blocks_at(self.labels, self.first);
        let mut left = 0;
        for (b, labels) in labels.iter().enumerate() {
            left |= bits_at(i32x16::load_array_ref(simd, labels).simd_ge(0), b);
        }
        while left != 0 {
            let class = labels.as_flattened()[left.trailing_zeros() as usize];
            let mut is = [mask32x16::splat(simd, false); B];
            let mut own = 0;
            for (b, labels) in labels.iter().enumerate() {
                is[b] = i32x16::load_array_ref(simd, labels).simd_eq(class);
                own |= bits_at(is[b], b);
            }
            left &= !own;
            let class = class as usize;
            if let Some(count) = sums.counts.get_mut(class) {
                *count += own.count_ones();
            }
            if let Some(lanes) = sums.overlap.get_mut(class) {
                let mut sum = f64x8::load_array_ref(simd, lanes);
                for (b, &is) in is.iter().enumerate() {
                    sum += Wide::of(self.probability(&self.exponentials[class], b)).sum_where(simd, is);
                }
                sum.store_array(lanes);
            }
            if let (Some(product), Some(lanes)) = (sums.logs.get_mut(class), sums.linear.get_mut(class)) {
                let logits: &[_; B] = blocks_at(tile.prediction.plane(class), self.first);
                let mut found = LogSums { product: *product, linear: f64x8::load_array_ref(simd, lanes) };
                for (b, &is) in is.iter().enumerate() {
                    let linear = Wide::of(-f32x16::load_array_ref(simd, &logits[b]));
                    found.add(simd, is, Scaled::of(self.shared.denominator[b]), linear);
                }
                *product = found.product;
                found.linear.store_array(lanes);
            }
        }
    }

    /// The gradient; `present`: the classes that occur in the tile.
    #[inline(always)]
    fn write<const LOGARITHMIC: bool>(&self, slope: &Slope, total: f32, present: &[usize], out: &mut Destination) {
        let (simd, labels) = (self.simd, self.labels);
        let mut rest = [f32x16::splat(simd, total); B];
        let mut occurring = present.iter().peekable();
        for (class, exponentials) in self.exponentials.iter().enumerate() {
            let k = WideCoefficients::splat_of(simd, slope, class, LOGARITHMIC);
            match occurring.next_if_eq(&&class) {
                Some(_) => self.add_to_rest(exponentials, &k, &LabelClass { labels, class }, &mut rest),
                None => self.add_to_rest(exponentials, &k, &Absent, &mut rest),
            }
        }
        let mut occurring = present.iter().peekable();
        for (class, exponentials) in self.exponentials.iter().enumerate() {
            let k = WideCoefficients::splat_of(simd, slope, class, LOGARITHMIC);
            let (to, ahead) = out.plane_and_ahead(class);
            for next in ahead.get(self.first..self.first + B).unwrap_or_default() {
                prefetch(simd, next);
            }
            let to = &mut to[self.first..].as_chunks_mut().0[0];
            match occurring.next_if_eq(&&class) {
                Some(_) => self.write_class(exponentials, &k, &LabelClass { labels, class }, &rest, to),
                None => self.write_class(exponentials, &k, &Absent, &rest, to),
            }
        }
    }

    #[inline(always)]
    fn add_to_rest<T: ClassTarget>(
        &self,
        exponentials: &[Block; B],
        k: &WideCoefficients<S>,
        target: &T,
        rest: &mut [f32x16<S>; B],
    ) {
        for (b, rest) in rest.iter_mut().enumerate() {
            let at = self.first + b;
            let d = k.by_probability(self.simd, target, at);
            *rest = k.rest(self.simd, target, at, *rest, self.probability(exponentials, b), d);
        }
    }

    #[inline(always)]
    fn write_class<T: ClassTarget>(
        &self,
        exponentials: &[Block; B],
        k: &WideCoefficients<S>,
        target: &T,
        rest: &[f32x16<S>; B],
        to: &mut [Block; B],
    ) {
        for (b, to) in to.iter_mut().enumerate() {
            let at = self.first + b;
            let d = k.by_probability(self.simd, target, at);
            k.softmax(self.simd, target, at, rest[b], self.probability(exponentials, b), d).store_array(to);
        }
    }
}

const _: () = assert!(GROUP * BLOCK <= 64, "the pixels of a group are the bits of a number");

/// The pixels of a mask among those of a group.
#[inline(always)]
fn bits_at<S: Simd>(mask: mask32x16<S>, block: usize) -> u64 {
    mask.to_bitmask() << (BLOCK * block)
}
