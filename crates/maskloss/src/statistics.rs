//! What the losses need to know of the pixels: a few exact sums for each sample and class.
//!
//! Notation (as everywhere): prediction `p`, target `t`, pixel weight `m` (0 where ignored), all sums over the pixels of one
//! plane.

use crate::sum::ExactSum;
use crate::tensor::Shape;

/// The sums that pass 1 can take, each of one plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// `I = Σ m·p·t`.
    Overlap,
    /// `P = Σ m·p`.
    Predicted,
    /// `G = Σ m·t`.
    Reference,
    /// `P₂ = Σ m·p²`.
    PredictedSquared,
    /// `G₂ = Σ m·t²`.
    ReferenceSquared,
    /// `Σ m·p²·t`.
    OverlapSquared,
    /// `D = Σ m·|p − t|`.
    Distance,
    /// `Σ m·t·(−log p)`.
    LogLoss,
    /// `Σ m·(−log p)`, for label smoothing.
    LogLossAll,
    /// `Σ m·(1 − t)·(−log(1 − p))`.
    ComplementLogLoss,
    /// `Σ m·(−log(1 − p))`, for label smoothing.
    ComplementLogLossAll,
}

/// A set of quantities, and the sums beside them: for each loss that wants them its errors `E_y = Σ m·t_y·Σ_c M[y, c]·p_c` by distances M
/// of its own, then the sums of pixel functions, those of all pixel terms in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    quantities: u16,
    errors: usize,
    functions: usize,
}

impl Needs {
    /// The errors of one loss.
    pub(crate) const ERROR: Self = Self { quantities: 0, errors: 1, functions: 0 };

    /// The set of these.
    pub(crate) fn of(quantities: &[Quantity]) -> Self {
        Self { quantities: quantities.iter().fold(0, |set, &q| set | 1 << q as u16), errors: 0, functions: 0 }
    }

    /// The set with so many more sums of pixel functions.
    pub(crate) fn with_functions(self, functions: usize) -> Self {
        Self { functions: self.functions + functions, ..self }
    }

    /// What both need: one sum of a quantity, but errors and functions for each.
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            quantities: self.quantities | other.quantities,
            errors: self.errors + other.errors,
            functions: self.functions + other.functions,
        }
    }

    /// Whether the quantity is wanted.
    #[inline(always)]
    pub(crate) fn contains(self, quantity: Quantity) -> bool {
        self.quantities & (1 << quantity as u16) != 0
    }

    /// Whether it holds all that the other needs.
    #[inline(always)]
    pub(crate) fn includes(self, other: Self) -> bool {
        other.quantities & !self.quantities == 0 && other.errors <= self.errors && other.functions <= self.functions
    }

    /// Whether errors by distances are wanted.
    pub(crate) fn has_errors(self) -> bool {
        self.errors > 0
    }

    /// Whether sums of pixel functions are wanted.
    pub(crate) fn has_functions(self) -> bool {
        self.functions > 0
    }

    /// How many sums of each class are wanted.
    pub(crate) fn len(self) -> usize {
        self.function_slot(self.functions)
    }

    /// The place of a wanted quantity among the wanted ones.
    #[inline(always)]
    pub(crate) fn slot(self, quantity: Quantity) -> usize {
        (self.quantities & ((1 << quantity as u16) - 1)).count_ones() as usize
    }

    /// The place of the errors of one of the losses that want them, behind the quantities.
    #[inline(always)]
    pub(crate) fn error_slot(self, loss: usize) -> usize {
        self.quantities.count_ones() as usize + loss
    }

    /// The place of a sum of a pixel function, behind the errors.
    #[inline(always)]
    pub(crate) fn function_slot(self, function: usize) -> usize {
        self.error_slot(self.errors) + function
    }
}

/// The sums of one sample, or of a part of it: they merge exactly, in any order.
#[derive(Clone, Debug)]
pub(crate) struct SampleSums {
    /// Which one.
    pub(crate) sample: usize,
    needs: Needs,
    classes: usize,
    sums: Vec<ExactSum>,
    /// `Σ m`.
    pub(crate) weight: ExactSum,
    /// The pixels that count: not ignored and of a weight other than 0.
    pub(crate) valid: u64,
    /// The prediction values among them that are NaN or infinite.
    pub(crate) non_finite: u64,
}

