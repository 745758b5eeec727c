//! The region family: Dice, squared Dice, Jaccard, Tversky, focal-Tversky, log-Dice.
//!
//! With the sums I, P, G of a cell, `FP = P − I` and `FN = G − I`:
//!
//! ```text
//! score = (a·I + s_n) / max(a·(I + α·FP + β·FN) + s_d, floor)          floor 0: none
//! loss  = 1 − score | −log(max(score, floor)) | (1 − score)^γ
//! ```
//!
//! The squared form takes `Σp²`, `Σt²` for P, G; the absolute form `I = (P + G − Σ|p − t|)/2`.

use super::{CoefficientTable, Context};
use crate::criterion::{EmptyClass, Form, Reduction, Region, ScorePer, Transform, WeightMode};
use crate::statistics::{Needs, Quantity};

/// I, P, G of a cell.
#[derive(Clone, Copy, Default)]
struct Sums {
    overlap: f64,
    predicted: f64,
    reference: f64,
    /// `Σ m·t`, which tells an empty cell in every form.
    size: f64,
}

/// A cell's loss and its derivatives by I and P.
#[derive(Clone, Copy)]
struct CellLoss {
    loss: f64,
    by_overlap: f64,
    by_predicted: f64,
    skipped: bool,
}

/// The samples and classes that one score is made of.
struct Cell<'a> {
    sample: Option<usize>,
    classes: &'a [usize],
}

impl Region {
    pub(super) fn needs(&self) -> Needs {
        let sums = Needs::of(&[Quantity::Predicted, Quantity::Reference]);
        sums.union(match self.form {
            Form::Product => Needs::of(&[Quantity::Overlap]),
            Form::Squared => {
                // Σp is not needed, Σt tells the empty cells.
                return Needs::of(&[
                    Quantity::Overlap,
                    Quantity::Reference,
                    Quantity::PredictedSquared,
                    Quantity::ReferenceSquared,
                ]);
            }
            Form::Absolute => Needs::of(&[Quantity::Distance]),
            Form::SquaredErrors => unimplemented!("region"),
        })
    }

    pub(super) fn evaluate(
        &self,
        context: &Context,
        values: &mut Vec<f64>,
        table: Option<&mut CoefficientTable>,
        factor: f64,
    ) -> f64 {
        let scale = self.cell_scale(context);
        let mut table = table;
        let mut total = 0.0;
        for cell in self.each_cell(context) {
            let found = self.cell_loss(&self.pool(context, &cell));
            let weight = self.cell_weight(&cell);
            if found.skipped {
                values.push(f64::NAN);
                continue;
            }
            values.push(weight * found.loss);
            total += weight * found.loss;
            // A loss over nothing is 0, whatever its cells are: so is its gradient.
            if let (Some(table), true) = (table.as_deref_mut(), scale != 0.0) {
                self.add_coefficients(&cell, &found, factor * scale * weight, table);
            }
        }
        if scale == 0.0 { 0.0 } else { scale * total }
    }

