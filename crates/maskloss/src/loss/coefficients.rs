//! The gradient as eight numbers for each cell: what the gradient pass knows of the losses.

/// With prediction `p`, target `t` and pixel weight `m`, a pixel's derivative by the probability is
///
/// ```text
/// d = A·t + B + C·p + S·sign(p − t)                                   region losses
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
/// U, V, K come from the logarithms, which have simple derivatives by the logit: `∂(−log p_y)/∂z_c = p_c − [c = y]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Coefficients<T> {
    pub(crate) a: T,
    pub(crate) b: T,
    pub(crate) c: T,
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
}

impl CoefficientTable {
    /// A gradient of 0.
    pub(crate) fn new(samples: usize, classes: usize) -> Self {
        Self { classes, cells: vec![Coefficients::default(); samples * classes] }
    }

    /// The samples.
    pub(crate) fn samples(&self) -> usize {
        self.cells.len() / self.classes
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

    /// Whether any cell has a C or an S.
    pub(crate) fn is_curved(&self) -> bool {
        self.cells.iter().any(|k| k.c != 0.0 || k.s != 0.0)
    }
}

impl Coefficients<f64> {
    fn to_f32(self) -> Coefficients<f32> {
        let Self { a, b, c, s, u, v, k0, k1 } = self;
        Coefficients {
            a: a as f32,
            // Not −0, which a tiny number may round to: `A·t + B` is then never −0 either, and adding 0·p leaves it as it is.
            b: b as f32 + 0.0,
            c: c as f32,
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
