//! What is computed: a criterion is a weighted sum of losses behind one activation.

/// What is applied to the prediction before the losses see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The prediction holds probabilities.
    None,
    /// `p = 1 / (1 + exp(−z))`, each class on its own.
    Sigmoid,
    /// `p_c = exp(z_c) / Σ_k exp(z_k)`.
    Softmax,
}

/// What one score is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScorePer {
    /// One score for each sample and class.
    SampleClass,
    /// One score for each class, the batch pooled.
    Class,
    /// One score for each sample, the classes pooled.
    Sample,
    /// One score.
    Batch,
}

/// How overlap and sizes enter a region score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `I = Σpg`, `P = Σp`, `G = Σg`.
    Product,
    /// `I = Σpg`, `P = Σp²`, `G = Σg²` (Milletari et al. 2016, V-Net).
    Squared,
    /// `I = (P + G − Σ|p − g|) / 2` (Wang et al. 2023, soft labels).
    Absolute,
}

/// From a score to a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Transform {
    /// `1 − s`.
    OneMinus,
    /// `−log(max(s, floor))`.
    NegativeLog,
    /// `(1 − s)^γ`.
    Power(f64),
}

/// How class weights weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightMode {
    /// `Σ wℓ / Σ w`.
    Mean,
    /// `Σ wℓ / number of cells`.
    Multiply,
    /// Inside the pooled sums: `Σ_c w_c I_c`, `Σ_c w_c P_c`, …
    Inside,
}

/// What a cell without any reference counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyClass {
    /// What the formula gives.
    Smooth,
    /// The loss of score 1.
    Perfect,
    /// The loss of score 0.
    Worst,
    /// Left out.
    Skip,
    /// NaN.
    Nan,
}

/// From values to the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// Their sum too, but cross-entropies give a value for each pixel.
    None,
}

/// What the mean of a cross-entropy divides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeanOver {
    /// The weights: `Σ m·w_y`.
    Weights,
    /// The pixels that count.
    ValidPixels,
    /// All pixels.
    Pixels,
}

/// `(a·I + s_n) / max(a·(I + α·FP + β·FN) + s_d, floor)`, transformed and reduced over cells.
#[derive(Clone, Debug)]
pub struct Region {
    /// How overlap and sizes enter.
    pub form: Form,
    /// From score to loss.
    pub transform: Transform,
    /// `a`: 2 where smoothing acts on the Dice scale, 1 on the overlap scale.
    pub scale: f64,
    /// Weight of false positives.
    pub alpha: f64,
    /// Weight of false negatives.
    pub beta: f64,
    /// `s_n`.
    pub smooth_numerator: f64,
    /// `s_d`.
    pub smooth_denominator: f64,
    /// Lower bound of the denominator, and of the score under the logarithm.
    pub floor: f64,
    /// What one score is made of.
    pub score_per: ScorePer,
    /// The classes that count, ascending.
    pub classes: Vec<usize>,
    /// One weight for each class of the prediction.
    pub class_weights: Option<Vec<f64>>,
    /// How they weigh.
    pub weight_mode: WeightMode,
    /// What a cell without any reference counts as.
    pub empty_class: EmptyClass,
    /// From values to the loss.
    pub reduction: Reduction,
}

/// Categorical cross-entropy, from logits or from probabilities with a clip.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// One weight for each class.
    pub class_weights: Option<Vec<f64>>,
    /// `t' = (1 − ε)·t + ε/C`.
    pub label_smoothing: f64,
    /// What the mean divides by.
    pub mean_over: MeanOver,
    /// ε of `clip(p, ε, 1 − ε)`, without activation only.
    pub clip: f64,
    /// From values to the loss.
    pub reduction: Reduction,
}

/// Binary cross-entropy of each class, from logits or from probabilities with a clip.
#[derive(Clone, Debug)]
pub struct BinaryCrossEntropy {
    /// One weight for each class.
    pub class_weights: Option<Vec<f64>>,
    /// π: factor of the positive part, for each class.
    pub positive_weights: Option<Vec<f64>>,
    /// `t' = (1 − ε)·t + ε/2`.
    pub label_smoothing: f64,
    /// What the mean divides by.
    pub mean_over: MeanOver,
    /// ε of `clip(p, ε, 1 − ε)`, without activation only.
    pub clip: f64,
    /// From values to the loss.
    pub reduction: Reduction,
}

/// One loss.
#[derive(Clone, Debug)]
pub enum Loss {
    /// An overlap loss.
    Region(Region),
    /// Categorical cross-entropy.
    CrossEntropy(CrossEntropy),
    /// Binary cross-entropy.
    BinaryCrossEntropy(BinaryCrossEntropy),
}

/// One loss and its factor in the sum.
#[derive(Clone, Debug)]
pub struct Term {
    /// The factor.
    pub weight: f64,
    /// The loss.
    pub loss: Loss,
}

/// `Σ weight · loss` behind one activation.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// What is applied to the prediction.
    pub activation: Activation,
    /// C, the channels of the prediction.
    pub classes: usize,
    /// Pixels of this label are not read.
    pub ignore_index: Option<i64>,
    /// The label that means foreground (one class only).
    pub mask_value: Option<i64>,
    /// Class c is the union of the labels `regions[c]`.
    pub regions: Option<Vec<Vec<i64>>>,
    /// Refuse values that are no probabilities, where probabilities are asked for.
    pub check_values: bool,
    /// The losses.
    pub terms: Vec<Term>,
}
