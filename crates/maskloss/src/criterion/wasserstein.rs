//! Generalised Wasserstein Dice.

use super::{Reduction, ScorePer};

/// How pixels weigh in the generalised Wasserstein Dice loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WassersteinWeighting {
    /// `1 − (2TP + s) / (2TP + Σ W + s)`, TP over the foreground.
    Default,
    /// `1 − (2TP + s) / (Σ a·(2 − W) + s)`, `a = 1 / (G + 1)` of the pixel's class.
    Volume,
}

/// Generalised Wasserstein Dice (Fidon et al. 2017).
#[derive(Clone, Debug)]
pub struct Wasserstein {
    /// M, `[C, C]` row by row.
    pub distances: Vec<f64>,
    /// How pixels weigh.
    pub weighting: WassersteinWeighting,
    /// s.
    pub smooth: f64,
    /// `Sample` or `Batch`.
    pub score_per: ScorePer,
    /// From values to the loss.
    pub reduction: Reduction,
}
