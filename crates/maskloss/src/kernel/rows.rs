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
use crate::simd::{
    Bytes, Level, Select, Simd, SimdBase, SimdMask, dispatch, f32x16, f64x8, i32x16, mask32x16, prefetch, u32x16,
};
use crate::statistics::{Needs, Quantity};
use crate::tile::rows::Rows;
use crate::tile::{BLOCK, Block};

/// Pass 1 on the rows of one chunk, with logarithms clipped to `[clip, 1 − clip]`. False, and nothing added, where a prediction is
/// negative, NaN or above `largest`, or a target other than 0 and 1.
pub(crate) fn accumulate_rows(level: Level, largest: f32, clip: f32, rows: &Rows, sums: &mut Sums) -> bool {
    if !sums.are_of_products() {
        return false;
    }
    match rows.classes {
        2 => dispatch!(level, simd => add_rows_ahead::<_, 2>(simd, largest, clip, rows, sums)),
        3 => dispatch!(level, simd => add_rows_ahead::<_, 3>(simd, largest, clip, rows, sums)),
        4 => dispatch!(level, simd => add_rows_ahead::<_, 4>(simd, largest, clip, rows, sums)),
        _ => false,
    }
}

/// Whether pass 2 can be done here. A class without K would come out with another sign of zero beside one that has it.
fn is_even(slope: &Slope) -> bool {
    !slope.curved && slope.is_evenly_complementary()
}

