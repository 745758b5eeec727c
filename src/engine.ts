/**
 * What the face asks of an engine. The native engine (`native.ts`) and the plain TypeScript one (`reference/engine.ts`)
 * implement the same interface, so that one face serves both: the face recognises tensors, checks options and shapes, and
 * allocates; an engine only computes. Everything here is already checked and has its default filled in.
 */

/** What maskloss applies to the prediction; `'none'`: the prediction holds probabilities. */
export type Activation = 'none' | 'sigmoid' | 'softmax'
/** The arrays a prediction may lie in. */
export type FloatArray = Float32Array | Float64Array
/** The arrays integer labels may lie in (floats: every value an integer). */
export type LabelArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | FloatArray
/** The arrays per-class targets (one-hot, soft, overlapping regions) may lie in. */
export type PlaneArray = Uint8Array | Uint8ClampedArray | FloatArray

/** What one score is made of. */
export type ScorePer = 'sample-class' | 'class' | 'sample' | 'batch'
/**
 * How overlap and sizes enter: `I, P, G` = `Σpg, Σp, Σg`; `Σpg, Σp², Σg²`; `(Σp + Σg − Σ|p−g|)/2, Σp, Σg`; and `'squared-errors'`:
 * `I = Σp²g`, `FP = Σp²(1 − g)`, `FN = Σ(1 − p)²g`.
 */
export type RegionForm = 'product' | 'squared' | 'absolute' | 'squared-errors'
/** In which order a mean goes over the values: all alike; each sample's, then the samples'; each class's, then the classes'. */
export type Averaging = 'cells' | 'samples' | 'classes'
/** From the reduced value v to the loss: `v^γ`, `(−log(max(1 − v, floor)))^γ`, `v/(1 + γ·(1 − v))`. */
export type OuterTransform = 'power' | 'log-power' | 'penalty'
/**
 * Class weights that come from the reference: `w_c = 1/max(G_c^power + offset, floor)`, G of the cell's sample (of the batch where
 * scores pool it), or with `volumes: 'batch'` always of the batch. What a class without reference weighs: what the formula gives;
 * the largest weight of a class that has some, in the same pool (0 where none has); 0.
 */
export interface VolumeWeights {
  readonly volumes: 'score' | 'batch'
  readonly power: 1 | 2
  readonly offset: number
  readonly floor: number
  readonly absent: 'formula' | 'largest' | 'zero'
}
/** From score to loss: `1 − s`, `−s`, `−log(max(s, floor))`, `(1 − s)^γ`, `(−log(max(s, floor)))^γ`, `ℓ/(1 + γ·(1 − ℓ))` with `ℓ = 1 − s`. */
export type RegionTransform = 'one-minus' | 'negative' | 'negative-log' | 'power' | 'log-power' | 'penalty'
/** How class weights weigh: divide by their sum, only multiply, or weigh inside numerator and denominator. */
export type WeightMode = 'mean' | 'multiply' | 'inside'
/** What a cell without any reference pixel counts as. */
export type EmptyClass = 'smooth' | 'perfect' | 'worst' | 'skip' | 'nan'
/** From values to the loss. */
export type Reduction = 'mean' | 'sum' | 'none'
/** What the mean of a cross-entropy divides by: `Σ m·w_y`, the number of pixels that count, or of all pixels. */
export type MeanOver = 'weights' | 'valid-pixels' | 'pixels'

/** What the losses of a score per cell have in common: which cells there are, and how their values become one. */
export interface CellOptions {
  readonly scorePer: ScorePer
  /** The classes that count, ascending; never empty. */
  readonly classes: readonly number[]
  /** Length C, by class id; `undefined`: all 1. */
  readonly classWeights: readonly number[] | undefined
  readonly weightMode: WeightMode
  readonly emptyClass: EmptyClass
  readonly averaging: Averaging
  readonly reduction: Reduction
}

