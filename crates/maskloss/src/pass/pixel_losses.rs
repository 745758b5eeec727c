//! The loss of every pixel (cross-entropy) or element (binary cross-entropy), for `Reduction::None`.

use crate::criterion::{Activation, Criterion, Loss};
use crate::kernel::activation::{Activated, Activator};
use crate::kernel::log_loss::{clipped_log_loss, sigmoid_log_loss, softmax_log_loss};
use crate::kernel::wide::Wide;
use crate::parallel::{Execution, Work, run};
use crate::pass::spans::{Part, parts_from_the_end, spans};
use crate::scratch::with_scratch;
use crate::simd::{Level, Select, Simd, SimdBase, dispatch, f32x16, f64x8, i32x16};
use crate::tensor::{Input, Layout, Shape};
use crate::tile::loader::Loader;
use crate::tile::{BLOCK, Span, Tile, TileTarget, tile_pixels};

/// How a class enters: `positive·t'·(−log p) + negative·(1 − t')·(−log(1 − p))` with `t' = hard·t + smooth`.
struct ClassFactors {
    positive: f64,
    negative: f64,
    hard: f64,
    smooth: f64,
}

/// The losses in the order of the prediction's axes, without the class axis where the classes are exclusive.
pub(crate) fn pixel_losses(criterion: &Criterion, input: &Input, execution: &Execution) -> Vec<f64> {
    let Some((loss, exclusive)) = criterion.terms.first().and_then(|term| factors(&term.loss, criterion.classes))
    else {
        return Vec::new();
    };
    let shape = input.shape;
    let out_shape = if exclusive { Shape { classes: 1, layout: Layout::ChannelsFirst, ..shape } } else { shape };
    let mut values = vec![0.0; shape.samples * out_shape.sample_len()];
    let tasks = parts_from_the_end(&mut values, shape, out_shape);
    let work = Work { tasks, count: spans(shape).len(), elements: shape.samples * shape.sample_len() };
    run(execution, work, |queue| {
        with_scratch(|scratch| {
            let mut loader = Loader::new(criterion, input, &mut scratch.tiles);
            let mut activator = Activator::new(criterion.classes, &mut scratch.activations);
            while let Some((span, mut part)) = queue.next() {
                let scratch = (&mut loader, &mut activator);
                write_span(execution.level, criterion, input, &loss, out_shape, scratch, span, &mut part);
            }
        });
    });
    values
}

/// Each class's factors, and whether the classes are exclusive: then their losses are added.
fn factors(loss: &Loss, classes: usize) -> Option<(Vec<ClassFactors>, bool)> {
    let weight = |weights: &Option<Vec<f64>>, class: usize| weights.as_ref().map_or(1.0, |w| w[class]);
    match loss {
        Loss::Region(_) | Loss::Correlation(_) | Loss::SensitivitySpecificity(_) | Loss::Wasserstein(_) => None,
        Loss::Pixel(_) | Loss::Lovasz(_) => unimplemented!("pixel"),
        Loss::CrossEntropy(ce) => {
            let smooth = ce.label_smoothing / classes as f64;
            let of = |c| ClassFactors {
                positive: weight(&ce.class_weights, c),
                negative: 0.0,
                hard: 1.0 - ce.label_smoothing,
                smooth,
            };
            Some(((0..classes).map(of).collect(), true))
        }
        Loss::BinaryCrossEntropy(bce) => {
            let smooth = bce.label_smoothing / 2.0;
            let of = |c| {
                let w = weight(&bce.class_weights, c);
                let positive = w * weight(&bce.positive_weights, c);
                ClassFactors { positive, negative: w, hard: 1.0 - bce.label_smoothing, smooth }
            };
            Some(((0..classes).map(of).collect(), false))
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the state of one task")]
fn write_span(
    level: Level,
    criterion: &Criterion,
    input: &Input,
    loss: &[ClassFactors],
    out_shape: Shape,
    (loader, activator): (&mut Loader, &mut Activator),
    span: Span,
    part: &mut Part<f64>,
) {
    let step = tile_pixels(criterion.classes);
    for from in (0..span.len).step_by(step) {
        let len = step.min(span.len - from);
        let Some(tile) = loader.load(level, criterion, input, Span { from: span.from + from, len, ..span }) else {
            continue;
        };
        let activated = activator.activate(level, criterion.activation, &tile);
        for (class, factors) in loss.iter().enumerate() {
            for block in 0..tile.blocks {
                let flat = dispatch!(level, simd => {
                    block_losses(simd, criterion, &tile, &activated, class, block, factors).to_array()
                });
                let first = from + block * BLOCK;
                for (pixel, value) in (first..from + len).zip(flat) {
                    // One NaN for all: which bits a NaN has depends on the instruction that made it.
                    let value = if value.is_nan() { f64::NAN } else { value };
                    match (out_shape.classes, out_shape.layout) {
                        // Exclusive classes: one value a pixel, the sum over the classes.
                        (1, _) => part.0[0][pixel] += value,
                        (_, Layout::ChannelsFirst) => part.0[class][pixel] = value,
                        (classes, Layout::ChannelsLast) => part.0[0][pixel * classes + class] = value,
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn block_losses<S: Simd>(
    simd: S,
    criterion: &Criterion,
    tile: &Tile,
    activated: &Activated,
    class: usize,
    block: usize,
    factors: &ClassFactors,
) -> Wide<S> {
    let wide = |value: f64| Wide(f64x8::splat(simd, value), f64x8::splat(simd, value));
    let target = match tile.target {
        TileTarget::Planes(planes) => f32x16::load_array_ref(simd, &planes.plane(class)[block]),
        TileTarget::Labels { labels, .. } => i32x16::load_array_ref(simd, &labels[block])
            .simd_eq(class as i32)
            .select(f32x16::splat(simd, 1.0), f32x16::splat(simd, 0.0)),
    };
    let logit = f32x16::load_array_ref(simd, &tile.prediction.plane(class)[block]);
    let p = f32x16::load_array_ref(simd, &activated.planes.plane(class)[block])
        * f32x16::load_array_ref(simd, &activated.scale[block]);
    let clip = criterion.clip() as f32;
    let (loss, complement) = match criterion.activation {
        Activation::Softmax => (softmax_log_loss(simd, activated, logit, block), wide(0.0)),
        Activation::Sigmoid => (sigmoid_log_loss(simd, logit), sigmoid_log_loss(simd, -logit)),
        Activation::None => (clipped_log_loss(simd, p, clip), clipped_log_loss(simd, 1.0 - p, clip)),
    };
    let smoothed = Wide::of(target).times(wide(factors.hard)).plus(wide(factors.smooth));
    let rest = wide(1.0).minus(smoothed);
    let positive = loss.times(smoothed).times(wide(factors.positive));
    let negative = complement.times(rest).times(wide(factors.negative));
    match tile.weights {
        None => positive.plus(negative),
        Some(weights) => positive.plus(negative).times(Wide::load(simd, &weights[block])),
    }
}
