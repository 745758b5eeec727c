//! A criterion, decoded once, as a function of JavaScript.
//!
//! A function for each criterion, and no class with a method: what it computes hangs on the function itself, so that a call
//! unwraps no receiver, which costs more than the rest of the border, and none can be wrong. The numbers of a call cross in one
//! buffer, both ways: looking at it costs less than converting two numbers.

use maskloss::{Criterion, Evaluation, Execution, Gradient, Input, Target};
use napi::bindgen_prelude::{Function, FunctionCallContext};
use napi::{Env, Result};
use napi_derive::napi;

use crate::view::{Numbers, View};
use crate::{OVERLAP, bounded, execution, invalid, plan, same_length, shape, status};

/// What a call says in numbers, at the start of its buffer: samples, pixels, channelsLast, perClass, gradientScale, accumulate,
/// threads (0: those of the criterion). The report follows.
const CALL: usize = 7;

/// A report's numbers before the losses of the terms, and those of a fault.
const HEAD: usize = 2;
const FAULT: usize = 4;

/// Makes the function that evaluates a plan. Its `numbers` are those of the call (samples, pixels, channelsLast, perClass,
/// gradientScale, accumulate, threads), then room for the report: the loss, the count of non-finite values, the loss of each term,
/// and the values where there is no `values`; or the value, sample, class and pixel of a fault.
#[napi(
    catch_unwind,
    ts_args_type = "plan: Float64Array, simd: string, threads: number",
    ts_return_type = "(numbers: ArrayBuffer, prediction: unknown, target: unknown, gradient?: unknown, \
    pixelWeights?: unknown, values?: unknown) => number"
)]
pub fn compile<'env>(env: &'env Env, plan: View, simd: String, threads: f64) -> Result<Function<'env, (), u32>> {
    let criterion = plan::criterion(plan.numbers()?)?;
    let execution = execution(&simd, threads)?;
    // Panics are caught by what calls the closure.
    env.create_function_from_closure("evaluate", move |call| evaluate(&criterion, &execution, &call))
}

fn evaluate(criterion: &Criterion, execution: &Execution, call: &FunctionCallContext) -> Result<u32> {
    let optional = |index| if index < call.length() { call.get::<Option<View>>(index) } else { Ok(None) };
    let mut numbers = call.get::<Numbers>(0)?.view();
    let (prediction, target): (View, View) = (call.get(1)?, call.get(2)?);
    let (mut gradient, pixel_weights, mut values) = (optional(3)?, optional(4)?, optional(5)?);

    let Some(&[samples, pixels, channels_last, per_class, scale, accumulate, threads]) =
        numbers.numbers()?.first_chunk::<CALL>()
    else {
        return Err(invalid("Expected the numbers of a call"));
    };
    let per_class = per_class != 0.0;
    let shape = shape(samples, criterion.classes as f64, pixels, channels_last != 0.0, prediction.len())?;
    if per_class && criterion.ignore_index.is_some_and(|c| !(0..shape.classes as i64).contains(&c)) {
        return Err(invalid("Expected the plane of a class to mark the pixels to ignore"));
    }
    let planes = shape.samples * shape.pixels;
    same_length(target.len(), if per_class { prediction.len() } else { planes }, "a target")?;
    if let Some(weights) = &pixel_weights {
        same_length(weights.len(), planes, "pixel weights")?;
    }
    if let Some(gradient) = &gradient {
        same_length(gradient.len(), prediction.len(), "a gradient")?;
    }
    let read = [Some(&prediction), Some(&target), pixel_weights.as_ref()];
    if !apart([Some(&numbers), gradient.as_ref(), values.as_ref()], read) {
        return Ok(OVERLAP);
    }

    let input = Input {
        shape,
        prediction: prediction.floats()?,
        target: if per_class { Target::PerClass(target.planes()?) } else { Target::Labels(target.labels()?) },
        pixel_weights: pixel_weights.as_ref().map(View::floats).transpose()?,
    };
    let into = gradient.as_mut().map(View::floats_mut).transpose()?;
    let mut into = into.map(|data| Gradient { data, scale, accumulate: accumulate != 0.0 });
    let report = &mut numbers.numbers_mut()?[CALL..];
    let (head, found) = (HEAD + criterion.terms.len(), criterion.values_len(&shape));
    if report.len() < FAULT.max(head + if values.is_none() { found } else { 0 }) {
        return Err(invalid("Expected room for the report"));
    }
    let values = values.as_mut().map(View::numbers_mut).transpose()?;
    if let Some(values) = &values {
        same_length(values.len(), found, "values")?;
    }
    let execution = if threads == 0.0 { *execution } else { Execution { threads: bounded(threads), ..*execution } };
    match maskloss::evaluate(criterion, &input, into.as_mut(), &execution) {
        Err(fault) => Ok(status(&fault, report)),
        Ok(evaluation) => {
            tell(&evaluation, report, values);
            Ok(0)
        }
    }
}

/// Whether nothing that is written shares memory with anything else.
fn apart(written: [Option<&View>; 3], read: [Option<&View>; 3]) -> bool {
    let pairs = |index: usize| read.iter().chain(&written[..index]).flatten();
    written
        .iter()
        .enumerate()
        .all(|(index, view)| view.is_none_or(|view| pairs(index).all(|other| view.disjoint(other))))
}

/// There is room for all of it.
fn tell(evaluation: &Evaluation, report: &mut [f64], values: Option<&mut [f64]>) {
    let Evaluation { loss, non_finite, terms, values: found } = evaluation;
    let (head, rest) = report.split_at_mut(HEAD + terms.len());
    match values {
        Some(values) => values.copy_from_slice(found),
        None => rest[..found.len()].copy_from_slice(found),
    }
    (head[0], head[1]) = (*loss, *non_finite as f64);
    head[HEAD..].copy_from_slice(terms);
}
