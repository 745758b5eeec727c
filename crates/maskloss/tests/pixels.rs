//! The same for losses of single pixels: functions of the probabilities, the worst pixels, sorted errors.

use maskloss::{
    Activation, Averaging, Criterion, CrossEntropy, EmptyClass, Execution, Labels, Layout, Level, Loss, Lovasz,
    LovaszForm, MeanOver, Pixel, PixelForm, PixelFunction, Reduction, ScorePer, Shape, SoftTarget, Target, Term,
};
use proptest::prelude::*;

mod bits;
mod extents;
use bits::{Bits, channels_last, numbers, of_planes, run};
use extents::extents;

const IGNORED: u8 = 99;

fn functions() -> impl Strategy<Value = Pixel> {
    let function = prop_oneof![Just(PixelFunction::Focal), Just(PixelFunction::Poly), Just(PixelFunction::Generalized)];
    let form = prop_oneof![Just(PixelForm::Categorical), Just(PixelForm::Binary)];
    let soft = prop_oneof![3 => Just(SoftTarget::Linear), 1 => Just(SoftTarget::Mixed), 1 => Just(SoftTarget::Signed)];
    let gamma = prop_oneof![Just(1.0), Just(2.0), 0.1..4.0];
    (function, form, soft, gamma, any::<[bool; 3]>()).prop_map(
        |(function, form, soft_target, gamma, [smoothed, normalized, reduced])| Pixel {
            function,
            form,
            gammas: vec![gamma],
            positive_weights: None,
            negative_weights: None,
            target_scale: if smoothed { 0.9 } else { 1.0 },
            target_offset: if smoothed { 0.02 } else { 0.0 },
            soft_target,
            reduced_threshold: (reduced && function == PixelFunction::Focal).then_some(0.4),
            normalized: normalized && function == PixelFunction::Focal,
            classes: Vec::new(),
            mean_over: MeanOver::ValidPixels,
            clip: 1e-7,
            reduction: Reduction::Sum,
        },
    )
}

fn lovasz() -> impl Strategy<Value = Lovasz> {
    let score_per = prop_oneof![
        2 => Just(ScorePer::SampleClass),
        1 => Just(ScorePer::Class),
        1 => Just(ScorePer::Sample),
        1 => Just(ScorePer::Batch)
    ];
    let form = prop_oneof![Just(LovaszForm::Softmax), Just(LovaszForm::Hinge)];
    (form, score_per).prop_map(|(form, score_per)| Lovasz {
        form,
        score_per,
        classes: Vec::new(),
        empty_class: EmptyClass::Smooth,
        averaging: Averaging::Cells,
        reduction: Reduction::Sum,
    })
}

/// Of no classes yet.
fn losses() -> impl Strategy<Value = Loss> {
    let entropy = |top_percent| {
        Loss::CrossEntropy(CrossEntropy {
            class_weights: None,
            label_smoothing: 0.0,
            mean_over: MeanOver::Weights,
            clip: 1e-7,
            top_percent,
            reduction: Reduction::Sum,
        })
    };
    prop_oneof![
        4 => functions().prop_map(Loss::Pixel),
        2 => lovasz().prop_map(Loss::Lovasz),
        1 => Just(entropy(None)),
        2 => (1.0..60.0).prop_map(move |percent| entropy(Some(percent))),
    ]
}

/// The loss for so many classes.
fn of_classes(loss: Loss, classes: usize) -> Loss {
    match loss {
        Loss::Pixel(pixel) => Loss::Pixel(Pixel {
            gammas: vec![pixel.gammas[0]; classes],
            classes: (classes / 4..classes).collect(),
            ..pixel
        }),
        Loss::Lovasz(lovasz) => Loss::Lovasz(Lovasz { classes: (classes / 4..classes).collect(), ..lovasz }),
        other => other,
    }
}

