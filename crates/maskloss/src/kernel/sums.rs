//! The sums of a chunk in progress: what the kernels of pass 1 add to.

use crate::criterion::Activation;
use crate::kernel::class_target::TargetSums;
use crate::kernel::log_product::{LogProduct, Scaled};
use crate::kernel::wide::{Lanes, Wide, add_blocks};
use crate::simd::{Simd, SimdBase, f64x8, mask32x16};
use crate::statistics::{Needs, Quantity};
use crate::sum::fold8;
use crate::tile::Block;

/// What sums are kept in.
#[derive(Default)]
pub(crate) struct Buffers {
    lanes: Vec<Lanes>,
    counts: Vec<u32>,
    logs: Vec<LogProduct>,
}

/// What the short cuts take, in the order of their places.
const PRODUCTS: [Quantity; 4] = [Quantity::Overlap, Quantity::Predicted, Quantity::Reference, Quantity::LogLoss];

/// The sums of a chunk in progress, one for each wanted quantity and class.
pub(crate) struct Sums<'s> {
    needs: Needs,
    classes: usize,
    lanes: &'s mut Vec<Lanes>,
    /// Of each class, the pixels whose t is 1 and that count once, where they were counted: they belong to [`Quantity::Reference`], and
    /// join it exactly.
    counts: &'s mut Vec<u32>,
    /// One for each class, where logarithms are wanted: they belong to [`Quantity::LogLoss`].
    logs: &'s mut Vec<LogProduct>,
    /// −log p is the logarithm of softmax's denominator, and minus that of a probability.
    log_sign: f64,
    weight: Lanes,
}

/// Sums of products by class, and of their logarithms; none where one is not wanted.
pub(crate) struct ProductSums<'a> {
    pub(crate) overlap: &'a mut [Lanes],
    pub(crate) predicted: &'a mut [Lanes],
    pub(crate) counts: &'a mut [u32],
    pub(crate) logs: &'a mut [LogProduct],
    /// The linear rest of the logarithms.
    pub(crate) linear: &'a mut [Lanes],
}

/// `Σ −log p` of the pixels of one class, in progress: `Σ log s`, and the linear rest.
#[derive(Clone, Copy)]
pub(crate) struct LogSums<S: Simd> {
    pub(crate) product: LogProduct,
    pub(crate) linear: f64x8<S>,
}

impl<S: Simd> LogSums<S> {
    /// Adds `log s + linear` of the pixels that the mask names.
    #[inline(always)]
    pub(crate) fn add(&mut self, simd: S, is: mask32x16<S>, s: Scaled<S>, linear: Wide<S>) {
        self.product.multiply(simd, is, s);
        self.linear += linear.sum_where(simd, is);
    }
}

impl<'s> Sums<'s> {
    /// All 0.
    pub(crate) fn new(needs: Needs, classes: usize, activation: Activation, buffers: &'s mut Buffers) -> Self {
        let Buffers { lanes, counts, logs } = buffers;
        lanes.clear();
        lanes.resize(needs.len() * classes, [0.0; 8]);
        counts.clear();
        counts.resize(if needs.contains(Quantity::Reference) { classes } else { 0 }, 0);
        logs.clear();
        logs.resize(if needs.contains(Quantity::LogLoss) { classes } else { 0 }, LogProduct::ONE);
        Self {
            needs,
            classes,
            lanes,
            counts,
            logs,
            log_sign: if activation == Activation::Softmax { 1.0 } else { -1.0 },
            weight: [0.0; 8],
        }
    }

    /// What is wanted.
    #[inline(always)]
    pub(crate) fn needs(&self) -> Needs {
        self.needs
    }

    /// Whether all that is wanted are I, P, G and log p, which the short cuts take.
    #[inline(always)]
    pub(crate) fn are_of_products(&self) -> bool {
        Needs::of(&PRODUCTS).includes(self.needs)
    }

