//! Pass 2 on one tile: the gradient of every prediction value, from the coefficients of its class.
//!
//! ```text
//! d       = A·t + B + p·(C·(1 − t) + E·t) + S·sign(p − t) + Σ_y t_y·D[y, c]
//! softmax   m·( p·(d + rest) − (U + V·t) )         rest = Σ_k (U_k + V_k t_k) − Σ_k p_k d_k, one value a pixel
//! sigmoid   m·( p·(1 − p)·d + p·(K₀ + K₁·t) − (U + V·t) )
//! none      m·( d − (U + V·t)/p + (K₀ + K₁·t)/(1 − p) )      the quotients 0 outside the clip
//! ```
//!
//! The formulas are in [`slope`](super::slope). Where a class does not occur in the tile, t is 0 and its terms are not there: no
//! one-hot, and no work for it.

use crate::criterion::Activation;
use crate::kernel::activation::Activated;
use crate::kernel::class_target::{Absent, ClassTarget, LabelClass, PlaneClass};
use crate::kernel::slope::{Slope, WideCoefficients};
use crate::kernel::wasserstein::slopes_between;
use crate::simd::{Level, Select, Simd, SimdBase, dispatch, f32x16, prefetch};
use crate::tile::{Block, Tile, TileTarget, fit};

/// Where the gradient of a tile goes: a plane of blocks for each class, in the caller's memory or in a scratch.
pub(crate) enum Destination<'a, 'p> {
    /// The part `from .. from + len` of the caller's planes.
    Direct { planes: &'a mut [&'p mut [f32]], from: usize, len: usize },
    /// Plane c starts at block `c · blocks`. `to`: the caller's rows that these planes will be turned into, if there are such.
    Scratch { data: &'a mut [Block], blocks: usize, to: &'a [Block] },
}

impl Destination<'_, '_> {
    #[inline(always)]
    pub(crate) fn plane(&mut self, class: usize) -> &mut [Block] {
        match self {
            Self::Direct { planes, from, len } => planes[class][*from..*from + *len].as_chunks_mut().0,
            Self::Scratch { data, blocks, .. } => &mut data[class * *blocks..][..*blocks],
        }
    }

    /// One plane, and a part of the caller's memory that is written next: what lies behind the plane, or the rows it is turned into.
    #[inline(always)]
    pub(crate) fn plane_and_ahead(&mut self, class: usize) -> (&mut [Block], &[Block]) {
        match self {
            Self::Direct { planes, from, len } => in_two(planes[class], *from, *len),
            Self::Scratch { data, blocks, to } => {
                (&mut data[class * *blocks..][..*blocks], to.chunks(*blocks).nth(class).unwrap_or_default())
            }
        }
    }

    /// The same of all planes at once, of N classes.
    #[inline(always)]
    pub(crate) fn planes<const N: usize>(&mut self) -> [(&mut [Block], &[Block]); N] {
        match self {
            Self::Direct { planes, from, len } => {
                let mut planes = planes.iter_mut();
                std::array::from_fn(|_| match planes.next() {
                    Some(plane) => in_two(plane, *from, *len),
                    None => (&mut [][..], &[][..]),
                })
            }
            Self::Scratch { data, blocks, to } => {
                let (mut planes, mut rows) = (data.chunks_exact_mut(*blocks), to.chunks(*blocks));
                std::array::from_fn(|_| (planes.next().unwrap_or_default(), rows.next().unwrap_or_default()))
            }
        }
    }

    /// Makes everything 0.
    pub(crate) fn clear(&mut self, blocks: usize, classes: usize) {
        for class in 0..classes {
            self.plane(class)[..blocks].fill([0.0; 16]);
        }
    }
}

/// The blocks of a tile in one of the caller's planes, and as many behind them.
#[inline(always)]
fn in_two(plane: &mut [f32], from: usize, len: usize) -> (&mut [Block], &[Block]) {
    let (now, later) = plane[from..].split_at_mut(len);
    (now.as_chunks_mut().0, later[..later.len().min(len)].as_chunks().0)
}

/// What the classes of a pixel share.
#[derive(Default)]
pub(crate) struct Buffers {
    /// Softmax: one value a pixel.
    pub(crate) rest: Vec<Block>,
    /// `Σ_y t_y·D[y, c]`, plane by plane.
    between: Vec<Block>,
}

