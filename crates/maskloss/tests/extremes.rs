//! A pixel whose logits are far out is done with more care, and its tile with it: no other pixel may show that. Nor may a term that
//! takes all others off the short cuts.

mod criteria;

use criteria::{criterion, cross_entropy};
use maskloss::{
    Activation, Cells, Criterion, Evaluation, Execution, Floats, FloatsMut, Form, Gradient, Input, Labels, Layout,
    Level, Loss, Region, ScorePer, Shape, Target, evaluate,
};

/// A whole tile, and a tail.
const PIXELS: usize = 1024 + 16 + 5;
/// On both sides of where classes are few, many, more than are added at once, and tiles as short as they get.
const CLASSES: [usize; 10] = [1, 2, 3, 4, 5, 12, 16, 19, 40, 300];

fn dice(form: Form, classes: usize) -> Loss {
    Loss::Region(Region { form, ..Region::dice(Cells::alike(ScorePer::Class, (0..classes).collect())) })
}

/// Logits in ±4 of no pattern, and labels in runs.
fn data(classes: usize) -> (Vec<f32>, Vec<u8>) {
    let mut state = 12_345_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let logits = (0..classes * PIXELS).map(|_| (next() % 8000) as f32 / 1000.0 - 4.0).collect();
    let labels = (0..PIXELS).map(|pixel| (pixel / 23 * 7 % classes.max(2)) as u8).collect();
    (logits, labels)
}

/// The evaluation, and the bits of the gradient.
fn run(criterion: &Criterion, logits: &[f32], labels: &[u8], level: Level) -> (Evaluation, Vec<u32>) {
    let shape = Shape { samples: 1, classes: criterion.classes, pixels: PIXELS, layout: Layout::ChannelsFirst };
    let (prediction, target) = (Floats::F32(logits), Target::Labels(Labels::U8(labels)));
    let input = Input { shape, prediction, target, pixel_weights: None };
    let mut slopes = vec![0.0; logits.len()];
    let mut gradient = Gradient { data: FloatsMut::F32(&mut slopes), scale: 1.0, accumulate: false };
    let found = evaluate(criterion, &input, Some(&mut gradient), &Execution { level, threads: 1 }).expect("sound data");
    (found, slopes.into_iter().map(f32::to_bits).collect())
}

/// That of the cross-entropy at one pixel is (p − t)/N.
fn check_gradient(logits: &[f32], labels: &[u8], gradient: &[u32], classes: usize, pixel: usize, level: Level) {
    let logit = |class: usize| f64::from(logits[class * PIXELS + pixel]);
    let largest = (0..classes).map(logit).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = (0..classes).map(|class| libm::exp(logit(class) - largest)).sum();
    for class in 0..classes {
        let target = if usize::from(labels[pixel]) == class { 1.0 } else { 0.0 };
        let expected = libm::exp(logit(class) - largest) / sum - target;
        let found = f64::from(f32::from_bits(gradient[class * PIXELS + pixel])) * PIXELS as f64;
        let place = format!("class {class} of {classes}, logit {}, {}", logit(class), level.name());
        assert!((found - expected).abs() <= 1e-6, "{place}: {found} is not {expected}");
    }
}

#[test]
fn an_extreme_pixel_is_right_and_changes_no_bit_of_the_others() {
    for classes in CLASSES.into_iter().filter(|&classes| classes > 1) {
        let (logits, labels) = data(classes);
        let criterion = criterion(Activation::Softmax, classes, vec![cross_entropy()]);
        for level in Level::available() {
            let (_, usual) = run(&criterion, &logits, &labels, level);
            // Without its range, the exponential of ±177.5 is about −1.
            for extreme in
                [87.4, -87.4, 100.0, -100.0, 177.5, -177.5, 1e4, -1e4, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY]
            {
                for pixel in [0, 500, PIXELS - 1] {
                    let mut logits = logits.clone();
                    logits[(classes - 1) * PIXELS + pixel] = extreme;
                    let (found, gradient) = run(&criterion, &logits, &labels, level);
                    assert_eq!(found.non_finite, u64::from(!extreme.is_finite()));
                    let other = |at: &usize| at % PIXELS != pixel && gradient[*at] != usual[*at];
                    let first = (0..logits.len()).find(other);
                    let name = level.name();
                    if extreme.is_finite() {
                        check_gradient(&logits, &labels, &gradient, classes, pixel, level);
                    }
                    assert_eq!(
                        first, None,
                        "{classes} classes, {extreme} at pixel {pixel}, {name}: first other element"
                    );
                }
            }
        }
    }
}

#[test]
fn a_term_that_takes_the_others_off_the_short_cuts_changes_no_bit_of_them() {
    for (classes, activation) in CLASSES.into_iter().flat_map(|c| [(c, Activation::Softmax), (c, Activation::Sigmoid)])
    {
        if classes == 1 && activation == Activation::Softmax {
            continue;
        }
        let (logits, labels) = data(classes);
        let mut losses = vec![dice(Form::Product, classes)];
        if activation == Activation::Softmax {
            losses.push(cross_entropy());
        }
        let short = criterion(activation, classes, losses.clone());
        losses.push(dice(Form::Squared, classes));
        let long = criterion(activation, classes, losses);
        for (level, pixel) in Level::available().into_iter().flat_map(|level| [(level, 7), (level, 500)]) {
            let mut logits = logits.clone();
            logits[pixel] = 90.0;
            let terms = |criterion: &Criterion| -> Vec<u64> {
                let (found, _) = run(criterion, &logits, &labels, level);
                found.terms[..short.terms.len()].iter().map(|term| term.to_bits()).collect()
            };
            let place = format!("{classes} classes, {activation:?}, 90 at pixel {pixel}, {}", level.name());
            assert_eq!(terms(&short), terms(&long), "{place}");
        }
    }
}
