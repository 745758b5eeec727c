//! Lovász losses: the errors of every cell, sorted, and what each of them is worth.
//!
//! With the errors e of a cell in descending order, equal ones by sample, class and pixel, and T = Σ t,
//!
//! ```text
//! J_k = 1 − (T − Σ_{i≤k} t_i)/(T + Σ_{i≤k} (1 − t_i))        ℓ = Σ_k e_k·(J_k − J_{k−1})        ∂ℓ/∂e_k = J_k − J_{k−1}
//! ```
//!
//! Two numbers of 4 bytes are kept for each prediction value, the first of which becomes its derivative; a thread that sorts a cell
//! holds 16 bytes for each of the cell's values. A cell is summed from its largest error on, whoever sorts it: the bits are the same.

use crate::criterion::{Criterion, EmptyClass, Lovasz, LovaszForm};
use crate::kernel::activation::Activator;
use crate::kernel::lovasz::errors;
use crate::loss::SortedCell;
use crate::parallel::{Execution, Work, run};
use crate::pass::spans::{parts_from_the_end, spans};
use crate::scratch::with_scratch;
use crate::simd::Level;
use crate::sort::{Entry, sort_descending};
use crate::tensor::{Input, Layout, Shape};
use crate::tile::loader::Loader;
use crate::tile::{BLOCK, Span, tile_pixels};

/// What stands for the error of a pixel that does not count: −0, which no error is. An error may be infinite or NaN.
const UNCOUNTED: f32 = -0.0;

fn counts(error: f32) -> bool {
    error.to_bits() != UNCOUNTED.to_bits()
}

/// The cells of a term.
pub(crate) struct SortedErrors {
    /// In the order of the values.
    pub(crate) cells: Vec<SortedCell>,
    /// `∂ℓ/∂p`, or `∂ℓ/∂z` of hinge errors: of each cell's loss, `[samples, classes, pixels]`.
    pub(crate) derivatives: Vec<f32>,
}

/// Sorts the errors of every cell.
///
/// # Panics
/// Where a cell has 2³² values or more.
pub(crate) fn sorted_errors(
    lovasz: &Lovasz,
    criterion: &Criterion,
    input: &Input,
    execution: &Execution,
) -> SortedErrors {
    let shape = input.shape;
    let mut derivatives = vec![0.0; shape.samples * shape.sample_len()];
    let mut targets = vec![0.0; derivatives.len()];
    write_errors(lovasz, criterion, input, execution, &mut derivatives, &mut targets);

    let mut cells = lovasz.cells(shape.samples);
    let mut members: Vec<Cell> = cells.iter().map(|_| Cell(Vec::new())).collect();
    if shape.pixels > 0 {
        let planes = derivatives.chunks_exact_mut(shape.pixels).zip(targets.chunks_exact(shape.pixels));
        for (index, (errors, targets)) in planes.enumerate() {
            if let Some(cell) = lovasz.cell_of(index / shape.classes, index % shape.classes) {
                members[cell].0.push(Plane { errors, targets });
            }
        }
    }
    let elements = shape.samples * shape.pixels * lovasz.classes.len();
    let work = Work { count: members.len(), tasks: members.iter_mut().enumerate(), elements };
    let (own, others) = run(execution, work, |queue| {
        let (mut entries, mut spare, mut found) = (Vec::new(), Vec::new(), Vec::new());
        while let Some((index, cell)) = queue.next() {
            found.push((index, cell.evaluate(lovasz, &mut entries, &mut spare)));
        }
        found
    });
    for (index, loss) in others.into_iter().flatten().chain(own) {
        cells[index].loss = loss;
    }
    SortedErrors { cells, derivatives }
}

/// The errors and targets of the classes that count, each a plane.
fn write_errors(
    lovasz: &Lovasz,
    criterion: &Criterion,
    input: &Input,
    execution: &Execution,
    errors: &mut [f32],
    targets: &mut [f32],
) {
    let shape = input.shape;
    let planes = Shape { layout: Layout::ChannelsFirst, ..shape };
    let tasks = parts_from_the_end(errors, shape, planes).zip(parts_from_the_end(targets, shape, planes));
    let work = Work { tasks, count: spans(shape).len(), elements: shape.samples * shape.sample_len() };
    run(execution, work, |queue| {
        with_scratch(|scratch| {
            let mut loader = Loader::new(criterion, input, &mut scratch.tiles);
            let mut activator = Activator::new(input.shape, &mut scratch.activations);
            while let Some(((span, mut to), (_, mut targets))) = queue.next() {
                let tools = (&mut loader, &mut activator);
                let planes = (&mut *to.0, &mut *targets.0);
                write_span(execution.level, lovasz, criterion, input, tools, span, planes);
            }
        });
    });
}

