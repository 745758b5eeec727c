//! Files, decoded on a thread of libuv's pool. What is wrong with a file is a result too: its code and its sentence.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use maskloss_io::{FileError, Limits, Tensor, read};
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Env, Result, Task};
use napi_derive::napi;

/// An array from a file, or why there is none.
#[napi(object)]
pub struct ReadResult {
    /// Stable name of what is wrong; absent where nothing is.
    pub code: Option<String>,
    /// The same as a sentence.
    pub reason: Option<String>,
    /// NumPy's name of the element type.
    pub dtype: Option<String>,
    /// The extents, slowest axis first.
    pub shape: Option<Vec<f64>>,
    /// The elements' bytes, in this machine's order.
    pub data: Option<Uint8Array>,
    /// Three rows of four: from voxel indices to the world.
    pub affine: Option<Vec<f64>>,
    /// The size of a voxel along the last axes.
    pub spacing: Option<Vec<f64>>,
}

/// Code and sentence of what went wrong.
pub(crate) type Failure = (String, String);

/// What a task's work comes to. A panic in a task would end the process: nothing else catches it.
pub(crate) fn caught<T>(work: impl FnOnce() -> std::result::Result<T, Failure>) -> std::result::Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(("internal".to_owned(), "Expected a file that this reader handles but it failed; report it".to_owned()))
    })
}

/// One file to read.
pub struct ReadTask {
    path: PathBuf,
    key: Option<String>,
    limits: Limits,
}

impl Task for ReadTask {
    type Output = std::result::Result<Tensor, Failure>;
    type JsValue = ReadResult;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(caught(|| {
            read(&self.path, self.key.as_deref(), &self.limits)
                .map_err(|FileError { error, .. }| (error.code().to_owned(), error.to_string()))
        }))
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<ReadResult> {
        let nothing =
            ReadResult { code: None, reason: None, dtype: None, shape: None, data: None, affine: None, spacing: None };
        Ok(match output {
            Err((code, reason)) => ReadResult { code: Some(code), reason: Some(reason), ..nothing },
            Ok(tensor) => ReadResult {
                dtype: Some(tensor.dtype.name().to_owned()),
                shape: Some(tensor.shape.iter().map(|&extent| extent as f64).collect()),
                data: Some(Uint8Array::new(tensor.data)),
                affine: tensor.affine.map(|affine| affine.to_vec()),
                spacing: tensor.spacing,
                ..nothing
            },
        })
    }
}

/// Reads a file whose name says its format.
#[napi(catch_unwind, ts_return_type = "Promise<ReadResult>")]
pub fn read_file(path: String, key: Option<String>, max_pixels: f64, max_bytes: f64) -> AsyncTask<ReadTask> {
    let limits = Limits { max_pixels: max_pixels as u64, max_bytes: max_bytes as u64 };
    AsyncTask::new(ReadTask { path: PathBuf::from(path), key, limits })
}
