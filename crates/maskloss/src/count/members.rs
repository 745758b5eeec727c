//! Counts of regions of small labels, which may overlap. A label becomes a byte with a bit for each of eight regions; what is
//! counted is each bit of each lane, in binary: digit d of all 256 counts is one vector, and a few logical operations add 32
//! pixels to them.

use super::SampleCounts;
use super::bytes::Pair;
use crate::simd::{Simd, SimdBase, SimdMask, u8x16, u8x32};

/// The pixels of a vector.
const LANES: usize = 32;
/// The vectors of a step.
const STEP: usize = 16;
/// The binary digits of a count.
const DIGITS: usize = 10;
/// The pixels of whole steps that the digits can count.
const FULL: usize = ((1 << DIGITS) - 1) / STEP * STEP * LANES;
/// What larger labels become: a label of no region.
const OTHER: u8 = 15;

/// Which labels are in which regions.
pub(super) struct Members {
    /// For eight regions each: bit k of place l says that label l is in region k.
    tables: Vec<[u8; 16]>,
    ignored: Option<u8>,
    /// Room for both maps without what is ignored.
    copies: [Vec<u8>; 2],
}

/// Counts of 32 lanes and eight regions, from their ones on.
type Digits<S> = [u8x32<S>; DIGITS];

impl Members {
    /// `None` where a region has a label that a byte may be and the tables lack.
    pub(super) fn new(regions: &[Vec<i64>], ignored: Option<u8>) -> Option<Self> {
        let mut tables = vec![[0; 16]; regions.len().div_ceil(8)];
        for (k, region) in regions.iter().enumerate() {
            for label in region.iter().filter_map(|&label| u8::try_from(label).ok()) {
                if label >= OTHER {
                    return None;
                }
                tables[k / 8][label as usize] |= 1 << (k % 8);
            }
        }
        let room = if ignored.is_some() { FULL } else { 0 };
        Some(Self { tables, ignored, copies: [vec![OTHER; room], vec![OTHER; room]] })
    }

    #[inline(always)]
    pub(super) fn add_part<S: Simd>(&mut self, simd: S, maps: Pair, counts: &mut SampleCounts) {
        for from in (0..maps.predicted.len()).step_by(FULL) {
            let mut part = maps.part(from, FULL);
            let mut skipped = 0;
            if let Some(label) = self.ignored {
                (part, skipped) = without(label, part, &mut self.copies);
            }
            counts.valid += (part.referred.len() - skipped) as u64;
            for (&table, counts) in self.tables.iter().zip(counts.regions.chunks_mut(8)) {
                let table = u8x32::block_splat(u8x16::load_array(simd, table));
                add_regions(simd, part, table, counts);
            }
        }
    }
}

/// A copy in which pixels of one reference label are in no region, and how many these are.
#[inline(always)]
fn without<'a>(label: u8, part: Pair, copies: &'a mut [Vec<u8>; 2]) -> (Pair<'a>, usize) {
    let [predicted, referred] = copies.each_mut().map(|copy| &mut copy[..part.referred.len()]);
    for (copy, source) in [(&mut *predicted, part.predicted), (&mut *referred, part.referred)] {
        for ((to, &from), &r) in copy.iter_mut().zip(source).zip(part.referred) {
            *to = if r == label { OTHER } else { from };
        }
    }
    // So few at once that a byte holds the count: then it is counted in lanes of bytes.
    let few = |pixels: &[u8]| usize::from(pixels.iter().fold(0, |n, &r| n + u8::from(r == label)));
    (Pair { predicted, referred }, part.referred.chunks(128).map(few).sum())
}

/// Adds at most [`FULL`] pixels to the counts of at most eight regions.
#[inline(always)]
fn add_regions<S: Simd>(simd: S, part: Pair, table: u8x32<S>, counts: &mut [[u64; 3]]) {
    let mut digits = [[u8x32::splat(simd, 0); DIGITS]; 3];
    let (p_steps, p_tail) = part.predicted.as_chunks();
    let (r_steps, r_tail) = part.referred.as_chunks();
    for (p, r) in p_steps.iter().zip(r_steps) {
        add_step(simd, p, r, table, &mut digits);
    }
    if !p_tail.is_empty() {
        let (mut p, mut r) = ([OTHER; LANES * STEP], [OTHER; LANES * STEP]);
        p[..p_tail.len()].copy_from_slice(p_tail);
        r[..r_tail.len()].copy_from_slice(r_tail);
        add_step(simd, &p, &r, table, &mut digits);
    }
    for (quantity, digits) in digits.iter().enumerate() {
        for (place, digit) in digits.iter().enumerate() {
            for (k, count) in counts.iter_mut().enumerate() {
                let of_region = (*digit & (1 << k)).simd_ne(0).to_bitmask();
                count[quantity] += u64::from(of_region.count_ones()) << place;
            }
        }
    }
}

/// Adds sixteen vectors to the counts. Departure 22: one quantity after the other, whose digits then stay in registers, and the higher
/// digits half as often as with eight vectors. W7a from 1.5 to 1.2 times reading, with AVX2 from 1.7 to 1.3.
#[inline(always)]
fn add_step<S: Simd>(
    simd: S,
    p: &[u8; LANES * STEP],
    r: &[u8; LANES * STEP],
    table: u8x32<S>,
    [both, predicted, referred]: &mut [Digits<S>; 3],
) {
    let mut inside = [u8x32::splat(simd, 0); STEP];
    let mut truly = inside;
    let (p, r) = (p.as_chunks().0, r.as_chunks().0);
    for i in 0..STEP {
        inside[i] = table.swizzle_dyn_within_blocks(u8x32::load_array_ref(simd, &p[i]).min(OTHER));
        truly[i] = table.swizzle_dyn_within_blocks(u8x32::load_array_ref(simd, &r[i]).min(OTHER));
    }
    let mut common = inside;
    for i in 0..STEP {
        common[i] &= truly[i];
    }
    add_vectors(both, common);
    add_vectors(predicted, inside);
    add_vectors(referred, truly);
}

/// Adds a bit of each vector to the count of each bit: two of one digit's make one of the next.
#[inline(always)]
fn add_vectors<S: Simd>([ones, twos, fours, eights, rest @ ..]: &mut Digits<S>, bits: [u8x32<S>; STEP]) {
    let mut eight = [bits[0]; 2];
    for (eight, bits) in eight.iter_mut().zip(bits.as_chunks::<8>().0) {
        let mut four = [bits[0]; 2];
        for (four, bits) in four.iter_mut().zip(bits.as_chunks::<4>().0) {
            let two = add(ones, bits[0], bits[1]);
            *four = add(twos, two, add(ones, bits[2], bits[3]));
        }
        *eight = add(fours, four[0], four[1]);
    }
    let mut carry = add(eights, eight[0], eight[1]);
    for digit in rest {
        (*digit, carry) = (*digit ^ carry, *digit & carry);
    }
}

/// Adds two bits to a digit of each count; returns the carry.
#[inline(always)]
fn add<S: Simd>(digit: &mut u8x32<S>, a: u8x32<S>, b: u8x32<S>) -> u8x32<S> {
    let one = a ^ b;
    let carry = (a & b) | (one & *digit);
    *digit ^= one;
    carry
}
