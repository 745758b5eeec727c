/** Keras's categorical cross-entropies. */
import type { PixelTerm } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import { INTEGER, NON_NEGATIVE, type Range } from '../../options.ts'
import { labels, numbersOf, oneAClass, reshapeInput, shapeOf, type Input, type Target } from '../arrange.ts'
import { convention, type Arrangement, type Convention } from '../convention.ts'
import { divideBySum, softmax } from '../path.ts'
import { flag, number, numberOrNumbers, orNull } from '../reader.ts'
import { classIds, criterion, crossEntropy, everyClass, labelRegions, pixelTerm } from '../terms.ts'
import {
  CLASS_AXIS,
  classes,
  ENTROPY,
  EPSILON,
  oneHot,
  paired,
  type Classes,
  type KerasEntropyOptions,
} from './common.ts'
import { REDUCTION, weigh, type KerasReductionOptions, type Weighing } from './reduction.ts'

/** Where the classes are. */
export interface KerasClassAxisOptions {
  /** Default −1: channels last. */
  readonly axis?: number | undefined
}

/**
 * `CategoricalCrossentropy` of Keras 3, one loss a pixel of `[…, C]` and a one-hot or soft target:
 *
 *     ℓ = −Σ_c t'_c·log q_c,   t' = (1 − ε)·t + ε/C
 *
 * q is softmax of logits, or `p/Σp` clipped to `[1e-7, 1 − 1e-7]` (slope 0 outside).
 */
export interface CategoricalCrossentropyOptions
  extends KerasReductionOptions, KerasEntropyOptions, KerasClassAxisOptions {}

/** {@inheritDoc CategoricalCrossentropyOptions} */
export const CategoricalCrossentropy: Convention<CategoricalCrossentropyOptions> = convention(
  'keras.CategoricalCrossentropy',
  { ...REDUCTION, ...ENTROPY, ...CLASS_AXIS },
  ({ reduction, fromLogits, labelSmoothing, axis }) =>
    (inputs) => {
      const { prediction, target } = paired(inputs)
      const tensors = classes(prediction, axis)
      const weighing = weigh(inputs, tensors.cells, reduction)
      return entropy(tensors, oneHot(target, tensors), weighing, { fromLogits, labelSmoothing })
    },
)

/**
 * `SparseCategoricalCrossentropy` of Keras 3: `CategoricalCrossentropy` with labels, without a class axis or with one of extent 1. A mean
 * is over the pixels that are not ignored.
 */
export interface SparseCategoricalCrossentropyOptions extends KerasReductionOptions, KerasClassAxisOptions {
  /** The prediction holds logits; else probabilities. Default `false`. */
  readonly fromLogits?: boolean | undefined
  /** Label of pixels that do not count. Default `null`: none. */
  readonly ignoreClass?: number | null | undefined
}

/** {@inheritDoc SparseCategoricalCrossentropyOptions} */
export const SparseCategoricalCrossentropy: Convention<SparseCategoricalCrossentropyOptions> = convention(
  'keras.SparseCategoricalCrossentropy',
  { ...REDUCTION, ...CLASS_AXIS, fromLogits: flag(false), ignoreClass: orNull(number(0, INTEGER)) },
  ({ reduction, fromLogits, ignoreClass, axis }) =>
    (inputs) => {
      const tensors = classes(inputs.prediction, axis)
      const { cells } = tensors
      const target = labelsOf(inputs.target, tensors)
      const plain = inputs.pixelWeights === undefined && inputs.mask === undefined
      const valid =
        plain || ignoreClass === undefined
          ? undefined
          : Float64Array.from(numbersOf(inputs.target), (label) => Number(label !== ignoreClass))
      const weighing = weigh(inputs, cells, reduction, valid && { data: valid, shape: cells })
      return entropy(tensors, target, weighing, { fromLogits, ignoreClass })
    },
)

interface EntropySettings {
  readonly fromLogits: boolean
  readonly labelSmoothing?: number
  readonly ignoreClass?: number | undefined
}

function entropy(
  { grid }: Classes,
  target: Target,
  weighing: Weighing,
  { fromLogits, labelSmoothing = 0, ignoreClass }: EntropySettings,
): Arrangement {
  const path = fromLogits ? grid.path : divideBySum(grid.path, 1, grid.classes)
  const term = crossEntropy({
    labelSmoothing,
    clip: fromLogits ? 0 : EPSILON,
    meanOver: 'valid-pixels',
    reduction: weighing.reduction,
  })
  const activation = fromLogits ? 'softmax' : 'none'
  const regions = target.perClass ? undefined : labelRegions(grid.classes)
  const spec = criterion({ activation, classes: grid.classes, ignoreIndex: ignoreClass, regions, terms: [term] })
  return {
    jobs: [{ spec, grid: { ...grid, path }, ...target, pixelWeights: weighing.factors }],
    valuesShape: weighing.valuesShape,
    values: weighing.values,
  }
}

