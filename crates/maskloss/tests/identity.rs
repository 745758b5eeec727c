//! The same bits at every level, with any number of threads, in either layout, with the samples of a batch together or apart.

use maskloss::{
    AbsentWeight, Activation, Cells, Correlation, Criterion, CrossEntropy, Execution, Form, Labels, Layout, Level,
    Loss, MeanOver, Planes, Reduction, Region, ScorePer, SensitivitySpecificity, Shape, Target, Term, VolumeWeights,
    Volumes, Wasserstein, WassersteinWeighting, WeightMode,
};
use proptest::prelude::*;

mod bits;
mod extents;
use bits::{Bits, channels_last, numbers, of_planes, run};
use extents::extents;

const IGNORED: u8 = 99;

/// What decides on which path the pixels go.
#[derive(Clone, Copy, Debug)]
struct Kind {
    activation: Activation,
    score: Score,
    /// An ignored label and label smoothing: neither registers nor products of logarithms.
    general: bool,
    /// Cross-entropy beside the loss of scores.
    logarithmic: bool,
    /// Targets with a plane for each class, soft here and there.
    planes: bool,
}

/// A loss of scores.
#[derive(Clone, Copy, Debug)]
enum Score {
    Region(Form),
    /// Of a target with a floor, with weights from the reference inside the score of a sample.
    Weighted(Form),
    Correlation,
    SensitivitySpecificity,
    Wasserstein(WassersteinWeighting),
}

impl Score {
    fn loss(self, classes: usize) -> Loss {
        let cells = Cells { reduction: Reduction::Sum, ..Cells::alike(ScorePer::SampleClass, (0..classes).collect()) };
        match self {
            Self::Region(form) => Loss::Region(Region { form, ..Region::dice(cells) }),
            Self::Weighted(form) => Loss::Region(Region {
                target_floor: 1e-3,
                volume_weights: Some(VolumeWeights {
                    volumes: Volumes::Score,
                    power: 2,
                    offset: 0.0,
                    floor: 0.0,
                    absent: AbsentWeight::Largest,
                }),
                form,
                ..Region::dice(Cells { score_per: ScorePer::Sample, weight_mode: WeightMode::Inside, ..cells })
            }),
            Self::Correlation => Loss::Correlation(Correlation { cells, smooth: 0.5 }),
            Self::SensitivitySpecificity => {
                Loss::SensitivitySpecificity(SensitivitySpecificity { cells, share: 0.3, smooth: 0.1 })
            }
            Self::Wasserstein(weighting) => Loss::Wasserstein(Wasserstein {
                distances: (0..classes * classes)
                    .map(|i| (i / classes).abs_diff(i % classes) as f64 / classes as f64)
                    .collect(),
                weighting,
                smooth_numerator: 2e-3,
                smooth_denominator: 1e-3,
                score_per: ScorePer::Sample,
                reduction: Reduction::Sum,
            }),
        }
    }
}

