//! Departure 9: channels last, few classes, probabilities against per-class targets: each value stands on its own, so that rows of
//! pixels are taken as they lie in memory, and nothing is turned into planes. N vectors are 16 pixels of N classes, and one loop
//! reads, checks and sums them, so that memory never waits for it. With 4 classes, pass 1 takes half of what it took, and out of
//! memory a third; so does pass 2. All that is not certainly sound, or not 0 or 1 in the target, goes through the scratch, which gives
//! the same bits.

use crate::kernel::activation::finite_or_nan;
use crate::kernel::class_target::PlaneClass;
use crate::kernel::log_loss::clipped_number;
use crate::kernel::log_product::{LogProduct, Scaled};
use crate::kernel::slope::{Slope, WideCoefficients};
use crate::kernel::sums::Sums;
use crate::kernel::wide::{Lanes, Wide};
use crate::simd::{Bytes, Level, Select, Simd, SimdBase, SimdMask, dispatch, f32x16, f64x8, i32x16, u32x16};
use crate::statistics::Quantity;
use crate::tile::rows::Rows;
use crate::tile::{BLOCK, Block};

/// Pass 1 on the rows of one tile, with logarithms clipped to `[clip, 1 − clip]`. False, and nothing added, where a prediction is
/// negative, NaN or above `largest`, or a target other than 0 and 1.
pub(crate) fn accumulate_rows(level: Level, largest: f32, clip: f32, rows: &Rows, sums: &mut Sums) -> bool {
    if !sums.are_of_products() {
        return false;
    }
    match rows.classes {
        2 => dispatch!(level, simd => add_rows::<_, 2>(simd, largest, clip, rows, sums)),
        3 => dispatch!(level, simd => add_rows::<_, 3>(simd, largest, clip, rows, sums)),
        4 => dispatch!(level, simd => add_rows::<_, 4>(simd, largest, clip, rows, sums)),
        _ => false,
    }
}

/// Pass 2 on rows: written, not added; false, and nothing written, where it has to go through the scratch.
pub(crate) fn differentiate_rows(level: Level, slope: &Slope, rows: &Rows, out: &mut [f32]) -> bool {
    // A class without K would come out with another sign of zero beside one that has it.
    if slope.curved || !slope.is_evenly_complementary() {
        return false;
    }
    match rows.classes {
        2 => dispatch!(level, simd => write_rows::<_, 2>(simd, slope, rows, out)),
        3 => dispatch!(level, simd => write_rows::<_, 3>(simd, slope, rows, out)),
        4 => dispatch!(level, simd => write_rows::<_, 4>(simd, slope, rows, out)),
        _ => return false,
    }
    true
}

/// Reads rows, and sees whether they can be done here.
struct Source<'a, S: Simd, const N: usize> {
    simd: S,
    prediction: &'a [[Block; N]],
    target: &'a [[Block; N]],
    /// The largest prediction as bits: a positive number is below a larger one and below every negative one, infinity and NaN.
    largest: u32x16<S>,
    /// 0 where all targets are 0 or 1, by their bits.
    odd: u32x16<S>,
    /// The targets that are 1, exact in any order.
    ones: [f32x16<S>; N],
}

impl<'a, S: Simd, const N: usize> Source<'a, S, N> {
    #[inline(always)]
    fn new(simd: S, rows: &Rows<'a>) -> Self {
        let prediction = rows.prediction.as_chunks().0;
        Self {
            simd,
            prediction,
            target: &rows.target.as_chunks().0[..prediction.len()],
            largest: u32x16::splat(simd, 0),
            odd: u32x16::splat(simd, 0),
            ones: [f32x16::splat(simd, 0.0); N],
        }
    }

    /// Prediction and target of one of the N vectors.
    #[inline(always)]
    fn load(&mut self, block: usize, part: usize) -> (f32x16<S>, f32x16<S>) {
        let p = f32x16::load_array_ref(self.simd, &self.prediction[block][part]);
        let t = f32x16::load_array_ref(self.simd, &self.target[block][part]);
        let bits = t.bitcast::<u32x16<S>>();
        self.largest = self.largest.max(p.bitcast::<u32x16<S>>());
        self.odd |= bits.min(bits ^ 1.0_f32.to_bits());
        self.ones[part] += t;
        (p, t)
    }

    /// How many targets of each class are 1, if all that was read can be done here.
    #[inline(always)]
    fn counts_if_sound(&self, largest: f32) -> Option<[u32; N]> {
        if !(self.largest.simd_le(largest.to_bits()) & self.odd.simd_eq(0)).all_true() {
            return None;
        }
        let mut counts = [0; N];
        for (part, ones) in self.ones.iter().enumerate() {
            for (lane, count) in ones.to_array().into_iter().enumerate() {
                counts[(BLOCK * part + lane) % N] += count as u32;
            }
        }
        Some(counts)
    }
}

#[inline(always)]
fn add_rows<S: Simd, const N: usize>(simd: S, largest: f32, clip: f32, rows: &Rows, sums: &mut Sums) -> bool {
    let needs = sums.needs();
    let mut counted = None;
    if needs.contains(Quantity::Overlap) || needs.contains(Quantity::Predicted) {
        counted = add_products::<S, N>(Source::new(simd, rows), largest, sums);
        if counted.is_none() {
            return false;
        }
    }
    if needs.contains(Quantity::LogLoss) {
        counted = add_logarithms::<S, N>(Source::new(simd, rows), largest, clip, sums);
    }
    let Some(counted) = counted else { return false };
    for (class, count) in counted.into_iter().enumerate() {
        sums.add_count(class, count);
    }
    true
}

