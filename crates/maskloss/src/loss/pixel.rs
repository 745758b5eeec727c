//! Functions of the probabilities: focal, poly and generalised cross-entropy.
//!
//! ```text
//! loss = Σ m·ℓ / (N·D)        D = max(Σ m·f, 10⁻⁶) where the term is normalised, else 1
//! ∂loss = (Σ m·∂ℓ/N − loss·Σ m·∂f) / D
//! ```
//!
//! N is `Σ m·a·t` (binary: `Σ m·(a·t + b·(1 − t))`) over the classes, the pixels that count, or all pixels (binary: times the classes).

use super::{Context, normalizer, pixel_count};
use crate::criterion::{MeanOver, Pixel, PixelForm, Reduction};
use crate::statistics::{Needs, Quantity};

/// Lower bound of D.
const SMALLEST_NORMALIZER: f64 = 1e-6;

/// What a term came to.
pub(crate) struct PixelLoss {
    pub(crate) loss: f64,
    /// `1/(N·D)`, the derivative of the loss by each `m·ℓ`.
    pub(crate) scale: f64,
    /// The derivative of the loss by D, and so by each `m·f`.
    pub(crate) by_divisor: f64,
}

impl Pixel {
    pub(super) fn needs(&self) -> Needs {
        let weighs = self.reduction == Reduction::Mean && self.mean_over == MeanOver::Weights;
        Needs::of(if weighs { &[Quantity::Reference] } else { &[] }).with_functions(self.functions())
    }

    /// The value of class c is its part of the loss: they add up to it. Its sums are those from the `first` pixel function on.
    pub(crate) fn evaluate(&self, context: &Context, first: usize, values: &mut Vec<f64>) -> PixelLoss {
        let statistics = context.statistics;
        let of_classes = |function| self.classes.iter().map(move |&class| statistics.function(function, class));
        let divisor = if self.normalized { of_classes(first + 1).fold(0.0, |a, b| a + b) } else { 1.0 };
        let held = divisor < SMALLEST_NORMALIZER;
        let divisor = if held { SMALLEST_NORMALIZER } else { divisor };
        let scale = normalizer(self.reduction, || self.mean_divisor(context)) / divisor;

        let scaled = |sum: f64| if scale == 0.0 { 0.0 } else { scale * sum };
        values.resize(context.classes, scaled(0.0));
        for (&class, sum) in self.classes.iter().zip(of_classes(first)) {
            values[class] = scaled(sum);
        }
        let loss = values.iter().fold(0.0, |total, value| total + value);
        // A divisor that its bound holds does not change.
        let by_divisor = if !self.normalized || held { 0.0 } else { -loss / divisor };
        PixelLoss { loss, scale, by_divisor }
    }

    /// N.
    fn mean_divisor(&self, context: &Context) -> f64 {
        let statistics = context.statistics;
        let weight = |weights: &Option<Vec<f64>>, class: usize| weights.as_ref().map_or(1.0, |w| w[class]);
        let binary = self.form == PixelForm::Binary;
        if self.mean_over != MeanOver::Weights {
            return pixel_count(self.mean_over, statistics) * if binary { self.classes.len() as f64 } else { 1.0 };
        }
        let all = statistics.weight(None);
        let of_class = |&class: &usize| {
            let own = statistics.value(Quantity::Reference, None, class);
            let others = if binary { weight(&self.negative_weights, class) * (all - own) } else { 0.0 };
            weight(&self.positive_weights, class) * own + others
        };
        self.classes.iter().map(of_class).fold(0.0, |a, b| a + b)
    }
}
