//! The losses: small pure functions from statistics to a value and to the coefficients of the gradient. No pixel is seen here.

mod binary_cross_entropy;
mod cells;
mod class_weights;
mod coefficients;
mod correlation;
mod cross_entropy;
mod lovasz;
mod pixel;
mod region;
mod sensitivity_specificity;
mod transform;
mod wasserstein;

pub(crate) use cells::Part;
pub(crate) use coefficients::{CoefficientTable, Coefficients};
pub(crate) use lovasz::SortedCell;

use cells::CellFormula;

use crate::criterion::{Activation, Cells, Criterion, Loss, MeanOver, PixelForm, Reduction};
use crate::statistics::{Needs, Statistics};
use crate::tensor::Shape;

/// What a loss is evaluated on.
pub(crate) struct Context<'a> {
    pub(crate) statistics: &'a Statistics,
    pub(crate) activation: Activation,
    /// C.
    pub(crate) classes: usize,
    /// How many Wasserstein losses stand before this one: each has sums of its own.
    pub(crate) wasserstein: usize,
}

impl Loss {
    /// The sums over all pixels that the loss is a function of.
    pub(crate) fn needs(&self) -> Needs {
        match self {
            Self::CrossEntropy(cross_entropy) if cross_entropy.top_percent.is_some() => Needs::default(),
            Self::Lovasz(_) => Needs::default(),
            _ => self.sums(),
        }
    }

    /// The sums over its own pixels that the loss is a function of.
    pub(crate) fn sums(&self) -> Needs {
        match self {
            Self::Region(region) => region.needs(),
            Self::CrossEntropy(cross_entropy) => cross_entropy.needs(),
            Self::BinaryCrossEntropy(binary) => binary.needs(),
            Self::Correlation(correlation) => correlation.needs(),
            Self::SensitivitySpecificity(errors) => errors.needs(),
            Self::Wasserstein(wasserstein) => wasserstein.needs(),
            Self::Pixel(pixel) => pixel.needs(),
            Self::Lovasz(_) => Needs::default(),
        }
    }

    /// The loss, its values into `values`, and `factor` times its gradient's coefficients added to `table`: of what has such.
    pub(crate) fn evaluate(
        &self,
        context: &Context,
        values: &mut Vec<f64>,
        table: Option<&mut CoefficientTable>,
        factor: f64,
    ) -> f64 {
        match self {
            Self::Region(region) => cells::evaluate(region, context, values, table, factor),
            Self::CrossEntropy(cross_entropy) => cross_entropy.evaluate(context, values, table, factor),
            Self::BinaryCrossEntropy(binary) => binary.evaluate(context, values, table, factor),
            Self::Correlation(correlation) => cells::evaluate(correlation, context, values, table, factor),
            Self::SensitivitySpecificity(errors) => cells::evaluate(errors, context, values, table, factor),
            Self::Wasserstein(wasserstein) => wasserstein.evaluate(context, values, table, factor),
            Self::Pixel(_) | Self::Lovasz(_) => unreachable!("these have no coefficients: see `terms`"),
        }
    }

    /// ε of the clip, where the loss has one.
    fn clip(&self) -> Option<f64> {
        match self {
            // Pixel functions clip by themselves.
            Self::Region(_)
            | Self::Correlation(_)
            | Self::SensitivitySpecificity(_)
            | Self::Wasserstein(_)
            | Self::Pixel(_)
            | Self::Lovasz(_) => None,
            Self::CrossEntropy(cross_entropy) => Some(cross_entropy.clip),
            Self::BinaryCrossEntropy(binary) => Some(binary.clip),
        }
    }

    /// How many values it has.
    fn values_len(&self, shape: &Shape) -> usize {
        let of_cells = |cells: &Cells| cells.score_per.len(shape.samples, cells.classes.len());
        match self {
            Self::Region(region) => of_cells(&region.cells),
            Self::Correlation(correlation) => of_cells(&correlation.cells),
            Self::SensitivitySpecificity(errors) => of_cells(&errors.cells),
            Self::Wasserstein(wasserstein) => wasserstein.score_per.rows(shape.samples).len(),
            Self::Lovasz(lovasz) => lovasz.score_per.len(shape.samples, lovasz.classes.len()),
            _ if !self.is_per_pixel() => shape.classes,
            _ if self.is_exclusive() => shape.samples * shape.pixels,
            _ => shape.samples * shape.sample_len(),
        }
    }

    /// Whether its classes exclude each other: their losses are those of a pixel, and added.
    pub(crate) fn is_exclusive(&self) -> bool {
        match self {
            Self::CrossEntropy(_) => true,
            Self::Pixel(pixel) => pixel.form == PixelForm::Categorical,
            _ => false,
        }
    }

    /// Whether the values are one for each pixel (exclusive classes) or element, instead of one for each cell.
    pub(crate) fn is_per_pixel(&self) -> bool {
        match self {
            Self::Region(_)
            | Self::Correlation(_)
            | Self::SensitivitySpecificity(_)
            | Self::Wasserstein(_)
            | Self::Lovasz(_) => false,
            Self::Pixel(pixel) => pixel.reduction == Reduction::None,
            Self::CrossEntropy(c) => c.reduction == Reduction::None,
            Self::BinaryCrossEntropy(b) => b.reduction == Reduction::None,
        }
    }
}

impl Criterion {
    /// How many values an [`Evaluation`](crate::Evaluation) on data of this shape has.
    pub fn values_len(&self, shape: &Shape) -> usize {
        self.terms.first().map_or(0, |term| term.loss.values_len(shape))
    }

    /// The sums that its losses are functions of.
    pub(crate) fn needs(&self) -> Needs {
        self.terms.iter().fold(Needs::default(), |needs, term| needs.union(term.loss.needs()))
    }

    /// M of each Wasserstein loss.
    pub(crate) fn distances(&self) -> impl Iterator<Item = &[f64]> {
        self.terms.iter().filter_map(|term| match &term.loss {
            Loss::Wasserstein(wasserstein) => Some(wasserstein.distances.as_slice()),
            _ => None,
        })
    }

    /// ε of `clip(p, ε, 1 − ε)`: the cross-entropies of one criterion share their sums, and so it.
    pub(crate) fn clip(&self) -> f64 {
        self.clips().next().unwrap_or(0.0)
    }

    /// Whether the cross-entropies have one clip, as [`evaluate`](crate::evaluate) asks.
    pub fn shares_clip(&self) -> bool {
        self.clips().all(|clip| clip == self.clip())
    }

    fn clips(&self) -> impl Iterator<Item = f64> {
        self.terms.iter().filter_map(|term| term.loss.clip())
    }

    /// Whether there are logarithms.
    pub(crate) fn is_logarithmic(&self) -> bool {
        self.clips().next().is_some()
    }
}

/// `1 / N`, with 0 for a mean over nothing: the loss is then 0, and its gradient too.
fn normalizer(reduction: Reduction, mean_over: impl FnOnce() -> f64) -> f64 {
    match reduction {
        Reduction::Sum | Reduction::None => 1.0,
        Reduction::Mean => {
            let total = mean_over();
            if total == 0.0 { 0.0 } else { 1.0 / total }
        }
    }
}

/// The pixels that a mean divides by, where it does not divide by weights.
fn pixel_count(mean_over: MeanOver, statistics: &Statistics) -> f64 {
    match mean_over {
        MeanOver::Pixels => statistics.pixels as f64,
        MeanOver::ValidPixels | MeanOver::Weights => statistics.valid() as f64,
    }
}
