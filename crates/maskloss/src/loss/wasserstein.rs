//! Generalised Wasserstein Dice.
//!
//! With the volume `G_y = Σ m·t_y` of a label and its error `E_y = Σ m·t_y·Σ_c M[y, c]·p_c`, so that `Σ m·t_y·(1 − W) = G_y − E_y`,
//! both weightings are
//!
//! ```text
//! loss = (s_d − s_n + Σ_y n_y·E_y) / D        D = s_d + Σ_y (2·b_y·G_y + (n_y − 2·b_y)·E_y)
//! ```
//!
//! the default with n = 1 and b = 1 but for b_0 = 0, by volume with n = b = 1/(G + 1). By an error:
//! `∂loss/∂E_y = (n_y − loss·(n_y − 2·b_y))/D`, and by a probability `Σ_y t_y·∂loss/∂E_y·M[y, c]`.

use super::{CoefficientTable, Context};
use crate::criterion::{Reduction, Wasserstein, WassersteinWeighting};
use crate::statistics::{Needs, Quantity};

/// What a label adds to numerator and denominator.
struct Label {
    volume: f64,
    error: f64,
    /// n and b.
    weight: f64,
    bound: f64,
}

impl Wasserstein {
    pub(super) fn needs(&self) -> Needs {
        Needs::of(&[Quantity::Reference]).union(Needs::ERROR)
    }

    /// One value for each sample, or for the batch.
    pub(super) fn evaluate(
        &self,
        context: &Context,
        values: &mut Vec<f64>,
        mut table: Option<&mut CoefficientTable>,
        factor: f64,
    ) -> f64 {
        let rows = || self.score_per.rows(context.statistics.samples.len());
        let scale = if self.reduction == Reduction::Mean { 1.0 / rows().count() as f64 } else { 1.0 };
        for row in rows() {
            let labels = || (0..context.classes).map(|y| self.label(context, row, y));
            let errors = labels().fold(0.0, |sum, y| sum + y.weight * y.error);
            let divisor = labels().fold(self.smooth_denominator, |sum, y| {
                sum + (2.0 * y.bound * y.volume + (y.weight - 2.0 * y.bound) * y.error)
            });
            let loss = (self.smooth_denominator - self.smooth_numerator + errors) / divisor;
            values.push(loss);
            let Some(table) = table.as_deref_mut() else { continue };
            for (y, Label { weight, bound, .. }) in labels().enumerate() {
                let by_error = factor * scale * (weight - loss * (weight - 2.0 * bound)) / divisor;
                let distances = &self.distances[y * context.classes..][..context.classes];
                for sample in table.samples_of(row) {
                    for (slope, distance) in table.between(sample, y).iter_mut().zip(distances) {
                        *slope += by_error * distance;
                    }
                }
            }
        }
        scale * values.iter().fold(0.0, |sum, loss| sum + loss)
    }

    fn label(&self, context: &Context, sample: Option<usize>, y: usize) -> Label {
        let volume = context.statistics.value(Quantity::Reference, sample, y);
        let error = context.statistics.error(context.wasserstein, sample, y);
        let weight = match self.weighting {
            WassersteinWeighting::Default => 1.0,
            WassersteinWeighting::Volume => 1.0 / (volume + 1.0),
        };
        let counts = self.weighting == WassersteinWeighting::Volume || y > 0;
        Label { volume, error, weight, bound: if counts { weight } else { 0.0 } }
    }
}
