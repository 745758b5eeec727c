//! The loss of every pixel (classes that exclude each other) or element (a loss of each class), for `Reduction::None` and for the worst
//! pixels.

use crate::criterion::{Activation, Criterion, Loss, Pixel};
use crate::kernel::activation::Activator;
use crate::kernel::class_target::target_at;
use crate::kernel::log_loss::{clipped_log_loss, sigmoid_log_loss, softmax_log_loss};
use crate::kernel::pixel::{self, Source, log_loss};
use crate::kernel::wide::Wide;
use crate::parallel::{Execution, Work, run};
use crate::pass::spans::{Part, parts_from_the_end, spans};
use crate::scratch::{Scratch, with_scratch};
use crate::simd::{Level, MaskWiden, Select, Simd, SimdBase, dispatch, f32x16, f64x8};
use crate::tensor::{Input, Layout, Shape};
use crate::tile::loader::Loader;
use crate::tile::{BLOCK, Span, tile_pixels};

/// How a class enters: `positive·t'·(−log p) + negative·(1 − t')·(−log(1 − p))` with `t' = hard·t + smooth`.
struct ClassFactors {
    positive: f64,
    negative: f64,
    hard: f64,
    smooth: f64,
}

/// What the loss of a pixel is made of.
enum Formula<'a> {
    /// Factors of each class.
    Entropy(Vec<ClassFactors>),
    Function(&'a Pixel),
}

/// The losses `scale·m·ℓ` in the order of the prediction's axes, without the class axis where the classes are exclusive; for those,
/// `uncounted` where a pixel does not count (else 0). None where the loss is no sum over pixels.
pub(crate) fn pixel_losses(
    criterion: &Criterion,
    loss: &Loss,
    scale: f64,
    uncounted: Option<f64>,
    input: &Input,
    execution: &Execution,
) -> Vec<f64> {
    let Some(formula) = formula(loss, criterion.classes) else {
        return Vec::new();
    };
    let shape = input.shape;
    let out_shape =
        if loss.is_exclusive() { Shape { classes: 1, layout: Layout::ChannelsFirst, ..shape } } else { shape };
    let mut values = vec![0.0; shape.samples * out_shape.sample_len()];
    let tasks = parts_from_the_end(&mut values, shape, out_shape);
    let work = Work { tasks, count: spans(shape).len(), elements: shape.samples * shape.sample_len() };
    run(execution, work, |queue| {
        with_scratch(|scratch| {
            let mut pass = LossPass::new(criterion, input, &formula, scale, uncounted, out_shape, scratch);
            while let Some((span, mut part)) = queue.next() {
                pass.write_span(execution.level, span, &mut part);
            }
        });
    });
    values
}

/// The formula, where the loss is a sum over pixels.
fn formula(loss: &Loss, classes: usize) -> Option<Formula<'_>> {
    let weight = |weights: &Option<Vec<f64>>, class: usize| weights.as_ref().map_or(1.0, |w| w[class]);
    match loss {
        Loss::Region(_)
        | Loss::Correlation(_)
        | Loss::SensitivitySpecificity(_)
        | Loss::Wasserstein(_)
        | Loss::Lovasz(_) => None,
        Loss::Pixel(pixel) => Some(Formula::Function(pixel)),
        Loss::CrossEntropy(ce) => {
            let smooth = ce.label_smoothing / classes as f64;
            let of = |c| ClassFactors {
                positive: weight(&ce.class_weights, c),
                negative: 0.0,
                hard: 1.0 - ce.label_smoothing,
                smooth,
            };
            Some(Formula::Entropy((0..classes).map(of).collect()))
        }
        Loss::BinaryCrossEntropy(bce) => {
            let smooth = bce.label_smoothing / 2.0;
            let of = |c| {
                let w = weight(&bce.class_weights, c);
                let positive = w * weight(&bce.positive_weights, c);
                ClassFactors { positive, negative: w, hard: 1.0 - bce.label_smoothing, smooth }
            };
            Some(Formula::Entropy((0..classes).map(of).collect()))
        }
    }
}

