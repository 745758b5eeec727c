//! Calls whose instructions are counted, for `scripts/instructions.mjs`.
//!
//! `instructions LEVEL` makes each call at that SIMD level on one thread, on some pixels and on twice as many, and prints a line for
//! each, in order: name, mode, pixels, elements. The difference of the two is what so many pixels take: what a call costs once is in
//! both. Without an argument it prints the levels of this processor.

use std::hint::black_box;

use maskloss::{
    Activation, BinaryCrossEntropy, Cells, CountInput, Criterion, CrossEntropy, Decision, Execution, Floats, FloatsMut,
    Form, Gradient, Input, Labels, Layout, Level, Loss, MeanOver, Planes, Reduction, Region, ScorePer, Shape, Target,
    Term, count, evaluate,
};

/// Chunks of the engine are 4096 pixels: whole ones, so that the difference is free of tails.
const PIXELS: [usize; 2] = [1 << 14, 1 << 15];
/// Labels come in runs, as the regions of real masks do.
const RUN: usize = 45;

/// A loss, and what it is given.
#[derive(Clone)]
struct Case {
    name: &'static str,
    activation: Activation,
    classes: usize,
    losses: Vec<Loss>,
    layout: Layout,
    planes: bool,
    weighted: bool,
}

impl Case {
    /// Channels first, against labels.
    fn new(name: &'static str, activation: Activation, classes: usize, losses: Vec<Loss>) -> Self {
        Self { name, activation, classes, losses, layout: Layout::ChannelsFirst, planes: false, weighted: false }
    }

    fn channels_last(self) -> Self {
        Self { layout: Layout::ChannelsLast, ..self }
    }

    fn of_planes(self) -> Self {
        Self { planes: true, ..self }
    }

    fn weighted(self) -> Self {
        Self { weighted: true, ..self }
    }

    fn criterion(&self) -> Criterion {
        Criterion {
            activation: self.activation,
            classes: self.classes,
            ignore_index: None,
            mask_value: None,
            regions: None,
            check_values: true,
            terms: self.losses.iter().map(|loss| Term { weight: 1.0, loss: loss.clone() }).collect(),
        }
    }

    fn make(&self, execution: &Execution) {
        let criterion = self.criterion();
        for with_gradient in [false, true] {
            for pixels in PIXELS {
                let shape = Shape { samples: 1, classes: self.classes, pixels, layout: self.layout };
                let labels = labels(pixels, self.classes.max(2), 0);
                let prediction = prediction(shape, self.activation);
                let planes: Vec<f32> = one_hot(&labels, shape);
                let weights: Vec<f32> = labels.iter().map(|&label| 1.0 + f32::from(label)).collect();
                let mut slopes = vec![1.0; prediction.len()];
                let target = if self.planes {
                    Target::PerClass(Planes::F32(&planes))
                } else {
                    Target::Labels(Labels::U8(&labels))
                };
                let input = Input {
                    shape,
                    prediction: Floats::F32(&prediction),
                    target,
                    pixel_weights: self.weighted.then_some(Floats::F32(&weights)),
                };
                let data = FloatsMut::F32(&mut slopes);
                let mut gradient = with_gradient.then_some(Gradient { data, scale: 1.0, accumulate: false });
                counted(&mut || {
                    black_box(evaluate(&criterion, &input, gradient.as_mut(), execution)).expect("sound data");
                });
                let mode = if with_gradient { "gradient" } else { "forward" };
                println!("{}\t{mode}\t{pixels}\t{}", self.name, prediction.len());
            }
        }
    }
}

/// What is collected: callgrind knows the function by its name.
#[inline(never)]
fn counted(call: &mut dyn FnMut()) {
    call();
}

fn count_labels(name: &str, classes: usize, execution: &Execution) {
    let regions: Vec<Vec<i64>> = (0..classes as i64).map(|label| vec![label]).collect();
    for pixels in PIXELS {
        let [predicted, referred] = [0, 3].map(|shift| labels(pixels, classes, shift));
        let input = CountInput {
            shape: Shape { samples: 1, classes: 1, pixels, layout: Layout::ChannelsFirst },
            prediction: Decision::Labels(Labels::U8(&predicted)),
            reference: Target::Labels(Labels::U8(&referred)),
            regions: &regions,
            ignore_index: None,
        };
        counted(&mut || {
            black_box(count(&input, execution)).expect("sound data");
        });
        println!("{name}\tforward\t{pixels}\t{pixels}");
    }
}

