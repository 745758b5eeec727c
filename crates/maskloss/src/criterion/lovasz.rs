//! The Lovász extension.

use super::{Averaging, EmptyClass, Reduction, ScorePer};

/// Which errors the Lovász extension sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LovaszForm {
    /// `|t − p|`.
    Softmax,
    /// `max(0, 1 − z·(2t − 1))`, of logits.
    Hinge,
}

/// Lovász extension of the Jaccard loss (Berman et al. 2018).
#[derive(Clone, Debug)]
pub struct Lovasz {
    /// Which errors.
    pub form: LovaszForm,
    /// What is sorted together.
    pub score_per: ScorePer,
    /// The classes that count, ascending.
    pub classes: Vec<usize>,
    /// `Skip` or `Smooth`.
    pub empty_class: EmptyClass,
    /// In which order the mean is taken.
    pub averaging: Averaging,
    /// From values to the loss.
    pub reduction: Reduction,
}