impl SampleSums {
    /// Sums over nothing.
    pub(crate) fn new(sample: usize, needs: Needs, classes: usize) -> Self {
        Self {
            sample,
            needs,
            classes,
            sums: vec![ExactSum::new(); needs.len() * classes],
            weight: ExactSum::new(),
            valid: 0,
            non_finite: 0,
        }
    }

    /// Adds the sum of one chunk.
    #[inline]
    pub(crate) fn add(&mut self, slot: usize, class: usize, value: f64) {
        self.sums[slot * self.classes + class].add(value);
    }

    /// Adds the sums of other pixels of the sample.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            sum.merge(other);
        }
        self.weight.merge(&other.weight);
        self.valid += other.valid;
        self.non_finite += other.non_finite;
    }

    fn sum(&self, slot: usize, class: usize) -> &ExactSum {
        &self.sums[slot * self.classes + class]
    }
}

/// The sums in progress of a sample: the last ones, or new ones.
pub(crate) fn sums_of(found: &mut Vec<SampleSums>, sample: usize, needs: Needs, classes: usize) -> &mut SampleSums {
    if found.last().is_none_or(|sums| sums.sample != sample) {
        found.push(SampleSums::new(sample, needs, classes));
    }
    let last = found.len() - 1;
    &mut found[last]
}

/// The sums of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    /// One for each sample, in order.
    pub(crate) samples: Vec<SampleSums>,
    /// The pixels of the batch, ignored ones included.
    pub(crate) pixels: usize,
}

impl Statistics {
    /// Those of parts of samples, in any order.
    pub(crate) fn merged(mut parts: Vec<SampleSums>, pixels: usize) -> Self {
        parts.sort_unstable_by_key(|sums| sums.sample);
        parts.dedup_by(|part, sums| {
            let same = part.sample == sums.sample;
            if same {
                sums.merge(part);
            }
            same
        });
        Self { samples: parts, pixels }
    }

    /// What is known before any pixel is read, where every one counts: how many there are. They stand with one sample, all sums are 0.
    pub(crate) fn of_unread(needs: Needs, shape: Shape) -> Self {
        let pixels = shape.samples * shape.pixels;
        Self { samples: vec![SampleSums { valid: pixels as u64, ..SampleSums::new(0, needs, shape.classes) }], pixels }
    }

    /// A quantity of one class: of one sample, or of the whole batch (merged exactly, so that no split of the batch shows).
    pub(crate) fn value(&self, quantity: Quantity, sample: Option<usize>, class: usize) -> f64 {
        self.pool(sample, |sums| sums.sum(sums.needs.slot(quantity), class))
    }

    /// A sum of a pixel function over the batch.
    pub(crate) fn function(&self, function: usize, class: usize) -> f64 {
        self.pool(None, |sums| sums.sum(sums.needs.function_slot(function), class))
    }

    /// `E_y` of one of the losses that want it.
    pub(crate) fn error(&self, loss: usize, sample: Option<usize>, class: usize) -> f64 {
        self.pool(sample, |sums| sums.sum(sums.needs.error_slot(loss), class))
    }

    /// `Σ m` of one sample, or of the whole batch.
    pub(crate) fn weight(&self, sample: Option<usize>) -> f64 {
        self.pool(sample, |sums| &sums.weight)
    }

    /// The pixels of the batch that count.
    pub(crate) fn valid(&self) -> u64 {
        self.samples.iter().map(|s| s.valid).sum()
    }

    /// The prediction values that are NaN or infinite.
    pub(crate) fn non_finite(&self) -> u64 {
        self.samples.iter().map(|s| s.non_finite).sum()
    }

    fn pool(&self, sample: Option<usize>, sum: impl Fn(&SampleSums) -> &ExactSum) -> f64 {
        match (sample, self.samples.as_slice()) {
            (Some(n), samples) => sum(&samples[n]).value(),
            (None, [only]) => sum(only).value(),
            (None, samples) => {
                let mut total = ExactSum::new();
                for sample in samples {
                    total.merge(sum(sample));
                }
                total.value()
            }
        }
    }
}
