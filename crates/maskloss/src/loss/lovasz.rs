//! Lovász losses: from the cells, whose errors were sorted, to the loss and to each cell's part in it.

use crate::criterion::{Averaging, Lovasz, Reduction, ScorePer};

/// A cell of sorted errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SortedCell {
    /// `None`: the samples are pooled.
    pub(crate) sample: Option<usize>,
    /// `None`: the classes are pooled.
    pub(crate) class: Option<usize>,
    /// `None`: left out.
    pub(crate) loss: Option<f64>,
}

impl Lovasz {
    /// The cells in the order of the values, without their losses.
    pub(crate) fn cells(&self, samples: usize) -> Vec<SortedCell> {
        let pooled = self.score_per.pools_classes();
        let classes: Vec<_> = if pooled { vec![None] } else { self.classes.iter().copied().map(Some).collect() };
        let rows = self.score_per.rows(samples);
        rows.flat_map(|sample| classes.iter().map(move |&class| SortedCell { sample, class, loss: None })).collect()
    }

    /// The place of the cell that holds a class of a sample, where that counts.
    pub(crate) fn cell_of(&self, sample: usize, class: usize) -> Option<usize> {
        let place = self.classes.binary_search(&class).ok()?;
        Some(match self.score_per {
            ScorePer::SampleClass => sample * self.classes.len() + place,
            ScorePer::Class => place,
            ScorePer::Sample => sample,
            ScorePer::Batch => 0,
        })
    }

    /// The loss, its values (NaN for a cell that is left out), and the derivative of the loss by each cell's.
    pub(crate) fn evaluate(&self, cells: &[SortedCell], values: &mut Vec<f64>) -> (f64, Vec<f64>) {
        values.extend(cells.iter().map(|cell| cell.loss.unwrap_or(f64::NAN)));
        let group = |cell: &SortedCell| match (self.reduction, self.averaging) {
            (Reduction::Mean, Averaging::Samples) => cell.sample.unwrap_or(0),
            (Reduction::Mean, Averaging::Classes) => cell.class.unwrap_or(0),
            _ => 0,
        };
        let mut groups: Vec<(f64, f64)> = vec![(0.0, 0.0); cells.iter().map(|cell| group(cell) + 1).max().unwrap_or(0)];
        for cell in cells {
            if let Some(loss) = cell.loss {
                let (total, count) = &mut groups[group(cell)];
                *total += loss;
                *count += 1.0;
            }
        }
        let of_mean = |count: f64| if self.reduction == Reduction::Mean { count } else { 1.0 };
        let counted = groups.iter().filter(|(_, count)| *count > 0.0);
        let number = counted.clone().count() as f64;
        let total = counted.map(|&(total, count)| total / of_mean(count)).fold(0.0, |a, b| a + b);
        let slope = |cell: &SortedCell| cell.loss.map_or(0.0, |_| 1.0 / of_mean(groups[group(cell)].1) / number);
        (if number == 0.0 { 0.0 } else { total / number }, cells.iter().map(slope).collect())
    }
}