/** One score per cell: `(a·I + s_n) / max(a·(I + α·FP + β·FN) + s_d, floor)`. */
export interface RegionTerm extends CellOptions {
  readonly kind: 'region'
  /** Factor of this term in the criterion's loss. */
  readonly weight: number
  readonly form: RegionForm
  readonly transform: RegionTransform
  /** γ of the transform; 1 otherwise. */
  readonly gamma: number
  /** γ by class id, where the classes differ; length C. */
  readonly classGammas: readonly number[] | undefined
  /** From the reduced value to the loss; `'power'` with an `outerGamma` of 1 changes nothing. */
  readonly outerTransform: OuterTransform
  /** γ of the outer transform; 1 otherwise. */
  readonly outerGamma: number
  /** `a`: 2 where smoothing acts on the Dice scale (2I), 1 on the overlap scale (I). */
  readonly scale: 1 | 2
  /** Weight of false positives. */
  readonly alpha: number
  /** Weight of false negatives. */
  readonly beta: number
  readonly smoothNumerator: number
  readonly smoothDenominator: number
  /** Lower bound of the denominator (and of the score under a logarithm); 0: none. */
  readonly floor: number
  /** ε of `g' = g + ε·(1 − g)`; 0 otherwise, and with form `'absolute'`, whose sums say nothing of another target. */
  readonly targetFloor: number
  /** Further class weights, which multiply `classWeights` and weigh as `weightMode` says; `undefined`: none. */
  readonly volumeWeights: VolumeWeights | undefined
}

/** `1 − (TP·TN − FP·FN) / √((TP + FP)(TP + FN)(TN + FP)(TN + FN))` with `TP = I + s`, `FP = P − I + s`, `FN = G − I + s`, `TN = V − P − G + I + s`. */
export interface CorrelationTerm extends CellOptions {
  readonly kind: 'correlation'
  readonly weight: number
  /** s, added to each of the four counts. */
  readonly smooth: number
}

/** `r·Σg(1 − p)²/(Σg + s) + (1 − r)·Σ(1 − g)p²/(Σ(1 − g) + s)`: a target between 0 and 1 is so much of a 1 and of a 0. */
export interface SensitivitySpecificityTerm extends CellOptions {
  readonly kind: 'sensitivity-specificity'
  readonly weight: number
  /** r, the share of the errors inside the reference. */
  readonly share: number
  readonly smooth: number
}

/**
 * Generalised Wasserstein Dice. With `W_v = Σ_c M[y_v, c]·p_c` (per-class targets: `Σ_y g_y Σ_c M[y, c]·p_c`) and the class weight
 * `a_y` of a pixel (`'volume'`: `1/(G_y + 1)`), per sample or for the batch:
 *
 *     'default'   TP = Σ_{y>0} m·(1 − W)     loss = 1 − (2TP + s_n)/(2TP + Σ m·W + s_d)
 *     'volume'    TP = Σ m·a·(1 − W)         loss = 1 − (2TP + s_n)/(Σ m·a·(2 − W) + s_d)
 */
export interface WassersteinTerm {
  readonly kind: 'wasserstein'
  readonly weight: number
  /** M, `[C, C]` row by row, at most 1. */
  readonly distances: readonly number[]
  readonly weighting: 'default' | 'volume'
  readonly smoothNumerator: number
  readonly smoothDenominator: number
  readonly scorePer: 'sample' | 'batch'
  readonly reduction: Reduction
}

/**
 * A function of the probability of each class, summed over the pixels, with `t' = targetScale·t + targetOffset`:
 *
 *     'categorical'   ℓ = Σ_c a_c·t'_c·φ_c(p_c)
 *     'binary'        ℓ_c = a_c·t'_c·φ_c(p_c) + b_c·(1 − t'_c)·φ_c(1 − p_c)
 *
 *     focal         φ(p) = (1 − p)^γ·(−log p)
 *     poly          φ(p) = −log p + γ·(1 − p)
 *     generalized   φ(p) = (1 − p^γ)/γ,   0 < γ ≤ 1
 *
 * What a target that is neither 0 nor 1 means, by `softTarget`: `'linear'` the formula above. `'binary'` focal, t for `t'`: `'mixed'`
 * `(1 − q)^γ·(a·t + b·(1 − t))·BCE(p, t)` with `q = p·t + (1 − p)·(1 − t)`; `'signed'` the same with `q = σ(z·(2t − 1))`.
 * `'categorical'`: `'mixed'` `Σ_c a_c·t_c·φ(Σ_k t'_k·p_k)`, φ with the γ of each c.
 */
