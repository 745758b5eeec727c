//! From logits to probabilities, a tile at a time. Both passes take them from here, so that they see the same bits.

use crate::criterion::Activation;
use crate::simd::{
    Bytes, Level, Simd, SimdBase, SimdMask, dispatch, exp_each, exp_of_each, f32x16, have_normal_results, i32x16,
    largest_size, mask32x16, prefetch,
};
use crate::tensor::Shape;
use crate::tile::{BLOCK, Block, LARGEST_TILE, PlaneSet, Tile, fit, tile_blocks};

/// Softmax denominators in here, 2⁻²⁴ to 2¹⁰⁰, need no shift: none of their terms has overflowed or lost a digit that counts.
const PLAIN_DENOMINATORS: std::ops::RangeInclusive<f32> = f32::from_bits(0x3380_0000)..=f32::from_bits(0x7180_0000);

/// The bits of the largest finite number: those of an infinity or a NaN are above, whatever its sign bit was.
pub(crate) const LARGEST_FINITE: i32 = f32::MAX.to_bits() as i32;

/// The scale of what is a probability already.
static ONES: [Block; LARGEST_TILE / BLOCK] = [[1.0; BLOCK]; LARGEST_TILE / BLOCK];

/// The blocks that take each step of the exponential together.
pub(crate) const GROUP: usize = 4;

/// The classes whose exponentials are added before they join the denominator.
const DENOMINATOR_GROUP: usize = 16;

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
}

/// Activates tiles.
pub(crate) struct Activator<'s>(&'s mut Buffers);

