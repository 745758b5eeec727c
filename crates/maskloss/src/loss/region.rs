//! The region family: Dice, squared Dice, Jaccard, Tversky, focal-Tversky, log-Dice and their relatives.
//!
//! With the sums I, P, G of a cell, `FP = P − I` and `FN = G − I`:
//!
//! ```text
//! score = (a·I + s_n) / max(a·(I + α·FP + β·FN) + s_d, floor)          floor 0: none
//! loss  = 1 − score | −score | −log(max(score, floor)) | …             of the mean once more, where there is an outer transform
//! ```
//!
//! The squared form takes `Σp²`, `Σt²` for P, G; the absolute form `I = (P + G − Σ|p − t|)/2`. Squared errors take `I = Σp²t`,
//! `P = I + Σp²(1 − t) = Σp²` and `G = I + Σ(1 − p)²t = 2·Σp²t − 2·Σpt + Σt`.
//!
//! With a floor ε of the target, `t' = (1 − ε)·t + ε`, a sum `Σ x·t'` is `(1 − ε)·Σ x·t + ε·Σ x`.

use super::cells::{CellFormula, CellSums, CellValue, ClassSums};
use super::coefficients::Coefficients;
use super::transform::{outer_transformed, transformed};
use crate::criterion::{Cells, Form, Region, VolumeWeights};
use crate::statistics::{Needs, Quantity};

impl CellFormula for Region {
    fn cells(&self) -> &Cells {
        &self.cells
    }

    fn needs(&self) -> Needs {
        let needs = Needs::of(match self.form {
            Form::Product => &[Quantity::Overlap, Quantity::Predicted, Quantity::Reference],
            // Σp is not needed, Σt tells the empty cells.
            Form::Squared => {
                &[Quantity::Overlap, Quantity::Reference, Quantity::PredictedSquared, Quantity::ReferenceSquared]
            }
            Form::Absolute => &[Quantity::Predicted, Quantity::Reference, Quantity::Distance],
            Form::SquaredErrors => {
                &[Quantity::Overlap, Quantity::Reference, Quantity::PredictedSquared, Quantity::OverlapSquared]
            }
        });
        if self.target_floor == 0.0 { needs } else { needs.union(Needs::of(&[Quantity::Predicted])) }
    }

    /// I, P and G.
    fn sums(&self, class: &ClassSums) -> CellSums {
        let sum = |quantity| class.of(quantity);
        let overlap = || self.floored(sum(Quantity::Overlap), || sum(Quantity::Predicted));
        let reference = || self.floored(sum(Quantity::Reference), || class.pixels());
        match self.form {
            Form::Product => [overlap(), sum(Quantity::Predicted), reference(), 0.0],
            Form::Squared => {
                let once = self.floored(sum(Quantity::ReferenceSquared), || sum(Quantity::Reference));
                [overlap(), sum(Quantity::PredictedSquared), self.floored(once, reference), 0.0]
            }
            Form::Absolute => {
                let (predicted, reference) = (sum(Quantity::Predicted), sum(Quantity::Reference));
                [(predicted + reference - sum(Quantity::Distance)) / 2.0, predicted, reference, 0.0]
            }
            Form::SquaredErrors => {
                let predicted = sum(Quantity::PredictedSquared);
                let hit = self.floored(sum(Quantity::OverlapSquared), || predicted);
                [hit, predicted, reference() - 2.0 * overlap() + 2.0 * hit, 0.0]
            }
        }
    }

    /// The one place of the family's formula and of its derivative.
    fn value(&self, [overlap, predicted, reference, _]: CellSums, class: Option<usize>) -> CellValue {
        let Self { scale: a, alpha, beta, .. } = *self;
        let numerator = a * overlap + self.smooth_numerator;
        // 1 − score from the errors themselves: near a perfect score, 1 − N/Q would lose the digits.
        let errors = a * (alpha * (predicted - overlap) + beta * (reference - overlap));
        let denominator = a * overlap + errors + self.smooth_denominator;

        let (score, miss, by_sums);
        if self.floor > 0.0 && denominator < self.floor {
            score = numerator / self.floor;
            miss = 1.0 - score;
            by_sums = [a / self.floor, 0.0, 0.0, 0.0];
        } else {
            score = numerator / denominator;
            miss = (errors + self.smooth_denominator - self.smooth_numerator) / denominator;
            by_sums = [
                a * (1.0 - score * (1.0 - alpha - beta)) / denominator,
                -a * score * alpha / denominator,
                -a * score * beta / denominator,
                0.0,
            ];
        }
        let (loss, by_score) = transformed(self.transform, self.gamma_of(class), self.floor, score, miss);
        // A flat transform is flat even where the score's own derivative is infinite.
        CellValue { loss, by_sums: by_sums.map(|slope| if by_score == 0.0 { 0.0 } else { by_score * slope }) }
    }

    fn loss_of_score(&self, score: f64, class: Option<usize>) -> f64 {
        transformed(self.transform, self.gamma_of(class), self.floor, score, 1.0 - score).0
    }

    fn coefficients(&self, [by_overlap, by_predicted, by_reference, _]: CellSums) -> Coefficients<f64> {
        let none = Coefficients::default();
        let of_target = match self.form {
            // ∂I/∂p = t, ∂P/∂p = 1.
            Form::Product => Coefficients { a: by_overlap, b: by_predicted, ..none },
            // ∂I/∂p = t, ∂P/∂p = 2p.
            Form::Squared => Coefficients { a: by_overlap, c: 2.0 * by_predicted, e: 2.0 * by_predicted, ..none },
            // ∂I/∂p = (1 − sign(p − t))/2, ∂P/∂p = 1.
            Form::Absolute => Coefficients { b: by_predicted + by_overlap / 2.0, s: -(by_overlap / 2.0), ..none },
            // ∂I/∂p = 2pt, ∂P/∂p = 2p, ∂G/∂p = 4pt − 2t.
            Form::SquaredErrors => Coefficients {
                a: -2.0 * by_reference,
                c: 2.0 * by_predicted,
                e: 2.0 * (by_predicted + by_overlap) + 4.0 * by_reference,
                ..none
            },
        };
        of_target.with_target_floor(self.target_floor)
    }

    fn volume_weights(&self) -> Option<&VolumeWeights> {
        self.volume_weights.as_ref()
    }

    fn outer(&self, value: f64) -> (f64, f64) {
        outer_transformed(self.outer_transform, self.outer_gamma, self.floor, value)
    }
}

impl Region {
    fn gamma_of(&self, class: Option<usize>) -> f64 {
        match (&self.class_gammas, class) {
            (Some(gammas), Some(class)) => gammas[class],
            _ => self.gamma,
        }
    }

    /// `Σ x·t'` of `Σ x·t` and `Σ x`.
    fn floored(&self, with_target: f64, without: impl FnOnce() -> f64) -> f64 {
        if self.target_floor == 0.0 {
            return with_target;
        }
        (1.0 - self.target_floor) * with_target + self.target_floor * without()
    }
}
