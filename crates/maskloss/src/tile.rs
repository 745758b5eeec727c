//! A tile: some pixels of one sample, all classes, in blocks of 16 pixels that fit the L1 cache.
//!
//! Everything a caller's memory may look like (dtype, layout, labels or planes, ignored pixels, tails) ends here: behind this
//! module there are only planes of `f32` blocks. A plane that already looks so is borrowed.

use std::cell::Cell;

use crate::check::TOLERANCE;
use crate::criterion::Criterion;
use crate::label::LabelMap;
use crate::planes::{Element, load_planes};
use crate::simd::{Level, dispatch};
use crate::tensor::{Floats, Input, Layout, Planes, Shape, Target};

/// 16 pixels of one plane.
pub(crate) type Block = [f32; 16];
/// The pixels of a block.
pub(crate) const BLOCK: usize = 16;
/// The pixels whose sums are folded together, counted from the plane's start. Part of the numerics.
pub(crate) const CHUNK: usize = 4096;
/// What the planes of a tile may take: half of a usual L1 data cache, so that pass and scratch stay inside it.
const TILE_BYTES: usize = 16 << 10;

/// The pixels of a tile: a power of two from 16 to 1024, so that tiles divide a chunk. No result depends on it.
pub(crate) fn tile_pixels(classes: usize) -> usize {
    let fitting = TILE_BYTES / (size_of::<f32>() * classes.max(1));
    let rounded = if fitting < 2 * BLOCK { BLOCK } else { 1 << fitting.ilog2() };
    rounded.min(1024)
}

/// C planes of blocks: the caller's own, or a scratch.
#[derive(Clone, Copy)]
pub(crate) enum PlaneSet<'a> {
    /// Plane c starts at `c · stride`; whole blocks only.
    Borrowed { data: &'a [f32], stride: usize, pixels: usize },
    /// Plane c starts at block `c · blocks`.
    Scratch { data: &'a [Block], blocks: usize },
}

impl<'a> PlaneSet<'a> {
    /// The caller's planes of a span of whole blocks.
    #[inline(always)]
    fn borrow(source: &'a [f32], shape: Shape, span: Span) -> Self {
        let sample = &source[span.sample * shape.sample_len()..][..shape.sample_len()];
        Self::Borrowed { data: &sample[span.from..], stride: shape.pixels, pixels: span.len }
    }

    /// The blocks of one plane.
    #[inline(always)]
    pub(crate) fn plane(&self, class: usize) -> &'a [Block] {
        match *self {
            Self::Borrowed { data, stride, pixels } => data[class * stride..][..pixels].as_chunks().0,
            Self::Scratch { data, blocks } => &data[class * blocks..][..blocks],
        }
    }
}

/// What the pixels of a tile are compared with.
#[derive(Clone, Copy)]
pub(crate) enum TileTarget<'a> {
    /// The class of each pixel; −1: none of the classes (or not read). `present`: the classes that occur, ascending.
    Labels { labels: &'a [[i32; BLOCK]], present: &'a [usize] },
    /// A plane for each class.
    Planes(PlaneSet<'a>),
}

/// A tile, ready for the kernels. Pixels that do not count (ignored, of weight 0, or beyond a tail) have weight 0, no class, and
/// prediction and targets of 0: whatever lay there was not read.
#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    pub(crate) classes: usize,
    pub(crate) blocks: usize,
    pub(crate) prediction: PlaneSet<'a>,
    pub(crate) target: TileTarget<'a>,
    /// `None`: every pixel counts once.
    pub(crate) weights: Option<&'a [Block]>,
    /// The pixels that count.
    pub(crate) valid: usize,
}

/// Some pixels of one sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) sample: usize,
    pub(crate) from: usize,
    pub(crate) len: usize,
}

/// What tiles are loaded into; a thread keeps it between calls.
#[derive(Default)]
struct Buffers {
    prediction: Vec<Block>,
    planes: Vec<Block>,
    labels: Vec<[i32; BLOCK]>,
    weights: Vec<Block>,
    present: Vec<usize>,
    seen: Vec<u64>,
}

thread_local! {
    static BUFFERS: Cell<Buffers> = Cell::default();
}

/// Loads tiles.
pub(crate) struct Loader {
    buffers: Buffers,
    map: LabelMap,
}

