//! From logits to probabilities, a tile at a time. Both passes call this one function, so that they see the same bits.

use std::array::{from_mut, from_ref};

use crate::criterion::Activation;
use crate::simd::{
    Bytes, Level, Simd, SimdBase, SimdMask, dispatch, exp_each, exp_of_each, f32x16, have_normal_results, i32x16,
    largest_size, mask32x16, prefetch,
};
use crate::tile::{BLOCK, Block, LARGEST_TILE, PlaneSet, Tile, fit, tile_pixels};

/// Softmax denominators in here need no shift: none of their terms has overflowed or lost a digit that counts.
pub(crate) const PLAIN_DENOMINATORS: std::ops::RangeInclusive<f32> =
    f32::from_bits(0x3380_0000)..=f32::from_bits(0x7180_0000); // 2⁻²⁴ ..= 2¹⁰⁰

/// The bits of the largest finite number: those of an infinity or a NaN are above, whatever its sign bit was.
pub(crate) const LARGEST_FINITE: i32 = f32::MAX.to_bits() as i32;

/// The scale of what is a probability already.
static ONES: [Block; LARGEST_TILE / BLOCK] = [[1.0; BLOCK]; LARGEST_TILE / BLOCK];

/// The classes whose exponentials are added before they join the denominator.
pub(crate) const DENOMINATOR_GROUP: usize = 16;

/// Probabilities `p_c = planes_c · scale`, and what the logarithms need beside them.
#[derive(Clone, Copy)]
pub(crate) struct Activated<'a> {
    pub(crate) planes: PlaneSet<'a>,
    pub(crate) scale: &'a [Block],
    /// Softmax: the denominator `Σ_c exp(z_c − shift)` of each pixel.
    pub(crate) denominator: &'a [Block],
    /// Softmax: what was subtracted from the logits of each pixel.
    pub(crate) shift: &'a [Block],
    /// The prediction values that count and are NaN or infinite.
    pub(crate) non_finite: u64,
}

/// What activations are written to.
#[derive(Default)]
pub(crate) struct Buffers {
    planes: Vec<Block>,
    scale: Vec<Block>,
    denominator: Vec<Block>,
    shift: Vec<Block>,
    group: Vec<Block>,
}

/// Activates tiles.
pub(crate) struct Activator<'s>(&'s mut Buffers);

impl<'s> Activator<'s> {
    /// An activator for tiles of so many classes.
    pub(crate) fn new(classes: usize, buffers: &'s mut Buffers) -> Self {
        let blocks = tile_pixels(classes) / BLOCK;
        fit(&mut buffers.planes, classes * blocks);
        for buffer in [&mut buffers.scale, &mut buffers.denominator, &mut buffers.shift, &mut buffers.group] {
            fit(buffer, blocks);
        }
        Self(buffers)
    }

    /// What the next activation writes over: the planes of a tile.
    pub(crate) fn scratch(&mut self) -> &mut [Block] {
        &mut self.0.planes
    }

    /// The probabilities of a tile.
    pub(crate) fn activate<'a>(&'a mut self, level: Level, activation: Activation, tile: &Tile<'a>) -> Activated<'a> {
        dispatch!(level, simd => self.activate_tile(simd, activation, tile))
    }

    #[inline(always)]
    fn activate_tile<'a, S: Simd>(&'a mut self, simd: S, activation: Activation, tile: &Tile<'a>) -> Activated<'a> {
        let blocks = tile.blocks;
        let (planes, non_finite) = match activation {
            Activation::Softmax => self.softmax(simd, tile),
            Activation::Sigmoid => self.sigmoid(simd, tile),
            Activation::None => self.identity(simd, tile),
        };
        let planes =
            if planes { PlaneSet::scratch(&self.0.planes[..tile.classes * blocks], blocks) } else { tile.prediction };
        Activated {
            planes,
            scale: if activation == Activation::Softmax { &self.0.scale[..blocks] } else { &ONES[..blocks] },
            denominator: &self.0.denominator[..blocks],
            shift: &self.0.shift[..blocks],
            non_finite,
        }
    }

