//! Pass 1 on one tile: what each class adds to the sums.

use crate::criterion::Activation;
use crate::kernel::activation::Activated;
use crate::kernel::class_target::{Absent, ClassTarget, LabelClass, PlaneClass, TargetSums};
use crate::kernel::log_loss::{clipped, clipped_log_loss, sigmoid_log_loss, softmax_log_loss};
use crate::kernel::log_product::{LogProduct, Scaled};
use crate::kernel::wide::{Lanes, Wide, add_blocks};
use crate::simd::{Level, MaskWiden, Select, Simd, SimdBase, SimdMask, dispatch, f32x16, f64x8, mask32x16};
use crate::statistics::{Needs, Quantity};
use crate::sum::fold8;
use crate::tile::{Block, Tile, TileTarget};

/// What sums are kept in.
#[derive(Default)]
pub(crate) struct Buffers {
    lanes: Vec<Lanes>,
    logs: Vec<LogProduct>,
}

/// The sums of a chunk in progress, one for each wanted quantity and class.
pub(crate) struct Sums<'s> {
    needs: Needs,
    classes: usize,
    lanes: &'s mut Vec<Lanes>,
    /// One for each class, where logarithms are wanted: they belong to [`Quantity::LogLoss`].
    logs: &'s mut Vec<LogProduct>,
    /// −log p is the logarithm of softmax's denominator, and minus that of a probability.
    log_sign: f64,
    weight: Lanes,
}

/// `Σ −log p` of the pixels of one class, in progress: `Σ log s`, and the linear rest.
#[derive(Clone, Copy)]
pub(crate) struct LogSums<S: Simd> {
    product: LogProduct,
    linear: f64x8<S>,
}

impl<S: Simd> LogSums<S> {
    /// Adds `log s + linear` of the pixels that the mask names.
    #[inline(always)]
    pub(crate) fn add(&mut self, simd: S, is: mask32x16<S>, s: Scaled<S>, linear: Wide<S>) {
        self.product.multiply(simd, is, s);
        let zero = f64x8::splat(simd, 0.0);
        let (low, high) = is.widen();
        self.linear += low.select(linear.0, zero) + high.select(linear.1, zero);
    }
}

impl<'s> Sums<'s> {
    /// All 0.
    pub(crate) fn new(needs: Needs, classes: usize, activation: Activation, buffers: &'s mut Buffers) -> Self {
        let Buffers { lanes, logs } = buffers;
        lanes.clear();
        lanes.resize(needs.len() * classes, [0.0; 8]);
        logs.clear();
        logs.resize(if needs.contains(Quantity::LogLoss) { classes } else { 0 }, LogProduct::ONE);
        Self {
            needs,
            classes,
            lanes,
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
        if self.needs.contains(Quantity::Reference) {
            let slot = self.slot(Quantity::Reference, class);
            self.lanes[slot][0] += f64::from(sums.count);
        }
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

    /// Takes the sums out (place of the quantity, class, sum), starts again at 0, and returns `Σ m`.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(usize, usize, f64)) -> f64 {
        for (index, lanes) in self.lanes.iter_mut().enumerate() {
            take(index / self.classes, index % self.classes, fold8(std::mem::take(lanes)));
        }
        for (class, log) in self.logs.iter_mut().enumerate() {
            take(self.needs.slot(Quantity::LogLoss), class, self.log_sign * log.take_ln());
        }
        fold8(std::mem::take(&mut self.weight))
    }
}

/// Pass 1 on one tile, with the logarithms of probabilities clipped to `[clip, 1 − clip]`.
pub(crate) fn accumulate(
    level: Level,
    activation: Activation,
    clip: f32,
    tile: &Tile,
    activated: &Activated,
    sums: &mut Sums,
) {
    dispatch!(level, simd => accumulate_tile(simd, activation, clip, tile, activated, sums));
}

#[inline(always)]
fn accumulate_tile<S: Simd>(
    simd: S,
    activation: Activation,
    clip: f32,
    tile: &Tile,
    activated: &Activated,
    sums: &mut Sums,
) {
    match tile.weights {
        None => accumulate_classes::<S, false>(simd, activation, clip, tile, activated, sums, &[]),
        Some(weights) => {
            add_blocks(
                simd,
                &mut sums.weight,
                tile.blocks,
                #[inline(always)]
                |b| Wide::load(simd, &weights[b]),
            );
            accumulate_classes::<S, true>(simd, activation, clip, tile, activated, sums, weights);
        }
    }
}

#[inline(always)]
fn accumulate_classes<S: Simd, const WEIGHTED: bool>(
    simd: S,
    activation: Activation,
    clip: f32,
    tile: &Tile,
    activated: &Activated,
    sums: &mut Sums,
    weights: &[Block],
) {
    match tile.target {
        TileTarget::Labels { labels, present } => {
            let mut present = present.iter().peekable();
            // 0 · NaN is NaN: where a prediction is broken, every class has a term.
            let broken = activated.non_finite > 0;
            for class in 0..tile.classes {
                if present.next_if_eq(&&class).is_some() || broken {
                    let target = LabelClass { labels, class };
                    ClassSums::<_, _, WEIGHTED> { simd, clip, tile, activated, weights, class, target }
                        .add(activation, sums);
                } else {
                    ClassSums::<_, _, WEIGHTED> { simd, clip, tile, activated, weights, class, target: Absent }
                        .add(activation, sums);
                }
            }
        }
        TileTarget::Planes(planes) => {
            for class in 0..tile.classes {
                let target = PlaneClass { plane: planes.plane(class), finite: activated.non_finite == 0 };
                ClassSums::<_, _, WEIGHTED> { simd, clip, tile, activated, weights, class, target }
                    .add(activation, sums);
            }
        }
    }
}

/// One class of one tile.
struct ClassSums<'a, S, T, const WEIGHTED: bool> {
    simd: S,
    clip: f32,
    tile: &'a Tile<'a>,
    activated: &'a Activated<'a>,
    weights: &'a [Block],
    class: usize,
    target: T,
}