type Planes<'p, 'a> = (&'p mut [&'a mut [f32]], &'p mut [&'a mut [f32]]);

fn write_span(
    level: Level,
    lovasz: &Lovasz,
    criterion: &Criterion,
    input: &Input,
    (loader, activator): (&mut Loader, &mut Activator),
    span: Span,
    (to, targets): Planes,
) {
    let step = tile_pixels(criterion.classes);
    for from in (0..span.len).step_by(step) {
        let len = step.min(span.len - from);
        let Some(tile) = loader.load(level, criterion, input, Span { from: span.from + from, len, ..span }) else {
            continue;
        };
        let activated = activator.activate(level, criterion.activation, &tile);
        for &class in &lovasz.classes {
            errors(level, lovasz.form, &tile, &activated, class, |b, mut error, target| {
                if let Some(weights) = tile.weights {
                    for (error, &weight) in error.iter_mut().zip(&weights[b]) {
                        *error = if weight == 0.0 { UNCOUNTED } else { *error };
                    }
                }
                let first = b * BLOCK;
                let count = BLOCK.min(len - first);
                to[class][from + first..][..count].copy_from_slice(&error[..count]);
                targets[class][from + first..][..count].copy_from_slice(&target[..count]);
            });
        }
    }
}

/// A class of a sample: its errors, which become derivatives, and targets.
struct Plane<'a> {
    errors: &'a mut [f32],
    targets: &'a [f32],
}

/// The planes of a cell, by sample and class.
struct Cell<'a>(Vec<Plane<'a>>);

impl Cell<'_> {
    /// The loss, or `None` where the cell is left out; the errors become its derivatives.
    fn evaluate(&mut self, lovasz: &Lovasz, entries: &mut Vec<Entry>, spare: &mut Vec<Entry>) -> Option<f64> {
        let pixels = self.0.first().map_or(1, |plane| plane.errors.len());
        assert!(self.0.len() * pixels <= u32::MAX as usize, "2³² errors or more in one cell");
        entries.clear();
        let (mut reference, mut broken) = (0.0, false);
        for (index, plane) in self.0.iter().enumerate() {
            for (pixel, (&error, &t)) in plane.errors.iter().zip(plane.targets).enumerate() {
                if counts(error) {
                    entries.push(Entry::new(error.abs(), (index * pixels + pixel) as u32));
                    reference += f64::from(t);
                    broken |= error.is_nan() || t.is_nan();
                }
            }
        }
        let skipped = reference == 0.0 && lovasz.empty_class == EmptyClass::Skip;
        if skipped || broken {
            self.settle(|_| if skipped { 0.0 } else { f32::NAN });
            return (!skipped).then_some(f64::NAN);
        }
        sort_descending(entries, spare);
        let loss = self.differentiate(lovasz, entries, pixels, reference);
        // Infinite errors and targets make it NaN.
        self.settle(|slope| if loss.is_nan() { f32::NAN } else { slope });
        Some(loss)
    }

    /// The loss; the errors that count become its derivatives.
    fn differentiate(&mut self, lovasz: &Lovasz, entries: &[Entry], pixels: usize, reference: f64) -> f64 {
        let (mut loss, mut inside, mut outside, mut before) = (0.0, 0.0, 0.0, 0.0);
        for entry in entries {
            let place = entry.place() as usize;
            // A division takes as long as the rest.
            let (plane, pixel) = if self.0.len() == 1 { (0, place) } else { (place / pixels, place % pixels) };
            let plane = &mut self.0[plane];
            let t = plane.targets[pixel];
            inside += f64::from(t);
            outside += 1.0 - f64::from(t);
            let jaccard = 1.0 - (reference - inside) / (reference + outside);
            let by_error = jaccard - before;
            before = jaccard;
            let error = &mut plane.errors[pixel];
            loss += f64::from(error.abs()) * by_error;
            let by_prediction = match lovasz.form {
                LovaszForm::Softmax => f64::from(sign(*error)),
                LovaszForm::Hinge => -(2.0 * f64::from(t) - 1.0) * f64::from(sign(*error)),
            };
            *error = (by_error * by_prediction) as f32 + 0.0;
        }
        loss
    }

    /// The last word on each derivative; 0 where a pixel does not count.
    fn settle(&mut self, derivative: impl Fn(f32) -> f32) {
        for error in self.0.iter_mut().flat_map(|plane| plane.errors.iter_mut()) {
            *error = if counts(*error) { derivative(*error) } else { 0.0 };
        }
    }
}

/// −1, 0 or 1.
fn sign(x: f32) -> f32 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}
