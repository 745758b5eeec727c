//! From logits to probabilities, a tile at a time. Both passes call this one function, so that they see the same bits.

use crate::criterion::Activation;
use crate::simd::{Bytes, Level, Simd, SimdBase, SimdMask, dispatch, exp_each, f32x16, i32x16};
use crate::tile::{BLOCK, Block, LARGEST_TILE, PlaneSet, Tile, fit, tile_pixels};

/// Softmax denominators in here need no shift: none of their terms has overflowed or lost a digit that counts.
pub(crate) const PLAIN_DENOMINATORS: std::ops::RangeInclusive<f32> =
    f32::from_bits(0x3380_0000)..=f32::from_bits(0x7180_0000); // 2⁻²⁴ ..= 2¹⁰⁰

/// The bits of the largest finite number: those of an infinity or a NaN are above, whatever its sign bit was.
pub(crate) const LARGEST_FINITE: i32 = f32::MAX.to_bits() as i32;

/// The scale of what is a probability already.
static ONES: [Block; LARGEST_TILE / BLOCK] = [[1.0; BLOCK]; LARGEST_TILE / BLOCK];

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
        let planes = if planes {
            PlaneSet::Scratch { data: &self.0.planes[..tile.classes * blocks], blocks }
        } else {
            tile.prediction
        };
        Activated {
            planes,
            scale: if activation == Activation::Softmax { &self.0.scale[..blocks] } else { &ONES[..blocks] },
            denominator: &self.0.denominator[..blocks],
            shift: &self.0.shift[..blocks],
            non_finite,
        }
    }

    /// Exponentials without a shift; a tile with a pixel that needs one is done again. A shift of 0 changes no bit of the others.
    #[inline(always)]
    fn softmax<S: Simd>(&mut self, simd: S, tile: &Tile) -> (bool, u64) {
        self.0.shift[..tile.blocks].fill([0.0; 16]);
        let mut non_finite = None;
        loop {
            let mut sound = match non_finite {
                None => self.exponentials::<S, false>(simd, tile),
                Some(_) => self.exponentials::<S, true>(simd, tile),
            }
            .simd_le(LARGEST_FINITE);
            for (scale, denominator) in self.0.scale.iter_mut().zip(&self.0.denominator[..tile.blocks]) {
                let s = f32x16::load_array_ref(simd, denominator);
                sound = sound & s.simd_ge(*PLAIN_DENOMINATORS.start()) & s.simd_le(*PLAIN_DENOMINATORS.end());
                (1.0 / s).store_array(scale);
            }
            match non_finite {
                None if !sound.all_true() => non_finite = Some(self.choose_shifts(tile)),
                found => return (true, found.unwrap_or(0)),
            }
        }
    }

    /// `planes = exp(z − shift)` and their sum; returns the bits of the largest |z − shift| of each lane.
    ///
    /// The order of the sum is fixed: classes ascending within a group of 16, then the groups.
    #[inline(always)]
    fn exponentials<S: Simd, const SHIFTED: bool>(&mut self, simd: S, tile: &Tile) -> i32x16<S> {
        let mut largest = i32x16::splat(simd, 0);
        for first in (0..tile.classes).step_by(DENOMINATOR_GROUP) {
            let end = (first + DENOMINATOR_GROUP).min(tile.classes);
            let mut class = first;
            while class < end {
                let (count, found) = match end - class {
                    1 => (1, self.exponentials_of::<S, 1, SHIFTED>(simd, tile, class)),
                    2 | 3 => (2, self.exponentials_of::<S, 2, SHIFTED>(simd, tile, class)),
                    _ => (4, self.exponentials_of::<S, 4, SHIFTED>(simd, tile, class)),
                };
                largest = largest.max(found);
                class += count;
            }
            if first > 0 {
                for (denominator, group) in self.0.denominator[..tile.blocks].iter_mut().zip(&self.0.group) {
                    let sum = f32x16::load_array_ref(simd, denominator) + f32x16::load_array_ref(simd, group);
                    sum.store_array(denominator);
                }
            }
        }
        largest
    }

    /// The same of N classes of one group. Departure 18: together their planes come from memory side by side, each with its wait, and
    /// their sum is loaded and stored once.
    #[inline(always)]
    fn exponentials_of<S: Simd, const N: usize, const SHIFTED: bool>(
        &mut self,
        simd: S,
        tile: &Tile,
        class: usize,
    ) -> i32x16<S> {
        let Buffers { planes, denominator, group, shift, .. } = &mut *self.0;
        let total = if class < DENOMINATOR_GROUP { denominator } else { group };
        let starts = class.is_multiple_of(DENOMINATOR_GROUP);
        let logits: [&[Block]; N] = std::array::from_fn(|k| &tile.prediction.plane(class + k)[..tile.blocks]);
        let mut rest = planes[class * tile.blocks..].chunks_exact_mut(tile.blocks);
        let mut planes: [&mut [Block]; N] = std::array::from_fn(|_| rest.next().unwrap_or_default());
        let (total, shift) = (&mut total[..tile.blocks], &shift[..tile.blocks]);
        let mut largest = i32x16::splat(simd, 0);
        for block in 0..tile.blocks {
            let mut z = [f32x16::splat(simd, 0.0); N];
            for (z, logits) in z.iter_mut().zip(logits) {
                *z = f32x16::load_array_ref(simd, &logits[block]);
                if SHIFTED {
                    *z -= f32x16::load_array_ref(simd, &shift[block]);
                }
            }
            let (values, size) = exp_each(simd, z);
            largest = largest.max(size);
            let mut sum = values[0];
            if !starts {
                sum += f32x16::load_array_ref(simd, &total[block]);
            }
            for &value in &values[1..] {
                sum += value;
            }
            sum.store_array(&mut total[block]);
            for (value, plane) in values.into_iter().zip(&mut planes) {
                value.store_array(&mut plane[block]);
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
