//! The same bits at every level, with any number of threads, in either layout, with the samples of a batch together or apart.

use maskloss::{
    Activation, Criterion, CrossEntropy, EmptyClass, Evaluation, Execution, Floats, FloatsMut, Form, Gradient, Input,
    Labels, Layout, Level, Loss, MeanOver, Reduction, Region, ScorePer, Shape, Target, Term, Transform, WeightMode,
    evaluate,
};
use proptest::prelude::*;

fn criterion(classes: usize, form: Form) -> Criterion {
    let region = Region {
        form,
        transform: Transform::OneMinus,
        scale: 2.0,
        alpha: 0.5,
        beta: 0.5,
        smooth_numerator: 1e-5,
        smooth_denominator: 1e-5,
        floor: 0.0,
        score_per: ScorePer::SampleClass,
        classes: (0..classes).collect(),
        class_weights: None,
        weight_mode: WeightMode::Mean,
        empty_class: EmptyClass::Smooth,
        reduction: Reduction::Sum,
    };
    let cross_entropy = CrossEntropy {
        class_weights: None,
        label_smoothing: 0.1,
        mean_over: MeanOver::Weights,
        clip: 0.0,
        reduction: Reduction::Sum,
    };
    Criterion {
        activation: Activation::Softmax,
        classes,
        ignore_index: Some(9),
        mask_value: None,
        regions: None,
        check_values: true,
        terms: vec![
            Term { weight: 0.75, loss: Loss::Region(region) },
            Term { weight: 1.5, loss: Loss::CrossEntropy(cross_entropy) },
        ],
    }
}

/// What comes out, as bits: loss and terms, values, gradient.
#[derive(Clone, Debug, PartialEq)]
struct Bits {
    sums: Vec<u64>,
    values: Vec<u64>,
    gradient: Vec<u32>,
}

fn run(criterion: &Criterion, shape: Shape, logits: &[f32], labels: &[u8], execution: &Execution) -> Bits {
    let input = Input {
        shape,
        prediction: Floats::F32(logits),
        target: Target::Labels(Labels::U8(labels)),
        pixel_weights: None,
    };
    let mut slopes = vec![0.0; logits.len()];
    let mut gradient = Gradient { data: FloatsMut::F32(&mut slopes), scale: 1.0, accumulate: false };
    let Evaluation { loss, terms, values, non_finite } =
        evaluate(criterion, &input, Some(&mut gradient), execution).expect("sound data");
    assert_eq!(non_finite, 0);
    Bits {
        sums: std::iter::once(loss).chain(terms).map(f64::to_bits).collect(),
        values: values.into_iter().map(f64::to_bits).collect(),
        gradient: slopes.into_iter().map(f32::to_bits).collect(),
    }
}

/// `[N, C, V]` to `[N, V, C]`.
fn channels_last<T: Copy>(data: &[T], shape: Shape) -> Vec<T> {
    let Shape { samples, classes, pixels, .. } = shape;
    let at = |n: usize, v: usize, c: usize| data[(n * classes + c) * pixels + v];
    let mut out = Vec::with_capacity(data.len());
    for n in 0..samples {
        for v in 0..pixels {
            out.extend((0..classes).map(|c| at(n, v, c)));
        }
    }
    out
}

/// Numbers from a seed (SplitMix64): millions of them would be too much for proptest to keep.
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

fn extents() -> impl Strategy<Value = (usize, usize, usize)> {
    let pixels = prop_oneof![3 => 1..68_usize, 1 => 4090..4104_usize, 1 => 8190..8200_usize, 1 => 16_384..20_000_usize];
    (1..4_usize, 2..8_usize, pixels)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_way_of_running_changes_a_bit(
        (samples, classes, pixels) in extents(),
        seed: u64,
        threads in 1..9_usize,
        extreme: bool,
        form in prop_oneof![Just(Form::Product), Just(Form::Squared), Just(Form::Absolute)],
    ) {
        let mut next = numbers(seed);
        let mut unit = || (next() >> 40) as f32 / (1 << 24) as f32;
        let shape = Shape { samples, classes, pixels, layout: Layout::ChannelsFirst };
        let range = if extreme { 2e4 } else { 8.0 };
        let logits: Vec<f32> = (0..samples * classes * pixels).map(|_| range * (unit() - 0.5)).collect();
        let labels: Vec<u8> = (0..samples * pixels)
            .map(|_| (unit() * (classes + 1) as f32) as usize)
            .map(|label| if label < classes { label as u8 } else { 9 })
            .collect();
        let criterion = criterion(classes, form);
        let levels = Level::available();
        let plain = Execution { level: levels[levels.len() - 1], threads: 1 };
        let wanted = run(&criterion, shape, &logits, &labels, &plain);

        let last = Shape { layout: Layout::ChannelsLast, ..shape };
        let turned = Bits { gradient: channels_last(&wanted.gradient, shape), ..wanted.clone() };
        for level in levels {
            let execution = Execution { level, threads };
            prop_assert_eq!(&run(&criterion, shape, &logits, &labels, &execution), &wanted);
            prop_assert_eq!(&run(&criterion, last, &channels_last(&logits, shape), &labels, &execution), &turned);
        }

        let one = Shape { samples: 1, ..shape };
        let apart: Vec<Bits> = logits
            .chunks(one.sample_len())
            .zip(labels.chunks(pixels))
            .map(|(logits, labels)| run(&criterion, one, logits, labels, &Execution { level: plain.level, threads }))
            .collect();
        prop_assert_eq!(apart.iter().flat_map(|part| part.values.clone()).collect::<Vec<_>>(), wanted.values);
        prop_assert_eq!(apart.iter().flat_map(|part| part.gradient.clone()).collect::<Vec<_>>(), wanted.gradient);
    }
}
