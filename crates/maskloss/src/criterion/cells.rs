//! Losses of scores: which cells have one, and how their values become one.

use super::Reduction;

/// What one score is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScorePer {
    /// One score for each sample and class.
    SampleClass,
    /// One score for each class, the batch pooled.
    Class,
    /// One score for each sample, the classes pooled.
    Sample,
    /// One score.
    Batch,
}

/// How class weights weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightMode {
    /// `Σ wℓ / Σ w`.
    Mean,
    /// `Σ wℓ / number of cells`.
    Multiply,
    /// Inside the pooled sums: `Σ_c w_c I_c`, `Σ_c w_c P_c`, …
    Inside,
}

/// What a cell without any reference counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyClass {
    /// What the formula gives.
    Smooth,
    /// The loss of score 1.
    Perfect,
    /// The loss of score 0.
    Worst,
    /// Left out.
    Skip,
    /// NaN.
    Nan,
}

/// In which order a mean goes over the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Averaging {
    /// All alike.
    Cells,
    /// Each sample's, then the samples'.
    Samples,
    /// Each class's, then the classes'.
    Classes,
}

/// Which cells have a score, and how their values become one.
#[derive(Clone, Debug)]
pub struct Cells {
    /// What one score is made of.
    pub score_per: ScorePer,
    /// The classes that count, ascending.
    pub classes: Vec<usize>,
    /// One weight for each class of the prediction.
    pub class_weights: Option<Vec<f64>>,
    /// How they weigh.
    pub weight_mode: WeightMode,
    /// What a cell without any reference counts as.
    pub empty_class: EmptyClass,
    /// In which order the mean is taken.
    pub averaging: Averaging,
    /// From values to the loss.
    pub reduction: Reduction,
}

impl Cells {
    /// Cells that weigh alike, whose loss is their mean; smoothing decides what an empty one counts as.
    pub fn alike(score_per: ScorePer, classes: Vec<usize>) -> Self {
        Self {
            score_per,
            classes,
            class_weights: None,
            weight_mode: WeightMode::Mean,
            empty_class: EmptyClass::Smooth,
            averaging: Averaging::Cells,
            reduction: Reduction::Mean,
        }
    }
}
