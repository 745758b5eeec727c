/** smp's cross-entropies with smoothed targets. */
import { INTEGER, NON_NEGATIVE, type Range } from '../../options.ts'
import {
  axisOf,
  classesLast,
  elements,
  labels,
  moveLast,
  numbersOf,
  overPixels,
  pixelWeights,
  reshapeInput,
  withNumbers,
  type Grid,
  type Input,
} from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { size } from '../path.ts'
import { broadcastNumbers, number, orNull, word, type Broadcast, type NestedNumbers } from '../reader.ts'
import { binaryCrossEntropy, criterion, crossEntropy } from '../terms.ts'
import { elementwise } from './common.ts'

const SHARE: Range = { min: 0, max: 1 }
const REDUCTIONS = ['mean', 'sum', 'none'] as const

/**
 * `SoftCrossEntropyLoss` of segmentation-models-pytorch 0.5, of logits and labels,
 *
 *     ℓ_v = (1 − ε)·(−log p_y) + ε/C·Σ_c (−log p_c)
 *
 * The mean divides by all pixels, also by those that are ignored. `'none'` returns one value a pixel; with an ignoreIndex (the
 * default) the class axis stays, with extent 1.
 */
export interface SoftCrossEntropyLossOptions {
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined
  /** ε in [0, 1]. Default `null`: 0, where smp fails. */
  readonly smoothFactor?: number | null | undefined
  /** Label of pixels that do not count. Default −100; `null`: none. */
  readonly ignoreIndex?: number | null | undefined
  /** The axis of the classes. Default 1. */
  readonly dim?: number | undefined
}

/** {@inheritDoc SoftCrossEntropyLossOptions} */
export const SoftCrossEntropyLoss: Convention<SoftCrossEntropyLossOptions> = convention(
  'smp.SoftCrossEntropyLoss',
  {
    reduction: word(REDUCTIONS, 'mean'),
    smoothFactor: orNull(number(0, SHARE)),
    ignoreIndex: orNull(number(-100, INTEGER), -100),
    dim: number(1, INTEGER),
  },
  ({ reduction, smoothFactor, ignoreIndex, dim }) =>
    (inputs) => {
      const { shape } = inputs.prediction
      const axis = axisOf(dim, shape.length, 'dim')
      const grid = classesLast(moveLast(inputs.prediction, axis))
      const [plain, kept] = [shape.toSpliced(axis, 1), shape.with(axis, 1)]
      const target = labels(reshapeInput(inputs.target, grid.labelShapes[1] as readonly number[]), grid)
      const term = crossEntropy({ labelSmoothing: smoothFactor ?? 0, reduction })
      const spec = criterion({ activation: 'softmax', classes: grid.classes, ignoreIndex, terms: [term] })
      return {
        jobs: [{ spec, grid, ...target, pixelWeights: pixelWeights(inputs, grid) }],
        valuesShape: reduction === 'none' ? (ignoreIndex === undefined ? plain : kept) : undefined,
      }
    },
)

/**
 * `SoftBCEWithLogitsLoss` of segmentation-models-pytorch 0.5: sigmoid and cross-entropy of every element of tensors of any shape,
 *
 *     ℓ = w·(π·t'·(−log p) + (1 − t')·(−log(1 − p))),   t' = (1 − t)·ε + t·(1 − ε)
 *
 * The mean divides by all elements, also by those that are ignored. `weight` and `posWeight` broadcast to the prediction as in
 * PyTorch: a number, or numbers in lists in lists, axes aligned at the last (`[[[2]], [[1]]]` for two classes of `[N, 2, H, W]`).
 */
export interface SoftBCEWithLogitsLossOptions {
  /** w ≥ 0. Default `null`: 1. */
  readonly weight?: number | NestedNumbers | null | undefined
  /** Elements with this value in the target do not count. Default −100; `null`: none. */
  readonly ignoreIndex?: number | null | undefined
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined
  /** ε in [0, 1]. Default `null`: 0. */
  readonly smoothFactor?: number | null | undefined
  /** π ≥ 0, factor of the positive part. Default `null`: 1. */
  readonly posWeight?: number | NestedNumbers | null | undefined
}

/** {@inheritDoc SoftBCEWithLogitsLossOptions} */
export const SoftBCEWithLogitsLoss: Convention<SoftBCEWithLogitsLossOptions> = convention(
  'smp.SoftBCEWithLogitsLoss',
  {
    weight: orNull(broadcastNumbers(NON_NEGATIVE)),
    ignoreIndex: orNull(number(-100, INTEGER), -100),
    reduction: word(REDUCTIONS, 'mean'),
    smoothFactor: orNull(number(0, SHARE)),
    posWeight: orNull(broadcastNumbers(NON_NEGATIVE)),
  },
  ({ weight, ignoreIndex, reduction, smoothFactor = 0, posWeight }) =>
    (inputs) => {
      const grid = elements(inputs.prediction)
      const weights = weight === undefined ? undefined : constant('weight', weight)
      const several = posWeight !== undefined && size(posWeight.shape) > 1 ? posWeight : undefined
      const mixed = several === undefined ? undefined : mixedIn(several, inputs.target, smoothFactor, grid)
      const tensors = elementwise(inputs, grid, ignoreIndex, weights, mixed?.weight)
      const term = binaryCrossEntropy({
        positiveWeights: posWeight === undefined || several !== undefined ? undefined : posWeight.numbers,
        labelSmoothing: mixed === undefined ? 2 * smoothFactor : 0,
        reduction,
      })
      const spec = criterion({ activation: 'sigmoid', classes: 1, terms: [term] })
      const target = mixed === undefined ? undefined : { target: mixed.target }
      return {
        jobs: [{ ...tensors, ...target, spec }],
        valuesShape: reduction === 'none' ? grid.shape : undefined,
      }
    },
)

function constant(name: string, { numbers, shape }: Broadcast): Input {
  return { name, tensor: { data: Float64Array.from(numbers), dtype: 'float64', shape, image: false } }
}

/**
 * A factor of the positive part that differs from element to element as a target and a weight of each element:
 * `π·t·e + (1 − t)·f = s·(t'·e + (1 − t')·f)` with `s = π·t + 1 − t` and `t' = π·t/s`.
 */
function mixedIn(
  posWeight: Broadcast,
  target: Input,
  epsilon: number,
  grid: Grid,
): { readonly target: Float64Array; readonly weight: Input } {
  const positive = overPixels(constant('posWeight', posWeight), grid)
  const smooth = (t: number): number => epsilon + t * (1 - 2 * epsilon)
  const parts = Float64Array.from(numbersOf(target), (t, index) => (positive[index] as number) * smooth(t))
  const sums = Float64Array.from(numbersOf(target), (t, index) => (parts[index] as number) + 1 - smooth(t))
  return {
    target: parts.map((part, index) => (part === 0 ? 0 : part / (sums[index] as number))),
    weight: withNumbers(target, sums, grid.shape),
  }
}