impl<S: Simd, T: ClassTarget, const WEIGHTED: bool> ClassSums<'_, S, T, WEIGHTED> {
    #[inline(always)]
    fn add(&self, activation: Activation, sums: &mut Sums) {
        let Self { simd, activated, clip, tile, .. } = *self;
        let plane = activated.planes.plane(self.class);
        if WEIGHTED {
            self.separate_product_sums(sums, plane);
        } else {
            self.product_sums(activation, sums, plane);
        }
        self.sum(
            sums,
            Quantity::PredictedSquared,
            #[inline(always)]
            |b| {
                let p = self.probability(plane, b);
                self.weigh(b, p.times(p))
            },
        );
        self.sum(
            sums,
            Quantity::Distance,
            #[inline(always)]
            |b| self.weigh(b, self.probability(plane, b).minus(self.target(b)).abs()),
        );
        if T::OCCURS {
            self.sum(
                sums,
                Quantity::ReferenceSquared,
                #[inline(always)]
                |b| self.of_target(b, self.target(b)),
            );
        }
        let logits = tile.prediction.plane(self.class);
        match activation {
            Activation::Softmax => self.log_sums(
                sums,
                !WEIGHTED,
                #[inline(always)]
                |b| {
                    // The shift of a pixel with a NaN or an infinite logit is NaN, and so becomes its logarithm.
                    let shift = Wide::load(simd, &activated.shift[b]);
                    let s = f32x16::load_array_ref(simd, &activated.denominator[b]);
                    (s, shift.minus(Wide::load(simd, &logits[b])))
                },
                #[inline(always)]
                |b| softmax_log_loss(simd, activated, f32x16::load_array_ref(simd, &logits[b]), b),
            ),
            Activation::Sigmoid => {
                self.log_sums(
                    sums,
                    false,
                    #[inline(always)]
                    |_| (f32x16::splat(simd, 1.0), Wide::zero(simd)),
                    #[inline(always)]
                    |b| sigmoid_log_loss(simd, f32x16::load_array_ref(simd, &logits[b])),
                );
                self.complement_log_sums(
                    sums,
                    #[inline(always)]
                    |b| sigmoid_log_loss(simd, -f32x16::load_array_ref(simd, &logits[b])),
                );
            }
            Activation::None => {
                self.log_sums(
                    sums,
                    !WEIGHTED && activated.non_finite == 0,
                    #[inline(always)]
                    |b| (clipped(simd, f32x16::load_array_ref(simd, &plane[b]), clip), Wide::zero(simd)),
                    #[inline(always)]
                    |b| clipped_log_loss(simd, f32x16::load_array_ref(simd, &plane[b]), clip),
                );
                self.complement_log_sums(
                    sums,
                    #[inline(always)]
                    |b| clipped_log_loss(simd, 1.0 - f32x16::load_array_ref(simd, &plane[b]), clip),
                );
            }
        }
    }

    /// Departure 3: I, P and G of a class in one loop, which loads and widens each prediction once.
    #[inline(always)]
    fn product_sums(&self, activation: Activation, sums: &mut Sums, plane: &[Block]) {
        let predicts = sums.needs.contains(Quantity::Predicted) || sums.needs.contains(Quantity::Overlap);
        let scaled = activation == Activation::Softmax;
        if !predicts && !T::OCCURS {
            return;
        }
        let mut predicted = sums.lanes(self.simd, Quantity::Predicted, self.class);
        let mut found = sums.target_sums(self.simd, self.class);
        for b in 0..self.tile.blocks {
            let p = match (predicts, scaled) {
                (false, _) => Wide::zero(self.simd),
                (true, false) => Wide::load(self.simd, &plane[b]),
                (true, true) => self.probability(plane, b),
            };
            predicted += p.0 + p.1;
            self.target.add(self.simd, b, p, &mut found);
        }
        sums.set_lanes(Quantity::Predicted, self.class, predicted);
        sums.set_target_sums(self.class, found);
    }

    /// The same one by one, weighted.
    #[inline(always)]
    fn separate_product_sums(&self, sums: &mut Sums, plane: &[Block]) {
        self.sum(
            sums,
            Quantity::Predicted,
            #[inline(always)]
            |b| self.weigh(b, self.probability(plane, b)),
        );
        if T::OCCURS {
            self.sum(
                sums,
                Quantity::Overlap,
                #[inline(always)]
                |b| self.of_target(b, self.probability(plane, b)),
            );
            self.sum(
                sums,
                Quantity::Reference,
                #[inline(always)]
                |b| self.weigh(b, self.target(b)),
            );
        }
    }

    #[inline(always)]
    fn probability(&self, plane: &[Block], b: usize) -> Wide<S> {
        let scale = f32x16::load_array_ref(self.simd, &self.activated.scale[b]);
        Wide::of(f32x16::load_array_ref(self.simd, &plane[b]) * scale)
    }

    #[inline(always)]
    fn target(&self, b: usize) -> Wide<S> {
        Wide::of(self.target.at(self.simd, b))
    }

    /// `m·x`.
    #[inline(always)]
    fn weigh(&self, b: usize, value: Wide<S>) -> Wide<S> {
        if WEIGHTED { Wide::load(self.simd, &self.weights[b]).times(value) } else { value }
    }

    /// `m·t·x`.
    #[inline(always)]
    fn of_target(&self, b: usize, value: Wide<S>) -> Wide<S> {
        self.weigh(b, value.times(self.target(b)))
    }

    /// `Σ m·t·(−log p)` and `Σ m·(−log p)`: `loss` is the logarithm of a block, `factors` what its product is made of.
    #[inline(always)]
    fn log_sums(
        &self,
        sums: &mut Sums,
        by_products: bool,
        factors: impl Fn(usize) -> (f32x16<S>, Wide<S>),
        loss: impl Fn(usize) -> Wide<S>,
    ) {
        if T::OCCURS && by_products {
            self.log_products(sums, factors, &loss);
        } else if T::OCCURS {
            self.sum(
                sums,
                Quantity::LogLoss,
                #[inline(always)]
                |b| self.of_target(b, loss(b)),
            );
        }
        self.sum(
            sums,
            Quantity::LogLossAll,
            #[inline(always)]
            |b| self.weigh(b, loss(b)),
        );
    }

    /// Departure 7: where t is 0 or 1 and every pixel counts once, the logarithms of a class are one product.
    #[inline(always)]
    fn log_products(
        &self,
        sums: &mut Sums,
        factors: impl Fn(usize) -> (f32x16<S>, Wide<S>),
        loss: impl Fn(usize) -> Wide<S>,
    ) {
        if !sums.needs.contains(Quantity::LogLoss) {
            return;
        }
        let mut found = sums.log_sums(self.simd, self.class);
        for b in 0..self.tile.blocks {
            match self.target.mask_if_binary(self.simd, b) {
                Some(is) if is.any_true() => {
                    let (x, linear) = factors(b);
                    found.add(self.simd, is, Scaled::of(x), linear);
                }
                Some(_) => {}
                None => {
                    let Wide(low, high) = self.of_target(b, loss(b));
                    found.linear += low + high;
                }
            }
        }
        sums.set_log_sums(self.class, found);
    }

    /// `Σ m·(1 − t)·(−log(1 − p))` and `Σ m·(−log(1 − p))`.
    #[inline(always)]
    fn complement_log_sums(&self, sums: &mut Sums, loss: impl Fn(usize) -> Wide<S>) {
        self.sum(
            sums,
            Quantity::ComplementLogLoss,
            #[inline(always)]
            |b| {
                let rest = Wide::of(1.0 - self.target.at(self.simd, b));
                self.weigh(b, loss(b).times(rest))
            },
        );
        self.sum(
            sums,
            Quantity::ComplementLogLossAll,
            #[inline(always)]
            |b| self.weigh(b, loss(b)),
        );
    }

    /// Adds `term` of each block to a quantity, where it is wanted.
    #[inline(always)]
    fn sum(&self, sums: &mut Sums, quantity: Quantity, term: impl Fn(usize) -> Wide<S>) {
        if sums.needs.contains(quantity) {
            let slot = sums.slot(quantity, self.class);
            add_blocks(self.simd, &mut sums.lanes[slot], self.tile.blocks, term);
        }
    }
}
