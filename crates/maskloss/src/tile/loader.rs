//! From the caller's memory to tiles.

use super::check::TOLERANCE;
use super::label::LabelMap;
use super::planes::{Element, load_planes};
use super::{BLOCK, Block, PlaneSet, Span, Tile, TileTarget, fit, tile_blocks};
use crate::criterion::Criterion;
use crate::simd::{Level, Simd, SimdBase, SimdMask, dispatch, f32x16};
use crate::tensor::{Floats, Input, Layout, Planes, Shape, Target};

/// What tiles are loaded into.
#[derive(Default)]
pub(crate) struct Buffers {
    prediction: Vec<Block>,
    planes: Vec<Block>,
    labels: Vec<[i32; BLOCK]>,
    weights: Vec<Block>,
    present: Vec<usize>,
    seen: Vec<u64>,
}

/// Loads tiles.
pub(crate) struct Loader<'s> {
    buffers: &'s mut Buffers,
    map: LabelMap,
}

impl<'s> Loader<'s> {
    /// A loader for the tiles of one pass.
    pub(crate) fn new(criterion: &Criterion, input: &Input, buffers: &'s mut Buffers) -> Self {
        let blocks = tile_blocks(criterion.classes, input.shape.pixels);
        let planes = criterion.classes * blocks;
        fit(&mut buffers.prediction, planes);
        if matches!(input.target, Target::PerClass(_)) || criterion.regions.is_some() {
            fit(&mut buffers.planes, planes);
        }
        fit(&mut buffers.labels, blocks);
        fit(&mut buffers.weights, blocks);
        fit(&mut buffers.seen, criterion.classes.div_ceil(64));
        Self { buffers, map: LabelMap::new(criterion) }
    }

    /// Loads a tile; `None` where a weight or a label in it is at fault.
    pub(crate) fn load<'a>(
        &'a mut self,
        level: Level,
        criterion: &Criterion,
        input: &Input<'a>,
        span: Span,
    ) -> Option<Tile<'a>> {
        dispatch!(level, simd => self.load_tile(simd, criterion, input, span))
    }

    #[inline(always)]
    fn load_tile<'a, S: Simd>(
        &'a mut self,
        simd: S,
        criterion: &Criterion,
        input: &Input<'a>,
        span: Span,
    ) -> Option<Tile<'a>> {
        let Buffers { prediction, planes, labels, weights, present, seen } = &mut *self.buffers;
        let shape = input.shape;
        let blocks = span.len.div_ceil(BLOCK);
        let at = span.sample * shape.pixels + span.from;
        let (labels, weights) = (&mut labels[..blocks], &mut weights[..blocks]);

        // Departure 1: where every pixel counts once, there are no weights to make, to look at, or to multiply by.
        let plain = input.pixel_weights.is_none() && criterion.ignore_index.is_none() && span.len.is_multiple_of(BLOCK);
        let mut sound = plain || load_weights(input.pixel_weights.map(|w| w.part(at, span.len)), weights, span.len);
        let target = match input.target {
            Target::Labels(source) => {
                if plain && self.map.is_plain() {
                    sound &= self.map.load_classes(simd, source, at, labels);
                } else {
                    self.map.load_indices(source.part(at, span.len), labels);
                    if plain {
                        weights.fill([1.0; BLOCK]);
                    }
                    sound &= self.map.classes_weighted(labels, weights);
                }
                if let (Some(regions), true) = (&criterion.regions, sound) {
                    self.map.expand_regions(regions, labels, weights, planes);
                    TileTarget::Planes(PlaneSet::scratch(planes, blocks))
                } else {
                    if sound {
                        list_present(labels, shape.classes, seen, present);
                    }
                    TileTarget::Labels { labels, present }
                }
            }
            Target::PerClass(Planes::U8(source)) => {
                load_targets(simd, source, shape, criterion, span, planes, weights, plain)
            }
            Target::PerClass(Planes::F32(source)) if plain && shape.layout == Layout::ChannelsFirst => {
                TileTarget::Planes(PlaneSet::borrow(source, shape, span))
            }
            Target::PerClass(Planes::F32(source)) => {
                load_targets(simd, source, shape, criterion, span, planes, weights, plain)
            }
            Target::PerClass(Planes::F64(source)) => {
                load_targets(simd, source, shape, criterion, span, planes, weights, plain)
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
                let sample = &source[start..start + shape.sample_len()];
                load_planes(simd, sample, shape, span, weights, prediction).reading_ahead(sample, shape, span)
            }
            (Floats::F64(source), _) => {
                load_planes(simd, &source[start..start + shape.sample_len()], shape, span, weights, prediction)
            }
        };
        Some(Tile { classes: shape.classes, blocks, prediction, target, weights, valid })
    }
}

