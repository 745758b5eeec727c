//! Pass 1 by blocks: what the pixels of many exclusive classes add to the sums of their own class.

use crate::kernel::activation::Activated;
use crate::kernel::log_product::Scaled;
use crate::kernel::sums::Sums;
use crate::kernel::wide::Wide;
use crate::simd::{Simd, SimdBase, SimdMask, f32x16, i32x16};
use crate::statistics::Quantity;
use crate::tile::{BLOCK, Tile};

/// So many classes are dearer to visit than the blocks: measured with regions 48 pixels wide.
pub(crate) const MANY: usize = 12;

/// I, G and `Σ −log p` of a tile after softmax, where every pixel counts once and all is finite.
///
/// Departure 19: labels lie in regions, so that a block has one class or two. It visits those, and not each class its blocks. The
/// addends of a class keep their order; G alone is counted block by block, which rounds only where pixels of other tiles of the chunk
/// have fractional weights.
#[inline(always)]
pub(crate) fn add_own_classes<S: Simd>(
    simd: S,
    tile: &Tile,
    labels: &[[i32; BLOCK]],
    activated: &Activated,
    sums: &mut Sums,
) {
    let needs = sums.needs();
    let (overlaps, logarithmic) = (needs.contains(Quantity::Overlap), needs.contains(Quantity::LogLoss));
    for (b, of_block) in labels[..tile.blocks].iter().enumerate() {
        let label = i32x16::load_array_ref(simd, of_block);
        let mut left = label.simd_ge(0).to_bitmask();
        while left != 0 {
            let class = of_block[left.trailing_zeros() as usize] as usize;
            let is = label.simd_eq(class as i32);
            let own = is.to_bitmask();
            left &= !own;
            sums.add_count(class, own.count_ones());
            if overlaps {
                let scale = f32x16::load_array_ref(simd, &activated.scale[b]);
                let p = f32x16::load_array_ref(simd, activated.planes.block(class, b)) * scale;
                sums.add_masked(simd, Quantity::Overlap, class, is, Wide::of(p));
            }
            if logarithmic {
                let s = f32x16::load_array_ref(simd, &activated.denominator[b]);
                let shift = Wide::load(simd, &activated.shift[b]);
                let linear = shift.minus(Wide::load(simd, tile.prediction.block(class, b)));
                let mut found = sums.log_sums(simd, class);
                found.add(simd, is, Scaled::of(s), linear);
                sums.set_log_sums(class, found);
            }
        }
    }
}
