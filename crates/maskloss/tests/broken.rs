//! What is no number, and what is no probability.

mod criteria;

use criteria::{criterion, cross_entropy};
use maskloss::{
    Activation, Cells, Criterion, Execution, FaultKind, Floats, Input, Labels, Layout, Level, Loss, Planes, Region,
    ScorePer, Shape, Target, Term, evaluate,
};

const PIXELS: usize = 32;

fn of_cross_entropy(classes: usize) -> Criterion {
    criterion(Activation::Softmax, classes, vec![cross_entropy()])
}

fn shape(classes: usize) -> Shape {
    Shape { samples: 1, classes, pixels: PIXELS, layout: Layout::ChannelsFirst }
}

#[test]
fn a_pixel_that_is_no_number_breaks_the_same_values_however_the_target_is_written() {
    for classes in [2, 3, 5, 40] {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut logits = vec![0.25; classes * PIXELS];
            logits[3] = odd;
            let labels: Vec<u8> = (0..PIXELS).map(|pixel| (pixel % classes) as u8).collect();
            let mut planes = vec![0.0; classes * PIXELS];
            for (pixel, &label) in labels.iter().enumerate() {
                planes[usize::from(label) * PIXELS + pixel] = 1.0_f32;
            }
            let weights = [2.0; PIXELS];
            let labels = Target::Labels(Labels::U8(&labels));
            let ways = [
                (labels, None),
                (labels, Some(Floats::F32(&weights))),
                (Target::PerClass(Planes::F32(&planes)), None),
                (Target::PerClass(Planes::F32(&planes)), Some(Floats::F32(&weights))),
            ];
            for (target, pixel_weights) in ways {
                let input = Input { shape: shape(classes), prediction: Floats::F32(&logits), target, pixel_weights };
                let found =
                    evaluate(&of_cross_entropy(classes), &input, None, &Execution::default()).expect("no fault");
                assert_eq!(found.non_finite, 1);
                assert!(
                    found.values.iter().all(|value| value.is_nan()),
                    "{classes} classes, {odd}: {:?}",
                    found.values
                );
            }
        }
    }
}

#[test]
#[should_panic(expected = "one clip")]
fn cross_entropies_of_two_clips() {
    let mut criterion = Criterion { activation: Activation::None, ..of_cross_entropy(2) };
    let mut other = criterion.terms[0].clone();
    if let Loss::CrossEntropy(entropy) = &mut other.loss {
        entropy.clip = 0.1;
    }
    criterion.terms.push(other);
    let (prediction, target) = ([0.5; 2 * PIXELS], [0; PIXELS]);
    let target = Target::Labels(Labels::U8(&target));
    let input = Input { shape: shape(2), prediction: Floats::F32(&prediction), target, pixel_weights: None };
    let _ = evaluate(&criterion, &input, None, &Execution::default());
}

#[test]
fn per_class_targets_are_checked_beside_regions_too() {
    let criterion = Criterion { regions: Some(vec![vec![1], vec![2]]), ..of_cross_entropy(2) };
    let target = Target::PerClass(Planes::F32(&[5.0; 2 * PIXELS]));
    let prediction = Floats::F32(&[0.0; 2 * PIXELS]);
    let input = Input { shape: shape(2), prediction, target, pixel_weights: None };
    let fault = evaluate(&criterion, &input, None, &Execution::default()).expect_err("5 is outside [0, 1]");
    assert_eq!((fault.kind, fault.value, fault.pixel), (FaultKind::TargetOutOfRange, 5.0, 0));
}

#[test]
fn a_target_that_is_no_membership_is_found_among_zeros_and_among_ones() {
    let dice = Loss::Region(Region::dice(Cells::alike(ScorePer::Class, vec![0, 1])));
    let terms = vec![Term { weight: 1.0, loss: dice }];
    let criterion = Criterion { activation: Activation::None, terms, ..of_cross_entropy(2) };
    // The first class is all reference, the second one lacks it.
    let sound: [f32; 2 * PIXELS] = std::array::from_fn(|at| if at < PIXELS { 1.0 } else { 0.0 });
    for (at, value, level) in (0..2 * PIXELS).flat_map(|at| {
        let levels = Level::available().into_iter();
        levels.flat_map(move |level| [1.5, -0.5, f32::INFINITY, f32::NAN].map(|value| (at, value, level)))
    }) {
        let mut planes = sound;
        planes[at] = value;
        let (prediction, target) = (Floats::F32(&[0.5; 2 * PIXELS]), Target::PerClass(Planes::F32(&planes)));
        let input = Input { shape: shape(2), prediction, target, pixel_weights: None };
        let fault = evaluate(&criterion, &input, None, &Execution { level, threads: 1 }).expect_err("a fault");
        let place = (fault.kind, fault.class, fault.pixel);
        assert_eq!(place, (FaultKind::TargetOutOfRange, at / PIXELS, at % PIXELS), "{value} at {}", level.name());
    }
}
