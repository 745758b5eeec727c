//! The sums behind a loss against integer arithmetic, and over more pixels than a running f32 sum can hold.
//!
//! With one class, scale 1 and no smoothing the Tversky loss is a quotient of sums: `(P − I)/P` for α = 1, β = 0 and `(G − I)/G`
//! for α = 0, β = 1.

use maskloss::{
    Activation, Cells, Criterion, Execution, Floats, Form, Input, Labels, Layout, Level, Loss, Planes, Region,
    ScorePer, Shape, Target, Term, evaluate,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Sums are exact to 3e-14 of their size; a quotient of two differences of them is a few times that.
const TOLERANCE: f64 = 1e-13;

fn criterion(form: Form, alpha: f64, beta: f64) -> Criterion {
    let region = Region {
        form,
        scale: 1.0,
        alpha,
        beta,
        smooth_numerator: 0.0,
        smooth_denominator: 0.0,
        ..Region::dice(Cells::alike(ScorePer::Batch, vec![0]))
    };
    Criterion {
        activation: Activation::None,
        classes: 1,
        ignore_index: None,
        mask_value: None,
        regions: None,
        check_values: true,
        terms: vec![Term { weight: 1.0, loss: Loss::Region(region) }],
    }
}

fn loss(criterion: &Criterion, input: &Input, execution: &Execution) -> f64 {
    evaluate(criterion, input, None, execution).expect("sound data").loss
}

/// One pixel in whole numbers: p and t in units of 2⁻²⁴, m in units of 2⁻⁸.
type Pixel = (u32, u32, u32);
const UNIT: f32 = 1.0 / (1 << 24) as f32;

fn pixels() -> impl Strategy<Value = Vec<Pixel>> {
    // Both ends of [0, 1] often: there sums cancel.
    let probability =
        || prop_oneof![2 => 0..=1_u32 << 24, 1 => Just(0), 1 => Just(1 << 24), 1 => Just((1 << 24) - 1), 1 => Just(1)];
    let weight = prop_oneof![3 => 1..=1024_u32, 1 => Just(0)];
    let length = prop_oneof![3 => 1..200_usize, 1 => 4000..4200_usize, 1 => 8100..20_000_usize];
    length.prop_flat_map(move |n| vec((probability(), probability(), weight.clone()), n))
}

/// Σ of the terms as a real number; exact until the last conversion.
fn exact(pixels: &[Pixel], term: impl Fn(u128, u128) -> u128) -> u128 {
    pixels.iter().map(|&(p, t, m)| u128::from(m) * term(p.into(), t.into())).sum()
}

fn quotient(numerator: u128, denominator: u128) -> f64 {
    numerator as f64 / denominator as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn losses_are_quotients_of_exact_sums(pixels in pixels(), threads in 1..4_usize) {
        let prediction: Vec<f32> = pixels.iter().map(|&(p, _, _)| p as f32 * UNIT).collect();
        let target: Vec<f32> = pixels.iter().map(|&(_, t, _)| t as f32 * UNIT).collect();
        let weights: Vec<f32> = pixels.iter().map(|&(_, _, m)| m as f32 / 256.0).collect();
        let shape = Shape { samples: 1, classes: 1, pixels: pixels.len(), layout: Layout::ChannelsFirst };
        let input = Input {
            shape,
            prediction: Floats::F32(&prediction),
            target: Target::PerClass(Planes::F32(&target)),
            pixel_weights: Some(Floats::F32(&weights)),
        };
        let one = 1_u128 << 24;
        let (i, p, g) = (exact(&pixels, |p, t| p * t), exact(&pixels, |p, _| p * one), exact(&pixels, |_, t| t * one));
        let (p2, g2) = (exact(&pixels, |p, _| p * p), exact(&pixels, |_, t| t * t));
        prop_assume!(p > 0 && g > 0);
        // i may exceed p2 or g2, not p or g: a signed difference for the squared form.
        let signed = |a: u128, b: u128| if a >= b { quotient(a - b, a) } else { -quotient(b - a, a) };
        for level in Level::available() {
            let execution = Execution { level, threads };
            for (form, alpha, beta, wanted) in [
                (Form::Product, 1.0, 0.0, signed(p, i)),
                (Form::Product, 0.0, 1.0, signed(g, i)),
                (Form::Squared, 1.0, 0.0, signed(p2, i)),
                (Form::Squared, 0.0, 1.0, signed(g2, i)),
            ] {
                let found = loss(&criterion(form, alpha, beta), &input, &execution);
                let size = wanted.abs().max(1.0);
                prop_assert!(
                    (found - wanted).abs() <= TOLERANCE * size,
                    "{form:?} {alpha} {beta} {}: {found} instead of {wanted}", level.name()
                );
            }
        }
    }
}

#[test]
fn more_pixels_than_a_running_f32_sum_can_hold() {
    let count = (1 << 24) + (1 << 20) + 5;
    let probability = 0.1_f32;
    let prediction = vec![probability; count];
    let labels = vec![1_u8; count];
    let input = Input {
        shape: Shape { samples: 1, classes: 1, pixels: count, layout: Layout::ChannelsFirst },
        prediction: Floats::F32(&prediction),
        target: Target::Labels(Labels::U8(&labels)),
        pixel_weights: None,
    };
    let exact = 1.0 - f64::from(probability);

    // Σp = 1.7e6 in truth; f32 sticks where half a unit in the last place is above the addend.
    let running = prediction.iter().fold(0.0_f32, |sum, p| sum + p);
    let stuck = 1.0 - f64::from(running) / count as f64;
    assert!((stuck - exact).abs() > 1e-3, "an f32 sum would do: {stuck}");

    for threads in [1, 4] {
        let execution = Execution { threads, ..Execution::default() };
        let found = loss(&criterion(Form::Product, 0.0, 1.0), &input, &execution);
        assert!((found - exact).abs() <= TOLERANCE * exact, "{found} instead of {exact}");
    }
}
