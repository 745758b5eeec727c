//! How a batch is cut into tasks, and the memory that goes with them.

use crate::tensor::{Layout, Shape};
use crate::tile::{CHUNK, Span};

/// The elements of a task: enough that handing it out costs nothing, few enough that the threads finish together, also where one of
/// them wakes late. Four times as many cost W2 and W4 a tenth of their time on two threads.
pub(crate) const TASK_ELEMENTS: usize = 1 << 16;

/// The pixels of a task, in whole chunks.
pub(crate) fn task_pixels(shape: Shape) -> usize {
    pixels_of(shape, TASK_ELEMENTS)
}

fn pixels_of(shape: Shape, elements: usize) -> usize {
    (elements / shape.classes.max(1) / CHUNK).max(1) * CHUNK
}

/// The spans of a batch, in order.
pub(crate) fn spans(shape: Shape) -> impl ExactSizeIterator<Item = Span> + DoubleEndedIterator + Send {
    spans_of(shape, TASK_ELEMENTS)
}

/// The same of about so many elements each.
pub(crate) fn spans_of(
    shape: Shape,
    elements: usize,
) -> impl ExactSizeIterator<Item = Span> + DoubleEndedIterator + Send {
    let step = pixels_of(shape, elements);
    let of_sample = shape.pixels.div_ceil(step);
    (0..shape.samples * of_sample).map(move |index| {
        let from = index % of_sample * step;
        Span { sample: index / of_sample, from, len: step.min(shape.pixels - from) }
    })
}

/// The memory of a span: a slice for each plane, or one slice of interleaved pixels.
pub(crate) struct Part<'a, T>(pub(crate) Vec<&'a mut [T]>);

/// The spans of a batch, the last first, each with its part of memory of the shape of `data`.
pub(crate) fn parts_from_the_end<T: Send>(
    data: &mut [T],
    input: Shape,
    shape: Shape,
) -> impl Iterator<Item = (Span, Part<'_, T>)> + Send {
    // Interleaved pixels are one plane.
    let planes = match shape.layout {
        Layout::ChannelsFirst => shape.classes.max(1),
        Layout::ChannelsLast => 1,
    };
    let plane = (shape.sample_len() / planes).max(1);
    let step = task_pixels(input) * shape.classes / planes;
    let samples = data.chunks_exact_mut(plane * planes).rev();
    spans(input).rev().zip(samples.flat_map(move |sample| split(sample, plane, step)))
}

/// A sample of such planes, cut into steps.
fn split<T>(sample: &mut [T], plane: usize, step: usize) -> impl Iterator<Item = Part<'_, T>> {
    let mut planes: Vec<_> = sample.chunks_exact_mut(plane).map(|plane| plane.chunks_mut(step)).collect();
    (0..plane.div_ceil(step)).map(move |_| Part(planes.iter_mut().filter_map(DoubleEndedIterator::next_back).collect()))
}
