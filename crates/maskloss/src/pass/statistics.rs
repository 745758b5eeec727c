//! Pass 1: the sums of every sample and class, and every check of the data, before anything is written.

use crate::criterion::{Criterion, Loss};
use crate::fault::{Fault, FaultKind, merged_or_first_fault};
use crate::kernel::accumulate::accumulate;
use crate::kernel::activation::Activator;
use crate::kernel::pixel;
use crate::kernel::probabilities::accumulate_probabilities;
use crate::kernel::registers::accumulate_in_registers;
use crate::kernel::rows::accumulate_rows;
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
use crate::tile::{CHUNK, Span, tile_pixels};

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
    /// Whether rows are tried first: where one tile of a span was refused, as soft targets are, the next ones will be too.
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
            activator: Activator::new(criterion.classes, activations),
            sums: Sums::new(needs, criterion.classes, criterion.activation, sums),
            pixels,
            tries_rows: true,
        }
    }

    /// Adds the chunks of a span, each folded in a fixed order and then added exactly.
    pub(crate) fn add_span(&mut self, level: Level, span: Span, total: &mut SampleSums) -> Result<(), Fault> {
        let end = span.from + span.len;
        self.tries_rows = true;
        for from in (span.from..end).step_by(CHUNK) {
            let chunk = Span { from, len: CHUNK.min(end - from), ..span };
            let unweighted = match self.add_borrowed(level, chunk) {
                true => {
                    total.valid += chunk.len as u64;
                    chunk.len
                }
                false => self.add_tiles(level, chunk, total)?,
            };
            let weight = self.sums.drain(|slot, class, sum| total.add(slot, class, sum));
            total.weight.add(weight);
            total.weight.add(unweighted as f64);
        }
        Ok(())
    }

    /// A chunk of probabilities at once, where it can be read as it lies and nothing is wrong in it.
    fn add_borrowed(&mut self, level: Level, chunk: Span) -> bool {
        let activation = self.criterion.activation;
        borrowed(self.criterion, self.input, chunk)
            .is_some_and(|chunk| accumulate_probabilities(level, activation, &chunk, &mut self.sums))
    }

    /// A chunk tile by tile. Returns the pixels that count once.
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
        if self.tries_rows
            && let Some(rows) = Rows::of(criterion, input, span).filter(|rows| rows.pixels() == span.len)
        {
            if accumulate_rows(level, largest_probability(criterion), self.clip, &rows, &mut self.sums) {
                total.valid += span.len as u64;
                return Ok(span.len);
            }
            self.tries_rows = false;
        }
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
        let in_registers = accumulate_in_registers(level, activation, &tile, &mut self.sums);
        total.non_finite += in_registers.unwrap_or_else(|| {
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
            activated.non_finite
        });
        total.valid += tile.valid as u64;
        Ok(if tile.weights.is_some() { 0 } else { tile.valid })
    }
}
