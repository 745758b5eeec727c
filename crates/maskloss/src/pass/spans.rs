//! How a batch is cut into tasks, and the memory that goes with them.

use crate::tensor::{Layout, Shape};
use crate::tile::{CHUNK, Span};

/// The elements of a task: enough that handing it out costs nothing, few enough that the threads finish together.
const TASK_ELEMENTS: usize = 1 << 18;

/// The pixels of a task, in whole chunks.
pub(crate) fn task_pixels(shape: Shape) -> usize {
    (TASK_ELEMENTS / shape.classes.max(1) / CHUNK).max(1) * CHUNK
}

/// The spans of a batch, in order.
pub(crate) fn spans(shape: Shape) -> Vec<Span> {
    let step = task_pixels(shape);
    let of_sample = |sample| {
        (0..shape.pixels).step_by(step).map(move |from| Span { sample, from, len: step.min(shape.pixels - from) })
    };
    (0..shape.samples).flat_map(of_sample).collect()
}

/// The memory of a span: a slice for each plane, or one slice of interleaved pixels.
pub(crate) struct Part<'a, T>(pub(crate) Vec<&'a mut [T]>);

/// Memory of that shape, cut into spans of `step` pixels.
pub(crate) fn split<T>(data: &mut [T], shape: Shape, step: usize) -> Vec<Part<'_, T>> {
    if shape.sample_len() == 0 {
        return Vec::new();
    }
    let samples = data.chunks_exact_mut(shape.sample_len());
    match shape.layout {
        Layout::ChannelsLast => {
            samples.flat_map(|sample| sample.chunks_mut(step * shape.classes)).map(|part| Part(vec![part])).collect()
        }
        Layout::ChannelsFirst => samples.flat_map(|sample| split_planes(sample, shape.pixels, step)).collect(),
    }
}

fn split_planes<T>(sample: &mut [T], pixels: usize, step: usize) -> Vec<Part<'_, T>> {
    let mut planes: Vec<_> = sample.chunks_exact_mut(pixels).map(|plane| plane.chunks_mut(step)).collect();
    (0..pixels.div_ceil(step)).map(|_| Part(planes.iter_mut().filter_map(Iterator::next).collect())).collect()
}
