//! Correlation.

use super::Cells;

/// Soft Matthews correlation: `1 − (TP·TN − FP·FN) / √((TP + FP)(TP + FN)(TN + FP)(TN + FN))`, each count plus `smooth`.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// Which cells, and how they are reduced.
    pub cells: Cells,
    /// Added to each of the four counts.
    pub smooth: f64,
}