    /// Exponentials without a shift, of numbers that are not large; a tile with others, or with a pixel that needs a shift, is done
    /// again. A shift of 0 changes no bit of the others.
    #[inline(always)]
    fn softmax<S: Simd>(&mut self, simd: S, tile: &Tile) -> (bool, u64) {
        self.0.shift[..tile.blocks].fill([0.0; BLOCK]);
        let mut finite = true;
        if !have_normal_results(self.exponentials::<S, false>(simd, tile)).all_true() {
            finite = self.exponentials::<S, true>(simd, tile).simd_le(LARGEST_FINITE).all_true();
        }
        if self.invert_denominators(simd, tile) && finite {
            return (true, 0);
        }
        let non_finite = self.choose_shifts(tile);
        self.exponentials::<S, true>(simd, tile);
        self.invert_denominators(simd, tile);
        (true, non_finite)
    }

    /// `scale = 1 / denominator`; whether all of those are plain.
    #[inline(always)]
    fn invert_denominators<S: Simd>(&mut self, simd: S, tile: &Tile) -> bool {
        let mut plain = mask32x16::splat(simd, true);
        for (scale, denominator) in self.0.scale.iter_mut().zip(&self.0.denominator[..tile.blocks]) {
            let s = f32x16::load_array_ref(simd, denominator);
            plain = plain & s.simd_ge(*PLAIN_DENOMINATORS.start()) & s.simd_le(*PLAIN_DENOMINATORS.end());
            (1.0 / s).store_array(scale);
        }
        plain.all_true()
    }

    /// `planes = exp(z)` and their sum, where all are normal numbers; or of any numbers `exp(z − shift)`. Returns the bits of the
    /// largest |z − shift| of each lane.
    ///
    /// The order of the sum is fixed: classes ascending within a group of 16, then the groups.
    #[inline(always)]
    fn exponentials<S: Simd, const SHIFTED: bool>(&mut self, simd: S, tile: &Tile) -> i32x16<S> {
        let blocks = tile.blocks;
        let Buffers { planes, denominator, group, shift, .. } = &mut *self.0;
        let (denominator, group, shift) = (&mut denominator[..blocks], &mut group[..blocks], &shift[..blocks]);
        let mut largest = i32x16::splat(simd, 0);
        for first in (0..tile.classes).step_by(DENOMINATOR_GROUP) {
            let total = if first == 0 { &mut *denominator } else { &mut *group };
            total.fill([0.0; BLOCK]);
            let mut class = first;
            let end = (first + DENOMINATOR_GROUP).min(tile.classes);
            while class < end {
                let count = if SHIFTED || end - class < SIDE_BY_SIDE { 1 } else { SIDE_BY_SIDE };
                let planes = &mut planes[class * blocks..][..count * blocks];
                let size = if SHIFTED {
                    shifted_exponentials(simd, tile, class, shift, total, planes)
                } else if count == 1 {
                    exponentials_of_one(simd, tile, class, total, planes)
                } else {
                    exponentials_of_four(simd, tile, class, total, planes)
                };
                largest = largest.max(size);
                class += count;
            }
            if first > 0 {
                for (denominator, group) in denominator.iter_mut().zip(&*group) {
                    let sum = f32x16::load_array_ref(simd, denominator) + f32x16::load_array_ref(simd, group);
                    sum.store_array(denominator);
                }
            }
        }
        largest
    }

    /// The largest logit of each pixel whose plain denominator was not sound; NaN where a logit is NaN or infinite, so that the
    /// pixel becomes NaN in all classes. Returns how many those are.
    #[inline(never)]
    fn choose_shifts(&mut self, tile: &Tile) -> u64 {
        let mut non_finite = 0;
        for block in 0..tile.blocks {
            for lane in 0..16 {
                let logits = (0..tile.classes).map(|c| tile.prediction.plane(c)[block][lane]);
                let broken = logits.clone().filter(|z| !z.is_finite()).count();
                non_finite += broken as u64;
                self.0.shift[block][lane] = if broken > 0 {
                    f32::NAN
                } else if PLAIN_DENOMINATORS.contains(&self.0.denominator[block][lane]) {
                    0.0
                } else {
                    logits.fold(f32::NEG_INFINITY, f32::max)
                };
            }
        }
        non_finite
    }

