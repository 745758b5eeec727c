//! Sensitivity and specificity: the squared errors inside the reference, `M = Σ(1 − p)²t = Σp²t − 2·Σpt + Σt`, and outside,
//! `X = Σp²(1 − t) = Σp² − Σp²t`.
//!
//! ```text
//! loss = r·M/(G + s) + (1 − r)·X/(V − G + s)
//! ```

use super::cells::{CellFormula, CellSums, CellValue, ClassSums};
use super::coefficients::Coefficients;
use crate::criterion::{Cells, SensitivitySpecificity};
use crate::statistics::{Needs, Quantity};

impl CellFormula for SensitivitySpecificity {
    fn cells(&self) -> &Cells {
        &self.cells
    }

    fn needs(&self) -> Needs {
        Needs::of(&[Quantity::Overlap, Quantity::Reference, Quantity::PredictedSquared, Quantity::OverlapSquared])
    }

    /// M, X, G and V.
    fn sums(&self, class: &ClassSums) -> CellSums {
        let (hit, reference) = (class.of(Quantity::OverlapSquared), class.of(Quantity::Reference));
        let missed = hit - 2.0 * class.of(Quantity::Overlap) + reference;
        [missed, class.of(Quantity::PredictedSquared) - hit, reference, class.pixels()]
    }

    fn value(&self, [missed, excess, reference, pixels]: CellSums, _: Option<usize>) -> CellValue {
        let inside = self.share / (reference + self.smooth);
        let outside = (1.0 - self.share) / (pixels - reference + self.smooth);
        let loss = inside * missed + outside * excess;
        // Without smoothing a full or empty cell is 0/0, also by the pixels that do not have the infinite slope.
        let sound = inside.is_finite() && outside.is_finite();
        let by_sums = if sound { [inside, outside, 0.0, 0.0] } else { [f64::NAN; 4] };
        CellValue { loss, by_sums }
    }

    /// ∂M/∂p = 2pt − 2t, ∂X/∂p = 2p·(1 − t).
    fn coefficients(&self, [by_missed, by_excess, ..]: CellSums) -> Coefficients<f64> {
        Coefficients { a: -2.0 * by_missed, c: 2.0 * by_excess, e: 2.0 * by_missed, ..Coefficients::default() }
    }
}
