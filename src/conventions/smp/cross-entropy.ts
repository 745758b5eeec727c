/** smp's cross-entropies with smoothed targets. */
import { INTEGER, SHARE } from '../../options.ts'
import { axisOf, classesLast, elements, labels, moveLast, pixelWeights, reshapeInput } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { constant, ELEMENT_FACTORS, elementEntropy, type ElementFactorOptions } from '../element-entropy.ts'
import { number, orNull, word } from '../reader.ts'
import { criterion, crossEntropy } from '../terms.ts'
import { elementwise } from './common.ts'

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
 * PyTorch.
 */
export interface SoftBCEWithLogitsLossOptions extends ElementFactorOptions {
  /** Elements with this value in the target do not count. Default −100; `null`: none. */
  readonly ignoreIndex?: number | null | undefined
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined
  /** ε in [0, 1]. Default `null`: 0. */
  readonly smoothFactor?: number | null | undefined
}

/** {@inheritDoc SoftBCEWithLogitsLossOptions} */
export const SoftBCEWithLogitsLoss: Convention<SoftBCEWithLogitsLossOptions> = convention(
  'smp.SoftBCEWithLogitsLoss',
  {
    ...ELEMENT_FACTORS,
    ignoreIndex: orNull(number(-100, INTEGER), -100),
    reduction: word(REDUCTIONS, 'mean'),
    smoothFactor: orNull(number(0, SHARE)),
  },
  ({ weight, ignoreIndex, reduction, smoothFactor, posWeight }) =>
    (inputs) => {
      const tensors = elementwise(inputs, elements(inputs.prediction), ignoreIndex, constant('weight', weight))
      return elementEntropy(tensors, { posWeight, reduction, smoothing: smoothFactor })
    },
)
