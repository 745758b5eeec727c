//! Both passes at once where the gradient's coefficients are known before any pixel is read, and no value can be at fault. Departure 21:
//! rows of few classes are read, summed and differentiated in one loop, block by block (W6a); all else span by span, so that what the
//! first pass has read is still in the cache for the second.

use crate::criterion::{Criterion, Loss, MeanOver};
use crate::fault::Fault;
use crate::parallel::{Execution, Work, run};
use crate::pass::gradient::{Gradient, GradientPass, Sink};
use crate::pass::spans::{parts_from_the_end, spans};
use crate::pass::statistics::{StatisticsPass, merged};
use crate::scratch::with_scratch;
use crate::statistics::{Needs, Statistics, sums_of};
use crate::tensor::{FloatsMut, Input, Target};
use crate::terms::{Slopes, Terms};

/// Whether a call can be done so: cross-entropies whose mean divides by a number of pixels, unchecked, every pixel counting once.
fn suits(criterion: &Criterion, input: &Input) -> bool {
    let plain = input.pixel_weights.is_none() && criterion.ignore_index.is_none() && !criterion.check_values;
    let suits = |loss: &Loss| match loss {
        Loss::CrossEntropy(loss) => loss.top_percent.is_none() && loss.mean_over != MeanOver::Weights,
        Loss::BinaryCrossEntropy(loss) => loss.mean_over != MeanOver::Weights,
        _ => false,
    };
    plain
        && matches!(input.target, Target::PerClass(_))
        && criterion.terms.iter().all(|term| suits(&term.loss) && !term.loss.is_per_pixel())
}

/// The sums of pass 1, with the gradient written; `None`, and nothing written, where that takes two passes.
pub(crate) fn one_pass(
    criterion: &Criterion,
    input: &Input,
    needs: Needs,
    into: &mut Gradient,
    execution: &Execution,
) -> Option<Result<Statistics, Fault>> {
    if !suits(criterion, input) {
        return None;
    }
    let unread = Statistics::of_unread(needs, input.shape);
    let mut terms = Terms::new(criterion, input, execution, &unread, Some(into.scale));
    for term in &criterion.terms {
        terms.evaluate(term, &mut Vec::new()).ok()?;
    }
    let slopes = terms.into_slopes().filter(|slopes| slopes.has_coefficients)?;
    Some(match &mut into.data {
        FloatsMut::F32(data) => sum_and_write(criterion, input, needs, &slopes, data, into.accumulate, execution),
        FloatsMut::F64(data) => sum_and_write(criterion, input, needs, &slopes, data, into.accumulate, execution),
    })
}

fn sum_and_write<T: Sink>(
    criterion: &Criterion,
    input: &Input,
    needs: Needs,
    slopes: &Slopes,
    data: &mut [T],
    accumulate: bool,
    execution: &Execution,
) -> Result<Statistics, Fault> {
    let (shape, level) = (input.shape, execution.level);
    let tasks = parts_from_the_end(data, shape, shape);
    let work = Work { tasks, count: spans(shape).len(), elements: shape.samples * shape.sample_len() };
    let results = run(execution, work, |queue| {
        let mut found = Vec::new();
        while let Some((span, mut part)) = queue.next() {
            let sums = sums_of(&mut found, span.sample, needs, shape.classes);
            let done = with_scratch(|scratch| {
                let mut pass = StatisticsPass::new(criterion, input, needs, scratch);
                let done = match T::direct(&mut part) {
                    Some([out]) if !accumulate => {
                        let coefficients: Vec<_> = slopes.table.sample(span.sample).collect();
                        let slope = slopes.of_sample(criterion, &coefficients, &[]);
                        pass.add_and_write_rows(level, span, &slope, out, sums)
                    }
                    _ => 0,
                };
                // Nothing that suits can be at fault: nothing is written that should not be.
                pass.add_span(level, span.after(done), sums).map(|()| done)
            })?;
            if done < span.len {
                with_scratch(|scratch| {
                    // Whether the predictions are finite is asked by losses of scores only.
                    GradientPass::new(criterion, input, slopes, accumulate, scratch)
                        .write_span(level, span, done, false, &mut part);
                });
            }
        }
        Ok(found)
    });
    merged(results, shape)
}