    /// The sums that the short cuts take, where they are all that is wanted.
    pub(crate) fn products(&mut self) -> ProductSums<'_> {
        let mut lanes = self.lanes.chunks_exact_mut(self.classes);
        let [overlap, predicted, _, linear] = PRODUCTS.map(|quantity| {
            if self.needs.contains(quantity) { lanes.next().unwrap_or_default() } else { Default::default() }
        });
        ProductSums { overlap, predicted, counts: self.counts, logs: self.logs, linear }
    }

    #[inline(always)]
    fn slot(&self, quantity: Quantity, class: usize) -> usize {
        self.needs.slot(quantity) * self.classes + class
    }

    /// A sum in progress; 0 where it is not wanted.
    #[inline(always)]
    pub(crate) fn lanes<S: Simd>(&self, simd: S, quantity: Quantity, class: usize) -> f64x8<S> {
        if self.needs.contains(quantity) {
            f64x8::load_array_ref(simd, &self.lanes[self.slot(quantity, class)])
        } else {
            f64x8::splat(simd, 0.0)
        }
    }

    /// Puts a sum back, where it is wanted.
    #[inline(always)]
    pub(crate) fn set_lanes<S: Simd>(&mut self, quantity: Quantity, class: usize, lanes: f64x8<S>) {
        if self.needs.contains(quantity) {
            let slot = self.slot(quantity, class);
            lanes.store_array(&mut self.lanes[slot]);
        }
    }

    /// `Σ t·p` and `Σ t` in progress.
    #[inline(always)]
    pub(crate) fn target_sums<S: Simd>(&self, simd: S, class: usize) -> TargetSums<S> {
        TargetSums {
            overlap: self.lanes(simd, Quantity::Overlap, class),
            reference: self.lanes(simd, Quantity::Reference, class),
            count: 0,
        }
    }

    /// Puts them back.
    #[inline(always)]
    pub(crate) fn set_target_sums<S: Simd>(&mut self, class: usize, sums: TargetSums<S>) {
        self.set_lanes(Quantity::Overlap, class, sums.overlap);
        self.set_lanes(Quantity::Reference, class, sums.reference);
        self.add_count(class, sums.count);
    }

    /// Adds to `Σ t`, where it is wanted, so many pixels whose t is 1.
    #[inline(always)]
    pub(crate) fn add_count(&mut self, class: usize, count: u32) {
        if let Some(total) = self.counts.get_mut(class) {
            *total += count;
        }
    }

    /// The lanes of N classes; 0 where the sum is not wanted.
    #[inline(always)]
    pub(crate) fn lanes_of_all<const N: usize>(&self, quantity: Quantity) -> [Lanes; N] {
        let mut all = [[0.0; 8]; N];
        if self.needs.contains(quantity) {
            all.copy_from_slice(&self.lanes[self.slot(quantity, 0)..][..N]);
        }
        all
    }

    /// Puts them back, where they are wanted.
    #[inline(always)]
    pub(crate) fn set_lanes_of_all<const N: usize>(&mut self, quantity: Quantity, all: [Lanes; N]) {
        if self.needs.contains(quantity) {
            let slot = self.slot(quantity, 0);
            self.lanes[slot..][..N].copy_from_slice(&all);
        }
    }

    /// The products of logarithms in progress, one for each class; none where they are not wanted.
    #[inline(always)]
    pub(crate) fn logs(&mut self) -> &mut [LogProduct] {
        self.logs
    }

    /// `Σ −log p` in progress; none where it is not wanted.
    #[inline(always)]
    pub(crate) fn log_sums<S: Simd>(&self, simd: S, class: usize) -> LogSums<S> {
        LogSums {
            product: self.logs.get(class).copied().unwrap_or(LogProduct::ONE),
            linear: self.lanes(simd, Quantity::LogLoss, class),
        }
    }

    /// Puts it back.
    #[inline(always)]
    pub(crate) fn set_log_sums<S: Simd>(&mut self, class: usize, sums: LogSums<S>) {
        self.set_lanes(Quantity::LogLoss, class, sums.linear);
        if let Some(log) = self.logs.get_mut(class) {
            *log = sums.product;
        }
    }

    /// Adds `term` of each block to a sum, where it is wanted.
    #[inline(always)]
    pub(crate) fn add_blocks<S: Simd>(
        &mut self,
        simd: S,
        quantity: Quantity,
        class: usize,
        blocks: usize,
        term: impl Fn(usize) -> Wide<S>,
    ) {
        if self.needs.contains(quantity) {
            let slot = self.slot(quantity, class);
            add_blocks(simd, &mut self.lanes[slot], blocks, term);
        }
    }

    /// Adds `term` of each block to the errors of a class, of one of the losses that want them.
    #[inline(always)]
    pub(crate) fn add_error_blocks<S: Simd>(
        &mut self,
        simd: S,
        loss: usize,
        class: usize,
        blocks: usize,
        term: impl Fn(usize) -> Wide<S>,
    ) {
        let slot = self.needs.error_slot(loss) * self.classes + class;
        add_blocks(simd, &mut self.lanes[slot], blocks, term);
    }

    /// A sum of a pixel function in progress.
    #[inline(always)]
    pub(crate) fn function_lanes(&mut self, function: usize, class: usize) -> &mut Lanes {
        &mut self.lanes[self.needs.function_slot(function) * self.classes + class]
    }

    /// Adds to `Σ m`.
    #[inline(always)]
    pub(crate) fn add_weights<S: Simd>(&mut self, simd: S, weights: &[Block]) {
        add_blocks(
            simd,
            &mut self.weight,
            weights.len(),
            #[inline(always)]
            |b| Wide::load(simd, &weights[b]),
        );
    }

    /// Takes the sums out (place of the sum, class, sum), starts again at 0, and returns `Σ m`.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(usize, usize, f64)) -> f64 {
        for (index, lanes) in self.lanes.iter_mut().enumerate() {
            take(index / self.classes, index % self.classes, fold8(std::mem::take(lanes)));
        }
        for (class, count) in self.counts.iter_mut().enumerate() {
            take(self.needs.slot(Quantity::Reference), class, f64::from(std::mem::take(count)));
        }
        for (class, log) in self.logs.iter_mut().enumerate() {
            take(self.needs.slot(Quantity::LogLoss), class, self.log_sign * log.take_ln());
        }
        fold8(std::mem::take(&mut self.weight))
    }
}
