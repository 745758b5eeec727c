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
/** How overlap and sizes enter: `Σpg, Σp, Σg`; `Σpg, Σp², Σg²`; `(Σp + Σg − Σ|p−g|)/2, Σp, Σg`. */
export type RegionForm = 'product' | 'squared' | 'absolute'
/** From score to loss: `1 − s`, `−log(max(s, floor))`, `(1 − s)^γ`. */
export type RegionTransform = 'one-minus' | 'negative-log' | 'power'
/** How class weights weigh: divide by their sum, only multiply, or weigh inside numerator and denominator. */
export type WeightMode = 'mean' | 'multiply' | 'inside'
/** What a cell without any reference pixel counts as. */
export type EmptyClass = 'smooth' | 'perfect' | 'worst' | 'skip' | 'nan'
/** From values to the loss. */
export type Reduction = 'mean' | 'sum' | 'none'
/** What the mean of a cross-entropy divides by: `Σ m·w_y`, the number of pixels that count, or of all pixels. */
export type MeanOver = 'weights' | 'valid-pixels' | 'pixels'

/** One score per cell: `(a·I + s_n) / max(a·(I + α·FP + β·FN) + s_d, floor)`. */
export interface RegionTerm {
  readonly kind: 'region'
  /** Factor of this term in the criterion's loss. */
  readonly weight: number
  readonly form: RegionForm
  readonly transform: RegionTransform
  /** γ of the `'power'` transform; 1 otherwise. */
  readonly gamma: number
  /** `a`: 2 where smoothing acts on the Dice scale (2I), 1 on the overlap scale (I). */
  readonly scale: 1 | 2
  /** Weight of false positives. */
  readonly alpha: number
  /** Weight of false negatives. */
  readonly beta: number
  readonly smoothNumerator: number
  readonly smoothDenominator: number
  /** Lower bound of the denominator (and of the score under `'negative-log'`); 0: none. */
  readonly floor: number
  readonly scorePer: ScorePer
  /** The classes that count, ascending; never empty. */
  readonly classes: readonly number[]
  /** Length C, by class id; `undefined`: all 1. */
  readonly classWeights: readonly number[] | undefined
  readonly weightMode: WeightMode
  readonly emptyClass: EmptyClass
  readonly reduction: Reduction
}

/** Categorical cross-entropy, from logits (softmax) or from probabilities with a clip. */
export interface CrossEntropyTerm {
  readonly kind: 'cross-entropy'
  readonly weight: number
  readonly classWeights: readonly number[] | undefined
  readonly labelSmoothing: number
  readonly meanOver: MeanOver
  /** ε of `clip(p, ε, 1 − ε)`, used with activation `'none'` only; 0 otherwise. */
  readonly clip: number
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
export type Term = RegionTerm | CrossEntropyTerm | BinaryCrossEntropyTerm

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
  /** `gradient = (accumulate ? gradient : 0) + gradientScale · ∂loss/∂prediction`. */
  readonly gradientScale: number
  readonly accumulate: boolean
  /** Receives the values of the first term: see `valuesLength`. */
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
  labels(map: LabelArray, threads: number): number[]
}

/** Where an engine comes from: loaded at the first call, not at import. */
export interface EngineSource {
  engine(): Engine
}
