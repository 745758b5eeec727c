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
    /// `I = Σp²g`, `FP = Σp²(1 − g)`, `FN = Σ(1 − p)²g`.
    SquaredErrors,
}

/// From a score to a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// `1 − s`.
    OneMinus,
    /// `−s`.
    Negative,
    /// `−log(max(s, floor))`.
    NegativeLog,
    /// `(1 − s)^γ`.
    Power,
    /// `(−log(max(s, floor)))^γ`.
    LogPower,
    /// `ℓ / (1 + γ·(1 − ℓ))` with `ℓ = 1 − s`.
    Penalty,
}

/// In which order a mean goes over the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Averaging {
    /// All alike.
    Cells,
    /// Each sample's, then the samples'.
    Samples,
    /// Each class's, then the classes'.
    Classes,
}

/// From the reduced value v to the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OuterTransform {
    /// `v^γ`.
    Power,
    /// `(−log(max(1 − v, floor)))^γ`.
    LogPower,
    /// `v / (1 + γ·(1 − v))`.
    Penalty,
}

/// Whose volumes weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volumes {
    /// Those of the cell's sample, or of the batch where scores pool it.
    Score,
    /// Those of the batch.
    Batch,
}

/// What a class without reference weighs, where weights come from the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsentWeight {
    /// What the formula gives.
    Formula,
    /// The largest weight of a class with reference in the same pool; 0 where there is none.
    Largest,
    /// 0.
    Zero,
}

/// `w_c = 1 / max(G_c^power + offset, floor)` (Sudre et al. 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VolumeWeights {
    /// Whose volumes.
    pub volumes: Volumes,
    /// 1 or 2.
    pub power: i32,
    /// Added to the power.
    pub offset: f64,
    /// Lower bound of that sum.
    pub floor: f64,
    /// What a class without reference weighs.
    pub absent: AbsentWeight,
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

/// Which cells have a score, and how their values become one.
#[derive(Clone, Debug)]
pub struct Cells {
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
    /// In which order the mean is taken.
    pub averaging: Averaging,
    /// From values to the loss.
    pub reduction: Reduction,
}

/// `(a·I + s_n) / max(a·(I + α·FP + β·FN) + s_d, floor)`, transformed and reduced over cells.
#[derive(Clone, Debug)]
pub struct Region {
    /// Which cells, and how they are reduced.
    pub cells: Cells,
    /// How overlap and sizes enter.
    pub form: Form,
    /// From score to loss.
    pub transform: Transform,
    /// γ of the transform.
    pub gamma: f64,
    /// γ by class, where the classes differ.
    pub class_gammas: Option<Vec<f64>>,
    /// From the reduced value to the loss; a power of 1 changes nothing.
    pub outer_transform: OuterTransform,
    /// γ of the outer transform.
    pub outer_gamma: f64,
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
    /// ε of `g' = g + ε·(1 − g)`.
    pub target_floor: f64,
    /// Class weights that come from the reference; they multiply those of the cells.
    pub volume_weights: Option<VolumeWeights>,
}

/// Soft Matthews correlation: `1 − (TP·TN − FP·FN) / √((TP + FP)(TP + FN)(TN + FP)(TN + FN))`, each count plus `smooth`.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// Which cells, and how they are reduced.
    pub cells: Cells,
    /// Added to each of the four counts.
    pub smooth: f64,
}

/// `r·Σg(g − p)²/(Σg + s) + (1 − r)·Σ(1 − g)(g − p)²/(Σ(1 − g) + s)`.
#[derive(Clone, Debug)]
pub struct SensitivitySpecificity {
    /// Which cells, and how they are reduced.
    pub cells: Cells,
    /// r, the share of the errors inside the reference.
    pub share: f64,
    /// s.
    pub smooth: f64,
}

/// How pixels weigh in the generalised Wasserstein Dice loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WassersteinWeighting {
    /// `1 − (2TP + s) / (2TP + Σ W + s)`, TP over the foreground.
    Default,
    /// `1 − (2TP + s) / (Σ a·(2 − W) + s)`, `a = 1 / (G + 1)` of the pixel's class.
    Volume,
}

