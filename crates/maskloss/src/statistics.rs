//! What the losses need to know of the pixels: a few exact sums for each sample and class.
//!
//! Notation (as everywhere): prediction `p`, target `t`, pixel weight `m` (0 where ignored), all sums over the pixels of one
//! plane.

use crate::sum::ExactSum;

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

/// A set of quantities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs(u16);

impl Needs {
    /// The set of these.
    pub(crate) fn of(quantities: &[Quantity]) -> Self {
        Self(quantities.iter().fold(0, |set, &q| set | 1 << q as u16))
    }

    /// What either needs.
    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the quantity is wanted.
    #[inline(always)]
    pub(crate) fn contains(self, quantity: Quantity) -> bool {
        self.0 & (1 << quantity as u16) != 0
    }

    /// Whether it holds all that the other needs.
    #[inline(always)]
    pub(crate) fn includes(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// How many quantities are wanted.
    pub(crate) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The place of a wanted quantity among the wanted ones.
    #[inline(always)]
    pub(crate) fn slot(self, quantity: Quantity) -> usize {
        (self.0 & ((1 << quantity as u16) - 1)).count_ones() as usize
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

    fn sum(&self, quantity: Quantity, class: usize) -> &ExactSum {
        &self.sums[self.needs.slot(quantity) * self.classes + class]
    }
}

/// The sums of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    /// One for each sample, in order.
    pub(crate) samples: Vec<SampleSums>,
    /// V, the pixels of a plane, ignored ones included.
    pub(crate) pixels: usize,
}

impl Statistics {
    /// A quantity of one class: of one sample, or of the whole batch (merged exactly, so that no split of the batch shows).
    pub(crate) fn value(&self, quantity: Quantity, sample: Option<usize>, class: usize) -> f64 {
        self.pool(sample, |sums| sums.sum(quantity, class))
    }

    /// `Σ m` over the batch.
    pub(crate) fn weight(&self) -> f64 {
        self.pool(None, |sums| &sums.weight)
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
