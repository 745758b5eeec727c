//! The errors that the Lovász extension sorts, and their derivatives in the gradient, on one tile.

use crate::criterion::{Activation, LovaszForm};
use crate::kernel::activation::{Activated, finite_or_nan};
use crate::kernel::class_target::target_at;
use crate::kernel::derivative::Destination;
use crate::simd::{Level, Select, Simd, SimdBase, dispatch, f32x16};
use crate::tile::{BLOCK, Block, Tile, fit};

/// Of a class of a tile, block by block: `p − t`, or the hinge error `max(0, 1 − z·(2t − 1))`, never −0, and t. Whether each pixel counts
/// says its weight.
pub(crate) fn errors(
    level: Level,
    form: LovaszForm,
    tile: &Tile,
    activated: &Activated,
    class: usize,
    mut take: impl FnMut(usize, Block, Block),
) {
    dispatch!(level, simd => {
        for b in 0..tile.blocks {
            let t = target_at(simd, &tile.target, class, b);
            let error = match form {
                LovaszForm::Softmax => probability(simd, activated, class, b) - t + 0.0,
                LovaszForm::Hinge => {
                    let z = finite_or_nan(f32x16::load_array_ref(simd, &tile.prediction.plane(class)[b]));
                    let error = 1.0 - z * (t + t - 1.0);
                    // NaN is on neither side of 0, and stays.
                    error.simd_le(0.0).select(f32x16::splat(simd, 0.0), error)
                }
            };
            take(b, error.to_array(), t.to_array());
        }
    });
}

#[inline(always)]
fn probability<S: Simd>(simd: S, activated: &Activated, class: usize, b: usize) -> f32x16<S> {
    f32x16::load_array_ref(simd, &activated.planes.plane(class)[b]) * f32x16::load_array_ref(simd, &activated.scale[b])
}

/// The derivatives by the errors' p or z of a tile: a plane for each class, from the tile's first pixel on, and its factor.
pub(crate) struct Derivatives<'a> {
    pub(crate) planes: &'a [&'a [f32]],
    pub(crate) factors: &'a [f32],
}

/// Adds them to the gradient of a tile: softmax `p_c·(d_c − Σ_k p_k·d_k)`, sigmoid `p·(1 − p)·d`, none or of logits `d`.
pub(crate) fn differentiate(
    level: Level,
    activation: Activation,
    derivatives: &Derivatives,
    tile: &Tile,
    activated: &Activated,
    means: &mut Vec<Block>,
    out: &mut Destination,
) {
    fit(means, tile.blocks);
    let means = &mut means[..tile.blocks];
    dispatch!(level, simd => add(simd, activation, derivatives, tile, activated, means, out));
}

#[inline(always)]
fn add<S: Simd>(
    simd: S,
    activation: Activation,
    derivatives: &Derivatives,
    tile: &Tile,
    activated: &Activated,
    means: &mut [Block],
    out: &mut Destination,
) {
    let zero = f32x16::splat(simd, 0.0);
    let d = |class: usize, b: usize| match derivatives.factors[class] {
        // 0 times NaN is 0: the cell is left out.
        0.0 => zero,
        factor => {
            let pixels = &derivatives.planes[class][b * BLOCK..];
            let mut block = [0.0; BLOCK];
            let len = pixels.len().min(BLOCK);
            block[..len].copy_from_slice(&pixels[..len]);
            f32x16::load_array(simd, block) * factor
        }
    };
    if activation == Activation::Softmax {
        means.fill([0.0; BLOCK]);
        for class in 0..tile.classes {
            for (b, mean) in means.iter_mut().enumerate() {
                let product = probability(simd, activated, class, b) * d(class, b);
                (f32x16::load_array_ref(simd, mean) + product).store_array(mean);
            }
        }
    }
    for class in 0..tile.classes {
        for (b, to) in out.plane(class)[..tile.blocks].iter_mut().enumerate() {
            let d = d(class, b);
            let p = probability(simd, activated, class, b);
            let slope = match activation {
                Activation::Softmax => p * (d - f32x16::load_array_ref(simd, &means[b])),
                Activation::Sigmoid => p * (1.0 - p) * d,
                // Where p is NaN, the gradient is, also of a cell that is left out.
                Activation::None => d + p * 0.0,
            };
            let counted = match tile.weights {
                None => slope,
                // Weights do not weigh, but for 0.
                Some(weights) => f32x16::load_array_ref(simd, &weights[b]).simd_eq(0.0).select(zero, slope),
            };
            (f32x16::load_array_ref(simd, to) + counted).store_array(to);
        }
    }
}
