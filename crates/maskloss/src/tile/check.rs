//! Whether the values are what they are said to be: fast tests of a tile, and the slow search that names the first fault.

use crate::criterion::{Activation, Criterion, Loss, PixelForm};
use crate::fault::{Fault, FaultKind};
use crate::simd::{Bytes, Level, Simd, SimdBase, SimdMask, dispatch, f32x16, u32x16};
use crate::tensor::{Floats, Input, Layout, Planes, Target};
use crate::tile::label::{LabelMap, NOT_AN_INTEGER};
use crate::tile::{Span, Tile};

/// How far a probability may be outside [0, 1], and a sum of them from 1.
pub(crate) const TOLERANCE: f32 = 1e-3;

/// Probabilities of exclusive classes sum to one; those of overlapping regions need not, and binary losses take each class
/// on its own.
fn sums_to_one(criterion: &Criterion, input: &Input) -> bool {
    let is_binary = |loss: &Loss| match loss {
        Loss::BinaryCrossEntropy(_) => true,
        Loss::Pixel(pixel) => pixel.form == PixelForm::Binary,
        _ => false,
    };
    if criterion.terms.iter().all(|term| is_binary(&term.loss)) {
        return false;
    }
    criterion.classes > 1 && criterion.regions.is_none() && matches!(input.target, Target::Labels(_))
}

/// The largest number that certainly is no fault where probabilities are asked for.
pub(crate) fn largest_probability(criterion: &Criterion) -> f32 {
    if criterion.check_values { 1.0 + TOLERANCE } else { f32::MAX }
}

/// Whether the prediction of a tile holds probabilities, where the criterion takes it for such. NaN and infinities are no fault.
pub(crate) fn holds_probabilities(level: Level, criterion: &Criterion, input: &Input, tile: &Tile) -> bool {
    if criterion.activation != Activation::None || !criterion.check_values {
        return true;
    }
    dispatch!(level, simd => probabilities_of(simd, tile, sums_to_one(criterion, input)))
}

#[inline(always)]
fn probabilities_of<S: Simd>(simd: S, tile: &Tile, sums_to_one: bool) -> bool {
    // As bits, a positive number is below a larger one and below every negative one, infinity and NaN: one comparison for all that
    // is not certainly a probability.
    let mut largest = u32x16::splat(simd, 0);
    for class in 0..tile.classes {
        for p in tile.prediction.plane(class) {
            largest = largest.max(f32x16::load_array_ref(simd, p).bitcast::<u32x16<S>>());
        }
    }
    let mut sound = f32x16::splat(simd, 0.0).simd_eq(0.0);
    if !largest.simd_le((1.0 + TOLERANCE).to_bits()).all_true() {
        let (low, high) = (f32x16::splat(simd, -TOLERANCE), f32x16::splat(simd, 1.0 + TOLERANCE));
        for class in 0..tile.classes {
            for p in tile.prediction.plane(class) {
                let p = f32x16::load_array_ref(simd, p);
                sound &= !(p.simd_lt(low) | p.simd_gt(high)) | p.abs().simd_eq(f32::INFINITY);
            }
        }
    }
    if !sound.all_true() {
        return false;
    }
    if sums_to_one {
        for b in 0..tile.blocks {
            let mut sum = f32x16::splat(simd, 0.0);
            for class in 0..tile.classes {
                sum += f32x16::load_array_ref(simd, &tile.prediction.plane(class)[b]);
            }
            let counts = match tile.weights {
                Some(weights) => f32x16::load_array_ref(simd, &weights[b]).simd_gt(0.0),
                None => sound,
            };
            let off = (sum - 1.0).abs();
            // An infinite sum has an infinite term, which is counted instead.
            sound &= !(counts & off.simd_gt(TOLERANCE) & off.simd_lt(f32::INFINITY));
        }
    }
    sound.all_true()
}

/// The first fault of some pixels, with the same comparisons as the fast tests.
#[cold]
#[inline(never)]
pub(crate) fn first_fault(criterion: &Criterion, input: &Input, span: Span) -> Option<Fault> {
    (span.from..span.from + span.len).find_map(|pixel| Pixel { criterion, input, sample: span.sample, pixel }.fault())
}

