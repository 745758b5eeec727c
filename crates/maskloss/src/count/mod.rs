//! Hard counts for scores: true positives, predicted and reference pixels of each sample and region.

mod singles;

use self::singles::Singles;
use crate::fault::{Fault, FaultKind};
use crate::parallel::{Execution, run, workers};
use crate::pass::spans::spans;
use crate::simd::{Simd, dispatch};
use crate::tensor::{Floats, Labels, Planes, Shape, Target};
use crate::tile::label::{LabelMap, label_value};
use crate::tile::planes::load_planes;
use crate::tile::{BLOCK, Block, Span, tile_pixels};

/// What a region is predicted by.
#[derive(Clone, Copy, Debug)]
pub enum Decision<'a> {
    /// A label map, `[samples, pixels]`.
    Labels(Labels<'a>),
    /// The class of the largest of C scores; the lowest class where several are; NaN is never the largest.
    Argmax(Floats<'a>),
    /// Plane k is region k where it is above the threshold.
    Threshold(Floats<'a>, f64),
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub struct CountInput<'a> {
    /// The extents of the prediction; C = 1 for label maps.
    pub shape: Shape,
    /// The prediction.
    pub prediction: Decision<'a>,
    /// A label map, or a plane for each region (above ½: in it).
    pub reference: Target<'a>,
    /// Region k is the union of these labels.
    pub regions: &'a [Vec<i64>],
    /// Reference pixels of this label are not read.
    pub ignore_index: Option<i64>,
}

/// The counts of one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleCounts {
    /// For each region: true positives, predicted pixels, reference pixels.
    pub regions: Vec<[u64; 3]>,
    /// The pixels that were read.
    pub valid: u64,
}

/// Counts a batch.
///
/// # Errors
/// Where a label is not an integer.
///
/// # Panics
/// Where a length contradicts the shape.
pub fn count(input: &CountInput, execution: &Execution) -> Result<Vec<SampleCounts>, Fault> {
    assert_lengths(input);
    let shape = input.shape;
    let regions = input.regions.len();
    let tasks = spans(shape);
    let workers = workers(execution, shape.samples * shape.sample_len(), tasks.len());
    let results = run(tasks, workers, |queue| {
        let mut counts = vec![SampleCounts { regions: vec![[0; 3]; regions], valid: 0 }; shape.samples];
        let mut counter = Counter::new(input);
        while let Some(span) = queue.next() {
            let sample = &mut counts[span.sample];
            if let Err(fault) = dispatch!(execution.level, simd => counter.add_span(simd, span, sample)) {
                queue.close();
                return Err(fault);
            }
        }
        Ok(counts)
    });
    let mut total: Option<Vec<SampleCounts>> = None;
    let mut first: Option<Fault> = None;
    for result in results {
        match (result, &mut total) {
            (Err(fault), _) => first = Some(first.filter(|f| f.precedes(&fault)).unwrap_or(fault)),
            (Ok(counts), None) => total = Some(counts),
            (Ok(counts), Some(total)) => {
                for (sum, part) in total.iter_mut().zip(&counts) {
                    sum.valid += part.valid;
                    for (sum, part) in sum.regions.iter_mut().zip(&part.regions) {
                        sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
                    }
                }
            }
        }
    }
    first.map_or_else(|| Ok(total.unwrap_or_default()), Err)
}

fn assert_lengths(input: &CountInput) {
    let Shape { samples, pixels, .. } = input.shape;
    let (found, expected) = match input.prediction {
        Decision::Labels(labels) => (labels.len(), samples * pixels),
        Decision::Argmax(scores) | Decision::Threshold(scores, _) => (scores.len(), samples * input.shape.sample_len()),
    };
    assert_eq!(found, expected, "length of the prediction");
    let (found, expected) = match input.reference {
        Target::Labels(labels) => (labels.len(), samples * pixels),
        Target::PerClass(planes) => (planes.len(), samples * pixels * input.regions.len()),
    };
    assert_eq!(found, expected, "length of the reference");
}

/// One worker's scratch.
struct Counter<'a> {
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

impl<'a> Counter<'a> {
    fn new(input: &'a CountInput<'a>) -> Self {
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

    #[inline(always)]
    fn add_span<S: Simd>(&mut self, simd: S, span: Span, counts: &mut SampleCounts) -> Result<(), Fault> {
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
                if let Some(plane) = ignored.and_then(|k| self.planes.chunks_exact(blocks).nth(k)) {
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

/// The distinct labels of a map, ascending.
#[must_use]
pub fn distinct_labels(labels: Labels) -> Vec<f64> {
    let mut distinct: Vec<f64> = Vec::new();
    let mut bound = 1 << 12;
    let tidy = |distinct: &mut Vec<f64>| {
        distinct.sort_unstable_by(f64::total_cmp);
        distinct.dedup();
    };
    for index in 0..labels.len() {
        let value = label_value(labels, index);
        // Labels come in runs: only where one begins is it kept.
        if distinct.last() != Some(&value) {
            distinct.push(value);
        }
        if distinct.len() == bound {
            tidy(&mut distinct);
            bound = (2 * distinct.len()).max(1 << 12);
        }
    }
    tidy(&mut distinct);
    distinct
}
