//! Counts of any input: tiles of indices and planes, as the losses have them.

use super::singles::Singles;
use super::{CountInput, Decision, SampleCounts};
use crate::fault::{Fault, FaultKind};
use crate::simd::{Level, Simd, dispatch};
use crate::tensor::{Floats, Labels, Planes, Shape, Target};
use crate::tile::label::{LabelMap, label_value};
use crate::tile::planes::load_planes;
use crate::tile::{BLOCK, Block, Span, tile_pixels};

/// One worker's scratch.
pub(super) struct TileCounter<'a> {
    singles: Option<Singles>,
    input: &'a CountInput<'a>,
    tile: usize,
    reference: LabelMap,
    prediction: LabelMap,
    predicted: Vec<[i32; BLOCK]>,
    referred: Vec<[i32; BLOCK]>,
    weights: Vec<Block>,
    scores: Vec<Block>,
    planes: Vec<Block>,
    best: Vec<f32>,
    inside: [Vec<u32>; 2],
}

impl<'a> TileCounter<'a> {
    pub(super) fn new(input: &'a CountInput<'a>) -> Self {
        let planes = if matches!(input.reference, Target::PerClass(_)) { input.regions.len() } else { 1 };
        let tile = tile_pixels(input.shape.classes.max(planes));
        let blocks = tile / BLOCK;
        Self {
            singles: Singles::new(input),
            input,
            tile,
            reference: LabelMap::of_any_label(input.ignore_index),
            prediction: LabelMap::of_any_label(None),
            predicted: vec![[-1; BLOCK]; blocks],
            referred: vec![[-1; BLOCK]; blocks],
            weights: vec![[0.0; BLOCK]; blocks],
            scores: vec![[0.0; BLOCK]; blocks * input.shape.classes],
            planes: vec![[0.0; BLOCK]; blocks * planes],
            best: vec![0.0; tile],
            inside: [vec![0; tile], vec![0; tile]],
        }
    }

    pub(super) fn add_span(&mut self, level: Level, span: Span, counts: &mut SampleCounts) -> Result<(), Fault> {
        dispatch!(level, simd => self.add_tiles(simd, span, counts))
    }

