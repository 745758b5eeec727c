//! Sensitivity and specificity.

use super::Cells;

/// `r·Σg(1 − p)²/(Σg + s) + (1 − r)·Σ(1 − g)p²/(Σ(1 − g) + s)`.
#[derive(Clone, Debug)]
pub struct SensitivitySpecificity {
    /// Which cells, and how they are reduced.
    pub cells: Cells,
    /// r, the share of the errors inside the reference.
    pub share: f64,
    /// s.
    pub smooth: f64,
}
