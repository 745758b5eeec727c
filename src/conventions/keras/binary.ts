/** Keras's binary cross-entropies. */
import type { Activation, BinaryCrossEntropyTerm, PixelTerm, Reduction } from '../../engine.ts'
import { NON_NEGATIVE, type Range } from '../../options.ts'
import { elements, planes, type Inputs } from '../arrange.ts'
import { convention, type Arrangement, type Convention } from '../convention.ts'
import { fill, sigmoid, size, type Path } from '../path.ts'
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
const SHARE: Range = { min: 0, max: 1 }

/** The loss of an element. */
interface ElementLoss {
  readonly activation: Activation
  readonly pathOf: (prediction: Path) => Path
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
  const grid = elements(loss.pathOf(prediction))
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
 * Where `1 − 1e-7` is a float32 number, as it is for float32 predictions in Keras, it is `1 − 2⁻²³`: −log(1 − p) ends at 15.94, not at
 * 16.12. Other elements stay as they are.
 */
function clippedAbove(path: Path): Path {
  const { data } = path
  const highest = data instanceof Float32Array ? Math.fround(1 - EPSILON) : 1 - EPSILON
  const clipped = (index: number): boolean => (data[index] as number) > highest
  return data.some((p) => p > highest) ? fill(path, clipped, highest) : path
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
      pathOf: (prediction) => (fromLogits ? prediction : clippedAbove(prediction)),
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
 * p is the sigmoid of a logit (taken in TypeScript) or a probability, clipped to `[1e-7, 1 − 1e-7]` in both cases. Outside the slope is 0
 * here; Keras clips the cross-entropy only, and keeps the slope of its factor.
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

/** {@inheritDoc BinaryFocalCrossentropyOptions} */
export const BinaryFocalCrossentropy: Convention<BinaryFocalCrossentropyOptions> = convention(
  'keras.BinaryFocalCrossentropy',
  { ...BINARY, ...FOCAL },
  ({ fromLogits, labelSmoothing, applyClassBalancing, alpha, gamma, ...pooling }) => {
    const loss: ElementLoss = {
      activation: 'none',
      pathOf: (prediction) => clippedAbove(fromLogits ? sigmoid(prediction) : prediction),
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
