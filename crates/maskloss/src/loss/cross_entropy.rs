//! Categorical cross-entropy.
//!
//! ```text
//! t' = (1 − ε)·t + ε/C        ℓ = −Σ_c w_c t'_c log p_c        loss = Σ m·ℓ / N
//! ```
//!
//! N is `Σ m·Σ_c w_c t_c`, the pixels that count, or all pixels. Labels are one-hot `t`, so that one formula serves both.

use super::{CoefficientTable, Context, normalizer, pixel_count};
use crate::criterion::{CrossEntropy, MeanOver};
use crate::statistics::{Needs, Quantity};

impl CrossEntropy {
    pub(super) fn needs(&self) -> Needs {
        let needs = Needs::of(&[Quantity::LogLoss, Quantity::Reference]);
        if self.label_smoothing == 0.0 { needs } else { needs.union(Needs::of(&[Quantity::LogLossAll])) }
    }

    /// The value of class c is `−w_c Σ m·t'_c log p_c / N`: they add up to the loss.
    pub(super) fn evaluate(
        &self,
        context: &Context,
        values: &mut Vec<f64>,
        table: Option<&mut CoefficientTable>,
        factor: f64,
    ) -> f64 {
        let statistics = context.statistics;
        let sum = |quantity, class| statistics.value(quantity, None, class);
        let weight = |class: usize| self.class_weights.as_ref().map_or(1.0, |w| w[class]);
        let classes = 0..context.classes;

        let scale = normalizer(self.reduction, || match self.mean_over {
            MeanOver::Weights => {
                classes.clone().map(|c| weight(c) * sum(Quantity::Reference, c)).fold(0.0, |a, b| a + b)
            }
            MeanOver::ValidPixels | MeanOver::Pixels => pixel_count(self.mean_over, statistics),
        });
        let (hard, smooth) = (1.0 - self.label_smoothing, self.label_smoothing / context.classes as f64);
        values.extend(classes.clone().map(|c| {
            let smoothed = if smooth == 0.0 { 0.0 } else { smooth * sum(Quantity::LogLossAll, c) };
            if scale == 0.0 { 0.0 } else { scale * weight(c) * (hard * sum(Quantity::LogLoss, c) + smoothed) }
        }));

        if let Some(table) = table {
            for c in classes {
                let each = factor * scale * weight(c);
                table.add_to_class(c, |k| {
                    k.u += each * smooth;
                    k.v += each * hard;
                });
            }
        }
        values.iter().fold(0.0, |total, value| total + value)
    }
}
