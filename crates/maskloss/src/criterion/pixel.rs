//! Functions of the probability of each pixel.

use super::{MeanOver, Reduction};

/// A function φ of a probability, with a parameter γ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFunction {
    /// `(1 − p)^γ·(−log p)`.
    Focal,
    /// `−log p + γ·(1 − p)`.
    Poly,
    /// `(1 − p^γ) / γ`.
    Generalized,
}

/// How the classes of a pixel enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelForm {
    /// `Σ_c a_c·t'_c·φ(p_c)`.
    Categorical,
    /// `a_c·t'_c·φ(p_c) + b_c·(1 − t'_c)·φ(1 − p_c)` of each class.
    Binary,
}

/// What the binary focal loss makes of a target that is neither 0 nor 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoftTarget {
    /// The formula of [`PixelForm::Binary`].
    Linear,
    /// `(1 − q)^γ·(a·t + b·(1 − t))·BCE(p, t)` with `q = p·t + (1 − p)·(1 − t)`.
    Mixed,
    /// The same with `q = σ(z·(2t − 1))`.
    Signed,
}

/// A function of the probability of each class, summed over the pixels; `t' = target_scale·t + target_offset`.
#[derive(Clone, Debug)]
pub struct Pixel {
    /// φ.
    pub function: PixelFunction,
    /// How the classes enter.
    pub form: PixelForm,
    /// γ by class.
    pub gammas: Vec<f64>,
    /// a by class.
    pub positive_weights: Option<Vec<f64>>,
    /// b by class.
    pub negative_weights: Option<Vec<f64>>,
    /// Factor of the target.
    pub target_scale: f64,
    /// Added to the target.
    pub target_offset: f64,
    /// What a soft target means.
    pub soft_target: SoftTarget,
    /// Focal: `(1 − p)^γ` becomes 1 below this probability and `((1 − p)/threshold)^γ` above.
    pub reduced_threshold: Option<f64>,
    /// Focal: every loss is divided by `Σ m·(1 − p)^γ`, at least 1e-6, before the reduction.
    pub normalized: bool,
    /// The classes that are summed, ascending.
    pub classes: Vec<usize>,
    /// What the mean divides by.
    pub mean_over: MeanOver,
    /// ε of `clip(p, ε, 1 − ε)`, without activation only.
    pub clip: f64,
    /// From values to the loss.
    pub reduction: Reduction,
}
