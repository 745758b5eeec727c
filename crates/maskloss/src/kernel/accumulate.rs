//! Pass 1 on one tile: what each class adds to the sums.

use crate::criterion::Activation;
use crate::kernel::activation::Activated;
use crate::kernel::class_target::{Absent, ClassTarget, LabelClass, PlaneClass};
use crate::kernel::log_loss::{clipped_log_loss, sigmoid_log_loss, softmax_log_loss};
use crate::kernel::wide::{Lanes, Wide, add_blocks};
use crate::simd::{Level, Simd, SimdBase, dispatch, f32x16, f64x8};
use crate::statistics::{Needs, Quantity};
use crate::tile::{Block, Tile, TileTarget};

/// What the product form asks of every class.
const PRODUCT_SUMS: [Quantity; 3] = [Quantity::Overlap, Quantity::Predicted, Quantity::Reference];

/// The sums of a chunk in progress, one for each wanted quantity and class.
pub(crate) struct Sums {
    needs: Needs,
    classes: usize,
    lanes: Vec<Lanes>,
    weight: Lanes,
}

impl Sums {
    /// All 0.
    pub(crate) fn new(needs: Needs, classes: usize) -> Self {
        Self { needs, classes, lanes: vec![[0.0; 8]; needs.len() * classes], weight: [0.0; 8] }
    }

    #[inline(always)]
    fn slot(&self, quantity: Quantity, class: usize) -> usize {
        self.needs.slot(quantity) * self.classes + class
    }

    /// Takes the sums out (place of the quantity, class, lanes), starts again at 0, and returns `Σ m`.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(usize, usize, Lanes)) -> Lanes {
        for (index, lanes) in self.lanes.iter_mut().enumerate() {
            take(index / self.classes, index % self.classes, std::mem::take(lanes));
        }
        std::mem::take(&mut self.weight)
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
                let target = PlaneClass(planes.plane(class));
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
        if T::OCCURS && sums.needs.contains_all(PRODUCT_SUMS) {
            self.product_sums(sums, plane);
        } else {
            self.separate_product_sums(sums, plane);
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
                #[inline(always)]
                |b| softmax_log_loss(simd, activated, f32x16::load_array_ref(simd, &logits[b]), b),
            ),
            Activation::Sigmoid => {
                self.log_sums(
                    sums,
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
    fn product_sums(&self, sums: &mut Sums, plane: &[Block]) {
        let [i, p, g] = PRODUCT_SUMS.map(|quantity| sums.slot(quantity, self.class));
        let mut lanes = [i, p, g].map(|slot| f64x8::load_array_ref(self.simd, &sums.lanes[slot]));
        for (b, e) in plane.iter().enumerate() {
            let scale = f32x16::load_array_ref(self.simd, &self.activated.scale[b]);
            let probability = f32x16::load_array_ref(self.simd, e) * scale;
            let (target, overlap) = self.target.overlap(self.simd, b, probability);
            let terms = [overlap, Wide::of(probability), target];
            for (lanes, term) in lanes.iter_mut().zip(terms) {
                let Wide(low, high) = self.weigh(b, term);
                *lanes += low + high;
            }
        }
        for (lanes, slot) in lanes.into_iter().zip([i, p, g]) {
            lanes.store_array(&mut sums.lanes[slot]);
        }
    }

    /// The same one by one, where not all are wanted, or the class does not occur.
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

    /// `Σ m·t·(−log p)` and `Σ m·(−log p)`.
    #[inline(always)]
    fn log_sums(&self, sums: &mut Sums, loss: impl Fn(usize) -> Wide<S>) {
        if T::OCCURS {
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
