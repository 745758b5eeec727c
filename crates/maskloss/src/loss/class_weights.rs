//! What classes weigh: the caller's numbers, and others that come from the reference.

use super::Context;
use super::cells::{Cell, CellFormula};
use crate::criterion::{AbsentWeight, ScorePer, VolumeWeights, Volumes, WeightMode};
use crate::statistics::Quantity;

/// Both together.
pub(super) struct ClassWeights<'a> {
    mode: WeightMode,
    given: Option<&'a [f64]>,
    volume: Option<PoolWeights>,
}

impl<'a> ClassWeights<'a> {
    pub(super) fn new<F: CellFormula>(formula: &'a F, context: &Context) -> Self {
        let cells = formula.cells();
        let volume = formula.volume_weights().map(|of| PoolWeights::new(of, cells.score_per, &cells.classes, context));
        Self { mode: cells.weight_mode, given: cells.class_weights.as_deref(), volume }
    }

    /// The weight of a cell's loss: its class's, where it has one class.
    pub(super) fn of_cell(&self, cell: Cell) -> f64 {
        match (cell.class, self.mode) {
            (Some(class), WeightMode::Mean | WeightMode::Multiply) => self.of(cell.sample, class),
            _ => 1.0,
        }
    }

    /// The weight of a class's sums.
    pub(super) fn inside(&self, sample: Option<usize>, class: usize) -> f64 {
        match self.mode {
            WeightMode::Inside => self.of(sample, class),
            WeightMode::Mean | WeightMode::Multiply => 1.0,
        }
    }

    fn of(&self, sample: Option<usize>, class: usize) -> f64 {
        let given = self.given.map_or(1.0, |weights| weights[class]);
        self.volume.as_ref().map_or(given, |volume| given * volume.of(sample, class))
    }
}

/// `w_c = 1 / max(G_c^power + offset, floor)`, and what `absent` says of a class without reference. They depend on the reference only:
/// no gradient goes through them.
struct PoolWeights {
    /// Of all classes: of the batch, or of each sample.
    weights: Vec<f64>,
    classes: usize,
    of_batch: bool,
}

impl PoolWeights {
    fn new(of: &VolumeWeights, score_per: ScorePer, counted: &[usize], context: &Context) -> Self {
        let of_batch = of.volumes == Volumes::Batch || score_per.pools_samples();
        let per = if of_batch { ScorePer::Batch } else { ScorePer::Sample };
        let formula = |volume: f64| {
            let raised = if of.power == 2 { volume * volume } else { volume } + of.offset;
            1.0 / if raised < of.floor { of.floor } else { raised }
        };
        let mut weights = Vec::new();
        for sample in per.rows(context.statistics.samples.len()) {
            let volume = |class| context.statistics.value(Quantity::Reference, sample, class);
            let of_absent = match of.absent {
                AbsentWeight::Formula => formula(0.0),
                AbsentWeight::Zero => 0.0,
                AbsentWeight::Largest => {
                    let present = counted.iter().map(|&class| volume(class)).filter(|&volume| volume != 0.0);
                    present.map(formula).fold(0.0, f64::max)
                }
            };
            let volumes = (0..context.classes).map(volume);
            weights.extend(volumes.map(|volume| if volume == 0.0 { of_absent } else { formula(volume) }));
        }
        Self { weights, classes: context.classes, of_batch }
    }

    fn of(&self, sample: Option<usize>, class: usize) -> f64 {
        let pool = if self.of_batch { 0 } else { sample.unwrap_or(0) };
        self.weights[pool * self.classes + class]
    }
}
