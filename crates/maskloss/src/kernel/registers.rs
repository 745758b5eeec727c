//! Few exclusive classes, or each class on its own: a block goes from logits to sums (pass 1) or to its gradient (pass 2) without
//! leaving the registers. Taken for what most calls are: labels, every pixel counting once, no logit that needs a shift or, for softmax,
//! lies beyond ±87.3. All else goes through the scratch of [`activation`](super::activation), which gives the same bits.

use crate::criterion::Activation;
use crate::kernel::activation::{is_plain, non_finite, sigmoid};
use crate::kernel::class_target::LabelClass;
use crate::kernel::derivative::Destination;
use crate::kernel::log_product::Scaled;
use crate::kernel::slope::{Slope, WideCoefficients};
use crate::kernel::sums::Sums;
use crate::kernel::wide::Wide;
use crate::simd::{
    Level, Simd, SimdBase, SimdMask, dispatch, exp_of_each, f32x16, have_normal_results, largest_size, mask32x16,
    prefetch,
};
use crate::statistics::Quantity;
use crate::tile::{BLOCK, Block, Tile};

/// Pass 1 on one tile: the prediction values that are NaN or infinite. `None`, and nothing added, where it has to go through the
/// scratch.
pub(crate) fn accumulate_in_registers(
    level: Level,
    activation: Activation,
    tile: &Tile,
    sums: &mut Sums,
) -> Option<u64> {
    let labels = tile.plain_labels()?;
    if !sums.are_of_products() {
        return None;
    }
    let sound = match (activation, tile.classes) {
        (Activation::Sigmoid, _) if !sums.needs().contains(Quantity::LogLoss) => {
            return Some(dispatch!(level, simd => sigmoid_sums(simd, tile, labels, sums)));
        }
        (Activation::Softmax, 2) => dispatch!(level, simd => softmax_sums::<_, 2>(simd, tile, labels, sums)),
        (Activation::Softmax, 3) => dispatch!(level, simd => softmax_sums::<_, 3>(simd, tile, labels, sums)),
        (Activation::Softmax, 4) => dispatch!(level, simd => softmax_sums::<_, 4>(simd, tile, labels, sums)),
        _ => false,
    };
    sound.then_some(0)
}

/// Pass 2 on one tile: written, not added; false where it has to go through the scratch, which then writes over it.
pub(crate) fn differentiate_in_registers(level: Level, slope: &Slope, tile: &Tile, out: &mut Destination) -> bool {
    let Some(labels) = tile.plain_labels() else { return false };
    if slope.curved {
        return false;
    }
    match (slope.activation, tile.classes) {
        (Activation::Sigmoid, _) => {
            dispatch!(level, simd => sigmoid_gradient(simd, slope, tile, labels, out));
            true
        }
        (Activation::Softmax, 2) => dispatch!(level, simd => softmax_gradient::<_, 2>(simd, slope, tile, labels, out)),
        (Activation::Softmax, 3) => dispatch!(level, simd => softmax_gradient::<_, 3>(simd, slope, tile, labels, out)),
        (Activation::Softmax, 4) => dispatch!(level, simd => softmax_gradient::<_, 4>(simd, slope, tile, labels, out)),
        _ => false,
    }
}

/// Departure 6: a group of blocks is activated while the one before it is added or written. The steps of a group are a chain of some 85
/// cycles, and the processor looks only some sixty operations ahead for what does not wait. Nothing may branch within an
/// activation, or the compiler moves what is before the branch behind it.
#[inline(always)]
fn one_ahead<T: Copy>(groups: usize, mut activate: impl FnMut(usize) -> T, mut consume: impl FnMut(usize, T)) {
    if groups == 0 {
        return;
    }
    let mut ready = activate(0);
    for group in 0..groups {
        let ahead = activate((group + 1).min(groups - 1));
        consume(group, ready);
        ready = ahead;
    }
}

/// [`sigmoid`] of some blocks, with its test of the range last: those of the rare ones that fail it are taken from there.
#[inline(always)]
fn sigmoids<S: Simd, const B: usize>(simd: S, z: &[Block; B]) -> [f32x16<S>; B] {
    let mut negative = [f32x16::splat(simd, 0.0); B];
    for b in 0..B {
        negative[b] = -f32x16::load_array_ref(simd, &z[b]);
    }
    let mut p = exp_of_each(simd, negative);
    for p in &mut p {
        *p += 1.0;
    }
    for p in &mut p {
        *p = 1.0 / *p;
    }
    if !have_normal_results(largest_size(simd, negative)).all_true() {
        for b in 0..B {
            [p[b]] = sigmoid(simd, [-negative[b]]);
        }
    }
    p
}

