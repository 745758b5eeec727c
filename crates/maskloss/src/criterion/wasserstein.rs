//! Generalised Wasserstein Dice.

use super::{Reduction, ScorePer};

/// How pixels weigh in the generalised Wasserstein Dice loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WassersteinWeighting {
    /// `1 − (2TP + s_n) / (2TP + Σ W + s_d)`, TP over the foreground.
    Default,
    /// `1 − (2TP + s_n) / (Σ a·(2 − W) + s_d)`, `a = 1 / (G + 1)` of the pixel's class.
    Volume,
}

/// Generalised Wasserstein Dice (Fidon et al. 2017).
#[derive(Clone, Debug)]
pub struct Wasserstein {
    /// M, `[C, C]` row by row.
    pub distances: Vec<f64>,
    /// How pixels weigh.
    pub weighting: WassersteinWeighting,
    /// s_n.
    pub smooth_numerator: f64,
    /// s_d.
    pub smooth_denominator: f64,
    /// `Sample` or `Batch`.
    pub score_per: ScorePer,
    /// From values to the loss.
    pub reduction: Reduction,
}
