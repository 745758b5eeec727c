//! Pass 1 on one tile: what each class adds to the sums.

use crate::criterion::Activation;
use crate::kernel::activation::Activated;
use crate::kernel::class_target::{Absent, ClassTarget, LabelClass, PlaneClass};
use crate::kernel::log_loss::{clipped, clipped_log_loss, sigmoid_log_loss, softmax_log_loss};
use crate::kernel::log_product::Scaled;
use crate::kernel::sums::Sums;
use crate::kernel::wide::Wide;
use crate::simd::{Level, Simd, SimdBase, SimdMask, dispatch, f32x16};
use crate::statistics::Quantity;
use crate::tile::{Block, Tile, TileTarget};

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
            sums.add_weights(simd, &weights[..tile.blocks]);
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
            // 0 · NaN is NaN: where a prediction is broken, every class has a term.
            let broken = activated.non_finite > 0;
            let mut present = present.iter().peekable();
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
            self.sum(
                sums,
                Quantity::OverlapSquared,
                #[inline(always)]
                |b| {
                    let p = self.probability(plane, b);
                    self.of_target(b, p.times(p))
                },
            );
        }
        let logits = tile.prediction.plane(self.class);
        // A product leaves out the pixels whose t is 0, but 0 · NaN is NaN.
        let by_products = !WEIGHTED && activated.non_finite == 0;
        match activation {
            Activation::Softmax => self.log_sums(
                sums,
                by_products,
                #[inline(always)]
                |b| {
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
                    by_products,
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
        let predicts = sums.needs().contains(Quantity::Predicted) || sums.needs().contains(Quantity::Overlap);
        if predicts && activation == Activation::Softmax {
            self.add_products(
                sums,
                plane.iter().zip(self.activated.scale).map(
                    #[inline(always)]
                    |(p, scale)| {
                        let scale = f32x16::load_array_ref(self.simd, scale);
                        Wide::of(f32x16::load_array_ref(self.simd, p) * scale)
                    },
                ),
            );
        } else if predicts {
            self.add_products(
                sums,
                plane.iter().map(
                    #[inline(always)]
                    |p| Wide::load(self.simd, p),
                ),
            );
        } else if T::OCCURS {
            self.add_products(sums, std::iter::repeat_n(Wide::zero(self.simd), self.tile.blocks));
        }
    }

    #[inline(always)]
    fn add_products(&self, sums: &mut Sums, probabilities: impl Iterator<Item = Wide<S>>) {
        let mut predicted = sums.lanes(self.simd, Quantity::Predicted, self.class);
        let mut found = sums.target_sums(self.simd, self.class);
        for (b, p) in probabilities.enumerate() {
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
        if !sums.needs().contains(Quantity::LogLoss) {
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
        sums.add_blocks(self.simd, quantity, self.class, self.tile.blocks, term);
    }
}
