//! What comes out of a call, as bits, and what such tests draw.

use maskloss::{Criterion, Evaluation, Execution, Floats, FloatsMut, Gradient, Input, Planes, Shape, Target, evaluate};

/// What comes out, as bits (one NaN is as good as another): loss and terms, values, gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Bits {
    pub sums: Vec<u64>,
    pub values: Vec<u64>,
    pub gradient: Vec<u32>,
    pub non_finite: u64,
}

pub fn run(criterion: &Criterion, shape: Shape, prediction: &[f32], target: Target, execution: &Execution) -> Bits {
    let input = Input { shape, prediction: Floats::F32(prediction), target, pixel_weights: None };
    let mut slopes = vec![0.0; prediction.len()];
    let mut gradient = Gradient { data: FloatsMut::F32(&mut slopes), scale: 1.0, accumulate: false };
    let Evaluation { loss, terms, values, non_finite } =
        evaluate(criterion, &input, Some(&mut gradient), execution).expect("sound data");
    assert_eq!(values.len(), criterion.values_len(&shape), "room for the values");
    let bits = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    Bits {
        sums: std::iter::once(loss).chain(terms).map(bits).collect(),
        values: values.into_iter().map(bits).collect(),
        gradient: slopes.into_iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect(),
        non_finite,
    }
}

pub fn of_planes(planes: &[f32]) -> Target<'_> {
    Target::PerClass(Planes::F32(planes))
}

/// `[N, C, V]` to `[N, V, C]`.
pub fn channels_last<T: Copy>(data: &[T], shape: Shape) -> Vec<T> {
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
pub fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
