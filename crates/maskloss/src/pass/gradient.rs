//! Pass 2: the gradient of every prediction value, straight into the caller's memory.

use crate::criterion::Criterion;
use crate::kernel::activation::Activator;
use crate::kernel::derivative::{self, Destination, differentiate};
use crate::kernel::groups::differentiate_in_groups;
use crate::kernel::probabilities::differentiate_probabilities;
use crate::kernel::registers::differentiate_in_registers;
use crate::kernel::rows::differentiate_rows;
use crate::loss::Coefficients;
use crate::parallel::{Execution, Work, run};
use crate::pass::additions::Additions;
use crate::pass::spans::{Part, parts_from_the_end, spans};
use crate::scratch::{Scratch, with_scratch};
use crate::simd::{Level, Simd, dispatch};
use crate::statistics::Statistics;
use crate::tensor::{FloatsMut, Input, Layout};
use crate::terms::Slopes;
use crate::tile::interleaved::store_rows;
use crate::tile::loader::{Loader, borrowed};
use crate::tile::rows::Rows;
use crate::tile::{BLOCK, Block, Span, fit, tile_pixels};

/// Where the gradient goes.
#[derive(Debug)]
pub struct Gradient<'a> {
    /// The prediction's length, layout and dtype family.
    pub data: FloatsMut<'a>,
    /// `data = (accumulate ? data : 0) + scale · ∂loss/∂prediction`.
    pub scale: f64,
    /// Whether the gradient is added to what is there.
    pub accumulate: bool,
}

/// Writes `scale` times the gradient (the scale is in the coefficients) of all pixels: 0 where no term has a part in it.
pub(crate) fn gradient(
    criterion: &Criterion,
    input: &Input,
    statistics: &Statistics,
    slopes: &Slopes,
    into: &mut Gradient,
    execution: &Execution,
) {
    let nothing = !slopes.has_coefficients && slopes.additions.is_empty();
    match &mut into.data {
        _ if nothing && into.accumulate => {}
        FloatsMut::F32(data) if nothing => data.fill(0.0),
        FloatsMut::F64(data) if nothing => data.fill(0.0),
        FloatsMut::F32(data) => write_all(criterion, input, statistics, slopes, data, into.accumulate, execution),
        FloatsMut::F64(data) => write_all(criterion, input, statistics, slopes, data, into.accumulate, execution),
    }
}

/// What a gradient may be made of.
pub(crate) trait Sink: Copy + Send + Default {
    fn replace(self, value: f32) -> Self;
    /// Adding nothing leaves every bit, also the sign of a zero.
    fn add(self, value: f32) -> Self;
    /// The planes as `f32`, where they are that.
    fn direct<'p, 'a>(part: &'p mut Part<'a, Self>) -> Option<&'p mut [&'a mut [f32]]>;
}

impl Sink for f32 {
    #[inline(always)]
    fn replace(self, value: f32) -> Self {
        value
    }
    #[inline(always)]
    fn add(self, value: f32) -> Self {
        self + negative_if_zero(value)
    }
    fn direct<'p, 'a>(part: &'p mut Part<'a, Self>) -> Option<&'p mut [&'a mut [f32]]> {
        Some(&mut part.0)
    }
}

impl Sink for f64 {
    #[inline(always)]
    fn replace(self, value: f32) -> Self {
        Self::from(value)
    }
    #[inline(always)]
    fn add(self, value: f32) -> Self {
        self + Self::from(negative_if_zero(value))
    }
    fn direct<'p, 'a>(_: &'p mut Part<'a, Self>) -> Option<&'p mut [&'a mut [f32]]> {
        None
    }
}

/// −0 is the one number that changes nothing when it is added. A choice between two sums would do as well, but compilers make
/// a masked store of it, which takes a dozen cycles on some processors.
#[inline(always)]
fn negative_if_zero(value: f32) -> f32 {
    if value == 0.0 { -0.0 } else { value }
}

fn write_all<T: Sink>(
    criterion: &Criterion,
    input: &Input,
    statistics: &Statistics,
    slopes: &Slopes,
    data: &mut [T],
    accumulate: bool,
    execution: &Execution,
) {
    let shape = input.shape;
    // Departure 16: the last first, since pass 1 has left it in the cache.
    let tasks = parts_from_the_end(data, shape, shape);
    let work = Work { tasks, count: spans(shape).len(), elements: shape.samples * shape.sample_len() };
    run(execution, work, |queue| {
        with_scratch(|scratch| {
            let mut pass = GradientPass::new(criterion, input, slopes, accumulate, scratch);
            while let Some((span, mut part)) = queue.next() {
                let finite = statistics.samples[span.sample].non_finite == 0;
                pass.write_span(execution.level, span, 0, finite, &mut part);
            }
        });
    });
}

/// One worker's pass 2.
pub(crate) struct GradientPass<'a> {
    criterion: &'a Criterion,
    input: &'a Input<'a>,
    slopes: &'a Slopes<'a>,
    accumulate: bool,
    additions: Additions<'a>,
    loader: Loader<'a>,
    activator: Activator<'a>,
    derivatives: &'a mut derivative::Buffers,
    scratch: &'a mut Vec<Block>,
    /// Those of `sample`.
    coefficients: &'a mut Vec<Coefficients<f32>>,
    between: &'a mut Vec<f32>,
    sample: Option<usize>,
}

