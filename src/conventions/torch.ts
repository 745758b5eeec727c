/** PyTorch 2: `torch.nn.functional`. Predictions `[C]`, `[N, C]` or `[N, C, …]`, logits. */
import { INTEGER, NON_NEGATIVE, type Range } from '../options.ts'
import {
  channelsFirst,
  classesLast,
  elements,
  holdsLabels,
  labels,
  oneAClass,
  pixelWeights,
  planes,
} from './arrange.ts'
import { convention, type Convention } from './convention.ts'
import { reshape } from './path.ts'
import { number, numbers, numberOrNumbers, orNull, word } from './reader.ts'
import { binaryCrossEntropy, criterion, crossEntropy as categorical } from './terms.ts'

const REDUCTIONS = ['mean', 'sum', 'none'] as const
const SHARE: Range = { min: 0, max: 1 }

/**
 * `cross_entropy(input, target, …)` of PyTorch 2.13: softmax and cross-entropy,
 *
 *     ℓ_v = −Σ_c w_c·t'_c·log p_c,   t' = (1 − ε)·t + ε/C
 *
 * Labels `[N, …]`: the mean divides by Σ w_y of the labels that count (0/0 is NaN in PyTorch where none counts, 0 here). Probabilities
 * `[N, C, …]`: it divides by the number of pixels, and no label is ignored. `'none'` returns one value a pixel, `[N, …]`.
 */
export interface CrossEntropyOptions {
  /** w, one number ≥ 0 a class. Default `null`: 1. */
  readonly weight?: ArrayLike<number> | null | undefined
  /** Label of pixels that do not count. Default −100. Labels only. */
  readonly ignoreIndex?: number | undefined
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined
  /** ε in [0, 1]. Default 0. */
  readonly labelSmoothing?: number | undefined
}

/** {@inheritDoc CrossEntropyOptions} */
export const crossEntropy: Convention<CrossEntropyOptions> = convention(
  'torch.crossEntropy',
  {
    weight: orNull(numbers(NON_NEGATIVE)),
    ignoreIndex: number(-100, INTEGER),
    reduction: word(REDUCTIONS, 'mean'),
    labelSmoothing: number(0, SHARE),
  },
  ({ weight, ignoreIndex, reduction, labelSmoothing }) =>
    (inputs) => {
      const { prediction } = inputs
      const single = prediction.shape.length === 1
      const grid = channelsFirst(single ? reshape(prediction, [1, ...prediction.shape]) : prediction)
      const hard = holdsLabels(inputs.target, grid)
      const term = categorical({
        classWeights: weight === undefined ? undefined : oneAClass(weight, grid.classes, 'weight'),
        labelSmoothing,
        meanOver: hard ? 'weights' : 'pixels',
        reduction,
      })
      const spec = criterion({
        activation: 'softmax',
        classes: grid.classes,
        ignoreIndex: hard ? ignoreIndex : undefined,
        terms: [term],
      })
      const target = hard ? labels(inputs.target, grid) : planes(inputs.target, grid)
      const valuesShape = single ? [] : [grid.samples, ...grid.spatial]
      return {
        jobs: [{ spec, grid, ...target, pixelWeights: pixelWeights(inputs, grid) }],
        valuesShape: reduction === 'none' ? valuesShape : undefined,
      }
    },
)

/**
 * `binary_cross_entropy_with_logits(input, target, …)` of PyTorch 2.13: sigmoid and cross-entropy of every element,
 *
 *     ℓ = w·((1 − t)·z + (1 + (π − 1)·t)·log(1 + e^{−z}))
 *
 * for tensors of any shape; the mean divides by the number of elements, whatever they weigh. `weight` (w) is the call option
 * `pixelWeights` here, of the prediction's shape or one that broadcasts to it.
 */
export interface BinaryCrossEntropyWithLogitsOptions {
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined
  /** π, factor of the positive part: one number, or one a class, aligned at the last axis as PyTorch broadcasts it. Default `null`: 1. */
  readonly posWeight?: number | ArrayLike<number> | null | undefined
}

/** {@inheritDoc BinaryCrossEntropyWithLogitsOptions} */
export const binaryCrossEntropyWithLogits: Convention<BinaryCrossEntropyWithLogitsOptions> = convention(
  'torch.binaryCrossEntropyWithLogits',
  { reduction: word(REDUCTIONS, 'mean'), posWeight: orNull(numberOrNumbers(NON_NEGATIVE)) },
  ({ reduction, posWeight }) =>
    (inputs) => {
      const { shape } = inputs.prediction
      const one = typeof posWeight !== 'object' || posWeight.length === 1
      const grid = one ? elements(inputs.prediction) : classesLast(inputs.prediction)
      const positive = posWeight === undefined ? undefined : oneAClass(posWeight, grid.classes, 'posWeight')
      const term = binaryCrossEntropy({ positiveWeights: positive, reduction })
      const spec = criterion({ activation: 'sigmoid', classes: grid.classes, terms: [term] })
      return {
        jobs: [{ spec, grid, ...planes(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }],
        valuesShape: reduction === 'none' ? shape : undefined,
      }
    },
)