/// Two blocks at a time, and the last one alone.
#[inline(always)]
fn sigmoid_pairs<S: Simd>(simd: S, logits: &[Block], mut consume: impl FnMut(usize, f32x16<S>)) {
    let (pairs, rest) = logits.as_chunks::<2>();
    one_ahead(
        pairs.len(),
        #[inline(always)]
        |pair| sigmoids(simd, &pairs[pair]),
        #[inline(always)]
        |pair, [first, second]| {
            consume(2 * pair, first);
            consume(2 * pair + 1, second);
        },
    );
    if let [last] = rest {
        let [p] = sigmoids(simd, std::array::from_ref(last));
        consume(2 * pairs.len(), p);
    }
}

/// A block after softmax.
#[derive(Clone, Copy)]
struct Probabilities<S: Simd, const N: usize> {
    p: [f32x16<S>; N],
    denominator: f32x16<S>,
}

/// Activates blocks by softmax, and sees whether all of them could be done here.
struct Activate<'a, S: Simd, const N: usize> {
    simd: S,
    logits: [&'a [Block]; N],
    ahead: [&'a [Block]; N],
    /// Whether all exponentials were normal numbers, and all denominators plain.
    sound: mask32x16<S>,
}

impl<'a, S: Simd, const N: usize> Activate<'a, S, N> {
    #[inline(always)]
    fn new(simd: S, tile: &Tile<'a>) -> Self {
        let logits = std::array::from_fn(|class| &tile.prediction.plane(class)[..tile.blocks]);
        let ahead = std::array::from_fn(|class| &tile.prediction.plane_ahead(class)[..tile.blocks]);
        Self { simd, logits, ahead, sound: mask32x16::splat(simd, true) }
    }

    #[inline(always)]
    fn softmax(&mut self, block: usize) -> Probabilities<S, N> {
        let mut z = [f32x16::splat(self.simd, 0.0); N];
        for (z, logits) in z.iter_mut().zip(self.logits) {
            *z = f32x16::load_array_ref(self.simd, &logits[block]);
        }
        let mut p = exp_of_each(self.simd, z);
        let mut denominator = p[0];
        for &numerator in &p[1..] {
            denominator += numerator;
        }
        self.sound &= is_plain(denominator) & have_normal_results(largest_size(self.simd, z));
        let scale = 1.0 / denominator;
        for p in &mut p {
            *p *= scale;
        }
        Probabilities { p, denominator }
    }
}

#[inline(always)]
fn softmax_sums<S: Simd, const N: usize>(simd: S, tile: &Tile, labels: &[[i32; BLOCK]], sums: &mut Sums) -> bool {
    if sums.needs().contains(Quantity::LogLoss) {
        add_softmax::<S, N, true>(simd, tile, labels, sums)
    } else {
        add_softmax::<S, N, false>(simd, tile, labels, sums)
    }
}

#[inline(always)]
fn add_softmax<S: Simd, const N: usize, const LOGARITHMIC: bool>(
    simd: S,
    tile: &Tile,
    labels: &[[i32; BLOCK]],
    sums: &mut Sums,
) -> bool {
    let mut source = Activate::<S, N>::new(simd, tile);
    let (logits, ahead) = (source.logits, source.ahead);
    let labels = &labels[..tile.blocks];
    let targets: [_; N] = std::array::from_fn(|class| LabelClass { labels, class });
    let mut predicted = [sums.lanes(simd, Quantity::Predicted, 0); N];
    let mut found = [sums.target_sums(simd, 0); N];
    let mut logs = [sums.log_sums(simd, 0); N];
    for class in 1..N {
        predicted[class] = sums.lanes(simd, Quantity::Predicted, class);
        found[class] = sums.target_sums(simd, class);
        logs[class] = sums.log_sums(simd, class);
    }
    one_ahead(
        tile.blocks,
        #[inline(always)]
        |block| source.softmax(block),
        #[inline(always)]
        |block, Probabilities { p, denominator }| {
            let denominator = Scaled::of(denominator);
            for class in 0..N {
                prefetch(simd, &ahead[class][block]);
                let wide = Wide::of(p[class]);
                predicted[class] += wide.0 + wide.1;
                let is = targets[class].mask(simd, block);
                // Departure 4 pays only where logarithms stand behind the branch.
                if !LOGARITHMIC {
                    found[class].add_masked(simd, is, wide);
                } else if is.any_true() {
                    found[class].add_masked(simd, is, wide);
                    let z = f32x16::load_array_ref(simd, &logits[class][block]);
                    logs[class].add(simd, is, denominator, Wide::of(-z));
                }
            }
        },
    );
    if !source.sound.all_true() {
        return false;
    }
    for class in 0..N {
        sums.set_lanes(Quantity::Predicted, class, predicted[class]);
        sums.set_target_sums(class, found[class]);
        sums.set_log_sums(class, logs[class]);
    }
    true
}

/// Each class on its own.
#[inline(always)]
fn sigmoid_sums<S: Simd>(simd: S, tile: &Tile, labels: &[[i32; BLOCK]], sums: &mut Sums) -> u64 {
    let mut finite = true;
    for class in 0..tile.classes {
        let target = LabelClass { labels: &labels[..tile.blocks], class };
        let mut predicted = sums.lanes(simd, Quantity::Predicted, class);
        let mut found = sums.target_sums(simd, class);
        sigmoid_pairs(
            simd,
            &tile.prediction.plane(class)[..tile.blocks],
            #[inline(always)]
            |block, p| {
                let p = Wide::of(p);
                predicted += p.0 + p.1;
                found.add_masked(simd, target.mask(simd, block), p);
            },
        );
        // Probabilities are finite: where their sum is not, one was NaN.
        finite &= predicted.simd_lt(f64::INFINITY).all_true();
        sums.set_lanes(Quantity::Predicted, class, predicted);
        sums.set_target_sums(class, found);
    }
    if finite { 0 } else { non_finite(simd, tile) }
}

#[inline(always)]
fn softmax_gradient<S: Simd, const N: usize>(
    simd: S,
    slope: &Slope,
    tile: &Tile,
    labels: &[[i32; BLOCK]],
    out: &mut Destination,
) -> bool {
    if slope.logarithmic {
        write_softmax::<S, N, true>(simd, slope, tile, labels, out)
    } else {
        write_softmax::<S, N, false>(simd, slope, tile, labels, out)
    }
}

#[inline(always)]
fn write_softmax<S: Simd, const N: usize, const LOGARITHMIC: bool>(
    simd: S,
    slope: &Slope,
    tile: &Tile,
    labels: &[[i32; BLOCK]],
    out: &mut Destination,
) -> bool {
    let mut source = Activate::<S, N>::new(simd, tile);
    let labels = &labels[..tile.blocks];
    let targets: [_; N] = std::array::from_fn(|class| LabelClass { labels, class });
    let mut k = [WideCoefficients::splat_of(simd, slope, 0, LOGARITHMIC); N];
    for (class, k) in k.iter_mut().enumerate().skip(1) {
        *k = WideCoefficients::splat_of(simd, slope, class, LOGARITHMIC);
    }
    let total = f32x16::splat(simd, slope.total());
    let mut out: [(&mut [Block], &[Block]); N] = out.planes();
    let ahead = source.ahead;
    one_ahead(
        tile.blocks,
        #[inline(always)]
        |block| source.softmax(block),
        #[inline(always)]
        |block, Probabilities { p, .. }| {
            let mut d = p;
            let mut rest = total;
            for class in 0..N {
                prefetch(simd, &ahead[class][block]);
                d[class] = k[class].by_probability(simd, &targets[class], block);
                rest = k[class].rest(simd, &targets[class], block, rest, p[class], d[class]);
            }
            for class in 0..N {
                d[class] = k[class].softmax(simd, &targets[class], block, rest, p[class], d[class]);
            }
            for (d, (out, ahead)) in d.into_iter().zip(&mut out) {
                if let Some(next) = ahead.get(block) {
                    prefetch(simd, next);
                }
                d.store_array(&mut out[block]);
            }
        },
    );
    source.sound.all_true()
}

#[inline(always)]
fn sigmoid_gradient<S: Simd>(simd: S, slope: &Slope, tile: &Tile, labels: &[[i32; BLOCK]], out: &mut Destination) {
    if slope.logarithmic {
        write_sigmoid::<S, true>(simd, slope, tile, labels, out)
    } else {
        write_sigmoid::<S, false>(simd, slope, tile, labels, out)
    }
}

#[inline(always)]
fn write_sigmoid<S: Simd, const LOGARITHMIC: bool>(
    simd: S,
    slope: &Slope,
    tile: &Tile,
    labels: &[[i32; BLOCK]],
    out: &mut Destination,
) {
    for class in 0..tile.classes {
        let target = LabelClass { labels: &labels[..tile.blocks], class };
        let k = WideCoefficients::splat_of(simd, slope, class, LOGARITHMIC);
        let out = &mut out.plane(class)[..tile.blocks];
        sigmoid_pairs(
            simd,
            &tile.prediction.plane(class)[..tile.blocks],
            #[inline(always)]
            |block, p| {
                let d = k.by_probability(simd, &target, block);
                k.sigmoid(simd, &target, block, p, d).store_array(&mut out[block]);
            },
        );
    }
}
