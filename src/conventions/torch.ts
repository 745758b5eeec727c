/** PyTorch 2: `torch.nn.functional`. Predictions `[C]`, `[N, C]` or `[N, C, …]`, logits. */
import { masklossError } from '../errors.ts'
import { INTEGER, NON_NEGATIVE, SHARE } from '../options.ts'
import { sameShape } from '../layout.ts'
import {
  channelsFirst,
  checkOneClass,
  elements,
  hasWeight,
  holdsLabels,
  labels,
  oneAClass,
  pixelWeights,
  planes,
  type Grid,
  type Input,
} from './arrange.ts'
import { convention, type Convention } from './convention.ts'
import { constant, ELEMENT_FACTORS, elementEntropy, type ElementFactorOptions } from './element-entropy.ts'
import { reshape, type Path } from './path.ts'
import { number, numbers, orNull, word } from './reader.ts'
import { criterion, crossEntropy as categorical, labelRegions } from './terms.ts'

const REDUCTIONS = ['mean', 'sum', 'none'] as const

/**
 * `cross_entropy(input, target, …)` of PyTorch 2.13: softmax and cross-entropy,
 *
 *     ℓ_v = −Σ_c w_c·t'_c·log p_c,   t' = (1 − ε)·t + ε/C
 *
 * Labels `[N, …]`: the mean divides by Σ w_y of the labels that count, and is NaN (with gradient 0) where that is 0. Probabilities
 * `[N, C, …]`: it divides by the number of pixels, and an ignoreIndex ≥ 0 is refused. `'none'` returns one value a pixel, `[N, …]`.
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
      const hard = isHard(inputs.target, grid, prediction)
      if (!hard && ignoreIndex >= 0) throw noIgnored(ignoreIndex)
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
        regions: hard ? labelRegions(grid.classes) : undefined,
        terms: [term],
      })
      const target = hard ? labels(inputs.target, grid) : planes(inputs.target, grid)
      const weights = pixelWeights(inputs, grid)
      if (hard) checkOneClass(target.target, grid, weights, ignoreIndex)
      const isMean = hard && reduction === 'mean'
      const undefinedMean = isMean && !hasWeight(target.target, ignoreIndex, term.classWeights, weights)
      const valuesShape = single ? [] : [grid.samples, ...grid.spatial]
      return {
        jobs: [{ spec, grid, ...target, pixelWeights: weights }],
        undefinedTerm: undefinedMean ? 0 : undefined,
        valuesShape: reduction === 'none' ? valuesShape : undefined,
      }
    },
)

function noIgnored(ignoreIndex: number): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'ignoreIndex',
    expected: 'no ignoreIndex ≥ 0 with probabilities as the target, as in PyTorch',
    actual: `${ignoreIndex}`,
    remedy: 'leave pixels out by a mask',
  })
}

/** Whether a target holds labels: of one class those that lack its axis, which probabilities have. */
function isHard(target: Input, grid: Grid, { shape }: Path): boolean {
  if (grid.classes > 1) return holdsLabels(target, grid)
  return target.tensor.shape !== undefined && !sameShape(target.tensor.shape, shape)
}

/**
 * `binary_cross_entropy_with_logits(input, target, …)` of PyTorch 2.13: sigmoid and cross-entropy of every element,
 *
 *     ℓ = w·((1 − t)·z + (1 + (π − 1)·t)·log(1 + e^{−z}))
 *
 * for tensors of any shape; the mean divides by the number of elements, whatever they weigh. A `weight` that differs from call to call
 * is the call option `pixelWeights`, with which it is multiplied.
 */
export interface BinaryCrossEntropyWithLogitsOptions extends ElementFactorOptions {
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined
}

/** {@inheritDoc BinaryCrossEntropyWithLogitsOptions} */
export const binaryCrossEntropyWithLogits: Convention<BinaryCrossEntropyWithLogitsOptions> = convention(
  'torch.binaryCrossEntropyWithLogits',
  { ...ELEMENT_FACTORS, reduction: word(REDUCTIONS, 'mean') },
  ({ weight, reduction, posWeight }) =>
    (inputs) => {
      const grid = elements(inputs.prediction)
      const weights = pixelWeights(inputs, grid, constant('weight', weight))
      return elementEntropy({ grid, ...planes(inputs.target, grid), pixelWeights: weights }, { posWeight, reduction })
    },
)
