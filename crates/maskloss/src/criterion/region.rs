//! The region family.

use super::Cells;

/// How overlap and sizes enter a region score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `I = Σpg`, `P = Σp`, `G = Σg`.
    Product,
    /// `I = Σpg`, `P = Σp²`, `G = Σg²` (Milletari et al. 2016, V-Net).
    Squared,
    /// `I = (P + G − Σ|p − g|) / 2` (Wang et al. 2023, soft labels).
    Absolute,
    /// `I = Σp²g`, `FP = Σp²(1 − g)`, `FN = Σ(1 − p)²g`.
    SquaredErrors,
}

/// From a score to a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// `1 − s`.
    OneMinus,
    /// `−s`.
    Negative,
    /// `−log(max(s, floor))`.
    NegativeLog,
    /// `(1 − s)^γ`.
    Power,
    /// `(−log(max(s, floor)))^γ`.
    LogPower,
    /// `ℓ / (1 + γ·(1 − ℓ))` with `ℓ = 1 − s`.
    Penalty,
}

/// From the reduced value v to the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OuterTransform {
    /// `v^γ`.
    Power,
    /// `(−log(max(1 − v, floor)))^γ`.
    LogPower,
    /// `v / (1 + γ·(1 − v))`.
    Penalty,
}

/// Whose volumes weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volumes {
    /// Those of the cell's sample, or of the batch where scores pool it.
    Score,
    /// Those of the batch.
    Batch,
}

/// What a class without reference weighs, where weights come from the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsentWeight {
    /// What the formula gives.
    Formula,
    /// The largest weight of a class with reference in the same pool; 0 where there is none.
    Largest,
    /// 0.
    Zero,
}

/// `w_c = 1 / max(G_c^power + offset, floor)` (Sudre et al. 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VolumeWeights {
    /// Whose volumes.
    pub volumes: Volumes,
    /// 1 or 2.
    pub power: i32,
    /// Added to the power.
    pub offset: f64,
    /// Lower bound of that sum.
    pub floor: f64,
    /// What a class without reference weighs.
    pub absent: AbsentWeight,
}

/// `(a·I + s_n) / max(a·(I + α·FP + β·FN) + s_d, floor)`, transformed and reduced over cells.
#[derive(Clone, Debug)]
pub struct Region {
    /// Which cells, and how they are reduced.
    pub cells: Cells,
    /// How overlap and sizes enter.
    pub form: Form,
    /// From score to loss.
    pub transform: Transform,
    /// γ of the transform.
    pub gamma: f64,
    /// γ by class, where the classes differ.
    pub class_gammas: Option<Vec<f64>>,
    /// From the reduced value to the loss; a power of 1 changes nothing.
    pub outer_transform: OuterTransform,
    /// γ of the outer transform.
    pub outer_gamma: f64,
    /// `a`: 2 where smoothing acts on the Dice scale, 1 on the overlap scale.
    pub scale: f64,
    /// Weight of false positives.
    pub alpha: f64,
    /// Weight of false negatives.
    pub beta: f64,
    /// `s_n`.
    pub smooth_numerator: f64,
    /// `s_d`.
    pub smooth_denominator: f64,
    /// Lower bound of the denominator, and of the score under the logarithm.
    pub floor: f64,
    /// ε of `g' = g + ε·(1 − g)`; 0 with [`Form::Absolute`], whose sums say nothing of another target.
    pub target_floor: f64,
    /// Class weights that come from the reference; they multiply those of the cells.
    pub volume_weights: Option<VolumeWeights>,
}

impl Region {
    /// Dice, `1 − (2·I + 1e-5) / (P + G + 1e-5)`: what the others are told apart from.
    pub fn dice(cells: Cells) -> Self {
        Self {
            cells,
            form: Form::Product,
            transform: Transform::OneMinus,
            gamma: 1.0,
            class_gammas: None,
            outer_transform: OuterTransform::Power,
            outer_gamma: 1.0,
            scale: 2.0,
            alpha: 0.5,
            beta: 0.5,
            smooth_numerator: 1e-5,
            smooth_denominator: 1e-5,
            floor: 0.0,
            target_floor: 0.0,
            volume_weights: None,
        }
    }
}