impl<'a> GradientPass<'a> {
    pub(crate) fn new(
        criterion: &'a Criterion,
        input: &'a Input<'a>,
        slopes: &'a Slopes<'a>,
        accumulate: bool,
        scratch: &'a mut Scratch,
    ) -> Self {
        let Scratch { tiles, activations, coefficients, between, derivatives, gradient, pixels, weights, .. } = scratch;
        Self {
            criterion,
            input,
            slopes,
            accumulate,
            additions: Additions::new(criterion, input.shape, slopes, pixels, weights),
            loader: Loader::new(criterion, input, tiles),
            activator: Activator::new(input.shape, activations),
            derivatives,
            scratch: gradient,
            coefficients,
            between,
            sample: None,
        }
    }

    /// `done`: the pixels of it, in whole tiles, that are written already. `finite`: whether the predictions are known to be.
    pub(crate) fn write_span<T: Sink>(
        &mut self,
        level: Level,
        span: Span,
        mut done: usize,
        finite: bool,
        part: &mut Part<T>,
    ) {
        if self.sample != Some(span.sample) {
            self.sample = Some(span.sample);
            self.coefficients.clear();
            self.coefficients.extend(self.slopes.table.sample(span.sample));
            self.between.clear();
            self.between.extend(self.slopes.table.between_of_sample(span.sample));
        }
        let slope = self.slopes.of_sample(self.criterion, self.coefficients, self.between);
        let alone = self.additions.is_empty();
        if let (Some(planes), Some(borrowed)) = (T::direct(part), borrowed(self.criterion, self.input, span))
            && finite
            && alone
            && done == 0
            && !self.accumulate
            && differentiate_probabilities(
                level,
                &slope,
                &borrowed,
                &mut Destination::Direct { planes, from: 0, len: span.len },
            )
        {
            return;
        }
        let layout = self.input.shape.layout;
        let step = tile_pixels(self.criterion.classes);
        if let (Some(rows), Some([out]), false) =
            (Rows::of(self.criterion, self.input, span.after(done)), T::direct(part), self.accumulate)
            && alone
            && differentiate_rows(level, &slope, &rows, &mut out[done * rows.classes..])
        {
            done += rows.pixels();
        }
        for from in (done..span.len).step_by(step) {
            let tile_span = Span { from: span.from + from, len: step.min(span.len - from), ..span };
            // Pass 1 found no fault; labels that another thread has changed since are passed over.
            let Some(tile) = self.loader.load(level, self.criterion, self.input, tile_span) else { continue };
            let len = tile_span.len;
            let mut derive = |add: bool, mut out: Destination| {
                if alone
                    && !add
                    && (differentiate_in_registers(level, &slope, &tile, &mut out)
                        || differentiate_in_groups(level, &slope, &tile, self.activator.scratch(), &mut out))
                {
                    return;
                }
                let activated = self.activator.activate(level, self.criterion.activation, &tile);
                if alone || self.additions.stand_beside_coefficients() {
                    differentiate(level, &slope, &tile, &activated, self.derivatives, add, &mut out);
                } else {
                    out.clear(tile.blocks, tile.classes);
                }
                self.additions.add(level, tile_span, &tile, &activated, self.derivatives, &mut out);
            };
            match T::direct(part) {
                // What is added in several steps is added to the caller's memory at once, or its bits would depend on the layout.
                Some(planes)
                    if layout == Layout::ChannelsFirst && len.is_multiple_of(BLOCK) && (alone || !self.accumulate) =>
                {
                    derive(self.accumulate, Destination::Direct { planes, from, len });
                }
                _ => {
                    let (blocks, classes) = (tile.blocks, tile.classes);
                    fit(self.scratch, classes * blocks);
                    let to = match (layout, T::direct(part)) {
                        (Layout::ChannelsLast, Some([rows])) => &rows[from * classes..(from + len) * classes],
                        _ => &[],
                    };
                    derive(false, Destination::Scratch { data: self.scratch, blocks, to: to.as_chunks().0 });
                    let scratch = &self.scratch[..classes * blocks];
                    dispatch!(level, simd => match self.accumulate {
                        true => scatter(simd, scratch, blocks, layout, from, len, T::add, part),
                        false => scatter(simd, scratch, blocks, layout, from, len, T::replace, part),
                    });
                }
            }
        }
    }
}

/// From the scratch to the caller's memory.
#[expect(clippy::too_many_arguments, reason = "inlined into two places")]
#[inline(always)]
fn scatter<S: Simd, T: Sink>(
    simd: S,
    scratch: &[Block],
    blocks: usize,
    layout: Layout,
    from: usize,
    len: usize,
    merge: impl Fn(T, f32) -> T + Copy,
    part: &mut Part<T>,
) {
    let classes = scratch.len() / blocks;
    match layout {
        Layout::ChannelsFirst => {
            for (to, values) in part.0.iter_mut().zip(scratch.chunks_exact(blocks)) {
                for (to, &value) in to[from..from + len].iter_mut().zip(values.as_flattened()) {
                    *to = merge(*to, value);
                }
            }
        }
        Layout::ChannelsLast => {
            for rows in part.0.iter_mut() {
                store_rows(simd, scratch, &mut rows[from * classes..(from + len) * classes], classes, merge);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_nothing_leaves_every_bit() {
        for old in [0.0, -0.0, 1.5, -f32::MIN_POSITIVE / 8.0, f32::MAX, f32::NEG_INFINITY] {
            for nothing in [0.0, -0.0] {
                assert_eq!(Sink::add(old, nothing).to_bits(), old.to_bits(), "{old}");
                assert_eq!(Sink::add(f64::from(old), nothing).to_bits(), f64::from(old).to_bits(), "{old}");
            }
            assert_eq!(Sink::add(old, 0.25), old + 0.25);
        }
    }
}
