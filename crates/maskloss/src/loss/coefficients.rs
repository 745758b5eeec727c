//! The gradient as a few numbers for each cell: what the gradient pass knows of the losses.

use std::ops::Range;

/// With prediction `p`, target `t` and pixel weight `m`, a pixel's derivative by the probability is
///
/// ```text
/// d = A·t + B + p·(C·(1 − t) + E·t) + S·sign(p − t)                   losses of scores
/// ```
///
/// and the gradient of the prediction is
///
/// ```text
/// softmax   m·( p·(d − Σ_k p_k d_k + Σ_k (U_k + V_k t_k)) − (U + V·t) )
/// sigmoid   m·( p·(1 − p)·d + p·(K₀ + K₁·t) − (U + V·t) )
/// none      m·( d − (U + V·t)/p + (K₀ + K₁·t)/(1 − p) )      the quotients 0 outside the clip
/// ```
///
/// U, V, K come from the logarithms, which have simple derivatives by the logit: `∂(−log p_y)/∂z_c = p_c − [c = y]`. C and E are those of
/// the pixels outside of the reference and inside: where one is far larger, as in a cell that is almost all reference, the other would be
/// lost in a sum of both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Coefficients<T> {
    pub(crate) a: T,
    pub(crate) b: T,
    pub(crate) c: T,
    pub(crate) e: T,
    pub(crate) s: T,
    pub(crate) u: T,
    pub(crate) v: T,
    pub(crate) k0: T,
    pub(crate) k1: T,
}

/// The coefficients of a batch, `[samples, classes]`: the losses of a criterion add theirs.
#[derive(Debug)]
pub(crate) struct CoefficientTable {
    classes: usize,
    cells: Vec<Coefficients<f64>>,
    /// `[samples, classes, classes]`, or nothing: D of `d_c += Σ_y t_y·D[y, c]`, which one class says of another.
    between: Vec<f64>,
}

impl CoefficientTable {
    /// A gradient of 0.
    pub(crate) fn new(samples: usize, classes: usize) -> Self {
        Self { classes, cells: vec![Coefficients::default(); samples * classes], between: Vec::new() }
    }

    /// The samples.
    pub(crate) fn samples(&self) -> usize {
        self.cells.len() / self.classes
    }

    /// One of them, or all.
    pub(crate) fn samples_of(&self, sample: Option<usize>) -> Range<usize> {
        sample.map_or(0..self.samples(), |n| n..n + 1)
    }

    /// `D[y, ·]` of a sample.
    pub(crate) fn between(&mut self, sample: usize, y: usize) -> &mut [f64] {
        self.between.resize(self.cells.len() * self.classes, 0.0);
        &mut self.between[(sample * self.classes + y) * self.classes..][..self.classes]
    }

    /// One cell.
    pub(crate) fn cell(&mut self, sample: usize, class: usize) -> &mut Coefficients<f64> {
        &mut self.cells[sample * self.classes + class]
    }

    /// Adds to one class of every sample.
    pub(crate) fn add_to_class(&mut self, class: usize, add: impl Fn(&mut Coefficients<f64>)) {
        for sample in 0..self.samples() {
            add(self.cell(sample, class));
        }
    }

    /// One sample's, rounded once for the kernel.
    pub(crate) fn sample(&self, sample: usize) -> impl Iterator<Item = Coefficients<f32>> {
        self.cells[sample * self.classes..][..self.classes].iter().map(|k| k.to_f32())
    }

    /// One sample's D, rounded once; nothing where no class says anything of another.
    pub(crate) fn between_of_sample(&self, sample: usize) -> impl Iterator<Item = f32> {
        let len = if self.between.is_empty() { 0 } else { self.classes * self.classes };
        self.between[sample * len..][..len].iter().map(|&slope| slope as f32)
    }

    /// Whether `d` is more than `A·t + B` anywhere.
    pub(crate) fn is_curved(&self) -> bool {
        self.is_crossed() || self.cells.iter().any(|k| k.c != 0.0 || k.s != 0.0)
    }

    /// Whether E is not C anywhere, or there is a D.
    pub(crate) fn is_crossed(&self) -> bool {
        !self.between.is_empty() || self.cells.iter().any(|k| k.e != k.c)
    }
}

impl Coefficients<f64> {
    /// Adds those of another loss.
    pub(crate) fn add(&mut self, other: Self) {
        let Self { a, b, c, e, s, u, v, k0, k1 } = other;
        self.a += a;
        self.b += b;
        self.c += c;
        self.e += e;
        self.s += s;
        self.u += u;
        self.v += v;
        self.k0 += k0;
        self.k1 += k1;
    }

    /// Of a region loss with `t' = (1 − ε)·t + ε` for t: `A·t' + p·(C·(1 − t') + E·t')` in terms of t, with `1 − t' = (1 − ε)·(1 − t)`.
    pub(crate) fn with_target_floor(self, floor: f64) -> Self {
        Self { a: (1.0 - floor) * self.a, b: self.b + floor * self.a, c: self.c + floor * (self.e - self.c), ..self }
    }

    fn to_f32(self) -> Coefficients<f32> {
        let Self { a, b, c, e, s, u, v, k0, k1 } = self;
        Coefficients {
            a: a as f32,
            // Not −0, which a tiny number may round to: `A·t + B` is then never −0 either, and adding 0·p leaves it as it is.
            b: b as f32 + 0.0,
            c: c as f32,
            e: e as f32,
            s: s as f32,
            u: u as f32,
            v: v as f32,
            k0: k0 as f32,
            k1: k1 as f32,
        }
    }
}

impl Coefficients<f32> {
    /// Whether K₀ or K₁ is not 0.
    pub(crate) fn is_complementary(&self) -> bool {
        self.k0 != 0.0 || self.k1 != 0.0
    }
}
