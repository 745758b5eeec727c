//! Probabilities against per-class targets, read where they lie, every pixel counting once: pass 1 reads each value once, and checks
//! it on the way; pass 2 reads the targets alone. There is no scratch that should fit a cache, so that both take more than a tile. All
//! else goes through [`accumulate`](super::accumulate) and [`derivative`](super::derivative), which give the same bits.

use crate::criterion::Activation;
use crate::kernel::class_target::{ClassTarget, PlaneClass};
use crate::kernel::derivative::Destination;
use crate::kernel::slope::{Slope, WideCoefficients};
use crate::kernel::sums::Sums;
use crate::kernel::wide::Wide;
use crate::simd::{Bytes, Level, Simd, SimdBase, SimdMask, dispatch, f32x16, u32x16};
use crate::statistics::{Needs, Quantity};
use crate::tile::check::TOLERANCE;
use crate::tile::{BLOCK, PlaneSet, Tile, TileTarget};

/// What pass 1 can take here.
const SUMS: [Quantity; 3] = [Quantity::Overlap, Quantity::Predicted, Quantity::Reference];

/// The targets of pixels that can be done here.
fn targets_of<'a>(activation: Activation, tile: &Tile<'a>) -> Option<PlaneSet<'a>> {
    match (activation, tile.target, tile.weights) {
        (Activation::None, TileTarget::Planes(targets), None) => Some(targets),
        _ => None,
    }
}

/// Pass 1 on a chunk, from no sums. False, and nothing added, where a value is not certainly between 0 and 1, or where other sums are
/// wanted.
pub(crate) fn accumulate_probabilities(level: Level, activation: Activation, chunk: &Tile, sums: &mut Sums) -> bool {
    let Some(targets) = targets_of(activation, chunk) else { return false };
    if !Needs::of(&SUMS).includes(sums.needs()) {
        return false;
    }
    let sound = dispatch!(level, simd => sums_of(simd, chunk, targets, sums));
    if !sound {
        sums.drain(|_, _, _| ());
    }
    sound
}

/// Departure 10: checked and summed in one loop a class, which reads a value once where tiles are read four times. Halves what a call
/// of 4096 pixels takes.
#[inline(always)]
fn sums_of<S: Simd>(simd: S, chunk: &Tile, targets: PlaneSet, sums: &mut Sums) -> bool {
    for class in 0..chunk.classes {
        // As bits, a positive number is below a larger one and below every negative one, infinity and NaN.
        let mut largest = u32x16::splat(simd, 0);
        let prediction = chunk.prediction.plane(class);
        let target = PlaneClass { plane: &targets.plane(class)[..prediction.len()], finite: true };
        let mut predicted = sums.lanes(simd, Quantity::Predicted, class);
        let mut found = sums.target_sums(simd, class);
        for (block, p) in prediction.iter().enumerate() {
            let (p, t) = (f32x16::load_array_ref(simd, p), target.at(simd, block));
            largest = largest.max(p.bitcast::<u32x16<S>>());
            let p = Wide::of(p);
            let sum = p.0 + p.1;
            predicted += sum;
            // Departure 11: most blocks are a class's own, or lack it: neither needs a mask, nor a look at its range. A tenth less.
            if t.simd_eq(1.0).all_true() {
                found.overlap += sum;
                found.count += BLOCK as u32;
            } else if !t.bitcast::<u32x16<S>>().simd_eq(0).all_true() {
                largest = largest.max(t.bitcast::<u32x16<S>>());
                target.add(simd, block, p, &mut found);
            }
        }
        sums.set_lanes(Quantity::Predicted, class, predicted);
        sums.set_target_sums(class, found);
        if !largest.simd_le((1.0 + TOLERANCE).to_bits()).all_true() {
            return false;
        }
    }
    true
}

/// Pass 2 on a span whose predictions are finite: written, not added; false where it has to be done elsewhere.
pub(crate) fn differentiate_probabilities(level: Level, slope: &Slope, span: &Tile, out: &mut Destination) -> bool {
    let Some(targets) = targets_of(slope.activation, span) else { return false };
    if slope.curved || slope.logarithmic {
        return false;
    }
    dispatch!(level, simd => gradient_of(simd, slope, span, targets, out));
    true
}

/// Departure 12: `A·t + B` has no p in it, and B is never −0 (see `Coefficients`), so that 0·p would not change a bit. The last class and
/// block first, since pass 1 has left them in the cache: a twentieth less of both passes.
#[inline(always)]
fn gradient_of<S: Simd>(simd: S, slope: &Slope, span: &Tile, targets: PlaneSet, out: &mut Destination) {
    for class in (0..span.classes).rev() {
        let target = PlaneClass { plane: &targets.plane(class)[..span.blocks], finite: true };
        let k = WideCoefficients::splat(simd, slope, class);
        for (block, to) in out.plane(class)[..span.blocks].iter_mut().enumerate().rev() {
            k.by_probability(simd, &target, block).store_array(to);
        }
    }
}