/// Integers below 2³², by Marsaglia's xorshift.
fn random(seed: u32) -> impl FnMut() -> u32 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    }
}

/// A map of runs, moved by `shift` pixels.
fn labels(pixels: usize, classes: usize, shift: usize) -> Vec<u8> {
    let mut next = random(7);
    let runs: Vec<u8> = (0..=(pixels + shift) / RUN).map(|_| (next() as usize % classes) as u8).collect();
    (0..pixels).map(|v| runs[(v + shift) / RUN]).collect()
}

/// Logits in [−3, 3], or probabilities that sum to one.
fn prediction(shape: Shape, activation: Activation) -> Vec<f32> {
    let mut next = random(31);
    let mut values: Vec<f32> = (0..shape.sample_len()).map(|_| (next() >> 8) as f32 / (1 << 24) as f32).collect();
    if activation == Activation::None {
        for v in 0..shape.pixels {
            let sum: f32 = (0..shape.classes).map(|c| values[at(shape, c, v)]).sum();
            (0..shape.classes).for_each(|c| values[at(shape, c, v)] /= sum);
        }
    } else {
        values.iter_mut().for_each(|z| *z = 6.0 * *z - 3.0);
    }
    values
}

fn one_hot(labels: &[u8], shape: Shape) -> Vec<f32> {
    let mut planes = vec![0.0; shape.sample_len()];
    for (v, &label) in labels.iter().enumerate().filter(|(_, label)| usize::from(**label) < shape.classes) {
        planes[at(shape, usize::from(label), v)] = 1.0;
    }
    planes
}

fn at(shape: Shape, class: usize, pixel: usize) -> usize {
    match shape.layout {
        Layout::ChannelsFirst => class * shape.pixels + pixel,
        Layout::ChannelsLast => pixel * shape.classes + class,
    }
}

fn dice(classes: usize, form: Form) -> Loss {
    Loss::Region(Region { form, ..Region::dice(Cells::alike(ScorePer::Class, (0..classes).collect())) })
}

fn cross_entropy() -> Loss {
    Loss::CrossEntropy(CrossEntropy {
        class_weights: None,
        label_smoothing: 0.0,
        mean_over: MeanOver::Weights,
        clip: 1e-7,
        top_percent: None,
        reduction: Reduction::Mean,
    })
}

fn binary_cross_entropy() -> Loss {
    Loss::BinaryCrossEntropy(BinaryCrossEntropy {
        class_weights: None,
        positive_weights: None,
        label_smoothing: 0.0,
        mean_over: MeanOver::Weights,
        clip: 1e-7,
        reduction: Reduction::Mean,
    })
}

fn cases() -> Vec<Case> {
    use Activation::{None, Sigmoid, Softmax};
    let plain = |classes| dice(classes, Form::Product);
    let both = |classes| vec![plain(classes), cross_entropy()];
    vec![
        Case::new("sigmoid Dice, 1 class", Sigmoid, 1, vec![plain(1)]),
        Case::new("sigmoid binary cross-entropy, 1 class", Sigmoid, 1, vec![binary_cross_entropy()]),
        Case::new("softmax Dice, 4 classes", Softmax, 4, vec![plain(4)]),
        Case::new("softmax Dice, 4 classes, weighted pixels", Softmax, 4, vec![plain(4)]).weighted(),
        Case::new("softmax Dice, 4 classes, squared", Softmax, 4, vec![dice(4, Form::Squared)]),
        Case::new("softmax Dice + CE, 4 classes", Softmax, 4, both(4)),
        Case::new("softmax Dice + CE, 19 classes", Softmax, 19, both(19)),
        Case::new("softmax Dice + CE, 19 classes, channels last", Softmax, 19, both(19)).channels_last(),
        Case::new("Dice of probabilities, 2 planes", None, 2, vec![plain(2)]).of_planes(),
        Case::new("CE of probabilities, 4 planes, channels last", None, 4, vec![cross_entropy()])
            .of_planes()
            .channels_last(),
    ]
}

fn main() {
    let Some(name) = std::env::args().nth(1) else {
        return Level::available().into_iter().for_each(|level| println!("{}", level.name()));
    };
    let level = Level::from_name(&name).expect("a SIMD level of this processor");
    let execution = Execution { level, threads: 1 };
    cases().iter().for_each(|case| case.make(&execution));
    count_labels("counts, 8 labels", 8, &execution);
    count_labels("counts, 150 labels", 150, &execution);
}
