//! Soft Matthews correlation.
//!
//! `1 − ρ`, `ρ = (TP·TN − FP·FN)/√Q` with s added to each count, `Q = (P + 2s)(G + 2s)(V − G + 2s)(V − P + 2s)`. By the sums,
//!
//! ```text
//! ∂ρ/∂I = (V + 4s)/√Q        ∂ρ/∂P = −(G + 2s)/√Q − ρ/2·(1/(P + 2s) − 1/(V − P + 2s))
//! ```

use super::cells::{CellFormula, CellSums, CellValue, ClassSums};
use super::coefficients::Coefficients;
use crate::criterion::{Cells, Correlation};
use crate::statistics::{Needs, Quantity};

impl CellFormula for Correlation {
    fn cells(&self) -> &Cells {
        &self.cells
    }

    fn needs(&self) -> Needs {
        Needs::of(&[Quantity::Overlap, Quantity::Predicted, Quantity::Reference])
    }

    /// I, P, G and V.
    fn sums(&self, class: &ClassSums) -> CellSums {
        let [overlap, predicted, reference] =
            [Quantity::Overlap, Quantity::Predicted, Quantity::Reference].map(|quantity| class.of(quantity));
        [overlap, predicted, reference, class.pixels()]
    }

    fn value(&self, [overlap, predicted, reference, pixels]: CellSums, _: Option<usize>) -> CellValue {
        let s = self.smooth;
        let (hits, excess, missed) = (overlap + s, predicted - overlap + s, reference - overlap + s);
        let rest = pixels - predicted - reference + overlap + s;
        let (positive, actual) = (predicted + 2.0 * s, reference + 2.0 * s);
        let (negative, absent) = (pixels - predicted + 2.0 * s, pixels - reference + 2.0 * s);
        let root = (positive * actual * absent * negative).sqrt();
        let correlation = (hits * rest - excess * missed) / root;
        let by_sizes = correlation / 2.0 * (1.0 / positive - 1.0 / negative);
        // Where the reference is everything, t is 1 and I is P: two slopes would cancel, down to the digits of the kernel.
        let by_sums = if reference == pixels {
            [0.0, (actual - (pixels + 4.0 * s)) / root + by_sizes, 0.0, 0.0]
        } else {
            [-(pixels + 4.0 * s) / root, actual / root + by_sizes, 0.0, 0.0]
        };
        CellValue { loss: 1.0 - correlation, by_sums }
    }

    /// ∂I/∂p = t, ∂P/∂p = 1.
    fn coefficients(&self, [by_overlap, by_predicted, ..]: CellSums) -> Coefficients<f64> {
        Coefficients { a: by_overlap, b: by_predicted, ..Coefficients::default() }
    }
}