    /// The cells in the order of the values.
    fn each_cell(&self, context: &Context) -> impl Iterator<Item = Cell<'_>> {
        let pooled = matches!(self.cells.score_per, ScorePer::Class | ScorePer::Batch);
        let by_class = matches!(self.cells.score_per, ScorePer::Class | ScorePer::SampleClass);
        let samples = if pooled { 1 } else { context.statistics.samples.len() };
        let group = if by_class { 1 } else { self.cells.classes.len().max(1) };
        (0..samples).flat_map(move |n| {
            let sample = (!pooled).then_some(n);
            self.cells.classes.chunks(group).map(move |classes| Cell { sample, classes })
        })
    }

    fn pool(&self, context: &Context, cell: &Cell) -> Sums {
        let mut pooled = Sums::default();
        for &class in cell.classes {
            let sum = |quantity| context.statistics.value(quantity, cell.sample, class);
            let weight = self.inside_weight(class);
            let size = sum(Quantity::Reference);
            let (predicted, reference) = match self.form {
                Form::Product | Form::Absolute => (sum(Quantity::Predicted), size),
                Form::Squared => (sum(Quantity::PredictedSquared), sum(Quantity::ReferenceSquared)),
                Form::SquaredErrors => unimplemented!("region"),
            };
            let overlap = match self.form {
                Form::Product | Form::Squared => sum(Quantity::Overlap),
                Form::Absolute => (predicted + reference - sum(Quantity::Distance)) / 2.0,
                Form::SquaredErrors => unimplemented!("region"),
            };
            pooled.overlap += weight * overlap;
            pooled.predicted += weight * predicted;
            pooled.reference += weight * reference;
            pooled.size += size;
        }
        pooled
    }

    /// The one place of the family's formula and of its derivative.
    fn cell_loss(&self, sums: &Sums) -> CellLoss {
        let constant = |loss| CellLoss { loss, by_overlap: 0.0, by_predicted: 0.0, skipped: false };
        if sums.size == 0.0 {
            match self.cells.empty_class {
                EmptyClass::Smooth => {}
                EmptyClass::Perfect => return constant(self.transformed(1.0, 0.0).0),
                EmptyClass::Worst => return constant(self.transformed(0.0, 1.0).0),
                EmptyClass::Skip => return CellLoss { skipped: true, ..constant(0.0) },
                EmptyClass::Nan => {
                    return CellLoss { loss: f64::NAN, by_overlap: f64::NAN, by_predicted: f64::NAN, skipped: false };
                }
            }
        }
        let Self { scale: a, alpha, beta, .. } = *self;
        let numerator = a * sums.overlap + self.smooth_numerator;
        // 1 − score from the errors themselves: near a perfect score, 1 − N/Q would lose the digits.
        let errors = a * (alpha * (sums.predicted - sums.overlap) + beta * (sums.reference - sums.overlap));
        let denominator = a * sums.overlap + errors + self.smooth_denominator;

        let (score, complement, by_overlap, by_predicted);
        if self.floor > 0.0 && denominator < self.floor {
            score = numerator / self.floor;
            complement = 1.0 - score;
            (by_overlap, by_predicted) = (a / self.floor, 0.0);
        } else {
            score = numerator / denominator;
            complement = (errors + self.smooth_denominator - self.smooth_numerator) / denominator;
            by_overlap = a * (1.0 - score * (1.0 - alpha - beta)) / denominator;
            by_predicted = -a * score * alpha / denominator;
        }
        let (loss, by_score) = self.transformed(score, complement);
        // A flat transform is flat even where the score's own derivative is infinite.
        let chain = |derivative: f64| if by_score == 0.0 { 0.0 } else { by_score * derivative };
        CellLoss { loss, by_overlap: chain(by_overlap), by_predicted: chain(by_predicted), skipped: false }
    }

    /// The loss of a score and its derivative, given `1 − score` too.
    fn transformed(&self, score: f64, complement: f64) -> (f64, f64) {
        match self.transform {
            Transform::OneMinus => (complement, -1.0),
            Transform::Power if self.gamma == 1.0 => (complement, -1.0),
            Transform::NegativeLog => {
                let floor = self.floor.max(0.0);
                let bounded = if score < floor { floor } else { score };
                let flat = score <= self.floor || score <= 0.0;
                (-libm::log(bounded), if flat { 0.0 } else { -1.0 / bounded })
            }
            // Beyond the perfect score the base is 0; there, and at γ < 1 at it, the loss is flat by definition.
            Transform::Power if complement <= 0.0 => (0.0, 0.0),
            Transform::Power => {
                (libm::pow(complement, self.gamma), -self.gamma * libm::pow(complement, self.gamma - 1.0))
            }
            Transform::Negative | Transform::LogPower | Transform::Penalty => unimplemented!("region"),
        }
    }

    fn add_coefficients(&self, cell: &Cell, found: &CellLoss, factor: f64, table: &mut CoefficientTable) {
        if found.by_overlap == 0.0 && found.by_predicted == 0.0 {
            return;
        }
        let samples = cell.sample.map_or(0..table.samples(), |n| n..n + 1);
        for sample in samples {
            for &class in cell.classes {
                let factor = factor * self.inside_weight(class);
                let (by_overlap, by_predicted) = (factor * found.by_overlap, factor * found.by_predicted);
                let k = table.cell(sample, class);
                match self.form {
                    // ∂I/∂p = t, ∂P/∂p = 1.
                    Form::Product => {
                        k.a += by_overlap;
                        k.b += by_predicted;
                    }
                    // ∂I/∂p = t, ∂P/∂p = 2p.
                    Form::Squared => {
                        k.a += by_overlap;
                        k.c += 2.0 * by_predicted;
                    }
                    Form::SquaredErrors => unimplemented!("region"),
                    // ∂I/∂p = (1 − sign(p − t))/2, ∂P/∂p = 1.
                    Form::Absolute => {
                        k.b += by_predicted + by_overlap / 2.0;
                        k.s -= by_overlap / 2.0;
                    }
                }
            }
        }
    }

    /// What the sum of the values is multiplied by.
    fn cell_scale(&self, context: &Context) -> f64 {
        if self.cells.reduction != Reduction::Mean {
            return 1.0;
        }
        let skips = self.cells.empty_class == EmptyClass::Skip;
        let counted = self.each_cell(context).filter(|cell| !(skips && self.is_empty(context, cell)));
        let total = match self.cells.weight_mode {
            WeightMode::Mean => counted.map(|cell| self.cell_weight(&cell)).fold(0.0, |a, b| a + b),
            WeightMode::Multiply | WeightMode::Inside => counted.count() as f64,
        };
        if total == 0.0 { 0.0 } else { 1.0 / total }
    }

    /// Whether a cell has no reference.
    fn is_empty(&self, context: &Context, cell: &Cell) -> bool {
        let size = |&class| context.statistics.value(Quantity::Reference, cell.sample, class);
        cell.classes.iter().map(size).fold(0.0, |a, b| a + b) == 0.0
    }

    /// The weight of a cell's value: its class's, where it has one class.
    fn cell_weight(&self, cell: &Cell) -> f64 {
        match (&self.cells.class_weights, self.cells.weight_mode, cell.classes) {
            (Some(weights), WeightMode::Mean | WeightMode::Multiply, &[class])
                if matches!(self.cells.score_per, ScorePer::Class | ScorePer::SampleClass) =>
            {
                weights[class]
            }
            _ => 1.0,
        }
    }

    fn inside_weight(&self, class: usize) -> f64 {
        match (&self.cells.class_weights, self.cells.weight_mode) {
            (Some(weights), WeightMode::Inside) => weights[class],
            _ => 1.0,
        }
    }
}