/// One worker's pass over the losses.
struct LossPass<'a> {
    criterion: &'a Criterion,
    input: &'a Input<'a>,
    formula: &'a Formula<'a>,
    scale: f64,
    uncounted: Option<f64>,
    out_shape: Shape,
    loader: Loader<'a>,
    activator: Activator<'a>,
    pixels: &'a mut pixel::Buffers,
}

impl<'a> LossPass<'a> {
    fn new(
        criterion: &'a Criterion,
        input: &'a Input<'a>,
        formula: &'a Formula<'a>,
        scale: f64,
        uncounted: Option<f64>,
        out_shape: Shape,
        scratch: &'a mut Scratch,
    ) -> Self {
        let Scratch { tiles, activations, pixels, .. } = scratch;
        let loader = Loader::new(criterion, input, tiles);
        let activator = Activator::new(input.shape, activations);
        Self { criterion, input, formula, scale, uncounted, out_shape, loader, activator, pixels }
    }

    fn write_span(&mut self, level: Level, span: Span, part: &mut Part<f64>) {
        let Self { criterion, input, out_shape, scale, uncounted, .. } = *self;
        let step = tile_pixels(criterion.classes);
        for from in (0..span.len).step_by(step) {
            let len = step.min(span.len - from);
            let tile_span = Span { from: span.from + from, len, ..span };
            let Some(tile) = self.loader.load(level, criterion, input, tile_span) else { continue };
            let activated = self.activator.activate(level, criterion.activation, &tile);
            let mut write = |class: usize, block: usize, losses: [f64; BLOCK]| {
                let first = from + block * BLOCK;
                for (pixel, loss) in (first..from + len).zip(losses) {
                    // One NaN for all: which bits a NaN has depends on the instruction that made it.
                    let value = if loss.is_nan() { f64::NAN } else { scale * loss };
                    match (out_shape.classes, out_shape.layout) {
                        // Exclusive classes: one value a pixel, the sum over the classes.
                        (1, _) => part.0[0][pixel] += value,
                        (_, Layout::ChannelsFirst) => part.0[class][pixel] = value,
                        (classes, Layout::ChannelsLast) => part.0[0][pixel * classes + class] = value,
                    }
                }
            };
            match self.formula {
                Formula::Function(function) => {
                    pixel::losses(level, function, criterion.activation, &tile, &activated, self.pixels, &mut write);
                }
                Formula::Entropy(classes) => {
                    let activation = (criterion.activation, criterion.clip());
                    let source = pixel::source(level, activation, &tile, &activated, self.pixels);
                    for (class, factors) in classes.iter().enumerate() {
                        for block in 0..tile.blocks {
                            let losses = dispatch!(level, simd => {
                                block_losses(simd, &source, class, block, factors).to_array()
                            });
                            write(class, block, losses);
                        }
                    }
                }
            }
            if let (Some(weights), Some(uncounted)) = (tile.weights, uncounted) {
                for (value, &weight) in part.0[0][from..from + len].iter_mut().zip(weights.as_flattened()) {
                    *value = if weight == 0.0 { uncounted } else { *value };
                }
            }
        }
    }
}

#[inline(always)]
fn block_losses<S: Simd>(simd: S, source: &Source, class: usize, block: usize, factors: &ClassFactors) -> Wide<S> {
    let wide = |value: f64| Wide(f64x8::splat(simd, value), f64x8::splat(simd, value));
    let Source { activation, clip, tile, activated, .. } = *source;
    let target = target_at(simd, &tile.target, class, block);
    let logit = f32x16::load_array_ref(simd, &tile.prediction.plane(class)[block]);
    let p = source.probability(simd, class, block);
    let (loss, complement) = match activation {
        Activation::Softmax => {
            // Of a sure pixel the logarithm of the whole sum knows no digit: its loss comes from the other classes.
            let Wide(low, high) = softmax_log_loss(simd, activated, logit, block);
            let sure = Wide::of(log_loss(simd, p, source.softmax_complement(simd, class, block)));
            let is_sure = p.simd_ge(0.5).widen();
            (Wide(is_sure.0.select(sure.0, low), is_sure.1.select(sure.1, high)), wide(0.0))
        }
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