/** Labels without a class axis, or with one of extent 1. */
function labelsOf(input: Input, { grid, cells, shape, axis }: Classes): Target {
  const own = shapeOf(input, cells)
  const kept = own.join() === shape.with(axis, 1).join()
  return labels(kept ? reshapeInput(input, [...cells, 1]) : input, grid)
}

/**
 * `CategoricalFocalCrossentropy` of Keras 3, one loss a pixel of `[…, C]` and a one-hot or soft target:
 *
 *     ℓ = −Σ_c α_c·t'_c·(1 − q_c)^γ·log q_c,   t' = (1 − ε)·t + ε/C
 *
 * q is softmax of logits or `p/Σp`, clipped to `[1e-7, 1 − 1e-7]` (slope 0 outside) in both cases: softmax is taken in TypeScript.
 */
export interface CategoricalFocalCrossentropyOptions
  extends KerasReductionOptions, KerasEntropyOptions, KerasClassAxisOptions {
  /** α ≥ 0: one number, or one a class where the classes are the last axis (else Keras aligns them with another). Default 0.25. */
  readonly alpha?: number | ArrayLike<number> | undefined
  /** γ ≥ 0. Default 2. */
  readonly gamma?: number | undefined
}

/** {@inheritDoc CategoricalFocalCrossentropyOptions} */
export const CategoricalFocalCrossentropy: Convention<CategoricalFocalCrossentropyOptions> = convention(
  'keras.CategoricalFocalCrossentropy',
  {
    ...REDUCTION,
    ...ENTROPY,
    ...CLASS_AXIS,
    alpha: orNull(numberOrNumbers(NON_NEGATIVE), 0.25),
    gamma: number(2, NON_NEGATIVE),
  },
  ({ reduction, fromLogits, labelSmoothing, axis, alpha = 0.25, gamma }) =>
    (inputs) => {
      const { prediction, target } = paired(inputs)
      const tensors = classes(prediction, axis)
      const { grid, shape } = tensors
      if (typeof alpha !== 'number' && tensors.axis !== shape.length - 1) throw classesNotLast(axis)
      const normalize = fromLogits ? softmax : divideBySum
      const weighing = weigh(inputs, tensors.cells, reduction)
      const focal = pixelTerm({
        function: 'focal',
        form: 'categorical',
        gammas: everyClass(grid.classes, gamma),
        positiveWeights: oneAClass(alpha, grid.classes, 'alpha'),
        targetScale: 1 - labelSmoothing,
        targetOffset: labelSmoothing / grid.classes,
        classes: classIds(grid.classes),
        clip: EPSILON,
        reduction: weighing.reduction,
      })
      const path = normalize(grid.path, 1, grid.classes)
      return single({ ...tensors, grid: { ...grid, path } }, oneHot(target, tensors), weighing, focal)
    },
)

/**
 * `CategoricalGeneralizedCrossEntropy` of Keras 3 (Zhang, Sabuncu 2018), one loss a pixel of probabilities `[…, C]` and labels:
 * `ℓ = (1 − p_y^q)/q`. p is taken as it is.
 */
export interface CategoricalGeneralizedCrossEntropyOptions extends KerasReductionOptions {
  /** 0 < q < 1. Default 0.5. */
  readonly q?: number | undefined
}

const INSIDE: Range = { min: 0, above: true, max: 1, below: true }

/** {@inheritDoc CategoricalGeneralizedCrossEntropyOptions} */
export const CategoricalGeneralizedCrossEntropy: Convention<CategoricalGeneralizedCrossEntropyOptions> = convention(
  'keras.CategoricalGeneralizedCrossEntropy',
  { ...REDUCTION, q: number(0.5, INSIDE) },
  ({ reduction, q }) =>
    (inputs) => {
      const tensors = classes(inputs.prediction, -1)
      const { grid, cells } = tensors
      const weighing = weigh(inputs, cells, reduction)
      const generalized = pixelTerm({
        function: 'generalized',
        form: 'categorical',
        gammas: everyClass(grid.classes, q),
        classes: classIds(grid.classes),
        reduction: weighing.reduction,
      })
      return single(tensors, labelsOf(inputs.target, tensors), weighing, generalized)
    },
)

/** One term of probabilities. */
function single({ grid }: Classes, target: Target, weighing: Weighing, term: PixelTerm): Arrangement {
  const regions = target.perClass ? undefined : labelRegions(grid.classes)
  const spec = criterion({ classes: grid.classes, regions, terms: [term] })
  return {
    jobs: [{ spec, grid, ...target, pixelWeights: weighing.factors }],
    valuesShape: weighing.valuesShape,
    values: weighing.values,
  }
}

function classesNotLast(axis: number): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'alpha',
    expected: 'one number where the classes are not the last axis',
    actual: `a list, with axis ${axis}`,
    remedy: 'Keras aligns the list with the last axis: move the classes there',
  })
}
