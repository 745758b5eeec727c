//! Cross-entropies.

use super::{MeanOver, Reduction};

/// Categorical cross-entropy, from logits or from probabilities with a clip.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// One weight for each class.
    pub class_weights: Option<Vec<f64>>,
    /// `t' = (1 − ε)·t + ε/C`.
    pub label_smoothing: f64,
    /// What the mean divides by.
    pub mean_over: MeanOver,
    /// ε of `clip(p, ε, 1 − ε)`, without activation only; the same in all cross-entropies of a criterion.
    pub clip: f64,
    /// Only so many per cent of all pixels count (rounded down): those of the largest loss, ties by position.
    pub top_percent: Option<f64>,
    /// From values to the loss.
    pub reduction: Reduction,
}

/// Binary cross-entropy of each class, from logits or from probabilities with a clip.
#[derive(Clone, Debug)]
pub struct BinaryCrossEntropy {
    /// One weight for each class.
    pub class_weights: Option<Vec<f64>>,
    /// π: factor of the positive part, for each class.
    pub positive_weights: Option<Vec<f64>>,
    /// `t' = (1 − ε)·t + ε/2`.
    pub label_smoothing: f64,
    /// What the mean divides by.
    pub mean_over: MeanOver,
    /// ε of `clip(p, ε, 1 − ε)`, without activation only; the same in all cross-entropies of a criterion.
    pub clip: f64,
    /// From values to the loss.
    pub reduction: Reduction,
}
