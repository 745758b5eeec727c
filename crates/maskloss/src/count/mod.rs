//! Hard counts for scores: true positives, predicted and reference pixels of each sample and region.

mod bytes;
mod members;
mod runs;
mod singles;
#[cfg(test)]
mod tests;
mod tiles;

use self::bytes::ByteCounter;
use self::tiles::TileCounter;
use crate::fault::{Fault, merged_or_first_fault};
use crate::parallel::{Execution, Work, run};
use crate::pass::spans::{TASK_ELEMENTS, spans_of};
use crate::simd::Level;
use crate::tensor::{Floats, Labels, Shape, Target};
use crate::tile::Span;
use crate::tile::label::label_value;

/// The pixels of a task of bytes, each of which is counted in a tenth of the time that a loss takes for it.
const TASK_BYTES: usize = 1 << 19;

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
    let of_bytes =
        matches!((input.prediction, input.reference), (Decision::Labels(Labels::U8(_)), Target::Labels(Labels::U8(_))));
    let tasks = spans_of(shape, if of_bytes { TASK_BYTES } else { TASK_ELEMENTS });
    let work = Work { count: tasks.len(), tasks, elements: shape.samples * shape.sample_len() };
    let results = run(execution, work, |queue| {
        let mut counts = vec![SampleCounts { regions: vec![[0; 3]; regions], valid: 0 }; shape.samples];
        let mut counter = Counter::new(input);
        while let Some(span) = queue.next() {
            if let Err(fault) = counter.add_span(execution.level, span, &mut counts[span.sample]) {
                queue.close();
                return Err(fault);
            }
        }
        Ok(counts)
    });
    merged_or_first_fault(results, sum_of)
}

/// The counts of two workers together.
fn sum_of(mut total: Vec<SampleCounts>, part: Vec<SampleCounts>) -> Vec<SampleCounts> {
    for (sum, part) in total.iter_mut().zip(&part) {
        sum.valid += part.valid;
        for (sum, part) in sum.regions.as_flattened_mut().iter_mut().zip(part.regions.as_flattened()) {
            *sum += part;
        }
    }
    total
}

/// How a worker counts.
enum Counter<'a> {
    Bytes(ByteCounter<'a>),
    Tiles(Box<TileCounter<'a>>),
}

impl<'a> Counter<'a> {
    fn new(input: &'a CountInput<'a>) -> Self {
        let tiles = || Self::Tiles(Box::new(TileCounter::new(input)));
        ByteCounter::new(input).map_or_else(tiles, Self::Bytes)
    }

    fn add_span(&mut self, level: Level, span: Span, counts: &mut SampleCounts) -> Result<(), Fault> {
        match self {
            Self::Bytes(counter) => {
                counter.add_span(level, span, counts);
                Ok(())
            }
            Self::Tiles(counter) => counter.add_span(level, span, counts),
        }
    }
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
