//! The terms of a criterion, one after the other, each on what it needs to know: the sums of pass 1, those of the worst pixels, or sorted
//! errors. What comes out is the loss, its values, and what pass 2 has to know.

use crate::criterion::{Activation, Criterion, CrossEntropy, Loss, Lovasz, LovaszForm, Pixel, Term};
use crate::fault::Fault;
use crate::kernel::pixel::Factors;
use crate::kernel::slope::Slope;
use crate::loss::{CoefficientTable, Coefficients, Context};
use crate::parallel::Execution;
use crate::pass::lovasz::{SortedErrors, sorted_errors};
use crate::pass::pixel_losses::pixel_losses;
use crate::pass::top_percent::{TopPixels, top_pixels};
use crate::statistics::Statistics;
use crate::tensor::Input;

/// What the gradient is made of: of the terms whose factor in it is not 0. Such a factor leaves nothing of a slope, also of one that is
/// infinite or NaN.
pub(crate) struct Slopes<'a> {
    /// The coefficients of all terms that have such over all pixels.
    pub(crate) table: CoefficientTable,
    /// Whether there are such terms.
    pub(crate) has_coefficients: bool,
    /// Whether the coefficients make `d` more than `A·t + B`, and whether E may not be C, or there is a D: of all samples, asked once.
    pub(crate) curved: bool,
    pub(crate) crossed: bool,
    /// The other terms.
    pub(crate) additions: Vec<Addition<'a>>,
}

impl Slopes<'_> {
    /// What the kernels of pass 2 know of one sample: its coefficients, and what its classes say of each other.
    pub(crate) fn of_sample<'s>(
        &self,
        criterion: &Criterion,
        coefficients: &'s [Coefficients<f32>],
        between: &'s [f32],
    ) -> Slope<'s> {
        Slope {
            activation: criterion.activation,
            clip: criterion.clip() as f32,
            coefficients,
            between,
            curved: self.curved,
            crossed: self.crossed,
            logarithmic: criterion.is_logarithmic(),
        }
    }
}

/// A term whose gradient is added to that of the coefficients, tile by tile.
pub(crate) enum Addition<'a> {
    /// A function of each probability.
    Function { pixel: &'a Pixel, factors: Factors },
    /// A loss of some pixels: coefficients of its own, and a weight for each pixel.
    TopPixels { table: CoefficientTable, weights: Vec<f32> },
    /// Derivatives of cells, `[samples, classes, pixels]`, by what comes out of the activation, and a factor for each sample and class.
    Sorted { derivatives: Vec<f32>, factors: Vec<f32>, activation: Activation },
}

/// The terms of a call.
pub(crate) struct Terms<'a> {
    criterion: &'a Criterion,
    input: &'a Input<'a>,
    execution: &'a Execution,
    statistics: &'a Statistics,
    /// Scale of the gradient; 1 where none is wanted.
    scale: f64,
    slopes: Option<Slopes<'a>>,
    /// The sums of pixel functions that terms have taken.
    functions: usize,
    /// The losses by distances that had their turn.
    wasserstein: usize,
}

impl<'a> Terms<'a> {
    /// Before the first term. `scale` is that of the gradient, where one is wanted.
    pub(crate) fn new(
        criterion: &'a Criterion,
        input: &'a Input<'a>,
        execution: &'a Execution,
        statistics: &'a Statistics,
        scale: Option<f64>,
    ) -> Self {
        let table = || CoefficientTable::new(input.shape.samples, criterion.classes);
        let slopes = scale.map(|_| Slopes {
            table: table(),
            has_coefficients: false,
            curved: false,
            crossed: false,
            additions: Vec::new(),
        });
        Self {
            criterion,
            input,
            execution,
            statistics,
            scale: scale.unwrap_or(1.0),
            slopes,
            functions: 0,
            wasserstein: 0,
        }
    }