    #[inline(always)]
    fn add_tiles<S: Simd>(&mut self, simd: S, span: Span, counts: &mut SampleCounts) -> Result<(), Fault> {
        for from in (0..span.len).step_by(self.tile) {
            let len = self.tile.min(span.len - from);
            self.add_tile(simd, Span { from: span.from + from, len, ..span }, counts)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn add_tile<S: Simd>(&mut self, simd: S, span: Span, counts: &mut SampleCounts) -> Result<(), Fault> {
        let input = self.input;
        let shape = input.shape;
        let pixels = span.sample * shape.pixels + span.from;
        let blocks = span.len.div_ceil(BLOCK);
        let weights = &mut self.weights[..blocks];
        weights.as_flattened_mut()[span.len..].fill(0.0);
        weights.as_flattened_mut()[..span.len].fill(1.0);

        let mut sound = true;
        match input.reference {
            Target::Labels(labels) => {
                let part = labels.part(pixels, span.len);
                let referred = &mut self.referred[..blocks];
                self.reference.load_indices(part, referred);
                sound = self.reference.classes_weighted(referred, weights);
            }
            Target::PerClass(planes) => {
                let region_shape = Shape { classes: input.regions.len(), ..shape };
                load_region_planes(simd, planes, region_shape, span, &mut self.planes);
                let ignored = input.ignore_index.and_then(|label| usize::try_from(label).ok());
                let planes = &self.planes[..input.regions.len() * blocks];
                if let Some(plane) = ignored.and_then(|k| planes.chunks_exact(blocks).nth(k)) {
                    for (m, &t) in weights.as_flattened_mut().iter_mut().zip(plane.as_flattened()) {
                        *m = if t > 0.5 { 0.0 } else { *m };
                    }
                }
            }
        }
        match input.prediction {
            Decision::Labels(labels) => {
                let part = labels.part(pixels, span.len);
                let predicted = &mut self.predicted[..blocks];
                self.prediction.load_indices(part, predicted);
                let pixels = predicted.as_flattened().iter().zip(weights.as_flattened());
                sound &= pixels.fold(true, |sound, (&index, &m)| sound & (m == 0.0 || self.prediction.accepts(index)));
            }
            Decision::Argmax(scores) => {
                load_scores(simd, scores, shape, span, &mut self.scores);
                argmax(&self.scores, shape.classes, blocks, &mut self.best, &mut self.predicted);
            }
            Decision::Threshold(scores, _) => load_scores(simd, scores, shape, span, &mut self.scores),
        }

        if !sound && let Some(fault) = first_fault(input, span, weights.as_flattened()) {
            return Err(fault);
        }
        let weights = weights.as_flattened();
        counts.valid += weights.iter().map(|&m| u64::from(m != 0.0)).sum::<u64>();
        if let Some(singles) = &mut self.singles {
            singles.add_tile(&self.predicted[..blocks], &self.referred[..blocks], weights, counts);
            return Ok(());
        }
        let [predicted, referred] = &mut self.inside;
        for (k, (region, count)) in input.regions.iter().zip(&mut counts.regions).enumerate() {
            match input.prediction {
                Decision::Threshold(_, threshold) => {
                    above(&self.scores[k * blocks..][..blocks], not_above(threshold), weights, predicted);
                }
                Decision::Labels(_) | Decision::Argmax(_) => {
                    members(&self.predicted[..blocks], region, weights, predicted);
                }
            }
            match input.reference {
                Target::PerClass(_) => above(&self.planes[k * blocks..][..blocks], 0.5, weights, referred),
                Target::Labels(_) => members(&self.referred[..blocks], region, weights, referred),
            }
            let both = predicted[..weights.len()].iter().zip(&*referred);
            let [hits, p, r] = both
                .fold([0_u32; 3], |[hits, p, r], (&inside, &truly)| [hits + (inside & truly), p + inside, r + truly]);
            *count = [count[0] + u64::from(hits), count[1] + u64::from(p), count[2] + u64::from(r)];
        }
        Ok(())
    }
}

/// 1 where a pixel that counts has one of the labels.
#[inline(always)]
fn members(labels: &[[i32; BLOCK]], region: &[i64], weights: &[f32], inside: &mut [u32]) {
    let inside = &mut inside[..weights.len()];
    inside.fill(0);
    for &member in region {
        let Ok(member) = i32::try_from(member) else { continue };
        for ((to, &label), &m) in inside.iter_mut().zip(labels.as_flattened()).zip(weights) {
            *to |= u32::from(label == member && m != 0.0);
        }
    }
}

/// 1 where a pixel that counts is above the threshold.
#[inline(always)]
fn above(plane: &[Block], threshold: f32, weights: &[f32], inside: &mut [u32]) {
    for ((to, &value), &m) in inside.iter_mut().zip(plane.as_flattened()).zip(weights) {
        *to = u32::from(value > threshold && m != 0.0);
    }
}

#[inline(always)]
fn argmax(scores: &[Block], classes: usize, blocks: usize, best: &mut [f32], labels: &mut [[i32; BLOCK]]) {
    best.fill(f32::NEG_INFINITY);
    let labels = labels.as_flattened_mut();
    labels.fill(0);
    for class in 0..classes {
        let plane = scores[class * blocks..][..blocks].as_flattened();
        for ((best, label), &score) in best.iter_mut().zip(&mut *labels).zip(plane) {
            if score > *best {
                *best = score;
                *label = class as i32;
            }
        }
    }
}

#[inline(always)]
fn load_scores<S: Simd>(simd: S, scores: Floats, shape: Shape, span: Span, scratch: &mut [Block]) {
    let sample = span.sample * shape.sample_len()..(span.sample + 1) * shape.sample_len();
    match scores {
        Floats::F32(s) => load_planes(simd, &s[sample], shape, span, None, scratch),
        Floats::F64(s) => load_planes(simd, &s[sample], shape, span, None, scratch),
    };
}

#[inline(always)]
fn load_region_planes<S: Simd>(simd: S, planes: Planes, shape: Shape, span: Span, scratch: &mut [Block]) {
    let sample = span.sample * shape.sample_len()..(span.sample + 1) * shape.sample_len();
    match planes {
        Planes::U8(s) => load_planes(simd, &s[sample], shape, span, None, scratch),
        Planes::F32(s) => load_planes(simd, &s[sample], shape, span, None, scratch),
        Planes::F64(s) => load_planes(simd, &s[sample], shape, span, None, scratch),
    };
}

/// Any label is a label here, but an integer it must be, wherever the reference is not ignored.
#[cold]
fn first_fault(input: &CountInput, span: Span, weights: &[f32]) -> Option<Fault> {
    let start = span.sample * input.shape.pixels + span.from;
    let broken = |labels: Labels, index: usize| {
        let value = label_value(labels, start + index);
        (value.fract() != 0.0).then_some(value)
    };
    let at = |index: usize| {
        let reference = match input.reference {
            Target::Labels(labels) => broken(labels, index),
            Target::PerClass(_) => None,
        };
        let prediction = match input.prediction {
            Decision::Labels(labels) => broken(labels, index).filter(|_| weights[index] != 0.0),
            Decision::Argmax(_) | Decision::Threshold(..) => None,
        };
        let value = reference.or(prediction)?;
        let pixel = span.from + index;
        Some(Fault { kind: FaultKind::LabelNotInteger, value, sample: span.sample, class: 0, pixel })
    };
    (0..span.len).find_map(at)
}

/// The largest `f32` that is not above the number: a `f32` is above the one if and only if it is above the other.
fn not_above(number: f64) -> f32 {
    let nearest = number as f32;
    if f64::from(nearest) > number { nearest.next_down() } else { nearest }
}
