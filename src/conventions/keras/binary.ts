/** Keras's binary cross-entropies. */
import type { Activation, BinaryCrossEntropyTerm, FloatArray, PixelTerm, Reduction } from '../../engine.ts'
import { NON_NEGATIVE, SHARE } from '../../options.ts'
import { elements, numbersOf, planes, type Inputs } from '../arrange.ts'
import { convention, type Arrangement, type Convention } from '../convention.ts'
import { sigmoid, size, step, type Path } from '../path.ts'
import { axes, flag, number, orNull, type Reader } from '../reader.ts'
import { binaryCrossEntropy, criterion, pixelTerm } from '../terms.ts'
import { ENTROPY, EPSILON, pooled, type KerasEntropyOptions } from './common.ts'
import { REDUCTION, weigh, type KerasReduction, type KerasReductionOptions } from './reduction.ts'

/** What both take: tensors of one shape, in which every element is a class of its own. */
export interface KerasBinaryOptions extends KerasReductionOptions, KerasEntropyOptions {
  /** The axes that one loss is the mean over. Default −1; `null`: all. */
  readonly axis?: number | ArrayLike<number> | null | undefined
}

const BINARY = { ...REDUCTION, ...ENTROPY, axis: orNull(axes, -1) }

/** The loss of an element. */
interface ElementLoss {
  readonly activation: Activation
  readonly pathOf: (prediction: Path, target: FloatArray) => Path
  readonly term: (given: {
    readonly weight: number
    readonly reduction: Reduction
  }) => BinaryCrossEntropyTerm | PixelTerm
}

interface Pooling {
  readonly axis: number | readonly number[] | undefined
  readonly reduction: Exclude<KerasReduction, null> | undefined
}

/** Means over the pooled axes, then weights and reduction: a mean of means is that of the elements, a sum one of parts 1/A. */
function arrange(inputs: Inputs, { axis, reduction }: Pooling, loss: ElementLoss): Arrangement {
  const tensors = pooled(inputs, axis)
  const { prediction, target } = tensors.ordered()
  const weighing = weigh(inputs, tensors.cells, reduction)
  const { factors, valuesShape, values = ([losses]) => losses as Float64Array<ArrayBuffer> } = weighing
  const count = size(prediction.shape) / size(tensors.cells)
  const grid = elements(loss.pathOf(prediction, numbersOf(target)))
  const weight = weighing.reduction === 'mean' ? 1 : 1 / count
  const spec = criterion({
    activation: loss.activation,
    classes: 1,
    terms: [loss.term({ weight, reduction: weighing.reduction })],
  })
  return {
    jobs: [{ spec, grid, ...planes(target, grid), pixelWeights: factors && repeated(factors, count) }],
    valuesShape,
    values: ([parts]) => values([sums(parts as Float64Array, count)]),
  }
}

/** Each number `count` times. */
function repeated(numbers: Float64Array, count: number): Float64Array {
  return Float64Array.from(
    { length: numbers.length * count },
    (_, index) => numbers[Math.floor(index / count)] as number,
  )
}

/** The sum of each `count` numbers. */
function sums(numbers: Float64Array, count: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(numbers.length / count)
  for (const [index, part] of numbers.entries()) result[Math.floor(index / count)]! += part
  return result
}

/**
 * The clip's ends in the precision of the prediction, as Keras has them: in float32 `1 − 1e-7` is `1 − 2⁻²³`, so that −log(1 − p) ends at
 * 15.94, not at 16.12.
 */
function clipOf(data: FloatArray): (p: number) => number {
  const [lowest, highest] =
    data instanceof Float32Array ? [Math.fround(EPSILON), Math.fround(1 - EPSILON)] : [EPSILON, 1 - EPSILON]
  return (p) => (p > highest ? highest : p < lowest ? lowest : p)
}

/**
 * Probabilities in the clip. Nothing is copied where none is outside.
 * @param ratio - What the slope of an element outside is, as a multiple of the slope at the clip's end.
 */
function clipped(path: Path, ratio: (index: number, p: number, end: number) => number): Path {
  const { data } = path
  const clip = clipOf(data)
  if (data.every((p) => Object.is(p, clip(p)))) return path
  return step(path, data.map(clip), path.shape, (gradient) =>
    gradient.map((slope, index) => {
      const p = data[index] as number
      const end = clip(p)
      return Object.is(p, end) ? slope : slope * ratio(index, p, end)
    }),
  )
}