    #[inline(always)]
    fn sigmoid<S: Simd>(&mut self, simd: S, tile: &Tile) -> (bool, u64) {
        for class in 0..tile.classes {
            let plane = &mut self.0.planes[class * tile.blocks..][..tile.blocks];
            for (p, z) in plane.iter_mut().zip(tile.prediction.plane(class)) {
                let [value] = sigmoid(simd, [f32x16::load_array_ref(simd, z)]);
                value.store_array(p);
            }
        }
        (true, non_finite(simd, tile))
    }

    /// Probabilities as they are, or in the scratch where one is not finite.
    #[inline(always)]
    fn identity<S: Simd>(&mut self, simd: S, tile: &Tile) -> (bool, u64) {
        let non_finite = non_finite(simd, tile);
        if non_finite > 0 {
            for class in 0..tile.classes {
                let plane = &mut self.0.planes[class * tile.blocks..][..tile.blocks];
                for (p, z) in plane.iter_mut().zip(tile.prediction.plane(class)) {
                    finite_or_nan(f32x16::load_array_ref(simd, z)).store_array(p);
                }
            }
        }
        (non_finite > 0, non_finite)
    }
}

/// The classes, or the blocks of one class, that take each step of the exponential together.
const SIDE_BY_SIDE: usize = 4;

/// `planes = exp(z)` of four classes, added to `total`. Departure 18: together their planes come from memory side by side, each with
/// its wait, and their sum is loaded and stored once.
#[inline(always)]
fn exponentials_of_four<S: Simd>(
    simd: S,
    tile: &Tile,
    class: usize,
    total: &mut [Block],
    planes: &mut [Block],
) -> i32x16<S> {
    let blocks = total.len();
    let prediction = tile.prediction;
    let (z0, z1) = (&prediction.plane(class)[..blocks], &prediction.plane(class + 1)[..blocks]);
    let (z2, z3) = (&prediction.plane(class + 2)[..blocks], &prediction.plane(class + 3)[..blocks]);
    let (next0, next1) = (&prediction.plane_ahead(class)[..blocks], &prediction.plane_ahead(class + 1)[..blocks]);
    let (next2, next3) = (&prediction.plane_ahead(class + 2)[..blocks], &prediction.plane_ahead(class + 3)[..blocks]);
    let (p01, p23) = planes.split_at_mut(2 * blocks);
    let ((p0, p1), (p2, p3)) = (p01.split_at_mut(blocks), p23.split_at_mut(blocks));
    let p3 = &mut p3[..blocks];
    let mut largest = i32x16::splat(simd, 0);
    for b in 0..blocks {
        let z = [
            f32x16::load_array_ref(simd, &z0[b]),
            f32x16::load_array_ref(simd, &z1[b]),
            f32x16::load_array_ref(simd, &z2[b]),
            f32x16::load_array_ref(simd, &z3[b]),
        ];
        prefetch(simd, &next0[b]);
        prefetch(simd, &next1[b]);
        prefetch(simd, &next2[b]);
        prefetch(simd, &next3[b]);
        let values = exp_of_each(simd, z);
        let sum = f32x16::load_array_ref(simd, &total[b]) + values[0] + values[1] + values[2] + values[3];
        sum.store_array(&mut total[b]);
        values[0].store_array(&mut p0[b]);
        values[1].store_array(&mut p1[b]);
        values[2].store_array(&mut p2[b]);
        values[3].store_array(&mut p3[b]);
        largest = largest.max(largest_size(simd, z));
    }
    largest
}

