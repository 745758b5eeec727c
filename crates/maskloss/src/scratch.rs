//! What passes write to on their way. A thread keeps it between calls: a small call is over in the time that a few dozen allocations
//! take.

use std::cell::Cell;

use crate::kernel::{activation, derivative, pixel, sums};
use crate::loss::{Coefficients, Part};
use crate::tile::{Block, loader};

/// The scratch of a pass, each part as large as the largest call so far asked for.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) tiles: loader::Buffers,
    pub(crate) activations: activation::Buffers,
    pub(crate) sums: sums::Buffers,
    pub(crate) pixels: pixel::Buffers,
    /// Between the passes: the cells of a loss.
    pub(crate) parts: Vec<Part>,
    /// Pass 2: those of a sample.
    pub(crate) coefficients: Vec<Coefficients<f32>>,
    /// And what its classes say of each other.
    pub(crate) between: Vec<f32>,
    /// And what the classes of a pixel share.
    pub(crate) derivatives: derivative::Buffers,
    /// Pass 2 of the worst pixels: their weights in a tile.
    pub(crate) weights: Vec<Block>,
    /// Pass 2, where the caller's memory is not of blocks.
    pub(crate) gradient: Vec<Block>,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Lends the thread's scratch.
pub(crate) fn with_scratch<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    let mut scratch = SCRATCH.take().unwrap_or_default();
    let result = work(&mut scratch);
    SCRATCH.set(Some(scratch));
    result
}