/// Writes the gradient of a tile, or adds it to what is there.
pub(crate) fn differentiate(
    level: Level,
    slope: &Slope,
    tile: &Tile,
    activated: &Activated,
    buffers: &mut Buffers,
    add: bool,
    out: &mut Destination,
) {
    dispatch!(level, simd => differentiate_tile(simd, slope, tile, activated, buffers, add, out));
}

#[inline(always)]
fn differentiate_tile<S: Simd>(
    simd: S,
    slope: &Slope,
    tile: &Tile,
    activated: &Activated,
    buffers: &mut Buffers,
    add: bool,
    out: &mut Destination,
) {
    match (slope.curved, slope.crossed) {
        (false, _) if slope.logarithmic => {
            by_target::<S, false, false, true>(simd, slope, tile, activated, buffers, add, out)
        }
        (false, _) => by_target::<S, false, false, false>(simd, slope, tile, activated, buffers, add, out),
        (true, false) => by_target::<S, true, false, true>(simd, slope, tile, activated, buffers, add, out),
        (true, true) => by_target::<S, true, true, true>(simd, slope, tile, activated, buffers, add, out),
    }
}

#[inline(always)]
fn by_target<S: Simd, const CURVED: bool, const CROSSED: bool, const LOGARITHMIC: bool>(
    simd: S,
    slope: &Slope,
    tile: &Tile,
    activated: &Activated,
    Buffers { rest, between }: &mut Buffers,
    add: bool,
    out: &mut Destination,
) {
    fit(rest, tile.blocks);
    let between = if CROSSED && !slope.between.is_empty() {
        fit(between, tile.classes * tile.blocks);
        slopes_between(simd, slope.between, tile, between);
        &between[..tile.classes * tile.blocks]
    } else {
        &[]
    };
    let mut pass = Pass::<_, CURVED, CROSSED, LOGARITHMIC> {
        simd,
        slope,
        tile,
        activated,
        rest: &mut rest[..tile.blocks],
        between,
        add,
    };
    let softmax = slope.activation == Activation::Softmax;
    match tile.target {
        TileTarget::Labels { labels, present } => {
            if softmax {
                pass.start_rest();
                let mut occurring = present.iter().peekable();
                for class in 0..tile.classes {
                    match occurring.next_if_eq(&&class) {
                        Some(_) => pass.add_to_rest(class, &LabelClass { labels, class }),
                        None => pass.add_to_rest(class, &Absent),
                    }
                }
            }
            let mut occurring = present.iter().peekable();
            for class in 0..tile.classes {
                match occurring.next_if_eq(&&class) {
                    Some(_) => pass.write(class, &LabelClass { labels, class }, out.plane_and_ahead(class)),
                    None => pass.write(class, &Absent, out.plane_and_ahead(class)),
                }
            }
        }
        TileTarget::Planes(planes) => {
            if softmax {
                pass.start_rest();
                for class in 0..tile.classes {
                    pass.add_to_rest(
                        class,
                        &PlaneClass { plane: planes.plane(class), finite: activated.non_finite == 0 },
                    );
                }
            }
            for class in 0..tile.classes {
                pass.write(
                    class,
                    &PlaneClass { plane: planes.plane(class), finite: activated.non_finite == 0 },
                    out.plane_and_ahead(class),
                );
            }
        }
    }
}

/// `LOGARITHMIC`: as the slope says; not looked at where `CURVED`, which saves copies.
struct Pass<'a, S, const CURVED: bool, const CROSSED: bool, const LOGARITHMIC: bool> {
    simd: S,
    slope: &'a Slope<'a>,
    tile: &'a Tile<'a>,
    activated: &'a Activated<'a>,
    rest: &'a mut [Block],
    /// Empty where no class says anything of another.
    between: &'a [Block],
    add: bool,
}

