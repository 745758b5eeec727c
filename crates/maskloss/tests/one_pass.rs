//! Where value and gradient take one pass, they are those of two.

mod bits;

use bits::{channels_last, numbers, of_planes, run};
use maskloss::{
    Activation, BinaryCrossEntropy, Criterion, CrossEntropy, Execution, Floats, FloatsMut, Gradient, Input, Layout,
    Level, Loss, MeanOver, Planes, Reduction, Shape, Target, Term, evaluate,
};

/// Three tasks a sample, and a tail.
const PIXELS: usize = 50_005;

fn categorical(classes: usize, label_smoothing: f64) -> Loss {
    Loss::CrossEntropy(CrossEntropy {
        class_weights: Some((0..classes).map(|class| 0.5 + class as f64).collect()),
        label_smoothing,
        mean_over: MeanOver::Pixels,
        clip: 1e-3,
        top_percent: None,
        reduction: Reduction::Mean,
    })
}

fn binary(classes: usize) -> Loss {
    Loss::BinaryCrossEntropy(BinaryCrossEntropy {
        class_weights: None,
        positive_weights: Some((0..classes).map(|class| 2.0 - 0.5 * class as f64).collect()),
        label_smoothing: 0.0,
        mean_over: MeanOver::ValidPixels,
        clip: 1e-3,
        reduction: Reduction::Mean,
    })
}

/// Checked, it takes two passes: nothing may be written before the last value was seen.
fn criterion(activation: Activation, classes: usize, losses: Vec<Loss>, check_values: bool) -> Criterion {
    Criterion {
        activation,
        classes,
        ignore_index: None,
        mask_value: None,
        regions: None,
        check_values,
        terms: losses.into_iter().map(|loss| Term { weight: 0.75, loss }).collect(),
    }
}

#[test]
fn one_pass_gives_the_bits_of_two() {
    (2..=5).for_each(check);
}

fn check(classes: usize) {
    let shape = Shape { samples: 2, classes, pixels: PIXELS, layout: Layout::ChannelsFirst };
    let mut next = numbers(11);
    let mut unit = || (next() % 1001) as f32 / 1000.0;
    let mut prediction: Vec<f32> = (0..shape.samples * shape.sample_len()).map(|_| unit()).collect();
    // At the edges, beyond the clip, and a number that is none, in the second sample.
    (prediction[5], prediction[6], prediction[(classes + 1) * PIXELS + 40_000]) = (0.0, 1.0, f32::NAN);
    prediction[30_000] = -0.0;
    let soft: Vec<f32> = (0..prediction.len()).map(|_| unit()).collect();
    let mut hard: Vec<f32> = soft.iter().map(|&t| if t > 0.5 { 1.0 } else { 0.0 }).collect();
    hard[20_000] = -0.0;
    for (activation, losses) in [
        (Activation::None, vec![categorical(classes, 0.0)]),
        (Activation::None, vec![categorical(classes, 0.1)]),
        (Activation::None, vec![categorical(classes, 0.1), binary(classes)]),
        (Activation::Sigmoid, vec![binary(classes)]),
        (Activation::Softmax, vec![categorical(classes, 0.1)]),
    ] {
        for target in [&soft, &hard] {
            let (one, two): (Criterion, Criterion) =
                [false, true].map(|checked| criterion(activation, classes, losses.clone(), checked)).into();
            let last = (channels_last(&prediction, shape), channels_last(target, shape));
            let rows = Shape { layout: Layout::ChannelsLast, ..shape };
            for (level, threads) in
                Level::available().into_iter().flat_map(|level| [1, 3].map(|threads| (level, threads)))
            {
                let execution = Execution { level, threads };
                let name = format!(
                    "{classes} classes, {activation:?}, {} losses, {}, {threads} threads",
                    losses.len(),
                    level.name()
                );
                for (shape, prediction, target) in [(shape, &prediction, target), (rows, &last.0, &last.1)] {
                    let [found, expected] =
                        [&one, &two].map(|criterion| run(criterion, shape, prediction, of_planes(target), &execution));
                    assert_eq!(
                        (found.sums, found.values, found.non_finite),
                        (expected.sums, expected.values, 1),
                        "{name}"
                    );
                    let differs = (0..prediction.len()).find(|&at| found.gradient[at] != expected.gradient[at]);
                    assert_eq!(differs, None, "{name}, {:?}: the first element", shape.layout);
                }
            }
        }
    }
}

#[test]
fn many_small_samples_are_added_to_a_gradient_in_double_precision() {
    let classes = 3;
    let shape = Shape { samples: 3000, classes, pixels: 5, layout: Layout::ChannelsFirst };
    let mut next = numbers(5);
    let prediction: Vec<f32> = (0..shape.samples * shape.sample_len()).map(|_| (next() % 101) as f32 / 100.0).collect();
    let target: Vec<f64> = prediction.iter().map(|_| (next() % 2) as f64).collect();
    let found = [false, true].map(|checked| {
        let criterion = criterion(Activation::None, classes, vec![categorical(classes, 0.1), binary(classes)], checked);
        let target = Target::PerClass(Planes::F64(&target));
        let input = Input { shape, prediction: Floats::F32(&prediction), target, pixel_weights: None };
        let mut slopes = vec![0.5; prediction.len()];
        let mut gradient = Gradient { data: FloatsMut::F64(&mut slopes), scale: -3.0, accumulate: true };
        let found = evaluate(&criterion, &input, Some(&mut gradient), &Execution::default()).expect("sound data");
        (found, slopes)
    });
    assert_eq!(found[0], found[1]);
}
