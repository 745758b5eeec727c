//! Pass 1: the sums of every sample and class, and every check of the data, before anything is written.

use crate::criterion::{Criterion, Loss};
use crate::fault::{Fault, FaultKind, merged_or_first_fault};
use crate::kernel::accumulate::accumulate;
use crate::kernel::activation::Activator;
use crate::kernel::groups::accumulate_in_groups;
use crate::kernel::pixel;
use crate::kernel::probabilities::accumulate_probabilities;
use crate::kernel::registers::accumulate_in_registers;
use crate::kernel::rows::{accumulate_and_differentiate_rows, accumulate_rows};
use crate::kernel::slope::Slope;
use crate::kernel::sums::Sums;
use crate::kernel::wasserstein::accumulate_errors;
use crate::parallel::{Execution, Work, run};
use crate::pass::spans::spans;
use crate::scratch::{Scratch, with_scratch};
use crate::simd::Level;
use crate::statistics::{Needs, SampleSums, Statistics, sums_of};
use crate::tensor::{Input, Shape};
use crate::tile::check::{first_fault, holds_probabilities, largest_probability};
use crate::tile::loader::{Loader, borrowed, holds_targets};
use crate::tile::rows::Rows;
use crate::tile::{BLOCK, CHUNK, Span, tile_pixels};

/// The sums that `needs` names, of every sample and class; or the first fault of the data.
pub(crate) fn statistics(
    criterion: &Criterion,
    input: &Input,
    needs: Needs,
    execution: &Execution,
) -> Result<Statistics, Fault> {
    let shape = input.shape;
    let tasks = spans(shape);
    let work = Work { count: tasks.len(), tasks, elements: shape.samples * shape.sample_len() };
    let results = run(execution, work, |queue| {
        with_scratch(|scratch| {
            let mut pass = StatisticsPass::new(criterion, input, needs, scratch);
            let mut found: Vec<SampleSums> = Vec::new();
            while let Some(span) = queue.next() {
                let sums = sums_of(&mut found, span.sample, needs, shape.classes);
                if let Err(fault) = pass.add_span(execution.level, span, sums) {
                    // Tasks are handed out in order: what comes before this one is done or in work elsewhere.
                    queue.close();
                    return Err(fault);
                }
            }
            Ok(found)
        })
    });

    merged(results, shape)
}

/// What a worker found.
type Found = Result<Vec<SampleSums>, Fault>;

/// What all workers found.
pub(crate) fn merged(results: (Found, Vec<Found>), shape: Shape) -> Result<Statistics, Fault> {
    let parts = merged_or_first_fault(results, |mut all, mut found| {
        all.append(&mut found);
        all
    })?;
    Ok(Statistics::merged(parts, shape.samples * shape.pixels))
}

/// One worker's pass 1.
pub(crate) struct StatisticsPass<'a> {
    criterion: &'a Criterion,
    input: &'a Input<'a>,
    clip: f32,
    loader: Loader<'a>,
    activator: Activator<'a>,
    sums: Sums<'a>,
    pixels: &'a mut pixel::Buffers,
    /// Whether rows are tried first: where one chunk of a span was refused, as soft targets are, the next ones will be too.
    tries_rows: bool,
}

impl<'a> StatisticsPass<'a> {
    pub(crate) fn new(criterion: &'a Criterion, input: &'a Input<'a>, needs: Needs, scratch: &'a mut Scratch) -> Self {
        let Scratch { tiles, activations, sums, pixels, .. } = scratch;
        Self {
            criterion,
            input,
            clip: criterion.clip() as f32,
            loader: Loader::new(criterion, input, tiles),
            activator: Activator::new(input.shape, activations),
            sums: Sums::new(needs, criterion.classes, criterion.activation, sums),
            pixels,
            tries_rows: true,
        }
    }

    /// Adds the chunks of a span, each folded in a fixed order and then added exactly.
    pub(crate) fn add_span(&mut self, level: Level, span: Span, total: &mut SampleSums) -> Result<(), Fault> {
        let end = span.from + span.len;
        for from in (span.from..end).step_by(CHUNK) {
            let chunk = Span { from, len: CHUNK.min(end - from), ..span };
            let done = if self.add_borrowed(level, chunk) { chunk.len } else { self.add_rows(level, chunk) };
            total.valid += done as u64;
            let unweighted = done + self.add_tiles(level, chunk.after(done), total)?;
            self.end_chunk(unweighted, total);
        }
        self.tries_rows = true;
        Ok(())
    }