impl<S: Simd, const CURVED: bool, const CROSSED: bool, const LOGARITHMIC: bool>
    Pass<'_, S, CURVED, CROSSED, LOGARITHMIC>
{
    #[inline(always)]
    fn splat(&self, value: f32) -> f32x16<S> {
        f32x16::splat(self.simd, value)
    }

    /// `p` and `d` of a block of a class.
    #[inline(always)]
    fn parts<T: ClassTarget>(
        simd: S,
        k: &WideCoefficients<S>,
        target: &T,
        (plane, scale, between): (&[Block], &[Block], &[Block]),
        b: usize,
    ) -> (f32x16<S>, f32x16<S>) {
        let p = f32x16::load_array_ref(simd, &plane[b]) * f32x16::load_array_ref(simd, &scale[b]);
        let d = k.by_probability(simd, target, b);
        if !CURVED {
            return (p, d);
        }
        let d = k.curved::<T, CROSSED>(simd, target, b, p, d);
        (p, if CROSSED && !between.is_empty() { d + f32x16::load_array_ref(simd, &between[b]) } else { d })
    }

    /// What other classes say of a class.
    #[inline(always)]
    fn between(between: &[Block], blocks: usize, class: usize) -> &[Block] {
        between.get(class * blocks..(class + 1) * blocks).unwrap_or_default()
    }

    /// `Σ_k U_k`.
    #[inline(always)]
    fn start_rest(&mut self) {
        self.rest.fill([self.slope.total(); 16]);
    }

    #[inline(always)]
    fn add_to_rest<T: ClassTarget>(&mut self, class: usize, target: &T) {
        let (simd, blocks) = (self.simd, self.tile.blocks);
        let k = self.coefficients(class);
        let (plane, scale) = (&self.activated.planes.plane(class)[..blocks], &self.activated.scale[..blocks]);
        let between = Self::between(self.between, blocks, class);
        for (b, rest) in self.rest[..blocks].iter_mut().enumerate() {
            let (p, d) = Self::parts(simd, &k, target, (plane, scale, between), b);
            let before = f32x16::load_array_ref(simd, rest);
            k.rest(simd, target, b, before, p, d).store_array(rest);
        }
    }

    #[inline(always)]
    fn coefficients(&self, class: usize) -> WideCoefficients<S> {
        let logarithmic = if CURVED { self.slope.logarithmic } else { LOGARITHMIC };
        WideCoefficients::splat_of(self.simd, self.slope, class, logarithmic)
    }

    #[inline(always)]
    fn write<T: ClassTarget>(&self, class: usize, target: &T, out: (&mut [Block], &[Block])) {
        let (simd, blocks) = (self.simd, self.tile.blocks);
        let k = self.coefficients(class);
        let (plane, scale) = (&self.activated.planes.plane(class)[..blocks], &self.activated.scale[..blocks]);
        let rest = &self.rest[..blocks];
        let between = Self::between(self.between, blocks, class);
        match self.slope.activation {
            Activation::Softmax => self.store(
                out,
                #[inline(always)]
                |b| {
                    let (p, d) = Self::parts(simd, &k, target, (plane, scale, between), b);
                    k.softmax(simd, target, b, f32x16::load_array_ref(simd, &rest[b]), p, d)
                },
            ),
            Activation::Sigmoid => self.store(
                out,
                #[inline(always)]
                |b| {
                    let (p, d) = Self::parts(simd, &k, target, (plane, scale, between), b);
                    k.sigmoid(simd, target, b, p, d)
                },
            ),
            Activation::None => self.store(
                out,
                #[inline(always)]
                |b| {
                    let (p, d) = Self::parts(simd, &k, target, (plane, scale, between), b);
                    k.identity(simd, target, b, p, d)
                },
            ),
        }
    }

    /// Adding nothing leaves every bit, also the sign of a zero: −0 does. A choice between the two results would become a store
    /// under a mask, which is slow.
    #[inline(always)]
    fn added(&self, before: f32x16<S>, value: f32x16<S>) -> f32x16<S> {
        before + value.simd_eq(0.0).select(self.splat(-0.0), value)
    }

    /// Weighs, and leaves exactly 0 where a pixel does not count.
    #[inline(always)]
    fn store(&self, (out, ahead): (&mut [Block], &[Block]), value: impl Fn(usize) -> f32x16<S>) {
        let simd = self.simd;
        let out = &mut out[..self.tile.blocks];
        match (self.tile.weights, self.add) {
            (None, false) => {
                for (b, to) in out.iter_mut().enumerate() {
                    if let Some(next) = ahead.get(b) {
                        prefetch(simd, next);
                    }
                    value(b).store_array(to);
                }
            }
            (None, true) => {
                for (b, to) in out.iter_mut().enumerate() {
                    self.added(f32x16::load_array_ref(simd, to), value(b)).store_array(to);
                }
            }
            (Some(weights), add) => {
                for (b, to) in out.iter_mut().enumerate() {
                    let m = f32x16::load_array_ref(simd, &weights[b]);
                    let before = if add { f32x16::load_array_ref(simd, to) } else { self.splat(0.0) };
                    m.simd_eq(0.0).select(before, self.added(before, m * value(b))).store_array(to);
                }
            }
        }
    }
}