/// The pixels of a span as a tile of any size, where both its planes can be read as they lie and every pixel counts once.
pub(crate) fn borrowed<'a>(criterion: &Criterion, input: &Input<'a>, span: Span) -> Option<Tile<'a>> {
    let shape = input.shape;
    let plain = input.pixel_weights.is_none() && criterion.ignore_index.is_none() && span.len.is_multiple_of(BLOCK);
    match (input.prediction, input.target, shape.layout) {
        (Floats::F32(prediction), Target::PerClass(Planes::F32(target)), Layout::ChannelsFirst) if plain => {
            Some(Tile {
                classes: shape.classes,
                blocks: span.len / BLOCK,
                prediction: PlaneSet::borrow(prediction, shape, span),
                target: TileTarget::Planes(PlaneSet::borrow(target, shape, span)),
                weights: None,
                valid: span.len,
            })
        }
        _ => None,
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

/// Whether the caller's per-class targets of a tile are in [0, 1], where the criterion asks for that.
pub(crate) fn holds_targets(level: Level, criterion: &Criterion, input: &Input, tile: &Tile) -> bool {
    match (input.target, tile.target) {
        (Target::PerClass(_), TileTarget::Planes(planes)) if criterion.check_values => {
            dispatch!(level, simd => (0..tile.classes).all(|class| in_unit_range(simd, planes.plane(class))))
        }
        _ => true,
    }
}

/// Whether all values are in [0, 1], within the tolerance; NaN is not.
#[inline(always)]
fn in_unit_range<S: Simd>(simd: S, plane: &[Block]) -> bool {
    let (low, high) = (f32x16::splat(simd, -TOLERANCE), f32x16::splat(simd, 1.0 + TOLERANCE));
    let mut sound = low.simd_lt(high);
    for t in plane {
        let t = f32x16::load_array_ref(simd, t);
        sound &= t.simd_ge(low) & t.simd_le(high);
    }
    sound.all_true()
}

/// Per-class targets in a scratch; pixels whose plane of the ignored class is above ½ get weight 0.
#[expect(clippy::too_many_arguments, reason = "inlined into one place")]
#[inline(always)]
fn load_targets<'a, S: Simd, T: Element>(
    simd: S,
    source: &[T],
    shape: Shape,
    criterion: &Criterion,
    span: Span,
    planes: &'a mut [Block],
    weights: &mut [Block],
    plain: bool,
) -> TileTarget<'a> {
    let blocks = weights.len();
    let sample = &source[span.sample * shape.sample_len()..][..shape.sample_len()];
    load_planes(simd, sample, shape, span, None, planes);
    if let Some(ignored) = criterion.ignore_index {
        let plane = &planes[ignored as usize * blocks..][..blocks];
        for (weight, &t) in weights.as_flattened_mut().iter_mut().zip(plane.as_flattened()) {
            *weight = if t > 0.5 { 0.0 } else { *weight };
        }
    }
    if !plain {
        for plane in planes[..shape.classes * blocks].chunks_exact_mut(blocks) {
            for (t, &weight) in plane.as_flattened_mut().iter_mut().zip(weights.as_flattened()) {
                *t = if weight == 0.0 { 0.0 } else { *t };
            }
        }
    }
    TileTarget::Planes(PlaneSet::scratch(planes, blocks))
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

/// So few classes are cheaper to compare with than to look for.
const FEW: usize = 4;

/// The classes that occur, ascending; more of them where there are few.
#[inline(always)]
fn list_present(labels: &[[i32; BLOCK]], classes: usize, seen: &mut [u64], present: &mut Vec<usize>) {
    present.clear();
    if classes <= FEW {
        present.extend(0..classes);
        return;
    }
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
