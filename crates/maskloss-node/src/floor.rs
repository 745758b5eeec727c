//! The floors of the benchmark. Behind the feature `bench`; the published binary does not have them.

use maskloss::floor::{self, Traffic};
use napi::{Error, Result, Status};
use napi_derive::napi;

use crate::execution;
use crate::view::View;

fn floats(view: &View) -> Result<&[f32]> {
    match view.floats()? {
        maskloss::Floats::F32(floats) => Ok(floats),
        maskloss::Floats::F64(_) => Err(Error::new(Status::InvalidArg, "Expected a Float32Array")),
    }
}

/// Only touches the memory of a call. Labels are seen as a `Float32Array` on their buffer; `groups` is explained in `maskloss::floor`.
#[napi(
    catch_unwind,
    ts_args_type = "simd: string, threads: number, prediction: Float32Array, target: Float32Array, \
    gradient: Float32Array | undefined, groups: number"
)]
pub fn touch(
    simd: String,
    threads: f64,
    prediction: View,
    target: View,
    gradient: Option<View>,
    groups: u32,
) -> Result<i32> {
    if gradient
        .as_ref()
        .is_some_and(|g| g.len() != prediction.len() || !g.disjoint(&prediction) || !g.disjoint(&target))
    {
        return Err(Error::new(
            Status::InvalidArg,
            "Expected a gradient of the prediction's length and of its own memory",
        ));
    }
    let mut gradient = gradient;
    let gradient = match gradient.as_mut().map(View::floats_mut).transpose()? {
        Some(maskloss::FloatsMut::F32(gradient)) => Some(gradient),
        Some(maskloss::FloatsMut::F64(_)) => return Err(Error::new(Status::InvalidArg, "Expected a Float32Array")),
        None => None,
    };
    let (prediction, target) = (floats(&prediction)?, floats(&target)?);
    let traffic = Traffic { prediction, target, gradient, groups: groups as usize };
    Ok(floor::touch(traffic, &execution(&simd, threads)?))
}

/// Takes so many exponentials and logarithms of numbers in L1.
#[napi(catch_unwind)]
pub fn functions(simd: String, threads: f64, exponentials: f64, logarithms: f64) -> Result<f64> {
    let total = floor::functions(exponentials as usize, logarithms as usize, &execution(&simd, threads)?);
    Ok(f64::from(total))
}
