//! Binary cross-entropy, each class on its own (multilabel).
//!
//! ```text
//! t' = (1 − ε)·t + ε/2        ℓ_c = −π_c t' log p − (1 − t') log(1 − p)        loss = Σ m·w_c·ℓ_c / N
//! ```
//!
//! N is `Σ_v Σ_c m·w_c`, the elements that count, or all elements.

use super::{CoefficientTable, Context, normalizer, pixel_count};
use crate::criterion::{Activation, BinaryCrossEntropy, MeanOver};
use crate::statistics::{Needs, Quantity};

impl BinaryCrossEntropy {
    pub(super) fn needs(&self) -> Needs {
        let needs = Needs::of(&[Quantity::LogLoss, Quantity::ComplementLogLoss]);
        if self.label_smoothing == 0.0 {
            return needs;
        }
        needs.union(Needs::of(&[Quantity::LogLossAll, Quantity::ComplementLogLossAll]))
    }

    /// The value of class c is its part of the loss: they add up to it.
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
        let positive = |class: usize| self.positive_weights.as_ref().map_or(1.0, |w| w[class]);
        let classes = 0..context.classes;

        let scale = normalizer(self.reduction, || match self.mean_over {
            MeanOver::Weights => statistics.weight(None) * classes.clone().map(weight).fold(0.0, |a, b| a + b),
            MeanOver::ValidPixels | MeanOver::Pixels => {
                pixel_count(self.mean_over, statistics) * context.classes as f64
            }
        });
        let (hard, smooth) = (1.0 - self.label_smoothing, self.label_smoothing / 2.0);
        values.extend(classes.clone().map(|c| {
            let smoothed = if smooth == 0.0 {
                0.0
            } else {
                smooth * (positive(c) * sum(Quantity::LogLossAll, c) + sum(Quantity::ComplementLogLossAll, c))
            };
            let exact = positive(c) * sum(Quantity::LogLoss, c) + sum(Quantity::ComplementLogLoss, c);
            if scale == 0.0 { 0.0 } else { scale * weight(c) * (hard * exact + smoothed) }
        }));

        if let Some(table) = table {
            for c in classes {
                let each = factor * scale * weight(c);
                let pi = positive(c);
                // By the logit: p·(1 − t') − π·t'·(1 − p) = p·((1 − t') + π·t') − π·t'. By the probability the two
                // quotients stay apart: (1 − t')/(1 − p) − π·t'/p.
                let (k0, k1) = match context.activation {
                    Activation::None => (1.0 - smooth, -hard),
                    Activation::Sigmoid | Activation::Softmax => (1.0 - smooth + pi * smooth, (pi - 1.0) * hard),
                };
                table.add_to_class(c, |k| {
                    k.u += each * pi * smooth;
                    k.v += each * pi * hard;
                    k.k0 += each * k0;
                    k.k1 += each * k1;
                });
            }
        }
        values.iter().fold(0.0, |total, value| total + value)
    }
}