impl<'s> Activator<'s> {
    /// An activator for the tiles of a batch.
    pub(crate) fn new(shape: Shape, buffers: &'s mut Buffers) -> Self {
        let classes = shape.classes;
        let blocks = tile_blocks(classes, shape.pixels);
        fit(&mut buffers.planes, classes * blocks);
        for buffer in [&mut buffers.scale, &mut buffers.denominator, &mut buffers.shift] {
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
        if self.plain_softmax(simd, tile) {
            return (true, 0);
        }
        let finite = self.shifted_exponentials(simd, tile);
        if self.invert_denominators(simd, tile) && finite {
            return (true, 0);
        }
        let non_finite = self.choose_shifts(tile);
        self.shifted_exponentials(simd, tile);
        self.invert_denominators(simd, tile);
        (true, non_finite)
    }

    /// The same without a shift; whether that is right for all of the tile.
    #[inline(always)]
    fn plain_softmax<S: Simd>(&mut self, simd: S, tile: &Tile) -> bool {
        let done = in_groups(
            tile.blocks,
            #[inline(always)]
            |first, whole| {
                if whole {
                    self.plain_group::<S, GROUP>(simd, tile, first)
                } else {
                    self.plain_group::<S, 1>(simd, tile, first)
                }
            },
        );
        done == tile.blocks
    }

    #[inline(always)]
    fn plain_group<S: Simd, const B: usize>(&mut self, simd: S, tile: &Tile, first: usize) -> bool {
        let Buffers { planes, denominator, scale, .. } = &mut *self.0;
        let group = Softmax::<S, B>::of(
            simd,
            tile,
            first,
            #[inline(always)]
            |class, values| store_at(values, &mut planes[class * tile.blocks..], first),
        );
        let Some(group) = group else { return false };
        store_at(group.denominator, denominator, first);
        store_at(group.scale, scale, first);
        true
    }

    /// `scale = 1 / denominator`; whether all of those are plain.
    #[inline(always)]
    fn invert_denominators<S: Simd>(&mut self, simd: S, tile: &Tile) -> bool {
        let mut plain = mask32x16::splat(simd, true);
        for (scale, denominator) in self.0.scale.iter_mut().zip(&self.0.denominator[..tile.blocks]) {
            let s = f32x16::load_array_ref(simd, denominator);
            plain &= is_plain(s);
            (1.0 / s).store_array(scale);
        }
        plain.all_true()
    }

    /// `planes = exp(z − shift)` of any numbers, and their sum; whether all of z − shift are finite.
    ///
    /// The order of the sum is that of [`Softmax::of`].
    #[inline(always)]
    fn shifted_exponentials<S: Simd>(&mut self, simd: S, tile: &Tile) -> bool {
        let Buffers { planes, denominator, shift, .. } = &mut *self.0;
        let mut largest = i32x16::splat(simd, 0);
        for block in 0..tile.blocks {
            let shift = f32x16::load_array_ref(simd, &shift[block]);
            let mut sum = f32x16::splat(simd, 0.0);
            for first in (0..tile.classes).step_by(DENOMINATOR_GROUP) {
                let mut total = f32x16::splat(simd, 0.0);
                for class in first..(first + DENOMINATOR_GROUP).min(tile.classes) {
                    let z = f32x16::load_array_ref(simd, &tile.prediction.plane(class)[block]) - shift;
                    let ([value], size) = exp_each(simd, [z]);
                    largest = largest.max(size);
                    total += value;
                    value.store_array(&mut planes[class * tile.blocks + block]);
                }
                sum = if first == 0 { total } else { sum + total };
            }
            sum.store_array(&mut denominator[block]);
        }
        largest.simd_le(LARGEST_FINITE).all_true()
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

/// Where softmax denominators need no shift.
#[inline(always)]
pub(crate) fn is_plain<S: Simd>(denominator: f32x16<S>) -> mask32x16<S> {
    denominator.simd_ge(*PLAIN_DENOMINATORS.start()) & denominator.simd_le(*PLAIN_DENOMINATORS.end())
}

/// What some blocks share after softmax: `p = exp(z) · scale`.
pub(crate) struct Softmax<S: Simd, const B: usize> {
    pub(crate) denominator: [f32x16<S>; B],
    pub(crate) scale: [f32x16<S>; B],
}

impl<S: Simd, const B: usize> Softmax<S, B> {
    /// Hands out `exp(z)` class by class; their sum has the order of all softmax: classes ascending within a group of 16, then the
    /// groups. `None` where one is not a normal number, or a denominator not plain: then shifts are needed.
    #[inline(always)]
    pub(crate) fn of(simd: S, tile: &Tile, first: usize, mut take: impl FnMut(usize, [f32x16<S>; B])) -> Option<Self> {
        let mut denominator = [f32x16::splat(simd, 0.0); B];
        let mut largest = i32x16::splat(simd, 0);
        for start in (0..tile.classes).step_by(DENOMINATOR_GROUP) {
            let mut total = [f32x16::splat(simd, 0.0); B];
            for class in start..(start + DENOMINATOR_GROUP).min(tile.classes) {
                let logits: &[Block; B] = blocks_at(tile.prediction.plane(class), first);
                let ahead: &[Block; B] = blocks_at(tile.prediction.plane_ahead(class), first);
                let mut z = [f32x16::splat(simd, 0.0); B];
                for b in 0..B {
                    z[b] = f32x16::load_array_ref(simd, &logits[b]);
                    prefetch(simd, &ahead[b]);
                }
                let values = exp_of_each(simd, z);
                for b in 0..B {
                    total[b] += values[b];
                }
                take(class, values);
                largest = largest.max(largest_size(simd, z));
            }
            for b in 0..B {
                denominator[b] = if start == 0 { total[b] } else { denominator[b] + total[b] };
            }
        }
        let mut sound = have_normal_results(largest);
        let mut scale = denominator;
        for (scale, s) in scale.iter_mut().zip(denominator) {
            sound &= is_plain(s);
            *scale = 1.0 / s;
        }
        sound.all_true().then_some(Self { denominator, scale })
    }
}

/// Takes blocks in groups (`take(first, true)`), the last few one by one, until some are refused. Returns how many were taken.
#[inline(always)]
pub(crate) fn in_groups(blocks: usize, mut take: impl FnMut(usize, bool) -> bool) -> usize {
    let mut done = 0;
    while done < blocks {
        let whole = blocks - done >= GROUP;
        if !take(done, whole) {
            break;
        }
        done += if whole { GROUP } else { 1 };
    }
    done
}

/// Some blocks of a plane.
#[inline(always)]
pub(crate) fn blocks_at<T, const B: usize>(plane: &[T], first: usize) -> &[T; B] {
    &plane[first..].as_chunks().0[0]
}

#[inline(always)]
fn store_at<S: Simd, const B: usize>(values: [f32x16<S>; B], plane: &mut [Block], first: usize) {
    for (value, to) in values.into_iter().zip(&mut plane[first..first + B]) {
        value.store_array(to);
    }
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
