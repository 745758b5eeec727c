//! Where value and gradient take one pass, they are those of two.

mod bits;

use bits::{channels_last, numbers, of_planes, run};
use maskloss::{
    Activation, BinaryCrossEntropy, Criterion, CrossEntropy, Execution, Layout, Level, Loss, MeanOver, Reduction,
    Shape, Term,
};

/// Three tasks a sample, and a tail.
const CLASSES: usize = 3;
const PIXELS: usize = 50_005;

fn categorical() -> Loss {
    Loss::CrossEntropy(CrossEntropy {
        class_weights: Some(vec![0.5, 1.0, 3.0]),
        label_smoothing: 0.1,
        mean_over: MeanOver::Pixels,
        clip: 1e-3,
        top_percent: None,
        reduction: Reduction::Mean,
    })
}

fn binary() -> Loss {
    Loss::BinaryCrossEntropy(BinaryCrossEntropy {
        class_weights: None,
        positive_weights: Some(vec![2.0, 1.0, 0.5]),
        label_smoothing: 0.0,
        mean_over: MeanOver::ValidPixels,
        clip: 1e-3,
        reduction: Reduction::Mean,
    })
}

/// Checked, it takes two passes: nothing may be written before the last value was seen.
fn criterion(activation: Activation, losses: Vec<Loss>, check_values: bool) -> Criterion {
    Criterion {
        activation,
        classes: CLASSES,
        ignore_index: None,
        mask_value: None,
        regions: None,
        check_values,
        terms: losses.into_iter().map(|loss| Term { weight: 0.75, loss }).collect(),
    }
}

#[test]
fn one_pass_gives_the_bits_of_two() {
    let shape = Shape { samples: 2, classes: CLASSES, pixels: PIXELS, layout: Layout::ChannelsFirst };
    let mut next = numbers(11);
    let mut unit = || (next() % 1001) as f32 / 1000.0;
    let mut prediction: Vec<f32> = (0..shape.samples * CLASSES * PIXELS).map(|_| unit()).collect();
    // At the edges, beyond the clip, and a number that is none, in the second sample.
    (prediction[5], prediction[6], prediction[4 * PIXELS + 40_000]) = (0.0, 1.0, f32::NAN);
    let soft: Vec<f32> = (0..prediction.len()).map(|_| unit()).collect();
    let hard: Vec<f32> = soft.iter().map(|&t| if t > 0.5 { 1.0 } else { 0.0 }).collect();
    for (activation, losses) in [
        (Activation::None, vec![categorical()]),
        (Activation::None, vec![categorical(), binary()]),
        (Activation::Sigmoid, vec![binary()]),
        (Activation::Softmax, vec![categorical()]),
    ] {
        for target in [&soft, &hard] {
            let (one, two): (Criterion, Criterion) =
                [false, true].map(|checked| criterion(activation, losses.clone(), checked)).into();
            let last = (channels_last(&prediction, shape), channels_last(target, shape));
            let rows = Shape { layout: Layout::ChannelsLast, ..shape };
            for (level, threads) in
                Level::available().into_iter().flat_map(|level| [1, 3].map(|threads| (level, threads)))
            {
                let execution = Execution { level, threads };
                let name = format!("{activation:?}, {} losses, {}, {threads} threads", losses.len(), level.name());
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