/// `Σ t·p` and `Σ p`; returns `Σ t` of each class.
#[inline(always)]
fn add_products<S: Simd, const N: usize>(mut source: Source<S, N>, largest: f32, sums: &mut Sums) -> Option<[u32; N]> {
    let simd = source.simd;
    let mut overlap: [_; N] = weave(simd, sums.lanes_of_all(Quantity::Overlap));
    let mut predicted: [_; N] = weave(simd, sums.lanes_of_all(Quantity::Predicted));
    for block in 0..source.prediction.len() {
        let mut p = [Wide::zero(simd); N];
        let mut found = [Wide::zero(simd); N];
        for part in 0..N {
            let (value, t) = source.load(block, part);
            p[part] = Wide::of(value);
            // Exact where t is 0 or 1, and one instruction less than to choose among halves.
            found[part] = Wide::of(value * t);
        }
        for half in 0..N {
            predicted[half] += half_of(&p, half) + half_of(&p, half + N);
            overlap[half] += half_of(&found, half) + half_of(&found, half + N);
        }
    }
    let counted = source.counts_if_sound(largest)?;
    sums.set_lanes_of_all(Quantity::Overlap, unweave(overlap));
    sums.set_lanes_of_all(Quantity::Predicted, unweave(predicted));
    Some(counted)
}

/// `Σ t·(−log p)` by products; returns `Σ t` of each class.
#[inline(always)]
fn add_logarithms<S: Simd, const N: usize>(
    mut source: Source<S, N>,
    largest: f32,
    clip: f32,
    sums: &mut Sums,
) -> Option<[u32; N]> {
    let simd = source.simd;
    let logs: &mut [LogProduct; N] = sums.logs().first_chunk_mut()?;
    let mut lanes = [[0.0; 8]; N];
    for (lanes, log) in lanes.iter_mut().zip(&*logs) {
        *lanes = log.mantissas;
    }
    let mut product: [_; N] = weave(simd, lanes);
    let mut exponents = [i32x16::splat(simd, 0); N];
    for block in 0..source.prediction.len() {
        let mut factors = [Wide::zero(simd); N];
        for part in 0..N {
            let (p, t) = source.load(block, part);
            let scaled = Scaled::of(t.simd_eq(1.0).select(clipped_number(simd, p, clip), f32x16::splat(simd, 1.0)));
            factors[part] = scaled.mantissa;
            exponents[part] += scaled.exponent;
        }
        for (half, product) in product.iter_mut().enumerate() {
            *product *= half_of(&factors, half) * half_of(&factors, half + N);
        }
    }
    let counted = source.counts_if_sound(largest)?;
    let lanes = unweave(product);
    let mut powers = [0; N];
    for (part, exponents) in exponents.into_iter().enumerate() {
        for (lane, exponent) in exponents.to_array().into_iter().enumerate() {
            powers[(BLOCK * part + lane) % N] += exponent;
        }
    }
    for ((log, lanes), power) in logs.iter_mut().zip(lanes).zip(powers) {
        log.mantissas = lanes;
        log.exponents[0] += power;
    }
    Some(counted)
}

/// The 8 pixels of a sum's lanes: half a block. N vectors of 16 are 2·N halves, of which the first N are its first 8 pixels.
#[inline(always)]
fn half_of<S: Simd, const N: usize>(parts: &[Wide<S>; N], half: usize) -> f64x8<S> {
    let Wide(low, high) = parts[half / 2];
    if half.is_multiple_of(2) { low } else { high }
}

/// From the lanes of each class to vectors of rows.
#[inline(always)]
fn weave<S: Simd, const N: usize>(simd: S, lanes: [Lanes; N]) -> [f64x8<S>; N] {
    let mut woven = [[0.0; 8]; N];
    for (at, value) in woven.as_flattened_mut().iter_mut().enumerate() {
        *value = lanes[at % N][at / N];
    }
    let mut vectors = [f64x8::splat(simd, 0.0); N];
    for (vector, woven) in vectors.iter_mut().zip(&woven) {
        *vector = f64x8::load_array_ref(simd, woven);
    }
    vectors
}

/// And back.
#[inline(always)]
fn unweave<S: Simd, const N: usize>(vectors: [f64x8<S>; N]) -> [Lanes; N] {
    let mut lanes = [[0.0; 8]; N];
    for (row, vector) in vectors.into_iter().enumerate() {
        for (at, value) in vector.to_array().into_iter().enumerate() {
            let at = 8 * row + at;
            lanes[at % N][at / N] = value;
        }
    }
    lanes
}

#[inline(always)]
fn write_rows<S: Simd, const N: usize>(simd: S, slope: &Slope, rows: &Rows, out: &mut [f32]) {
    let target = PlaneClass { plane: rows.target, finite: true };
    let mut k = [WideCoefficients::splat(simd, slope, 0); N];
    for (part, k) in k.iter_mut().enumerate() {
        *k = WideCoefficients::cyclic(simd, slope, BLOCK * part);
    }
    let prediction: &[[Block; N]] = rows.prediction.as_chunks().0;
    let out: &mut [[Block; N]] = out.as_chunks_mut().0.as_chunks_mut().0;
    for (block, (out, p)) in out.iter_mut().zip(prediction).enumerate() {
        for part in 0..N {
            let at = N * block + part;
            let p = finite_or_nan(f32x16::load_array_ref(simd, &p[part]));
            let d = k[part].by_probability(simd, &target, at);
            k[part].identity(simd, &target, at, p, d).store_array(&mut out[part]);
        }
    }
}
