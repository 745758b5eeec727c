//! What is computed: a criterion is a weighted sum of losses behind one activation.

mod cells;
mod correlation;
mod cross_entropy;
mod lovasz;
mod pixel;
mod region;
mod sensitivity_specificity;
mod wasserstein;

pub use cells::{Averaging, Cells, EmptyClass, ScorePer, WeightMode};
pub use correlation::Correlation;
pub use cross_entropy::{BinaryCrossEntropy, CrossEntropy};
pub use lovasz::{Lovasz, LovaszForm};
pub use pixel::{Pixel, PixelForm, PixelFunction, SoftTarget};
pub use region::{AbsentWeight, Form, OuterTransform, Region, Transform, VolumeWeights, Volumes};
pub use sensitivity_specificity::SensitivitySpecificity;
pub use wasserstein::{Wasserstein, WassersteinWeighting};

/// What is applied to the prediction before the losses see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The prediction holds probabilities.
    None,
    /// `p = 1 / (1 + exp(−z))`, each class on its own.
    Sigmoid,
    /// `p_c = exp(z_c) / Σ_k exp(z_k)`.
    Softmax,
}

/// From values to the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// Their sum too, but cross-entropies give a value for each pixel.
    None,
}

/// What the mean of a cross-entropy divides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeanOver {
    /// The weights: `Σ m·w_y`.
    Weights,
    /// The pixels that count.
    ValidPixels,
    /// All pixels.
    Pixels,
}

/// One loss.
#[derive(Clone, Debug)]
pub enum Loss {
    /// An overlap loss.
    Region(Region),
    /// Categorical cross-entropy.
    CrossEntropy(CrossEntropy),
    /// Binary cross-entropy.
    BinaryCrossEntropy(BinaryCrossEntropy),
    /// Soft Matthews correlation.
    Correlation(Correlation),
    /// Sensitivity and specificity.
    SensitivitySpecificity(SensitivitySpecificity),
    /// Generalised Wasserstein Dice.
    Wasserstein(Wasserstein),
    /// A function of each probability.
    Pixel(Pixel),
    /// Lovász extension of the Jaccard loss.
    Lovasz(Lovasz),
}

/// One loss and its factor in the sum.
#[derive(Clone, Debug)]
pub struct Term {
    /// The factor.
    pub weight: f64,
    /// The loss.
    pub loss: Loss,
}

/// `Σ weight · loss` behind one activation.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// What is applied to the prediction.
    pub activation: Activation,
    /// C, the channels of the prediction.
    pub classes: usize,
    /// Pixels of this label are not read.
    pub ignore_index: Option<i64>,
    /// The label that means foreground (one class only).
    pub mask_value: Option<i64>,
    /// Class c is the union of the labels `regions[c]`.
    pub regions: Option<Vec<Vec<i64>>>,
    /// Refuse values that are no probabilities, where probabilities are asked for.
    pub check_values: bool,
    /// The losses.
    pub terms: Vec<Term>,
}