/// Whether the gradient of a batch is that of its samples.
fn is_splittable(loss: &Loss) -> bool {
    match loss {
        Loss::Pixel(pixel) => !pixel.normalized,
        Loss::Lovasz(lovasz) => matches!(lovasz.score_per, ScorePer::SampleClass | ScorePer::Sample),
        Loss::CrossEntropy(entropy) => entropy.top_percent.is_none(),
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_way_of_running_changes_a_bit(
        (samples, classes, pixels) in extents(),
        seed: u64,
        threads in 1..9_usize,
        [ignored, planes, certain]: [bool; 3],
        activation in prop_oneof![Just(Activation::Softmax), Just(Activation::Sigmoid), Just(Activation::None)],
        terms in proptest::collection::vec(losses(), 1..4),
    ) {
        let mut next = numbers(seed);
        let mut unit = || (next() >> 40) as f32 / (1 << 24) as f32;
        let shape = Shape { samples, classes, pixels, layout: Layout::ChannelsFirst };
        let range = if certain { 250.0 } else { 8.0 };
        let mut value = || match activation {
            Activation::None => unit(),
            Activation::Softmax | Activation::Sigmoid => range * (unit() - 0.5),
        };
        let prediction: Vec<f32> = (0..samples * shape.sample_len()).map(|_| value()).collect();
        let mut label = 0;
        let labels: Vec<u8> = (0..samples * pixels)
            .map(|_| {
                if unit() < 0.1 {
                    label = (unit() * (classes + usize::from(ignored)) as f32) as usize;
                }
                if label < classes { label as u8 } else { IGNORED }
            })
            .collect();
        let mut soft = |is: bool| if unit() < 0.01 { unit() } else { f32::from(u8::from(is)) };
        let of_class: Vec<f32> = labels
            .chunks(pixels)
            .flat_map(|labels| (0..classes).flat_map(move |class| labels.iter().map(move |&l| usize::from(l) == class)))
            .map(&mut soft)
            .collect();
        let turned_planes = channels_last(&of_class, shape);
        let target = |shape: Shape, from: usize| match (planes, shape.layout) {
            (false, _) => Target::Labels(Labels::U8(&labels[from * pixels..][..shape.samples * pixels])),
            (true, Layout::ChannelsFirst) => {
                let len = shape.sample_len();
                of_planes(&of_class[from * len..][..shape.samples * len])
            }
            (true, Layout::ChannelsLast) => of_planes(&turned_planes),
        };
        let criterion = Criterion {
            activation,
            classes,
            ignore_index: (ignored && !planes).then_some(i64::from(IGNORED)),
            mask_value: None,
            regions: None,
            check_values: false,
            terms: terms.into_iter().map(|loss| Term { weight: 1.5, loss: of_classes(loss, classes) }).collect(),
        };
        let levels = Level::available();
        let plain = Execution { level: levels[levels.len() - 1], threads: 1 };
        let wanted = run(&criterion, shape, &prediction, target(shape, 0), &plain);
        prop_assert_eq!(wanted.non_finite, 0);

        let last = Shape { layout: Layout::ChannelsLast, ..shape };
        let turned = Bits { gradient: channels_last(&wanted.gradient, shape), ..wanted.clone() };
        for level in levels {
            let execution = Execution { level, threads };
            prop_assert_eq!(&run(&criterion, shape, &prediction, target(shape, 0), &execution), &wanted);
            let prediction = channels_last(&prediction, shape);
            prop_assert_eq!(&run(&criterion, last, &prediction, target(last, 0), &execution), &turned);
        }

        if criterion.terms.iter().all(|term| is_splittable(&term.loss)) {
            let one = Shape { samples: 1, ..shape };
            let execution = Execution { level: plain.level, threads };
            let apart: Vec<u32> = prediction
                .chunks(one.sample_len())
                .enumerate()
                .flat_map(|(n, prediction)| run(&criterion, one, prediction, target(one, n), &execution).gradient)
                .collect();
            prop_assert_eq!(apart, wanted.gradient);
        }
    }
}