/**
 * `BinaryCrossentropy` of Keras 3, of every element, and the mean over an axis:
 *
 *     ℓ = −t'·log p − (1 − t')·log(1 − p),   t' = (1 − ε)·t + ε/2
 *
 * p is the sigmoid of a logit, or a probability clipped to `[1e-7, 1 − 1e-7]` (slope 0 outside).
 */
export interface BinaryCrossentropyOptions extends KerasBinaryOptions {}

/** {@inheritDoc BinaryCrossentropyOptions} */
export const BinaryCrossentropy: Convention<BinaryCrossentropyOptions> = convention(
  'keras.BinaryCrossentropy',
  BINARY,
  ({ fromLogits, labelSmoothing, ...pooling }) => {
    const loss: ElementLoss = {
      activation: fromLogits ? 'sigmoid' : 'none',
      pathOf: (prediction) => (fromLogits ? prediction : clipped(prediction, () => 0)),
      term: (given) => binaryCrossEntropy({ ...given, labelSmoothing, clip: fromLogits ? 0 : EPSILON }),
    }
    return (inputs) => arrange(inputs, pooling, loss)
  },
)

/**
 * `BinaryFocalCrossentropy` of Keras 3, of every element, and the mean over an axis:
 *
 *     ℓ = a·(1 − p_t)^γ·BCE(p, t'),   p_t = t'·p + (1 − t')·(1 − p),   t' = (1 − ε)·t + ε/2
 *
 * p is the sigmoid of a logit (taken in TypeScript) or a probability. BCE has it clipped to `[1e-7, 1 − 1e-7]` in both cases; outside, the
 * slope is that of the factor alone.
 */
export interface BinaryFocalCrossentropyOptions extends KerasBinaryOptions {
  /** a = α·t' + (1 − α)·(1 − t'); else 1. Default `false`. */
  readonly applyClassBalancing?: boolean | undefined
  /** α in [0, 1]; nothing without applyClassBalancing, as in Keras. Default 0.25. */
  readonly alpha?: number | undefined
  /** γ ≥ 0. Default 2. */
  readonly gamma?: number | undefined
}

const FOCAL: {
  readonly applyClassBalancing: Reader<boolean>
  readonly alpha: Reader<number>
  readonly gamma: Reader<number>
} = { applyClassBalancing: flag(false), alpha: number(0.25, SHARE), gamma: number(2, NON_NEGATIVE) }

const miss = (p: number, t: number): number => t * (1 - p) + (1 - t) * p

/** `BCE(end)·∂(1 − p_t)^γ/∂p` */
function factorSlope(p: number, end: number, t: number, gamma: number): number {
  const entropy = -t * Math.log(end) - (1 - t) * Math.log1p(-end)
  return gamma === 0 ? 0 : gamma * miss(p, t) ** (gamma - 1) * (1 - 2 * t) * entropy
}

/** `(1 − p_t)^γ·∂BCE/∂p` */
function entropySlope(p: number, t: number, gamma: number): number {
  return miss(p, t) ** gamma * ((1 - t) / (1 - p) - t / p)
}

/** {@inheritDoc BinaryFocalCrossentropyOptions} */
export const BinaryFocalCrossentropy: Convention<BinaryFocalCrossentropyOptions> = convention(
  'keras.BinaryFocalCrossentropy',
  { ...BINARY, ...FOCAL },
  ({ fromLogits, labelSmoothing, applyClassBalancing, alpha, gamma, ...pooling }) => {
    const loss: ElementLoss = {
      activation: 'none',
      pathOf: (prediction, target) =>
        clipped(fromLogits ? sigmoid(prediction) : prediction, (index, p, end) => {
          const t = (1 - labelSmoothing) * (target[index] as number) + labelSmoothing / 2
          return factorSlope(p, end, t, gamma) / (factorSlope(end, end, t, gamma) + entropySlope(end, t, gamma))
        }),
      term: (given) =>
        pixelTerm({
          ...given,
          function: 'focal',
          form: 'binary',
          gammas: [gamma],
          positiveWeights: applyClassBalancing ? [alpha] : undefined,
          negativeWeights: applyClassBalancing ? [1 - alpha] : undefined,
          targetScale: 1 - labelSmoothing,
          targetOffset: labelSmoothing / 2,
          softTarget: 'mixed',
          classes: [0],
          clip: EPSILON,
        }),
    }
    return (inputs) => arrange(inputs, pooling, loss)
  },
)