export interface PixelTerm {
  readonly kind: 'pixel'
  readonly weight: number
  readonly function: 'focal' | 'poly' | 'generalized'
  readonly form: 'categorical' | 'binary'
  /** γ by class id; length C. Focal: ≥ 0. */
  readonly gammas: readonly number[]
  /** a by class id; `undefined`: all 1. */
  readonly positiveWeights: readonly number[] | undefined
  /** b by class id, binary only; `undefined`: all 1. */
  readonly negativeWeights: readonly number[] | undefined
  readonly targetScale: number
  readonly targetOffset: number
  readonly softTarget: 'linear' | 'mixed' | 'signed'
  /** Focal: `(1 − p)^γ` becomes 1 below this probability and `((1 − p)/threshold)^γ` from there on; `undefined`: neither. */
  readonly reducedThreshold: number | undefined
  /**
   * Focal: before the reduction every loss is divided by `Σ m·f` over all of them (at least 1e-6), f the factor `(1 − p)^γ` of the
   * target's classes, `Σ_c t'_c·f(p_c)`, binary `t'·f(p) + (1 − t')·f(1 − p)`, or the one factor of `softTarget`. The divisor has a
   * gradient too. With `'sum'` it stands for the number of pixels.
   */
  readonly normalized: boolean
  /** The classes that are summed, ascending. */
  readonly classes: readonly number[]
  /** As for cross-entropies; binary: pixels times classes, weights `Σ m·(a_c·t_c + b_c·(1 − t_c))`. */
  readonly meanOver: MeanOver
  /**
   * ε of `clip(p, ε, 1 − ε)`, used with activation `'none'` only; 0 otherwise. Without one, where ε is 0, a p of 0 or 1 has slope 0, and
   * −log 0 is infinite in the reference engine, 126·log 2 in the native one.
   */
  readonly clip: number
  readonly reduction: Reduction
}

/**
 * Lovász extension of the Jaccard loss (Berman et al. 2018): errors sorted descending, equal ones by sample, class, pixel, times the
 * discrete derivative of the loss. Pixels of weight 0 are left out; other weights do not weigh.
 * `'softmax'`: errors `|t − p|` of each class; `'hinge'`: `max(0, 1 − z·(2t − 1))` of logits (activation `'sigmoid'`, which is not applied).
 */
export interface LovaszTerm {
  readonly kind: 'lovasz'
  readonly weight: number
  readonly form: 'softmax' | 'hinge'
  /** `'class'`/`'sample-class'`: each class sorted on its own; `'batch'`/`'sample'`: all classes together. */
  readonly scorePer: ScorePer
  /** The classes that count, ascending. */
  readonly classes: readonly number[]
  /** A cell without reference: `'skip'` or `'smooth'`. */
  readonly emptyClass: 'skip' | 'smooth'
  readonly averaging: Averaging
  readonly reduction: Reduction
}

/** Categorical cross-entropy, from logits (softmax) or from probabilities with a clip. */
export interface CrossEntropyTerm {
  readonly kind: 'cross-entropy'
  readonly weight: number
  readonly classWeights: readonly number[] | undefined
  readonly labelSmoothing: number
  readonly meanOver: MeanOver
  /** ε of `clip(p, ε, 1 − ε)`, used with activation `'none'` only; 0 otherwise. The cross-entropies of a criterion share it. */
  readonly clip: number
  /**
   * Only so many per cent of all pixels count (k, rounded down), those of the largest `m·ℓ`, NaN the largest, ties by position; never
   * one that is ignored or has no weight. The mean is over them: their weights, their number, or k. `undefined`: all.
   */
  readonly topPercent: number | undefined
  readonly reduction: Reduction
}

/** Binary cross-entropy per class, from logits (sigmoid) or from probabilities with a clip. */
export interface BinaryCrossEntropyTerm {
  readonly kind: 'binary-cross-entropy'
  readonly weight: number
  readonly classWeights: readonly number[] | undefined
  /** π: factor of the positive part, per class; `undefined`: all 1. */
  readonly positiveWeights: readonly number[] | undefined
  /** `t' = (1 − ε)·t + ε/2`. */
  readonly labelSmoothing: number
  readonly meanOver: MeanOver
  readonly clip: number
  readonly reduction: Reduction
}

/** One loss inside a criterion. */
export type Term =
  | RegionTerm
  | CorrelationTerm
  | SensitivitySpecificityTerm
  | WassersteinTerm
  | CrossEntropyTerm
  | BinaryCrossEntropyTerm
  | PixelTerm
  | LovaszTerm

/** A criterion with every default filled in, bound to a number of classes. */
export interface CriterionSpec {
  readonly activation: Activation
  /** C, the channels of the prediction. */
  readonly classes: number
  /** Pixels of this label are not read. */
  readonly ignoreIndex: number | undefined
  /** The label that means foreground (one class only); other pixels are 0. */
  readonly maskValue: number | undefined
  /** Class c is the union of the labels `regions[c]`; `undefined`: class c is label c (one class: label 1). */
  readonly regions: readonly (readonly number[])[] | undefined
  /** Refuse values outside [0, 1] (±1e-3) with activation `'none'` and in per-class targets, and with labels and several classes sums that are not 1. */
  readonly checkValues: boolean
  /** One for a plain loss, several for a compound; the loss is `Σ weight · term`. Only a single term may have reduction `'none'`. */
  readonly terms: readonly Term[]
}

