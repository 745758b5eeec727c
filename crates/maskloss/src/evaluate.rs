//! One call: pass 1, the losses, pass 2; or both passes at once.

use crate::criterion::Criterion;
use crate::fault::Fault;
use crate::parallel::Execution;
use crate::pass::gradient::{Gradient, gradient};
use crate::pass::one_pass::one_pass;
use crate::pass::statistics::statistics;
use crate::tensor::Input;
use crate::terms::Terms;

/// What comes out beside the gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// `Σ weight · term`.
    pub loss: f64,
    /// The loss of each term, before its weight.
    pub terms: Vec<f64>,
    /// The values of the first term: one for each cell or class; for sums over pixels with `Reduction::None` one for each pixel
    /// (categorical) or element (binary).
    pub values: Vec<f64>,
    /// The prediction values that count and are NaN or infinite.
    pub non_finite: u64,
}

/// Evaluates a criterion, and its gradient where one is wanted. Nothing is written before the data were checked.
///
/// # Errors
/// The first [`Fault`] of the data: lowest sample, then pixel.
///
/// # Panics
/// Where a length contradicts the shape, the criterion the number of classes, or one cross-entropy another's clip.
pub fn evaluate(
    criterion: &Criterion,
    input: &Input,
    mut into: Option<&mut Gradient>,
    execution: &Execution,
) -> Result<Evaluation, Fault> {
    input.assert_lengths();
    assert_eq!(input.shape.classes, criterion.classes, "classes of the prediction");
    assert!(criterion.shares_clip(), "one clip for all cross-entropies");
    if let Some(gradient) = &into {
        assert_eq!(gradient.data.len(), input.prediction.len(), "length of the gradient");
    }

    let needs = criterion.needs();
    let written = into.as_mut().and_then(|into| one_pass(criterion, input, needs, into, execution)).transpose()?;
    let into = into.filter(|_| written.is_none());
    let statistics = written.map_or_else(|| statistics(criterion, input, needs, execution), Ok)?;
    let scale = into.as_ref().map(|gradient| gradient.scale);
    let mut found = Terms::new(criterion, input, execution, &statistics, scale);
    let (mut values, mut others) = (Vec::with_capacity(input.shape.samples * criterion.classes), Vec::new());
    let mut terms = Vec::with_capacity(criterion.terms.len());
    for (index, term) in criterion.terms.iter().enumerate() {
        let of_term = if index == 0 { &mut values } else { &mut others };
        of_term.clear();
        terms.push(found.evaluate(term, of_term)?);
    }
    let loss = criterion.terms.iter().zip(&terms).fold(0.0, |sum, (term, loss)| sum + term.weight * loss);
    if let (Some(into), Some(slopes)) = (into, found.into_slopes()) {
        gradient(criterion, input, &statistics, &slopes, into, execution);
    }
    Ok(Evaluation { loss, terms, values, non_finite: statistics.non_finite() })
}