impl Drop for Loader {
    fn drop(&mut self) {
        BUFFERS.set(std::mem::take(&mut self.buffers));
    }
}

/// At least so many elements; what is in them does not matter.
pub(crate) fn fit<T: Clone + Default>(buffer: &mut Vec<T>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, T::default());
    }
}

impl Loader {
    /// A loader for the tiles of one call.
    pub(crate) fn new(criterion: &Criterion, input: &Input) -> Self {
        let blocks = tile_pixels(criterion.classes) / BLOCK;
        let planes = criterion.classes * blocks;
        let mut buffers = BUFFERS.take();
        fit(&mut buffers.prediction, planes);
        if matches!(input.target, Target::PerClass(_)) || criterion.regions.is_some() {
            fit(&mut buffers.planes, planes);
        }
        fit(&mut buffers.labels, blocks);
        fit(&mut buffers.weights, blocks);
        fit(&mut buffers.seen, criterion.classes.div_ceil(64));
        Self { buffers, map: LabelMap::new(criterion) }
    }

    /// Loads a tile; `None` where something in it is at fault.
    pub(crate) fn load<'a>(
        &'a mut self,
        level: Level,
        criterion: &Criterion,
        input: &Input<'a>,
        span: Span,
    ) -> Option<Tile<'a>> {
        dispatch!(level, _ => self.load_tile(criterion, input, span))
    }

    #[inline(always)]
    fn load_tile<'a>(&'a mut self, criterion: &Criterion, input: &Input<'a>, span: Span) -> Option<Tile<'a>> {
        let Buffers { prediction, planes, labels, weights, present, seen } = &mut self.buffers;
        let shape = input.shape;
        let blocks = span.len.div_ceil(BLOCK);
        let at = span.sample * shape.pixels + span.from;
        let (labels, weights) = (&mut labels[..blocks], &mut weights[..blocks]);

        // Departure 1: where every pixel counts once, there are no weights to make, to look at, or to multiply by.
        let plain = input.pixel_weights.is_none() && criterion.ignore_index.is_none() && span.len.is_multiple_of(BLOCK);
        let mut sound = plain || load_weights(input.pixel_weights.map(|w| w.part(at, span.len)), weights, span.len);
        let target = match input.target {
            Target::Labels(source) => {
                self.map.load_indices(source.part(at, span.len), labels);
                if plain && self.map.is_plain() {
                    sound &= self.map.classes(labels);
                } else {
                    if plain {
                        weights.fill([1.0; BLOCK]);
                    }
                    sound &= self.map.classes_weighted(labels, weights);
                }
                if let (Some(regions), true) = (&criterion.regions, sound) {
                    self.map.expand_regions(regions, labels, weights, planes);
                    TileTarget::Planes(PlaneSet::Scratch { data: planes, blocks })
                } else {
                    if sound {
                        list_present(labels, shape.classes, seen, present);
                    }
                    TileTarget::Labels { labels, present }
                }
            }
            Target::PerClass(Planes::U8(source)) => {
                load_targets(source, shape, criterion, span, planes, weights, plain, &mut sound)
            }
            Target::PerClass(Planes::F32(source)) if plain && shape.layout == Layout::ChannelsFirst => {
                let set = PlaneSet::borrow(source, shape, span);
                if criterion.check_values {
                    for class in 0..shape.classes {
                        sound &= in_unit_range(set.plane(class));
                    }
                }
                TileTarget::Planes(set)
            }
            Target::PerClass(Planes::F32(source)) => {
                load_targets(source, shape, criterion, span, planes, weights, plain, &mut sound)
            }
            Target::PerClass(Planes::F64(source)) => {
                load_targets(source, shape, criterion, span, planes, weights, plain, &mut sound)
            }
        };
        if !sound {
            return None;
        }

        let (valid, uniform) = if plain { (span.len, true) } else { survey(weights, span.len) };
        let weights = (!uniform).then_some(&*weights);
        let start = span.sample * shape.sample_len();
        let prediction = match (input.prediction, shape.layout) {
            (Floats::F32(source), Layout::ChannelsFirst) if uniform => PlaneSet::borrow(source, shape, span),
            (Floats::F32(source), _) => {
                load_planes(&source[start..start + shape.sample_len()], shape, span, weights, prediction)
            }
            (Floats::F64(source), _) => {
                load_planes(&source[start..start + shape.sample_len()], shape, span, weights, prediction)
            }
        };
        Some(Tile { classes: shape.classes, blocks, prediction, target, weights, valid })
    }
}

