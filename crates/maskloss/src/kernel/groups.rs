//! Many exclusive classes: a few blocks go from logits to sums before the next ones, through a scratch that stays in the L1 cache.
//! Taken for what most calls are: labels, every pixel counting once, no logit that needs a shift or lies beyond ±87.3. All else goes
//! through the scratch of [`activation`](super::activation), which gives the same bits.

use crate::criterion::Activation;
use crate::kernel::activation::{DENOMINATOR_GROUP, PLAIN_DENOMINATORS};
use crate::kernel::log_product::Scaled;
use crate::kernel::sums::{LogSums, ProductSums, Sums};
use crate::kernel::wide::Wide;
use crate::simd::{
    Level, Simd, SimdBase, SimdMask, dispatch, exp_of_each, f32x16, f64x8, have_normal_results, i32x16, largest_size,
    mask32x16, prefetch,
};
use crate::tile::{BLOCK, Block, Tile};

/// The blocks of a group: so many exponentials take each step together, and the denominators stay in registers.
const GROUP: usize = 4;

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
            dispatch!(level, simd => add_groups(simd, tile, labels, scratch, &mut sums.products()))
        }
        _ => 0,
    }
}

#[inline(always)]
fn add_groups<S: Simd>(
    simd: S,
    tile: &Tile,
    labels: &[[i32; BLOCK]],
    scratch: &mut [Block],
    sums: &mut ProductSums,
) -> usize {
    let mut done = 0;
    while done + GROUP <= tile.blocks && add_group::<S, GROUP>(simd, tile, done, labels, scratch, sums) {
        done += GROUP;
    }
    while done < tile.blocks && add_group::<S, 1>(simd, tile, done, labels, scratch, sums) {
        done += 1;
    }
    done
}

/// Departure 24: in groups, exponentials are written and read in the L1 cache; a tile of them is in the L2 cache. False, and nothing
/// added, where the group has to be done elsewhere.
#[inline(always)]
fn add_group<S: Simd, const B: usize>(
    simd: S,
    tile: &Tile,
    first: usize,
    labels: &[[i32; BLOCK]],
    scratch: &mut [Block],
    sums: &mut ProductSums,
) -> bool {
    let exponentials = &mut scratch.as_chunks_mut::<B>().0[..tile.classes];
    let Some(softmax) = Softmax::of(simd, tile, first, exponentials) else { return false };
    for (class, lanes) in sums.predicted.iter_mut().enumerate() {
        let mut sum = f64x8::load_array_ref(simd, lanes);
        for b in 0..B {
            let Wide(low, high) = softmax.probability(simd, exponentials, class, b);
            sum += low + high;
        }
        sum.store_array(lanes);
    }
    add_own_classes(simd, tile, first, labels, exponentials, softmax, sums);
    true
}

/// What a group shares: `p = exponential · scale`.
#[derive(Clone, Copy)]
struct Softmax<S: Simd, const B: usize> {
    denominator: [f32x16<S>; B],
    scale: [f32x16<S>; B],
}