/// Pass 2 on rows: written, not added; false, and nothing written, where it has to go through the scratch.
pub(crate) fn differentiate_rows(level: Level, slope: &Slope, rows: &Rows, out: &mut [f32]) -> bool {
    if !is_even(slope) {
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

/// Both passes on the rows of one chunk, where logarithms are all that is wanted: reading and writing share the time of computing.
/// False, and nothing added, as in pass 1; then what was written is to be written again.
pub(crate) fn accumulate_and_differentiate_rows(
    level: Level,
    (largest, clip): (f32, f32),
    slope: &Slope,
    rows: &Rows,
    sums: &mut Sums,
    out: &mut [f32],
) -> bool {
    if !is_even(slope) || !Needs::of(&[Quantity::LogLoss, Quantity::Reference]).includes(sums.needs()) {
        return false;
    }
    match rows.classes {
        2 => dispatch!(level, simd => add_and_write_rows::<_, 2>(simd, (largest, clip), slope, rows, sums, out)),
        3 => dispatch!(level, simd => add_and_write_rows::<_, 3>(simd, (largest, clip), slope, rows, sums, out)),
        4 => dispatch!(level, simd => add_and_write_rows::<_, 4>(simd, (largest, clip), slope, rows, sums, out)),
        _ => false,
    }
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
    /// The targets that are 1: at most 1024 in a lane, exact in any order.
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

    /// The prediction of one of the N vectors, and where its target is 1.
    #[inline(always)]
    fn load(&mut self, block: usize, part: usize) -> (f32x16<S>, mask32x16<S>) {
        let p = f32x16::load_array_ref(self.simd, &self.prediction[block][part]);
        let t = f32x16::load_array_ref(self.simd, &self.target[block][part]);
        let is = t.simd_eq(1.0);
        self.largest = self.largest.max(p.bitcast::<u32x16<S>>());
        self.odd |= is.select(f32x16::splat(self.simd, 0.0), t).bitcast::<u32x16<S>>();
        self.ones[alike::<N>(part)] += t;
        (p, is)
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

/// The blocks of rows between the one that is read and the one that is asked for: a page, where the processor itself stops.
const AHEAD: usize = 64;

/// Departure 23: asks for the rows ahead, which gains a tenth out of memory, and loses it where the gradient is written on the way.
#[inline(always)]
fn add_rows_ahead<S: Simd, const N: usize>(simd: S, largest: f32, clip: f32, rows: &Rows, sums: &mut Sums) -> bool {
    let ahead = |blocks| <[Block]>::get(blocks, AHEAD..).unwrap_or_default().as_chunks::<N>().0;
    let (prediction, target) = (ahead(rows.prediction), ahead(rows.target));
    add_rows::<S, N>(
        simd,
        largest,
        clip,
        rows,
        sums,
        #[inline(always)]
        |block| {
            if let (Some(p), Some(t)) = (prediction.get(block), target.get(block)) {
                p.iter().chain(t).for_each(|line| prefetch(simd, line));
            }
        },
    )
}

/// `also`: what else is done with each N blocks, once in every loop over them.
#[inline(always)]
fn add_rows<S: Simd, const N: usize>(
    simd: S,
    largest: f32,
    clip: f32,
    rows: &Rows,
    sums: &mut Sums,
    mut also: impl FnMut(usize),
) -> bool {
    let needs = sums.needs();
    let mut counted = None;
    if needs.contains(Quantity::Overlap) || needs.contains(Quantity::Predicted) {
        counted = add_products::<S, N>(Source::new(simd, rows), largest, sums, &mut also);
        if counted.is_none() {
            return false;
        }
    }
    if needs.contains(Quantity::LogLoss) {
        counted = add_logarithms::<S, N>(Source::new(simd, rows), largest, clip, sums, also);
    }
    let Some(counted) = counted else { return false };
    for (class, count) in counted.into_iter().enumerate() {
        sums.add_count(class, count);
    }
    true
}

/// `Σ t·p` and `Σ p`; returns `Σ t` of each class.
#[inline(always)]
fn add_products<S: Simd, const N: usize>(
    mut source: Source<S, N>,
    largest: f32,
    sums: &mut Sums,
    mut also: impl FnMut(usize),
) -> Option<[u32; N]> {
    let simd = source.simd;
    let mut overlap: [_; N] = weave(simd, sums.lanes_of_all(Quantity::Overlap));
    let mut predicted: [_; N] = weave(simd, sums.lanes_of_all(Quantity::Predicted));
    for block in 0..source.prediction.len() {
        let mut p = [Wide::zero(simd); N];
        let mut found = [Wide::zero(simd); N];
        for part in 0..N {
            let (value, is) = source.load(block, part);
            p[part] = Wide::of(value);
            // One instruction less than to choose among halves.
            found[part] = Wide::of(is.select(value, f32x16::splat(simd, 0.0)));
        }
        for half in 0..N {
            predicted[half] += half_of(&p, half) + half_of(&p, half + N);
            overlap[half] += half_of(&found, half) + half_of(&found, half + N);
        }
        also(block);
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
    mut also: impl FnMut(usize),
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
            let (p, is) = source.load(block, part);
            let scaled = Scaled::of(is.select(clipped_number(simd, p, clip), f32x16::splat(simd, 1.0)));
            factors[part] = scaled.mantissa;
            exponents[alike::<N>(part)] += scaled.exponent;
        }
        for (half, product) in product.iter_mut().enumerate() {
            *product *= half_of(&factors, half) * half_of(&factors, half + N);
        }
        also(block);
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

/// The first of the N vectors whose lanes have the same classes: one sum does for them, where any order is exact, and one register.
#[inline(always)]
fn alike<const N: usize>(part: usize) -> usize {
    if BLOCK.is_multiple_of(N) { 0 } else { part }
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
fn add_and_write_rows<S: Simd, const N: usize>(
    simd: S,
    (largest, clip): (f32, f32),
    slope: &Slope,
    rows: &Rows,
    sums: &mut Sums,
    out: &mut [f32],
) -> bool {
    let mut writer = Writer::<S, N>::new(simd, slope, rows, out);
    add_rows::<S, N>(
        simd,
        largest,
        clip,
        rows,
        sums,
        #[inline(always)]
        |block| writer.write(block),
    )
}

#[inline(always)]
fn write_rows<S: Simd, const N: usize>(simd: S, slope: &Slope, rows: &Rows, out: &mut [f32]) {
    let mut writer = Writer::<S, N>::new(simd, slope, rows, out);
    for block in 0..writer.out.len() {
        writer.write(block);
    }
}

/// Writes the gradient of rows.
struct Writer<'a, S: Simd, const N: usize> {
    simd: S,
    k: [WideCoefficients<S>; N],
    target: PlaneClass<'a>,
    prediction: &'a [[Block; N]],
    out: &'a mut [[Block; N]],
}

impl<'a, S: Simd, const N: usize> Writer<'a, S, N> {
    #[inline(always)]
    fn new(simd: S, slope: &Slope, rows: &Rows<'a>, out: &'a mut [f32]) -> Self {
        let mut k = [WideCoefficients::splat(simd, slope, 0); N];
        for (part, k) in k.iter_mut().enumerate() {
            *k = WideCoefficients::cyclic(simd, slope, BLOCK * part);
        }
        let prediction: &[[Block; N]] = rows.prediction.as_chunks().0;
        let out: &mut [[Block; N]] = out.as_chunks_mut().0.as_chunks_mut().0;
        let out = &mut out[..prediction.len()];
        Self { simd, k, target: PlaneClass { plane: rows.target, finite: true }, prediction, out }
    }

    #[inline(always)]
    fn write(&mut self, block: usize) {
        let (simd, k) = (self.simd, &self.k);
        for (part, to) in self.out[block].iter_mut().enumerate() {
            let at = N * block + part;
            let p = finite_or_nan(f32x16::load_array_ref(simd, &self.prediction[block][part]));
            let d = k[part].by_probability(simd, &self.target, at);
            k[part].identity(simd, &self.target, at, p, d).store_array(to);
        }
    }
}