/// The same of one class, four blocks at a time.
#[inline(always)]
fn exponentials_of_one<S: Simd>(
    simd: S,
    tile: &Tile,
    class: usize,
    total: &mut [Block],
    plane: &mut [Block],
) -> i32x16<S> {
    let blocks = total.len();
    for next in &tile.prediction.plane_ahead(class)[..blocks] {
        prefetch(simd, next);
    }
    let (groups, rest) = tile.prediction.plane(class)[..blocks].as_chunks::<SIDE_BY_SIDE>();
    let (totals, rest_of_total) = total.as_chunks_mut();
    let (planes, rest_of_plane) = plane.as_chunks_mut();
    let mut largest = i32x16::splat(simd, 0);
    for (g, z) in groups.iter().enumerate() {
        largest = largest.max(exponentials_of(simd, z, &mut totals[g], &mut planes[g]));
    }
    for (b, z) in rest.iter().enumerate() {
        let (total, plane) = (from_mut(&mut rest_of_total[b]), from_mut(&mut rest_of_plane[b]));
        largest = largest.max(exponentials_of(simd, from_ref(z), total, plane));
    }
    largest
}

/// The same of B blocks.
#[inline(always)]
fn exponentials_of<S: Simd, const B: usize>(
    simd: S,
    logits: &[Block; B],
    total: &mut [Block; B],
    plane: &mut [Block; B],
) -> i32x16<S> {
    let mut z = [f32x16::splat(simd, 0.0); B];
    for b in 0..B {
        z[b] = f32x16::load_array_ref(simd, &logits[b]);
    }
    let values = exp_of_each(simd, z);
    for b in 0..B {
        values[b].store_array(&mut plane[b]);
        (f32x16::load_array_ref(simd, &total[b]) + values[b]).store_array(&mut total[b]);
    }
    largest_size(simd, z)
}

/// `planes = exp(z − shift)` of any numbers, added to `total`.
#[inline(always)]
fn shifted_exponentials<S: Simd>(
    simd: S,
    tile: &Tile,
    class: usize,
    shift: &[Block],
    total: &mut [Block],
    plane: &mut [Block],
) -> i32x16<S> {
    let mut largest = i32x16::splat(simd, 0);
    for (((z, shift), total), e) in tile.prediction.plane(class).iter().zip(shift).zip(total).zip(plane) {
        let z = f32x16::load_array_ref(simd, z) - f32x16::load_array_ref(simd, shift);
        let ([value], size) = exp_each(simd, [z]);
        largest = largest.max(size);
        (f32x16::load_array_ref(simd, total) + value).store_array(total);
        value.store_array(e);
    }
    largest
}

/// Probabilities as they are, but NaN where one is infinite.
#[inline(always)]
pub(crate) fn finite_or_nan<S: Simd>(z: f32x16<S>) -> f32x16<S> {
    z + z * 0.0
}

/// `1 / (1 + exp(−z))` of several vectors. An exponential beyond the largest number makes 0, which is what the probability is to
/// within the smallest normal number. NaN for an infinite logit.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd, const N: usize>(simd: S, z: [f32x16<S>; N]) -> [f32x16<S>; N] {
    let mut negative = z;
    for z in &mut negative {
        *z = -*z;
    }
    let (mut p, largest) = exp_each(simd, negative);
    for p in &mut p {
        *p = 1.0 / (*p + 1.0);
    }
    if !largest.simd_le(LARGEST_FINITE).all_true() {
        for (p, z) in p.iter_mut().zip(z) {
            *p += z * 0.0;
        }
    }
    p
}

/// The prediction values of a tile that are NaN or infinite.
#[inline(always)]
pub(crate) fn non_finite<S: Simd>(simd: S, tile: &Tile) -> u64 {
    #[cold]
    fn count(tile: &Tile) -> u64 {
        let values = (0..tile.classes).flat_map(|class| tile.prediction.plane(class).as_flattened());
        values.filter(|value| !value.is_finite()).count() as u64
    }
    let mut largest = i32x16::splat(simd, 0);
    for class in 0..tile.classes {
        for value in tile.prediction.plane(class) {
            largest = largest.max(f32x16::load_array_ref(simd, value).abs().bitcast::<i32x16<S>>());
        }
    }
    if largest.simd_le(LARGEST_FINITE).all_true() { 0 } else { count(tile) }
}
