//! Any loss made of scores: which cells have one, and how their losses become one. What a score is, each loss says.

use super::Context;
use super::class_weights::ClassWeights;
use super::coefficients::{CoefficientTable, Coefficients};
use crate::criterion::{Averaging, Cells, EmptyClass, Reduction, ScorePer, VolumeWeights, WeightMode};
use crate::scratch::with_scratch;
use crate::statistics::{Needs, Quantity, Statistics};

/// The few numbers of a class, or of pooled classes, that a score is a function of; or the derivatives by them.
pub(super) type CellSums = [f64; 4];

/// The loss of a cell, and its derivatives by the cell's sums.
#[derive(Clone, Copy)]
pub(super) struct CellValue {
    pub(super) loss: f64,
    pub(super) by_sums: CellSums,
}

/// A loss of each cell: sums in, value and derivatives by the sums out.
pub(super) trait CellFormula {
    /// Which cells there are.
    fn cells(&self) -> &Cells;

    /// What it is made of; [`Quantity::Reference`], which tells the empty cells, among it.
    fn needs(&self) -> Needs;

    /// The sums of one class. Those of pooled classes are added up.
    fn sums(&self, class: &ClassSums) -> CellSums;

    /// The loss, and its derivatives. `class` is `None` where the classes are pooled.
    fn value(&self, sums: CellSums, class: Option<usize>) -> CellValue;

    /// The loss of the best score (1) or of the worst (0), which an empty cell may count as.
    fn loss_of_score(&self, score: f64, _class: Option<usize>) -> f64 {
        1.0 - score
    }

    /// From derivatives by the sums to those by the probability of a pixel.
    fn coefficients(&self, by_sums: CellSums) -> Coefficients<f64>;

    /// Class weights that come from the reference.
    fn volume_weights(&self) -> Option<&VolumeWeights> {
        None
    }

    /// From the reduced value to the loss, and its derivative.
    fn outer(&self, value: f64) -> (f64, f64) {
        (value, 1.0)
    }
}

/// What pass 1 has of one class.
pub(super) struct ClassSums<'a> {
    statistics: &'a Statistics,
    sample: Option<usize>,
    class: usize,
}

impl ClassSums<'_> {
    /// A sum.
    pub(super) fn of(&self, quantity: Quantity) -> f64 {
        self.statistics.value(quantity, self.sample, self.class)
    }

    /// `V = Σ m`.
    pub(super) fn pixels(&self) -> f64 {
        self.statistics.weight(self.sample)
    }
}

/// What one score is made of: `None` where samples or classes are pooled.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) sample: Option<usize>,
    pub(super) class: Option<usize>,
}

impl Cell {
    fn classes<'a>(&'a self, cells: &'a Cells) -> &'a [usize] {
        if self.class.is_some() { self.class.as_slice() } else { &cells.classes }
    }
}

impl ScorePer {
    /// The batch is scored as one sample.
    pub(super) fn pools_samples(self) -> bool {
        matches!(self, Self::Class | Self::Batch)
    }

    /// The classes of a sample are scored as one.
    pub(super) fn pools_classes(self) -> bool {
        matches!(self, Self::Sample | Self::Batch)
    }

    /// Each sample, or the batch.
    pub(super) fn rows(self, samples: usize) -> impl ExactSizeIterator<Item = Option<usize>> {
        let pooled = self.pools_samples();
        (0..if pooled { 1 } else { samples }).map(move |n| (!pooled).then_some(n))
    }

    /// How many cells there are.
    pub(super) fn len(self, samples: usize, classes: usize) -> usize {
        self.rows(samples).len() * if self.pools_classes() { 1 } else { classes }
    }
}

impl Cells {
    /// Each class, or all of them.
    fn columns(&self) -> impl ExactSizeIterator<Item = Option<usize>> {
        let pooled = self.score_per.pools_classes();
        (0..if pooled { 1 } else { self.classes.len() }).map(move |k| (!pooled).then(|| self.classes[k]))
    }
}

/// A cell's part in a loss.
pub(crate) struct Part {
    cell: Cell,
    weight: f64,
    /// Before its weight; `None`: the cell is left out.
    value: Option<CellValue>,
    /// What its weighted loss is multiplied by in the reduced value.
    scale: f64,
}

