//! Generalised Wasserstein Dice on one tile: the errors of pass 1, and what they make of the probabilities' derivatives in pass 2. Both
//! go class by class of the target, and pass over the blocks where it does not occur: an exclusive target costs C products a pixel.

use crate::kernel::activation::Activated;
use crate::kernel::class_target::{ClassTarget, LabelClass, PlaneClass};
use crate::kernel::sums::Sums;
use crate::kernel::wide::Wide;
use crate::simd::{Level, Simd, SimdBase, SimdMask, dispatch, f32x16, f64x8};
use crate::tile::{Block, Tile, TileTarget};

/// `E_y = Σ m·t_y·W_y` with `W_y = Σ_c M[y, c]·p_c`, of every class y: of the loss with these distances M.
pub(crate) fn accumulate_errors(
    level: Level,
    (loss, distances): (usize, &[f64]),
    tile: &Tile,
    activated: &Activated,
    sums: &mut Sums,
) {
    let rows = distances.chunks_exact(tile.classes).enumerate();
    dispatch!(level, simd => {
        for (class, distances) in rows {
            let errors = Errors { simd, distances, tile, activated };
            match tile.target {
                TileTarget::Labels { labels, present } => {
                    if activated.non_finite > 0 || present.binary_search(&class).is_ok() {
                        errors.add(&LabelClass { labels, class }, sums, loss, class);
                    }
                }
                TileTarget::Planes(planes) => {
                    errors.add(&PlaneClass { plane: planes.plane(class), finite: true }, sums, loss, class);
                }
            }
        }
    });
}

/// Those of one class.
struct Errors<'a, S> {
    simd: S,
    /// `M[y, ·]`.
    distances: &'a [f64],
    tile: &'a Tile<'a>,
    activated: &'a Activated<'a>,
}

impl<S: Simd> Errors<'_, S> {
    #[inline(always)]
    fn add(&self, target: &impl ClassTarget, sums: &mut Sums, loss: usize, class: usize) {
        let Self { simd, tile, activated, .. } = *self;
        sums.add_error_blocks(
            simd,
            loss,
            class,
            tile.blocks,
            #[inline(always)]
            |b| {
                let t = target.at(simd, b);
                // 0 · NaN is NaN.
                if activated.non_finite == 0 && t.simd_eq(0.0).all_true() {
                    return Wide::zero(simd);
                }
                let error = self.distance(b).times(Wide::of(t));
                tile.weights.map_or(error, |weights| error.times(Wide::load(simd, &weights[b])))
            },
        );
    }

    /// `W` of a block.
    #[inline(always)]
    fn distance(&self, b: usize) -> Wide<S> {
        let scale = f32x16::load_array_ref(self.simd, &self.activated.scale[b]);
        let mut sum = Wide::zero(self.simd);
        for (c, &distance) in self.distances.iter().enumerate() {
            let p = f32x16::load_array_ref(self.simd, &self.activated.planes.plane(c)[b]) * scale;
            let distance = f64x8::splat(self.simd, distance);
            sum = sum.plus(Wide::of(p).times(Wide(distance, distance)));
        }
        sum
    }
}

/// `Σ_y t_y·D[y, c]` of every class c, plane by plane.
#[inline(always)]
pub(crate) fn slopes_between<S: Simd>(simd: S, between: &[f32], tile: &Tile, planes: &mut [Block]) {
    let planes = &mut planes[..tile.classes * tile.blocks];
    planes.as_flattened_mut().fill(0.0);
    for (class, slopes) in between.chunks_exact(tile.classes).enumerate() {
        // A slope that is NaN stays it where the class does not occur.
        let finite = slopes.iter().all(|slope| slope.is_finite());
        match tile.target {
            TileTarget::Labels { labels, present } => {
                if !finite || present.binary_search(&class).is_ok() {
                    add_slopes(simd, slopes, finite, &LabelClass { labels, class }, tile.blocks, planes);
                }
            }
            TileTarget::Planes(targets) => {
                let target = PlaneClass { plane: targets.plane(class), finite: true };
                add_slopes(simd, slopes, finite, &target, tile.blocks, planes);
            }
        }
    }
}

/// What one class y adds.
#[inline(always)]
fn add_slopes<S: Simd>(
    simd: S,
    slopes: &[f32],
    finite: bool,
    target: &impl ClassTarget,
    blocks: usize,
    planes: &mut [Block],
) {
    for b in 0..blocks {
        let t = target.at(simd, b);
        if finite && t.simd_eq(0.0).all_true() {
            continue;
        }
        for (plane, &slope) in planes.chunks_exact_mut(blocks).zip(slopes) {
            (f32x16::load_array_ref(simd, &plane[b]) + t * slope).store_array(&mut plane[b]);
        }
    }
}
