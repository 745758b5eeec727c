//! The N-API border: typed arrays and primitives in, positionally; numbers out. Options, shapes and messages are TypeScript's.
//!
//! Every export catches panics. Faults of the data are results, not errors: 0 is success, a positive number is the place of the
//! fault's name in `src/native.ts`, whose value, sample, class and pixel lie in `report`.
#![deny(unsafe_code)]
#![allow(clippy::too_many_arguments, reason = "positional: an options object costs more than a small call")]

mod criterion;
mod files;
#[cfg(feature = "bench")]
mod floor;
#[cfg(debug_assertions)]
mod panic;
mod plan;
#[allow(unsafe_code, reason = "the memory of JavaScript: the one file of unsafe code, each with its reason")]
mod view;

use maskloss::{CountInput, Decision, Execution, Fault, FaultKind, Layout, Level, Shape, Target, available_threads};
use napi::{Error, Result, Status};
use napi_derive::napi;
use view::View;

const OVERLAP: u32 = 7;

fn status(fault: &Fault, report: &mut [f64]) -> u32 {
    let numbers = [fault.value, fault.sample as f64, fault.class as f64, fault.pixel as f64];
    for (to, number) in report.iter_mut().zip(numbers) {
        *to = number;
    }
    match fault.kind {
        FaultKind::PixelWeight => 1,
        FaultKind::LabelNotInteger => 2,
        FaultKind::LabelOutOfRange => 3,
        FaultKind::TargetOutOfRange => 4,
        FaultKind::PredictionOutOfRange => 5,
        FaultKind::PredictionSum => 6,
    }
}

fn invalid(message: &str) -> Error {
    Error::new(Status::InvalidArg, message)
}

/// How the calls of this process run, unless a call asks for fewer threads.
fn execution(simd: &str, threads: f64) -> Result<Execution> {
    let level = if simd.is_empty() { Some(Level::detect()) } else { Level::from_name(simd) };
    let level = level.ok_or_else(|| invalid("Expected a SIMD level that this processor has"))?;
    Ok(Execution { level, threads: bounded(threads) })
}

/// Threads that a process can start.
fn bounded(threads: f64) -> usize {
    (threads as usize).clamp(1, 1024)
}

/// A shape whose every extent is at most `len`: whatever is allocated for samples or classes is bounded by the caller's memory.
fn shape(samples: f64, classes: f64, pixels: f64, channels_last: bool, len: usize) -> Result<Shape> {
    let layout = if channels_last { Layout::ChannelsLast } else { Layout::ChannelsFirst };
    let [samples, classes, pixels] = [samples, classes, pixels].map(|extent| extent as usize);
    match samples.checked_mul(classes).and_then(|n| n.checked_mul(pixels)) {
        Some(n) if n == len && len > 0 => Ok(Shape { samples, classes, pixels, layout }),
        _ => Err(invalid("Expected a prediction as long as its shape says, and not empty")),
    }
}

fn same_length(found: usize, expected: usize, what: &str) -> Result<()> {
    if found == expected { Ok(()) } else { Err(invalid(&format!("Expected {what} as long as the shape says"))) }
}

/// Hard counts. `decision` is 0 for label maps, 1 for argmax, 2 for a threshold; `ignoreIndex` NaN for none.
#[napi(
    catch_unwind,
    ts_args_type = "simd: string, threads: number, regions: Float64Array, samples: number, classes: number, \
    pixels: number, channelsLast: boolean, perClass: boolean, decision: number, threshold: number, ignoreIndex: number, \
    prediction: unknown, reference: unknown, counts: Float64Array, valid: Float64Array, report: Float64Array"
)]
pub fn count(
    simd: String,
    threads: f64,
    regions: View,
    samples: f64,
    classes: f64,
    pixels: f64,
    channels_last: bool,
    per_class: bool,
    decision: u32,
    threshold: f64,
    ignore_index: f64,
    prediction: View,
    reference: View,
    mut counts: View,
    mut valid: View,
    mut report: View,
) -> Result<u32> {
    let regions = plan::regions(regions.numbers()?)?;
    let shape = shape(samples, classes, pixels, channels_last, prediction.len())?;
    let planes = shape.samples * shape.pixels;
    same_length(reference.len(), if per_class { planes * regions.len() } else { planes }, "a reference")?;
    same_length(counts.len(), shape.samples * regions.len() * 3, "counts")?;
    same_length(valid.len(), shape.samples, "counts of valid pixels")?;
    let written = [&counts, &valid, &report];
    let apart = |(index, view): (usize, &&View)| {
        view.disjoint(&prediction)
            && view.disjoint(&reference)
            && written[..index].iter().all(|other| view.disjoint(other))
    };
    if !written.iter().enumerate().all(apart) {
        return Ok(OVERLAP);
    }
    let input = CountInput {
        shape,
        prediction: match decision {
            0 if shape.classes == 1 => Decision::Labels(prediction.labels()?),
            1 => Decision::Argmax(prediction.floats()?),
            2 if shape.classes == regions.len() => Decision::Threshold(prediction.floats()?, threshold),
            _ => return Err(invalid("Expected a decision that fits the classes")),
        },
        reference: if per_class { Target::PerClass(reference.planes()?) } else { Target::Labels(reference.labels()?) },
        regions: &regions,
        ignore_index: (!ignore_index.is_nan()).then_some(ignore_index as i64),
    };
    let found = match maskloss::count(&input, &execution(&simd, threads)?) {
        Err(fault) => return Ok(status(&fault, report.numbers_mut()?)),
        Ok(found) => found,
    };
    let (counts, valid) = (counts.numbers_mut()?, valid.numbers_mut()?);
    for (to, sample) in valid.iter_mut().zip(&found) {
        *to = sample.valid as f64;
    }
    for (to, number) in counts.iter_mut().zip(found.iter().flat_map(|sample| sample.regions.iter().flatten())) {
        *to = *number as f64;
    }
    Ok(0)
}

/// The distinct labels of a map, ascending.
#[napi(catch_unwind, ts_args_type = "map: unknown")]
pub fn labels(map: View) -> Result<Vec<f64>> {
    Ok(maskloss::distinct_labels(map.labels()?))
}

/// The levels of this processor, best first.
#[napi(catch_unwind)]
pub fn simd_levels() -> Vec<String> {
    Level::available().into_iter().map(|level| level.name().to_owned()).collect()
}

/// The threads that this process may use.
#[napi(catch_unwind)]
pub fn threads() -> u32 {
    u32::try_from(available_threads()).unwrap_or(u32::MAX)
}

/// The version of this binary: the TypeScript part refuses another one.
#[napi(catch_unwind)]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
