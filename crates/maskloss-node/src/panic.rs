//! Panics on demand, in debug builds only: the tests show with them that none ends the process.

use maskloss::panic_in_pool;
use napi::bindgen_prelude::{AsyncTask, Function};
use napi::{Env, Error, Result, Task};
use napi_derive::napi;

use crate::files::{Failure, caught};

/// Panics on the thread of JavaScript (`'sync'`) or on a thread of the engine's pool (`'pool'`).
#[napi(catch_unwind)]
pub fn panic_now(place: String) {
    if place == "pool" {
        panic_in_pool();
    }
    panic!("panicked on demand: {place}");
}

/// A function that panics, made as those of criteria are.
#[napi(catch_unwind)]
pub fn panicking_function(env: &Env) -> Result<Function<'_, (), ()>> {
    env.create_function_from_closure("panicking", |_| -> Result<()> { panic!("panicked on demand: function") })
}

/// A task that panics.
pub struct PanicTask;

impl Task for PanicTask {
    type Output = std::result::Result<(), Failure>;
    type JsValue = ();

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(caught(|| panic!("panicked on demand: task")))
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<()> {
        output.map_err(|(_, reason)| Error::from_reason(reason))
    }
}

/// Panics on a thread of libuv's pool.
#[napi(catch_unwind)]
pub fn panic_in_task() -> AsyncTask<PanicTask> {
    AsyncTask::new(PanicTask)
}