    /// The loss of the next term, its values into `values`.
    pub(crate) fn evaluate(&mut self, term: &'a Term, values: &mut Vec<f64>) -> Result<f64, Fault> {
        let factor = self.scale * term.weight;
        match &term.loss {
            Loss::Pixel(pixel) => Ok(self.function(&term.loss, pixel, factor, values)),
            Loss::Lovasz(lovasz) => Ok(self.lovasz(lovasz, factor, values)),
            Loss::CrossEntropy(CrossEntropy { top_percent: Some(percent), .. }) => {
                self.top_percent(&term.loss, *percent, factor, values)
            }
            loss => {
                let slopes = self.slopes.as_mut().filter(|_| factor != 0.0);
                let table = slopes.map(|slopes| {
                    slopes.has_coefficients = true;
                    &mut slopes.table
                });
                let context = Context { wasserstein: self.wasserstein, ..context(self.criterion, self.statistics) };
                self.wasserstein += usize::from(matches!(loss, Loss::Wasserstein(_)));
                let found = loss.evaluate(&context, values, table, factor);
                if loss.is_per_pixel() {
                    *values = pixel_losses(self.criterion, loss, 1.0, None, self.input, self.execution);
                }
                Ok(found)
            }
        }
    }

    /// Adds a term without such coefficients to the gradient, where one is wanted and has a part of it.
    fn push(&mut self, factor: f64, addition: impl FnOnce() -> Addition<'a>) {
        if let Some(slopes) = self.slopes.as_mut().filter(|_| factor != 0.0) {
            slopes.additions.push(addition());
        }
    }

    /// What the gradient is made of, where one is wanted.
    pub(crate) fn into_slopes(self) -> Option<Slopes<'a>> {
        self.slopes.map(|slopes| {
            let (curved, crossed) = (slopes.table.is_curved(), slopes.table.is_crossed());
            Slopes { curved, crossed, ..slopes }
        })
    }

    fn function(&mut self, loss: &Loss, pixel: &'a Pixel, factor: f64, values: &mut Vec<f64>) -> f64 {
        let found = pixel.evaluate(&context(self.criterion, self.statistics), self.functions, values);
        self.functions += pixel.functions();
        if loss.is_per_pixel() {
            *values = pixel_losses(self.criterion, loss, found.scale, None, self.input, self.execution);
        }
        let factors = Factors { loss: (factor * found.scale) as f32, modulation: (factor * found.by_divisor) as f32 };
        self.push(factor, || Addition::Function { pixel, factors });
        found.loss
    }

    fn lovasz(&mut self, lovasz: &Lovasz, factor: f64, values: &mut Vec<f64>) -> f64 {
        let SortedErrors { cells, derivatives } = sorted_errors(lovasz, self.criterion, self.input, self.execution);
        let (loss, by_cell) = lovasz.evaluate(&cells, values);
        let (classes, samples) = (self.criterion.classes, self.input.shape.samples);
        let of_plane = |plane: usize| {
            lovasz.cell_of(plane / classes, plane % classes).map_or(0.0, |cell| (factor * by_cell[cell]) as f32)
        };
        let activation = match lovasz.form {
            LovaszForm::Softmax => self.criterion.activation,
            // Errors of the logits themselves.
            LovaszForm::Hinge => Activation::None,
        };
        self.push(factor, || {
            let factors = (0..samples * classes).map(of_plane).collect();
            Addition::Sorted { derivatives, factors, activation }
        });
        loss
    }

    fn top_percent(&mut self, loss: &Loss, percent: f64, factor: f64, values: &mut Vec<f64>) -> Result<f64, Fault> {
        let TopPixels { weights, statistics, losses } =
            top_pixels(self.criterion, loss, percent, self.input, self.execution)?;
        let mut table =
            self.slopes.is_some().then(|| CoefficientTable::new(statistics.samples.len(), self.criterion.classes));
        let found = loss.evaluate(&context(self.criterion, &statistics), values, table.as_mut(), factor);
        if loss.is_per_pixel() {
            *values = losses;
        }
        if let Some(table) = table {
            self.push(factor, || Addition::TopPixels { table, weights });
        }
        Ok(found)
    }
}

fn context<'s>(criterion: &Criterion, statistics: &'s Statistics) -> Context<'s> {
    Context { statistics, activation: criterion.activation, classes: criterion.classes, wasserstein: 0 }
}