/// Weight 1, or the caller's; 0 beyond the tail. False where one is negative or not finite.
#[inline(always)]
fn load_weights(source: Option<Floats>, weights: &mut [Block], len: usize) -> bool {
    let flat = weights.as_flattened_mut();
    flat[len..].fill(0.0);
    match source {
        None => {
            flat[..len].fill(1.0);
            true
        }
        Some(Floats::F32(source)) => copy_weights(source, &mut flat[..len]),
        Some(Floats::F64(source)) => copy_weights(source, &mut flat[..len]),
    }
}

#[inline(always)]
fn copy_weights<T: Element>(source: &[T], weights: &mut [f32]) -> bool {
    let mut sound = true;
    for (weight, &value) in weights.iter_mut().zip(source) {
        *weight = value.to_f32();
        sound &= *weight >= 0.0 && *weight < f32::INFINITY;
    }
    sound
}

/// Whether all values are in [0, 1], within the tolerance; NaN is not.
#[inline(always)]
fn in_unit_range(plane: &[Block]) -> bool {
    plane.as_flattened().iter().fold(true, |sound, &t| sound & (-TOLERANCE..=1.0 + TOLERANCE).contains(&t))
}

/// Per-class targets in a scratch; pixels whose plane of the ignored class is above ½ get weight 0.
#[expect(clippy::too_many_arguments, reason = "inlined into one place")]
#[inline(always)]
fn load_targets<'a, T: Element>(
    source: &[T],
    shape: Shape,
    criterion: &Criterion,
    span: Span,
    planes: &'a mut [Block],
    weights: &mut [Block],
    plain: bool,
    sound: &mut bool,
) -> TileTarget<'a> {
    let blocks = weights.len();
    let sample = &source[span.sample * shape.sample_len()..][..shape.sample_len()];
    load_planes(sample, shape, span, None, planes);
    if let Some(ignored) = criterion.ignore_index {
        let plane = &planes[ignored as usize * blocks..][..blocks];
        for (weight, &t) in weights.as_flattened_mut().iter_mut().zip(plane.as_flattened()) {
            *weight = if t > 0.5 { 0.0 } else { *weight };
        }
    }
    for plane in planes[..shape.classes * blocks].chunks_exact_mut(blocks) {
        if !plain {
            for (t, &weight) in plane.as_flattened_mut().iter_mut().zip(weights.as_flattened()) {
                *t = if weight == 0.0 { 0.0 } else { *t };
            }
        }
        *sound &= !criterion.check_values || in_unit_range(plane);
    }
    TileTarget::Planes(PlaneSet::Scratch { data: planes, blocks })
}

/// The pixels that count, and whether that is every pixel of whole blocks, with weight 1.
#[inline(always)]
fn survey(weights: &[Block], len: usize) -> (usize, bool) {
    let (mut valid, mut uniform) = (0_u32, true);
    for &weight in weights.as_flattened() {
        valid += u32::from(weight != 0.0);
        uniform &= weight == 1.0;
    }
    (valid as usize, uniform && len.is_multiple_of(BLOCK))
}

/// The classes that occur, ascending.
#[inline(always)]
fn list_present(labels: &[[i32; BLOCK]], classes: usize, seen: &mut [u64], present: &mut Vec<usize>) {
    present.clear();
    if classes < 32 {
        // Departure 2: a bit for each class, set 16 pixels at a time; −1 sets bit 31, which is no class.
        let bits = labels.as_flattened().iter().fold(0_u32, |bits, &label| bits | 1_u32 << (label as u32 & 31));
        present.extend((0..classes).filter(|c| bits >> c & 1 == 1));
        return;
    }
    seen.fill(0);
    for &label in labels.as_flattened() {
        if label >= 0 {
            seen[label as usize / 64] |= 1 << (label % 64);
        }
    }
    present.extend((0..classes).filter(|c| seen[c / 64] >> (c % 64) & 1 == 1));
}