/// Generalised Wasserstein Dice (Fidon et al. 2017).
#[derive(Clone, Debug)]
pub struct Wasserstein {
    /// M, `[C, C]` row by row.
    pub distances: Vec<f64>,
    /// How pixels weigh.
    pub weighting: WassersteinWeighting,
    /// s.
    pub smooth: f64,
    /// `Sample` or `Batch`.
    pub score_per: ScorePer,
    /// From values to the loss.
    pub reduction: Reduction,
}

/// A function φ of a probability, with a parameter γ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFunction {
    /// `(1 − p)^γ·(−log p)`.
    Focal,
    /// `−log p + γ·(1 − p)`.
    Poly,
    /// `(1 − p^γ) / γ`.
    Generalized,
}

/// How the classes of a pixel enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelForm {
    /// `Σ_c a_c·t'_c·φ(p_c)`.
    Categorical,
    /// `a_c·t'_c·φ(p_c) + b_c·(1 − t'_c)·φ(1 − p_c)` of each class.
    Binary,
}

/// What the binary focal loss makes of a target that is neither 0 nor 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoftTarget {
    /// The formula of [`PixelForm::Binary`].
    Linear,
    /// `(1 − q)^γ·(a·t + b·(1 − t))·BCE(p, t)` with `q = p·t + (1 − p)·(1 − t)`.
    Mixed,
    /// The same with `q = σ(z·(2t − 1))`.
    Signed,
}

/// A function of the probability of each class, summed over the pixels; `t' = target_scale·t + target_offset`.
#[derive(Clone, Debug)]
pub struct Pixel {
    /// φ.
    pub function: PixelFunction,
    /// How the classes enter.
    pub form: PixelForm,
    /// γ by class.
    pub gammas: Vec<f64>,
    /// a by class.
    pub positive_weights: Option<Vec<f64>>,
    /// b by class.
    pub negative_weights: Option<Vec<f64>>,
    /// Factor of the target.
    pub target_scale: f64,
    /// Added to the target.
    pub target_offset: f64,
    /// What a soft target means.
    pub soft_target: SoftTarget,
    /// Focal: `(1 − p)^γ` becomes 1 below this probability and `((1 − p)/threshold)^γ` above.
    pub reduced_threshold: Option<f64>,
    /// Focal: every loss is divided by `Σ m·(1 − p)^γ`, at least 1e-6, before the reduction.
    pub normalized: bool,
    /// The classes that are summed, ascending.
    pub classes: Vec<usize>,
    /// What the mean divides by.
    pub mean_over: MeanOver,
    /// ε of `clip(p, ε, 1 − ε)`, without activation only.
    pub clip: f64,
    /// From values to the loss.
    pub reduction: Reduction,
}

/// Which errors the Lovász extension sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LovaszForm {
    /// `|t − p|`.
    Softmax,
    /// `max(0, 1 − z·(2t − 1))`, of logits.
    Hinge,
}

/// Lovász extension of the Jaccard loss (Berman et al. 2018).
#[derive(Clone, Debug)]
pub struct Lovasz {
    /// Which errors.
    pub form: LovaszForm,
    /// What is sorted together.
    pub score_per: ScorePer,
    /// The classes that count, ascending.
    pub classes: Vec<usize>,
    /// `Skip` or `Smooth`.
    pub empty_class: EmptyClass,
    /// In which order the mean is taken.
    pub averaging: Averaging,
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
    /// Only so many per cent of all pixels count (rounded down): those of the largest loss, ties by position.
    pub top_percent: Option<f64>,
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
    /// Soft Matthews correlation.
    Correlation(Correlation),
    /// Sensitivity and specificity.
    SensitivitySpecificity(SensitivitySpecificity),
    /// Generalised Wasserstein Dice.
    Wasserstein(Wasserstein),
    /// A function of each probability.
    Pixel(Pixel),
    /// Lovász extension of the Jaccard loss.
    Lovasz(Lovasz),
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