/// The loss, its values into `values`, and `factor` times its gradient's coefficients added to `table`.
pub(super) fn evaluate<F: CellFormula>(
    formula: &F,
    context: &Context,
    values: &mut Vec<f64>,
    table: Option<&mut CoefficientTable>,
    factor: f64,
) -> f64 {
    let cells = formula.cells();
    let weights = ClassWeights::new(formula, context);
    with_scratch(|scratch| {
        let parts = &mut scratch.parts;
        parts.clear();
        for sample in cells.score_per.rows(context.statistics.samples.len()) {
            for class in cells.columns() {
                let cell = Cell { sample, class };
                let (weight, value) = (weights.of_cell(cell), evaluate_cell(formula, context, &weights, cell));
                values.push(value.map_or(f64::NAN, |value| weight * value.loss));
                parts.push(Part { cell, weight, value, scale: 0.0 });
            }
        }
        let (loss, slope) = formula.outer(reduce(cells, parts));
        if let Some(table) = table {
            for part in &*parts {
                add_coefficients(formula, &weights, part, factor * slope, table);
            }
        }
        loss
    })
}

/// Loss and derivatives of a cell; one without reference goes by `empty_class`.
fn evaluate_cell<F: CellFormula>(
    formula: &F,
    context: &Context,
    weights: &ClassWeights,
    cell: Cell,
) -> Option<CellValue> {
    let cells = formula.cells();
    let of = |class| ClassSums { statistics: context.statistics, sample: cell.sample, class };
    let is_empty = || {
        let volumes = cell.classes(cells).iter().map(|&class| of(class).of(Quantity::Reference));
        volumes.fold(0.0, |a, b| a + b) == 0.0
    };
    if cells.empty_class != EmptyClass::Smooth && is_empty() {
        let constant = |score| CellValue { loss: formula.loss_of_score(score, cell.class), by_sums: [0.0; 4] };
        match cells.empty_class {
            EmptyClass::Smooth => {}
            EmptyClass::Perfect => return Some(constant(1.0)),
            EmptyClass::Worst => return Some(constant(0.0)),
            EmptyClass::Skip => return None,
            EmptyClass::Nan => return Some(CellValue { loss: f64::NAN, by_sums: [f64::NAN; 4] }),
        }
    }
    let mut pooled = [0.0; 4];
    for &class in cell.classes(cells) {
        let weight = weights.inside(cell.sample, class);
        for (pooled, sum) in pooled.iter_mut().zip(formula.sums(&of(class))) {
            *pooled += weight * sum;
        }
    }
    Some(formula.value(pooled, cell.class))
}

/// `Σ w·ℓ`, or its mean: over `Σ w` or over the number of cells, of all cells, or first within each sample or class and then over
/// those that have any. A mean over nothing is 0, and so is its gradient.
fn reduce(cells: &Cells, parts: &mut [Part]) -> f64 {
    let columns = cells.columns().len();
    let rows = parts.len() / columns;
    // How many groups there are, from the first cell of one to that of the next, from one of its cells to the next, their number.
    let (groups, apart, step, len) = match (cells.reduction, cells.averaging) {
        (Reduction::Mean, Averaging::Samples) => (rows, columns, 1, columns),
        (Reduction::Mean, Averaging::Classes) => (columns, 1, columns, rows),
        _ => (1, 0, 1, parts.len()),
    };
    let (mut total, mut counted) = (0.0, 0.0);
    for group in 0..groups {
        let (mut sum, mut divisor) = (0.0, 0.0);
        for part in parts.iter().skip(group * apart).step_by(step).take(len) {
            if let Some(value) = part.value {
                sum += part.weight * value.loss;
                divisor += if cells.weight_mode == WeightMode::Mean { part.weight } else { 1.0 };
            }
        }
        let scale = match cells.reduction {
            Reduction::Sum | Reduction::None => 1.0,
            Reduction::Mean if divisor == 0.0 => continue,
            Reduction::Mean => 1.0 / divisor,
        };
        total += scale * sum;
        counted += 1.0;
        parts.iter_mut().skip(group * apart).step_by(step).take(len).for_each(|part| part.scale = scale);
    }
    if counted == 0.0 {
        return 0.0;
    }
    parts.iter_mut().for_each(|part| part.scale /= counted);
    total / counted
}

fn add_coefficients<F: CellFormula>(
    formula: &F,
    weights: &ClassWeights,
    part: &Part,
    factor: f64,
    table: &mut CoefficientTable,
) {
    let Part { cell, weight, value, scale } = part;
    let (factor, by_sums) = (factor * scale * weight, value.map_or([0.0; 4], |value| value.by_sums));
    // A weight of 0 leaves nothing of a slope that is infinite or NaN.
    if factor == 0.0 || by_sums == [0.0; 4] {
        return;
    }
    for &class in cell.classes(formula.cells()) {
        let factor = factor * weights.inside(cell.sample, class);
        let coefficients = formula.coefficients(by_sums.map(|slope| factor * slope));
        for sample in table.samples_of(cell.sample) {
            table.cell(sample, class).add(coefficients);
        }
    }
}