struct Pixel<'a> {
    criterion: &'a Criterion,
    input: &'a Input<'a>,
    sample: usize,
    pixel: usize,
}

impl Pixel<'_> {
    fn fault(&self) -> Option<Fault> {
        let weight = self.input.pixel_weights.map_or(1.0, |weights| floats(weights, self.index()));
        if !((weight as f32) >= 0.0 && (weight as f32) < f32::INFINITY) {
            return Some(self.at(FaultKind::PixelWeight, weight, 0));
        }
        if weight as f32 == 0.0 || self.is_ignored() {
            return None;
        }
        self.label_fault().or_else(|| if self.criterion.check_values { self.value_fault() } else { None })
    }

    fn at(&self, kind: FaultKind, value: f64, class: usize) -> Fault {
        Fault { kind, value, sample: self.sample, class, pixel: self.pixel }
    }

    /// Its place in `[samples, pixels]`.
    fn index(&self) -> usize {
        self.sample * self.input.shape.pixels + self.pixel
    }

    /// Its place in the prediction's shape.
    fn element(&self, class: usize) -> usize {
        let shape = self.input.shape;
        match shape.layout {
            Layout::ChannelsFirst => self.sample * shape.sample_len() + class * shape.pixels + self.pixel,
            Layout::ChannelsLast => self.index() * shape.classes + class,
        }
    }

    fn is_ignored(&self) -> bool {
        match self.input.target {
            Target::PerClass(planes) => {
                self.criterion.ignore_index.is_some_and(|c| plane_value(planes, self.element(c as usize)) as f32 > 0.5)
            }
            Target::Labels(labels) => LabelMap::ignores(LabelMap::new(self.criterion).label_at(labels, self.index()).0),
        }
    }

    fn label_fault(&self) -> Option<Fault> {
        let Target::Labels(labels) = self.input.target else { return None };
        let map = LabelMap::new(self.criterion);
        let (index, value) = map.label_at(labels, self.index());
        match map.accepts(index) {
            _ if index == NOT_AN_INTEGER => Some(self.at(FaultKind::LabelNotInteger, value, 0)),
            true => None,
            false => Some(self.at(FaultKind::LabelOutOfRange, value, 0)),
        }
    }

    fn value_fault(&self) -> Option<Fault> {
        let classes = 0..self.criterion.classes;
        if let Target::PerClass(planes) = self.input.target {
            let outside = |t: f64| !(-TOLERANCE..=1.0 + TOLERANCE).contains(&(t as f32));
            let found = classes.clone().map(|c| (c, plane_value(planes, self.element(c)))).find(|&(_, t)| outside(t));
            if let Some((class, t)) = found {
                return Some(self.at(FaultKind::TargetOutOfRange, t, class));
            }
        }
        if self.criterion.activation != Activation::None {
            return None;
        }
        let p = |class: usize| floats(self.input.prediction, self.element(class));
        let outside = |p: f64| {
            let p = p as f32;
            p.is_finite() && !(-TOLERANCE..=1.0 + TOLERANCE).contains(&p)
        };
        if let Some(class) = classes.clone().find(|&c| outside(p(c))) {
            return Some(self.at(FaultKind::PredictionOutOfRange, p(class), class));
        }
        let sum = classes.fold(0.0_f32, |sum, c| sum + p(c) as f32);
        let off = sums_to_one(self.criterion, self.input) && sum.is_finite() && (sum - 1.0).abs() > TOLERANCE;
        off.then(|| self.at(FaultKind::PredictionSum, f64::from(sum), 0))
    }
}

fn floats(values: Floats, index: usize) -> f64 {
    match values {
        Floats::F32(s) => f64::from(s[index]),
        Floats::F64(s) => s[index],
    }
}

fn plane_value(planes: Planes, index: usize) -> f64 {
    match planes {
        Planes::U8(s) => f64::from(s[index]),
        Planes::F32(s) => f64::from(s[index]),
        Planes::F64(s) => s[index],
    }
}