impl<S: Simd, const B: usize> Softmax<S, B> {
    /// Writes `exp(z)` of all classes, whose sum is taken in the order of [`activation`](super::activation). `None` where an exponential is
    /// not a normal number, or a denominator not plain.
    #[inline(always)]
    fn of(simd: S, tile: &Tile, first: usize, exponentials: &mut [[Block; B]]) -> Option<Self> {
        let mut denominator = [f32x16::splat(simd, 0.0); B];
        let mut largest = i32x16::splat(simd, 0);
        for (group, exponentials) in exponentials.chunks_mut(DENOMINATOR_GROUP).enumerate() {
            let mut total = [f32x16::splat(simd, 0.0); B];
            for (class, to) in exponentials.iter_mut().enumerate() {
                let class = group * DENOMINATOR_GROUP + class;
                let logits = part::<_, B>(tile.prediction.plane(class), first);
                let ahead = part::<_, B>(tile.prediction.plane_ahead(class), first);
                let mut z = [f32x16::splat(simd, 0.0); B];
                for b in 0..B {
                    z[b] = f32x16::load_array_ref(simd, &logits[b]);
                    prefetch(simd, &ahead[b]);
                }
                let values = exp_of_each(simd, z);
                for b in 0..B {
                    total[b] += values[b];
                    values[b].store_array(&mut to[b]);
                }
                largest = largest.max(largest_size(simd, z));
            }
            for b in 0..B {
                denominator[b] = if group == 0 { total[b] } else { denominator[b] + total[b] };
            }
        }
        let mut sound = have_normal_results(largest);
        let mut scale = denominator;
        for (scale, s) in scale.iter_mut().zip(denominator) {
            sound &= s.simd_ge(*PLAIN_DENOMINATORS.start()) & s.simd_le(*PLAIN_DENOMINATORS.end());
            *scale = 1.0 / s;
        }
        sound.all_true().then_some(Self { denominator, scale })
    }

    #[inline(always)]
    fn probability(&self, simd: S, exponentials: &[[Block; B]], class: usize, b: usize) -> Wide<S> {
        Wide::of(f32x16::load_array_ref(simd, &exponentials[class][b]) * self.scale[b])
    }
}

/// I, G and `Σ −log p` of a group.
///
/// Departure 19: labels lie in regions, so that a group has few classes. It visits those, and not each class its blocks.
#[inline(always)]
fn add_own_classes<S: Simd, const B: usize>(
    simd: S,
    tile: &Tile,
    first: usize,
    labels: &[[i32; BLOCK]],
    exponentials: &[[Block; B]],
    softmax: Softmax<S, B>,
    sums: &mut ProductSums,
) {
    let labels = part::<_, B>(labels, first);
    let mut label = [i32x16::splat(simd, 0); B];
    let mut left = 0;
    for b in 0..B {
        label[b] = i32x16::load_array_ref(simd, &labels[b]);
        left |= bits_at(label[b].simd_ge(0), b);
    }
    while left != 0 {
        let class = labels.as_flattened()[left.trailing_zeros() as usize];
        let mut is = [mask32x16::splat(simd, false); B];
        let mut own = 0;
        for b in 0..B {
            is[b] = label[b].simd_eq(class);
            own |= bits_at(is[b], b);
        }
        left &= !own;
        let class = class as usize;
        if let Some(lanes) = sums.reference.get_mut(class) {
            lanes[0] += f64::from(own.count_ones());
        }
        if let Some(lanes) = sums.overlap.get_mut(class) {
            let mut sum = f64x8::load_array_ref(simd, lanes);
            for b in 0..B {
                sum += softmax.probability(simd, exponentials, class, b).sum_where(simd, is[b]);
            }
            sum.store_array(lanes);
        }
        if let (Some(product), Some(lanes)) = (sums.logs.get_mut(class), sums.linear.get_mut(class)) {
            let logits = part::<_, B>(tile.prediction.plane(class), first);
            let mut found = LogSums { product: *product, linear: f64x8::load_array_ref(simd, lanes) };
            for b in 0..B {
                let linear = Wide::of(-f32x16::load_array_ref(simd, &logits[b]));
                found.add(simd, is[b], Scaled::of(softmax.denominator[b]), linear);
            }
            *product = found.product;
            found.linear.store_array(lanes);
        }
    }
}

/// The pixels of a mask among those of a group.
#[inline(always)]
fn bits_at<S: Simd>(mask: mask32x16<S>, block: usize) -> u64 {
    u64::from(mask.to_bitmask()) << (BLOCK * block)
}

/// Some blocks of a plane.
#[inline(always)]
fn part<T, const B: usize>(plane: &[T], first: usize) -> &[T; B] {
    &plane[first..].as_chunks().0[0]
}