fn criterion(classes: usize, kind: Kind) -> Criterion {
    let Kind { activation, score, general, logarithmic, planes } = kind;
    let cross_entropy = CrossEntropy {
        class_weights: None,
        label_smoothing: if general { 0.1 } else { 0.0 },
        mean_over: MeanOver::Weights,
        clip: 1e-7,
        top_percent: None,
        reduction: Reduction::Sum,
    };
    let mut terms = vec![Term { weight: 0.75, loss: score.loss(classes) }];
    if logarithmic {
        terms.push(Term { weight: 1.5, loss: Loss::CrossEntropy(cross_entropy) });
    }
    Criterion {
        activation,
        classes,
        ignore_index: (general && !planes).then_some(i64::from(IGNORED)),
        mask_value: None,
        regions: None,
        check_values: false,
        terms,
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    let activation = prop_oneof![
        3 => Just(Activation::Softmax),
        1 => Just(Activation::Sigmoid),
        2 => Just(Activation::None),
    ];
    let form = prop_oneof![2 => Just(Form::Product), 1 => Just(Form::Squared), 1 => Just(Form::SquaredErrors)];
    let weighting = prop_oneof![Just(WassersteinWeighting::Default), Just(WassersteinWeighting::Volume)];
    let score = prop_oneof![
        6 => form.clone().prop_map(Score::Region),
        1 => Just(Score::Region(Form::Absolute)),
        2 => form.prop_map(Score::Weighted),
        1 => Just(Score::Correlation),
        1 => Just(Score::SensitivitySpecificity),
        2 => weighting.prop_map(Score::Wasserstein),
    ];
    (activation, score, any::<[bool; 3]>()).prop_map(|(activation, score, [general, logarithmic, planes])| Kind {
        activation,
        score,
        general,
        // The logarithms of sigmoid are another loss's.
        logarithmic: logarithmic && !matches!(activation, Activation::Sigmoid),
        planes,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn no_way_of_running_changes_a_bit(
        (samples, classes, pixels) in extents(),
        seed: u64,
        threads in 1..9_usize,
        extreme: bool,
        kind in kinds(),
    ) {
        let mut next = numbers(seed);
        let mut unit = || (next() >> 40) as f32 / (1 << 24) as f32;
        let shape = Shape { samples, classes, pixels, layout: Layout::ChannelsFirst };
        let range = if extreme { 2e4 } else { 8.0 };
        let low = if matches!(kind.activation, Activation::None) { 0.0 } else { -0.5 };
        let range = if low == 0.0 { 1.0 } else { range };
        // Just below 0 is a probability still, but not for every path.
        let below = if extreme && low == 0.0 { 1e-4 } else { 0.0 };
        let mut value = || if unit() < below { -1e-4 } else { range * (unit() + low) };
        let logits: Vec<f32> = (0..samples * classes * pixels).map(|_| value()).collect();
        let occurring = classes + usize::from(kind.general);
        // Runs of one label, as maps have them, so that blocks lack classes.
        let mut label = 0;
        let labels: Vec<u8> = (0..samples * pixels)
            .map(|_| {
                if unit() < 0.1 {
                    label = (unit() * occurring as f32) as usize;
                }
                if label < classes { label as u8 } else { IGNORED }
            })
            .collect();
        // Of any size, so that the order of a sum shows; most blocks are all 0 or all 1.
        let mut soft = |is: bool| if unit() < 0.004 { unit() * unit().powi(30) } else { f32::from(u8::from(is)) };
        let planes: Vec<f32> = labels
            .chunks(pixels)
            .flat_map(|labels| (0..classes).flat_map(move |class| labels.iter().map(move |&l| usize::from(l) == class)))
            .map(&mut soft)
            .collect();
        let turned_planes = channels_last(&planes, shape);
        let target = |shape: Shape, from: usize| match (kind.planes, shape.layout) {
            (false, _) => Target::Labels(Labels::U8(&labels[from * pixels..][..shape.samples * pixels])),
            (true, Layout::ChannelsFirst) => {
                let len = shape.sample_len();
                Target::PerClass(Planes::F32(&planes[from * len..][..shape.samples * len]))
            }
            (true, Layout::ChannelsLast) => Target::PerClass(Planes::F32(&turned_planes)),
        };
        let criterion = criterion(classes, kind);
        let levels = Level::available();
        let plain = Execution { level: levels[levels.len() - 1], threads: 1 };
        let wanted = run(&criterion, shape, &logits, target(shape, 0), &plain);
        prop_assert_eq!(wanted.non_finite, 0);

        let last = Shape { layout: Layout::ChannelsLast, ..shape };
        let turned = Bits { gradient: channels_last(&wanted.gradient, shape), ..wanted.clone() };
        for level in levels {
            let execution = Execution { level, threads };
            prop_assert_eq!(&run(&criterion, shape, &logits, target(shape, 0), &execution), &wanted);
            prop_assert_eq!(&run(&criterion, last, &channels_last(&logits, shape), target(last, 0), &execution), &turned);
        }

        let one = Shape { samples: 1, ..shape };
        let apart: Vec<Bits> = logits
            .chunks(one.sample_len())
            .enumerate()
            .map(|(n, logits)| run(&criterion, one, logits, target(one, n), &Execution { level: plain.level, threads }))
            .collect();
        prop_assert_eq!(apart.iter().flat_map(|part| part.values.clone()).collect::<Vec<_>>(), wanted.values);
        prop_assert_eq!(apart.iter().flat_map(|part| part.gradient.clone()).collect::<Vec<_>>(), wanted.gradient);
    }

    /// Probabilities against one-hot planes, of which some values may be soft, and predictions that are no probabilities.
    #[test]
    fn no_way_of_reading_planes_changes_a_bit(
        (samples, classes, pixels) in extents(),
        seed: u64,
        threads in 1..9_usize,
        soft in prop_oneof![Just(0.0), Just(5e-4), Just(0.05)],
        broken in prop_oneof![3 => Just(0.0), 1 => Just(2e-4)],
        terms in 1..4_usize,
        smoothed: bool,
    ) {
        let mut next = numbers(seed);
        let mut unit = || (next() >> 40) as f32 / (1 << 24) as f32;
        let shape = Shape { samples, classes, pixels, layout: Layout::ChannelsFirst };
        let score = Score::Region(Form::Product);
        let kind =
            Kind { activation: Activation::None, score, general: smoothed, logarithmic: true, planes: true };
        let mut criterion = Criterion { check_values: broken == 0.0, ..criterion(classes, kind) };
        // A region loss, a cross-entropy (of which one broken value does not break every gradient), or both.
        let mut bits = [1, 2].into_iter();
        criterion.terms.retain(|_| bits.next().is_some_and(|bit| terms & bit != 0));
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, -0.5, 1.5, 0.0, 1.0];
        let prediction: Vec<f32> = (0..shape.samples * shape.sample_len())
            .map(|i| match unit() {
                draw if draw < broken => odd[i % odd.len()],
                // Of many sizes: sums of them are rounded, so that their order shows.
                draw => (0..4).fold(draw, |p, _| p * p),
            })
            .collect();
        let mut planes = vec![0.0; prediction.len()];
        for sample in planes.chunks_mut(shape.sample_len()) {
            let mut class = 0;
            for pixel in 0..pixels {
                if unit() < 0.1 {
                    class = (unit() * classes as f32) as usize;
                }
                sample[class * pixels + pixel] = if unit() < soft { unit() } else { 1.0 };
            }
        }
        let levels = Level::available();
        let plain = Execution { level: levels[levels.len() - 1], threads: 1 };
        let wanted = run(&criterion, shape, &prediction, of_planes(&planes), &plain);

        let last = Shape { layout: Layout::ChannelsLast, ..shape };
        let turned = Bits { gradient: channels_last(&wanted.gradient, shape), ..wanted.clone() };
        let (prediction_last, planes_last) = (channels_last(&prediction, shape), channels_last(&planes, shape));
        for level in levels {
            let execution = Execution { level, threads };
            prop_assert_eq!(&run(&criterion, shape, &prediction, of_planes(&planes), &execution), &wanted);
            prop_assert_eq!(&run(&criterion, last, &prediction_last, of_planes(&planes_last), &execution), &turned);
        }
    }
}
