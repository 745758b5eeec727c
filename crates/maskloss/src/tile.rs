//! A tile: some pixels of one sample, all classes, in blocks of 16 pixels that fit the L1 cache.
//!
//! Everything a caller's memory may look like (dtype, layout, labels or planes, ignored pixels, tails) ends here: behind this
//! module there are only planes of `f32` blocks. A plane that already looks so is borrowed.

use crate::criterion::Criterion;
use crate::label::{LabelMap, load_labels};
use crate::planes::{Element, load_planes};
use crate::simd::{Level, dispatch};
use crate::tensor::{Floats, Input, Layout, Planes, Target};

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

/// The scratch that tiles are loaded into.
pub(crate) struct Loader {
    prediction: Vec<Block>,
    planes: Vec<Block>,
    labels: Vec<[i32; BLOCK]>,
    weights: Vec<Block>,
    present: Vec<usize>,
    seen: Vec<u64>,
    map: LabelMap,
}

impl Loader {
    /// A scratch for the tiles of one call.
    pub(crate) fn new(criterion: &Criterion, input: &Input) -> Self {
        let blocks = tile_pixels(criterion.classes) / BLOCK;
        let planes = criterion.classes * blocks;
        let zero = [0.0; BLOCK];
        let dense = matches!(input.target, Target::PerClass(_)) || criterion.regions.is_some();
        Self {
            prediction: vec![zero; planes],
            planes: if dense { vec![zero; planes] } else { Vec::new() },
            labels: vec![[-1; BLOCK]; blocks],
            weights: vec![zero; blocks],
            present: Vec::with_capacity(criterion.classes),
            seen: vec![0; criterion.classes.div_ceil(64)],
            map: LabelMap::new(criterion),
        }
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
        let shape = input.shape;
        let classes = shape.classes;
        let blocks = span.len.div_ceil(BLOCK);
        let pixels = span.sample * shape.pixels + span.from;
        let weights = &mut self.weights[..blocks];

        let mut sound = load_weights(input.pixel_weights.map(|w| w.part(pixels, span.len)), weights, span.len);
        let labels = &mut self.labels[..blocks];
        match input.target {
            Target::Labels(source) => {
                sound &= load_labels(source.part(pixels, span.len), &self.map, labels, weights);
                if let Some(regions) = &criterion.regions {
                    self.map.expand_regions(regions, labels, weights, &mut self.planes);
                }
            }
            Target::PerClass(Planes::U8(source)) => {
                sound &= load_targets(source, input, criterion, span, &mut self.planes, weights);
            }
            Target::PerClass(Planes::F32(source)) => {
                sound &= load_targets(source, input, criterion, span, &mut self.planes, weights);
            }
            Target::PerClass(Planes::F64(source)) => {
                sound &= load_targets(source, input, criterion, span, &mut self.planes, weights);
            }
        }
        if !sound {
            return None;
        }

        let (valid, uniform) = survey(weights, span.len);
        let weights = (!uniform).then_some(&*weights);
        let start = span.sample * shape.sample_len();
        let scratch = &mut self.prediction;
        let prediction = match (input.prediction, shape.layout) {
            (Floats::F32(source), Layout::ChannelsFirst) if uniform => PlaneSet::Borrowed {
                data: &source[start + span.from..start + shape.sample_len()],
                stride: shape.pixels,
                pixels: span.len,
            },
            (Floats::F32(source), _) => {
                load_planes(&source[start..start + shape.sample_len()], shape, span, weights, scratch)
            }
            (Floats::F64(source), _) => {
                load_planes(&source[start..start + shape.sample_len()], shape, span, weights, scratch)
            }
        };
        let target = if matches!(input.target, Target::Labels(_)) && criterion.regions.is_none() {
            list_present(labels, classes, &mut self.seen, &mut self.present);
            TileTarget::Labels { labels, present: &self.present }
        } else {
            TileTarget::Planes(PlaneSet::Scratch { data: &self.planes, blocks })
        };
        Some(Tile { classes, blocks, prediction, target, weights, valid })
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

/// Per-class targets; pixels whose plane of the ignored class is above ½ get weight 0. False where a value is not in [0, 1].
#[inline(always)]
fn load_targets<T: Element>(
    source: &[T],
    input: &Input,
    criterion: &Criterion,
    span: Span,
    planes: &mut [Block],
    weights: &mut [Block],
) -> bool {
    let shape = input.shape;
    let blocks = weights.len();
    let sample = &source[span.sample * shape.sample_len()..][..shape.sample_len()];
    load_planes(sample, shape, span, None, planes);
    if let Some(ignored) = criterion.ignore_index {
        let plane = &planes[ignored as usize * blocks..][..blocks];
        for (weight, &t) in weights.as_flattened_mut().iter_mut().zip(plane.as_flattened()) {
            *weight = if t > 0.5 { 0.0 } else { *weight };
        }
    }
    let mut sound = true;
    for plane in planes[..shape.classes * blocks].chunks_exact_mut(blocks) {
        for (t, &weight) in plane.as_flattened_mut().iter_mut().zip(weights.as_flattened()) {
            *t = if weight == 0.0 { 0.0 } else { *t };
            sound &= (-1e-3..=1.001).contains(t);
        }
    }
    sound | !criterion.check_values
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
    seen.fill(0);
    for &label in labels.as_flattened() {
        if label >= 0 {
            seen[label as usize / 64] |= 1 << (label % 64);
        }
    }
    present.clear();
    present.extend((0..classes).filter(|c| seen[c / 64] >> (c % 64) & 1 == 1));
}
