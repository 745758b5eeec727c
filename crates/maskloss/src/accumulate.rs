//! Pass 1 on one tile: what each class adds to the sums.

use crate::activation::Activated;
use crate::criterion::Activation;
use crate::log_loss::{clipped_log_loss, sigmoid_log_loss, softmax_log_loss};
use crate::simd::{Select, Simd, SimdBase, f32x16, i32x16};
use crate::statistics::{Needs, Quantity};
use crate::tile::{Tile, TileTarget};
use crate::wide::{Lanes, Wide, add_blocks};

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

    /// Takes the sums out (place of the quantity, class, lanes), starts again at 0, and returns `Σ m`.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(usize, usize, Lanes)) -> Lanes {
        for (index, lanes) in self.lanes.iter_mut().enumerate() {
            take(index / self.classes, index % self.classes, std::mem::take(lanes));
        }
        std::mem::take(&mut self.weight)
    }
}

/// Pass 1 on one tile, with the logarithms of probabilities clipped to `[clip, 1 − clip]`.
#[inline(always)]
pub(crate) fn accumulate<S: Simd>(
    simd: S,
    activation: Activation,
    clip: f32,
    tile: &Tile,
    activated: &Activated,
    sums: &mut Sums,
) {
    match tile.weights {
        None => accumulate_weighted(simd, activation, clip, tile, activated, sums, |_, value| value),
        Some(weights) => {
            add_blocks(simd, &mut sums.weight, tile.blocks, |b| Wide::load(simd, &weights[b]));
            let weigh = |b: usize, value: Wide<S>| Wide::load(simd, &weights[b]).times(value);
            accumulate_weighted(simd, activation, clip, tile, activated, sums, weigh);
        }
    }
}

/// `weigh(block, x)` is `m·x`.
#[inline(always)]
fn accumulate_weighted<S: Simd>(
    simd: S,
    activation: Activation,
    clip: f32,
    tile: &Tile,
    activated: &Activated,
    sums: &mut Sums,
    weigh: impl Fn(usize, Wide<S>) -> Wide<S> + Copy,
) {
    let mut class_sums = ClassSums { simd, activation, clip, tile, activated, sums, weigh };
    match tile.target {
        TileTarget::Labels { labels, present } => {
            let (one, zero) = (f32x16::splat(simd, 1.0), f32x16::splat(simd, 0.0));
            let mut present = present.iter().peekable();
            for class in 0..tile.classes {
                let occurs = present.next_if_eq(&&class).is_some();
                let chosen = i32x16::splat(simd, class as i32);
                class_sums.add(class, occurs, |b: usize| {
                    i32x16::load_array_ref(simd, &labels[b]).simd_eq(chosen).select(one, zero)
                });
            }
        }
        TileTarget::Planes(planes) => {
            for class in 0..tile.classes {
                let plane = planes.plane(class);
                class_sums.add(class, true, |b: usize| f32x16::load_array_ref(simd, &plane[b]));
            }
        }
    }
}

/// One class after the other of one tile.
struct ClassSums<'a, S, W> {
    simd: S,
    activation: Activation,
    clip: f32,
    tile: &'a Tile<'a>,
    activated: &'a Activated<'a>,
    sums: &'a mut Sums,
    weigh: W,
}

impl<S: Simd, W: Fn(usize, Wide<S>) -> Wide<S> + Copy> ClassSums<'_, S, W> {
    /// `occurs` is false where the target is known to be 0 everywhere.
    #[inline(always)]
    fn add(&mut self, class: usize, occurs: bool, target: impl Fn(usize) -> f32x16<S> + Copy) {
        let Self { simd, activated, weigh, clip, tile, .. } = *self;
        let plane = activated.planes.plane(class);
        let probability =
            |b: usize| f32x16::load_array_ref(simd, &plane[b]) * f32x16::load_array_ref(simd, &activated.scale[b]);
        let of_target = |b: usize, value: Wide<S>| {
            let t = Wide::of(target(b));
            weigh(b, value.times(t)).where_counted(simd, t)
        };

        self.sum(Quantity::Predicted, class, |b| weigh(b, Wide::of(probability(b))));
        self.sum(Quantity::PredictedSquared, class, |b| {
            let p = Wide::of(probability(b));
            weigh(b, p.times(p))
        });
        self.sum(Quantity::Distance, class, |b| weigh(b, Wide::of(probability(b)).minus(Wide::of(target(b))).abs()));
        if occurs {
            self.sum(Quantity::Overlap, class, |b| of_target(b, Wide::of(probability(b))));
            self.sum(Quantity::Reference, class, |b| weigh(b, Wide::of(target(b))));
            self.sum(Quantity::ReferenceSquared, class, |b| of_target(b, Wide::of(target(b))));
        }
        let logits = tile.prediction.plane(class);
        let logit = |b: usize| f32x16::load_array_ref(simd, &logits[b]);
        match self.activation {
            Activation::Softmax => {
                self.log_sums(class, occurs, of_target, |b| softmax_log_loss(simd, activated, logit(b), b));
            }
            Activation::Sigmoid => {
                self.log_sums(class, occurs, of_target, |b| sigmoid_log_loss(simd, logit(b)));
                self.complement_log_sums(class, target, |b| sigmoid_log_loss(simd, -logit(b)));
            }
            Activation::None => {
                self.log_sums(class, occurs, of_target, |b| clipped_log_loss(simd, probability(b), clip));
                self.complement_log_sums(class, target, |b| clipped_log_loss(simd, 1.0 - probability(b), clip));
            }
        }
    }

    /// `Σ m·t·(−log p)` and `Σ m·(−log p)`.
    #[inline(always)]
    fn log_sums(
        &mut self,
        class: usize,
        occurs: bool,
        of_target: impl Fn(usize, Wide<S>) -> Wide<S>,
        loss: impl Fn(usize) -> Wide<S> + Copy,
    ) {
        let weigh = self.weigh;
        if occurs {
            self.sum(Quantity::LogLoss, class, |b| of_target(b, loss(b)));
        }
        self.sum(Quantity::LogLossAll, class, |b| weigh(b, loss(b)));
    }

    /// `Σ m·(1 − t)·(−log(1 − p))` and `Σ m·(−log(1 − p))`.
    #[inline(always)]
    fn complement_log_sums(
        &mut self,
        class: usize,
        target: impl Fn(usize) -> f32x16<S>,
        loss: impl Fn(usize) -> Wide<S> + Copy,
    ) {
        let (simd, weigh) = (self.simd, self.weigh);
        self.sum(Quantity::ComplementLogLoss, class, |b| {
            let rest = Wide::of(1.0 - target(b));
            weigh(b, loss(b).times(rest)).where_counted(simd, rest)
        });
        self.sum(Quantity::ComplementLogLossAll, class, |b| weigh(b, loss(b)));
    }

    /// Adds `term` of each block to a quantity, where it is wanted.
    #[inline(always)]
    fn sum(&mut self, quantity: Quantity, class: usize, term: impl Fn(usize) -> Wide<S>) {
        let Sums { needs, classes, lanes, .. } = &mut *self.sums;
        if needs.contains(quantity) {
            add_blocks(self.simd, &mut lanes[needs.slot(quantity) * *classes + class], self.tile.blocks, term);
        }
    }
}