/** What one call computes on. `length(prediction) = samples · classes · pixels`. */
export interface EvaluateCall {
  readonly prediction: FloatArray
  readonly samples: number
  /** V, the pixels of one plane. */
  readonly pixels: number
  /** The class axis is the last one (prediction, per-class target and gradient alike). */
  readonly channelsLast: boolean
  readonly target: LabelArray
  /** The target has a plane per class, in the prediction's layout; otherwise one label a pixel. */
  readonly perClass: boolean
  /** One weight a pixel, `samples · pixels`, finite and ≥ 0 (checked by the engine). */
  readonly pixelWeights: FloatArray | undefined
  /** Where the gradient goes: the prediction's length and dtype. */
  readonly gradient: FloatArray | undefined
  /**
   * `gradient = (accumulate ? gradient : 0) + gradientScale · ∂loss/∂prediction`. A term of which `gradientScale · weight` is 0 has no
   * part in the gradient, whatever its slope: infinite, or NaN.
   */
  readonly gradientScale: number
  readonly accumulate: boolean
  /** Receives the values of the first term: as `values.ts` says. */
  readonly values: Float64Array
  /** Receives the loss of each term, before its weight. */
  readonly terms: Float64Array
  /** Upper bound of the threads of this call; 0: the process's. */
  readonly threads: number
}

/** What an engine found wrong in the data. Nothing was written. */
export interface Fault {
  readonly fault:
    | 'label-out-of-range' // value, sample, pixel
    | 'label-not-integer' // value, sample, pixel
    | 'prediction-out-of-range' // value, sample, class, pixel: activation none
    | 'prediction-sum' // value = the sum, sample, pixel
    | 'target-out-of-range' // value, sample, class, pixel: per-class targets
    | 'pixel-weight' // value, sample, pixel
    | 'overlap' // an input and the gradient share memory
  readonly value: number
  readonly sample: number
  readonly class: number
  /** Index in the plane. */
  readonly pixel: number
}

/** What came out. */
export interface Outcome {
  readonly fault?: undefined
  readonly loss: number
  /** How many prediction values that count are NaN or infinite. */
  readonly nonFinite: number
}

/** A criterion compiled by an engine. */
export interface EngineCriterion {
  evaluate(call: EvaluateCall): Outcome | Fault
}

/** Hard counts for scores: what is compared with what. */
export interface CountCall {
  /** A label map (`kind` labels) or class scores. */
  readonly prediction: LabelArray
  /** labels; argmax of C ≥ 2 class scores (ties: the lowest class); class scores > threshold, one plane per region. */
  readonly kind: 'labels' | 'argmax' | 'threshold'
  readonly threshold: number
  /** Channels of the prediction; 1 for label maps. */
  readonly classes: number
  readonly samples: number
  readonly pixels: number
  readonly channelsLast: boolean
  /** A label map, or one plane per region in the prediction's layout (values > ½ are in the region). */
  readonly reference: LabelArray
  readonly perClass: boolean
  /** Region k is the union of the labels `regions[k]`. With `kind` threshold, prediction plane k is region k. */
  readonly regions: readonly (readonly number[])[]
  readonly ignoreIndex: number | undefined
  /** Receives, per sample and region: true positives, predicted pixels, reference pixels. `samples · regions · 3`. */
  readonly counts: Float64Array
  /** Receives the pixels that count (not ignored), per sample. */
  readonly valid: Float64Array
  readonly threads: number
}

/** Which engine, and on what. */
export interface EngineRuntime {
  readonly backend: 'native' | 'reference'
  /** SIMD level in use: avx512, avx2, sse4.2, sse2, neon, wasm-simd128, scalar; `'none'` for the reference. */
  readonly simd: string
  readonly threads: number
  readonly version: string
  /** Version of the numerics: results and states of different ones do not merge. */
  readonly numerics: string
}

/** An engine. */
export interface Engine {
  runtime(): EngineRuntime
  compile(spec: CriterionSpec): EngineCriterion
  /** Fills `counts` and `valid`. Labels in no region are background. */
  count(call: CountCall): Fault | undefined
  /** The distinct labels of a map, ascending. */
  labels(map: LabelArray): number[]
}

/** Where an engine comes from: loaded at the first call, not at import. */
export interface EngineSource {
  engine(): Engine
}
