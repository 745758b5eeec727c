//! Pass 1: the sums of every sample and class, and every check of the data, before anything is written.

use crate::criterion::Criterion;
use crate::fault::{Fault, FaultKind, all_or_first_fault};
use crate::kernel::accumulate::accumulate;
use crate::kernel::activation::Activator;
use crate::kernel::registers::accumulate_in_registers;
use crate::kernel::rows::accumulate_rows;
use crate::kernel::sums::Sums;
use crate::parallel::{Execution, run, workers};
use crate::pass::spans::spans;
use crate::simd::Level;
use crate::statistics::{Needs, SampleSums, Statistics};
use crate::tensor::Input;
use crate::tile::check::{first_fault, holds_probabilities, largest_probability};
use crate::tile::loader::Loader;
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
    let workers = workers(execution, shape.samples * shape.sample_len(), tasks.len());
    let results = run(tasks, workers, |queue| {
        let mut pass = StatisticsPass::new(criterion, input, needs);
        let mut found: Vec<(usize, SampleSums)> = Vec::new();
        while let Some(span) = queue.next() {
            if found.last().is_none_or(|(sample, _)| *sample != span.sample) {
                found.push((span.sample, SampleSums::new(needs, shape.classes)));
            }
            let Some((_, sums)) = found.last_mut() else { continue };
            if let Err(fault) = pass.add_span(execution.level, span, sums) {
                // Tasks are handed out in order: what comes before this one is done or in work elsewhere.
                queue.close();
                return Err(fault);
            }
        }
        Ok(found)
    });

    let mut samples: Vec<Option<SampleSums>> = (0..shape.samples).map(|_| None).collect();
    for (sample, sums) in all_or_first_fault(results)?.into_iter().flatten() {
        match &mut samples[sample] {
            Some(total) => total.merge(&sums),
            empty => *empty = Some(sums),
        }
    }
    Ok(Statistics {
        samples: samples.into_iter().map(|s| s.unwrap_or_else(|| SampleSums::new(needs, shape.classes))).collect(),
        pixels: shape.pixels,
    })
}

/// One worker's pass 1.
struct StatisticsPass<'a> {
    criterion: &'a Criterion,
    input: &'a Input<'a>,
    clip: f32,
    loader: Loader,
    activator: Activator,
    sums: Sums,
    /// Whether rows are tried first: where one tile of a span was refused, as soft targets are, the next ones will be too.
    tries_rows: bool,
}

impl<'a> StatisticsPass<'a> {
    fn new(criterion: &'a Criterion, input: &'a Input<'a>, needs: Needs) -> Self {
        let blocks = tile_pixels(criterion.classes) / BLOCK;
        Self {
            criterion,
            input,
            clip: criterion.clip() as f32,
            loader: Loader::new(criterion, input, true),
            activator: Activator::new(criterion.classes, blocks),
            sums: Sums::new(needs, criterion.classes, criterion.activation),
            tries_rows: true,
        }
    }

    /// Adds the chunks of a span, each folded in a fixed order and then added exactly.
    fn add_span(&mut self, level: Level, span: Span, total: &mut SampleSums) -> Result<(), Fault> {
        let end = span.from + span.len;
        self.tries_rows = true;
        for chunk in (span.from..end).step_by(CHUNK) {
            let chunk_end = (chunk + CHUNK).min(end);
            let mut unweighted = 0;
            let step = tile_pixels(self.criterion.classes);
            for from in (chunk..chunk_end).step_by(step) {
                let tile_span = Span { from, len: step.min(chunk_end - from), ..span };
                unweighted += self.add_tile(level, tile_span, total)?;
            }
            let weight = self.sums.drain(|slot, class, sum| total.add(slot, class, sum));
            total.weight.add(weight);
            total.weight.add(unweighted as f64);
        }
        Ok(())
    }

    /// Returns the pixels that count once.
    fn add_tile(&mut self, level: Level, span: Span, total: &mut SampleSums) -> Result<usize, Fault> {
        let activation = self.criterion.activation;
        if self.tries_rows
            && let Some(rows) = Rows::of(self.criterion, self.input, span).filter(|rows| rows.pixels() == span.len)
        {
            if accumulate_rows(level, largest_probability(self.criterion), self.clip, &rows, &mut self.sums) {
                total.valid += span.len as u64;
                return Ok(span.len);
            }
            self.tries_rows = false;
        }
        let Some(tile) = self.loader.load(level, self.criterion, self.input, span) else {
            // Only where another thread mends the data meanwhile is there a fault that is not found again.
            let vanished = Fault {
                kind: FaultKind::LabelOutOfRange,
                value: f64::NAN,
                sample: span.sample,
                class: 0,
                pixel: span.from,
            };
            return Err(first_fault(self.criterion, self.input, span).unwrap_or(vanished));
        };
        if !holds_probabilities(level, self.criterion, self.input, &tile)
            && let Some(fault) = first_fault(self.criterion, self.input, span)
        {
            return Err(fault);
        }
        let non_finite = accumulate_in_registers(level, activation, &tile, &mut self.sums).unwrap_or_else(|| {
            let activated = self.activator.activate(level, activation, &tile);
            accumulate(level, activation, self.clip, &tile, &activated, &mut self.sums);
            activated.non_finite
        });
        total.non_finite += non_finite;
        total.valid += tile.valid as u64;
        Ok(if tile.weights.is_some() { 0 } else { tile.valid })
    }
}