    /// The same of the rows of as many whole chunks, from the first one on, as can be done with their gradient at once. Returns their
    /// pixels.
    pub(crate) fn add_and_write_rows(
        &mut self,
        level: Level,
        span: Span,
        slope: &Slope,
        out: &mut [f32],
        total: &mut SampleSums,
    ) -> usize {
        let largest = largest_probability(self.criterion);
        let mut done = 0;
        while self.tries_rows && done < span.len {
            let chunk = Span { len: CHUNK.min(span.len - done), ..span.after(done) };
            let rows = Rows::of(self.criterion, self.input, chunk).filter(|rows| rows.pixels() == chunk.len);
            let Some(rows) = rows else { break };
            let out = &mut out[done * rows.classes..][..chunk.len * rows.classes];
            self.tries_rows =
                accumulate_and_differentiate_rows(level, (largest, self.clip), slope, &rows, &mut self.sums, out);
            if self.tries_rows {
                total.valid += chunk.len as u64;
                self.end_chunk(chunk.len, total);
                done += chunk.len;
            }
        }
        done
    }

    fn end_chunk(&mut self, unweighted: usize, total: &mut SampleSums) {
        let weight = self.sums.drain(|slot, class, sum| total.add(slot, class, sum));
        total.weight.add(weight);
        total.weight.add(unweighted as f64);
    }

    /// A chunk of probabilities at once, where it can be read as it lies and nothing is wrong in it.
    fn add_borrowed(&mut self, level: Level, chunk: Span) -> bool {
        let activation = self.criterion.activation;
        borrowed(self.criterion, self.input, chunk)
            .is_some_and(|chunk| accumulate_probabilities(level, activation, &chunk, &mut self.sums))
    }

    /// The rows of a chunk at once, where nothing is wrong in them and no target soft, but for the tile of a tail: it has weights.
    /// Returns their pixels.
    fn add_rows(&mut self, level: Level, chunk: Span) -> usize {
        let step = tile_pixels(self.criterion.classes);
        let len = if chunk.len.is_multiple_of(BLOCK) { chunk.len } else { chunk.len / step * step };
        let largest = largest_probability(self.criterion);
        match Rows::of(self.criterion, self.input, Span { len, ..chunk }) {
            Some(rows) if self.tries_rows => {
                self.tries_rows = accumulate_rows(level, largest, self.clip, &rows, &mut self.sums);
                if self.tries_rows { len } else { 0 }
            }
            _ => 0,
        }
    }

    /// Pixels of a chunk tile by tile. Returns those that count once.
    fn add_tiles(&mut self, level: Level, chunk: Span, total: &mut SampleSums) -> Result<usize, Fault> {
        let (end, step) = (chunk.from + chunk.len, tile_pixels(self.criterion.classes));
        let mut unweighted = 0;
        for from in (chunk.from..end).step_by(step) {
            unweighted += self.add_tile(level, Span { from, len: step.min(end - from), ..chunk }, total)?;
        }
        Ok(unweighted)
    }

    /// Returns the pixels that count once.
    fn add_tile(&mut self, level: Level, span: Span, total: &mut SampleSums) -> Result<usize, Fault> {
        let Self { criterion, input, .. } = *self;
        let activation = criterion.activation;
        let Some(tile) = self.loader.load(level, criterion, input, span) else {
            // Only where another thread mends the data meanwhile is there a fault that is not found again.
            let vanished = Fault {
                kind: FaultKind::LabelOutOfRange,
                value: f64::NAN,
                sample: span.sample,
                class: 0,
                pixel: span.from,
            };
            return Err(first_fault(criterion, input, span).unwrap_or(vanished));
        };
        let sound =
            holds_targets(level, criterion, input, &tile) && holds_probabilities(level, criterion, input, &tile);
        if !sound && let Some(fault) = first_fault(criterion, input, span) {
            return Err(fault);
        }
        total.valid += tile.valid as u64;
        let unweighted = if tile.weights.is_some() { 0 } else { tile.valid };
        if let Some(non_finite) = accumulate_in_registers(level, activation, &tile, &mut self.sums) {
            total.non_finite += non_finite;
            return Ok(unweighted);
        }
        let scratch = self.activator.scratch();
        let done = accumulate_in_groups(level, activation, &tile, scratch, &mut self.sums);
        if done < tile.blocks {
            let tile = tile.after(done);
            let activated = self.activator.activate(level, activation, &tile);
            accumulate(level, activation, self.clip, &tile, &activated, &mut self.sums);
            // The pass of a top-percent loss takes that one's sums only.
            if self.sums.needs().has_errors() {
                for (loss, distances) in criterion.distances().enumerate() {
                    accumulate_errors(level, (loss, distances), &tile, &activated, &mut self.sums);
                }
            }
            if self.sums.needs().has_functions() {
                let mut function = 0;
                for term in &criterion.terms {
                    let Loss::Pixel(pixel) = &term.loss else { continue };
                    pixel::accumulate(
                        level,
                        pixel,
                        function,
                        activation,
                        &tile,
                        &activated,
                        self.pixels,
                        &mut self.sums,
                    );
                    function += pixel.functions();
                }
            }
            total.non_finite += activated.non_finite;
        }
        Ok(unweighted)
    }
}
