/** optax's losses of softmax: one value for each position of the axes that are not classes. */
import type { CrossEntropyTerm, PixelTerm } from '../../engine.ts'
import { isPerClass } from '../../target.ts'
import {
  axesOf,
  broadcastInput,
  classesLast,
  labels,
  permuteInput,
  pixelWeights,
  planes,
  reshapeInput,
  type Grid,
  type Input,
  type Inputs,
  type Target,
} from '../arrange.ts'
import { convention, type Arrangement, type Convention } from '../convention.ts'
import { permute, reshape, size } from '../path.ts'
import { axes, number, orNull } from '../reader.ts'
import { classIds, criterion, crossEntropy, everyClass, pixelTerm } from '../terms.ts'
import { partialCrossEntropy } from './partial.ts'
import { spread, WHERE, type Where, type WhereOption } from './where.ts'

/** Where the classes are. */
export interface OptaxClassAxes {
  /** The class axis, or several that are one together, in any order; they are moved to the end. `null`: all. Default −1. */
  readonly axis?: number | ArrayLike<number> | null | undefined
  /**
   * Which elements count, in the shape of the logits or one that broadcasts to it; with fewer axes those of the classes are left out. The
   * loss is then computed in TypeScript. Default `null`: all.
   */
  readonly where?: WhereOption | null | undefined
}

/**
 * `softmax_cross_entropy(logits, labels, …)` of optax 0.2: `ℓ = −Σ_c t_c·log p_c`, planes in the shape of the logits or one that broadcasts
 * to it. `values` has the shape of the logits without the class axes, `[]` for a single pixel; `loss` is their sum.
 */
export type SoftmaxCrossEntropyOptions = OptaxClassAxes

const AXES = { axis: orNull(axes, -1), where: WHERE }

/** {@inheritDoc SoftmaxCrossEntropyOptions} */
export const softmaxCrossEntropy: Convention<SoftmaxCrossEntropyOptions> = convention(
  'optax.softmaxCrossEntropy',
  AXES,
  ({ axis, where }) =>
    (inputs) => {
      const grid = gridOf(inputs, axis)
      return arrangement(inputs, grid, planesOf(inputs, grid), CROSS_ENTROPY, where)
    },
)

/**
 * `softmax_cross_entropy_with_integer_labels(logits, labels, …)` of optax 0.2: `ℓ = −log p_y`, labels in the shape of the logits without
 * the class axes. Of several class axes a label counts their elements row by row, in the order of `axis`. A logit of −∞ is a class
 * that is left out, in TypeScript. `values` and `loss` as in `softmaxCrossEntropy`.
 */
export type SoftmaxCrossEntropyWithIntegerLabelsOptions = OptaxClassAxes

/** {@inheritDoc SoftmaxCrossEntropyWithIntegerLabelsOptions} */
export const softmaxCrossEntropyWithIntegerLabels: Convention<SoftmaxCrossEntropyWithIntegerLabelsOptions> = convention(
  'optax.softmaxCrossEntropyWithIntegerLabels',
  AXES,
  ({ axis, where }) =>
    (inputs) => {
      const grid = gridOf(inputs, axis)
      return arrangement(inputs, grid, labels(inputs.target, grid), CROSS_ENTROPY, where, true)
    },
)

/**
 * `safe_softmax_cross_entropy(logits, labels)` of optax 0.2: `softmaxCrossEntropy` of the last axis where a class with logit −∞ and label 0
 * adds nothing; with another label the loss is ∞. Logits with −∞ are read in TypeScript. It has no options.
 */
export type SafeSoftmaxCrossEntropyOptions = Readonly<Record<string, never>>

/** {@inheritDoc SafeSoftmaxCrossEntropyOptions} */
export const safeSoftmaxCrossEntropy: Convention<SafeSoftmaxCrossEntropyOptions> = convention(
  'optax.safeSoftmaxCrossEntropy',
  {},
  () => (inputs) => {
    const grid = gridOf(inputs, -1)
    return arrangement(inputs, grid, planesOf(inputs, grid), CROSS_ENTROPY, undefined, true)
  },
)

/**
 * `poly_loss_cross_entropy(logits, labels, …)` of optax 0.2: `ℓ = −Σ_c t_c·log p_c + epsilon·Σ_c t_c·(1 − p_c)`. Source: Leng et al., "PolyLoss"
 * (2022). Shapes, `values` and `loss` as in `softmaxCrossEntropy`.
 */
export interface PolyLossCrossEntropyOptions extends OptaxClassAxes {
  /** Factor of the first polynomial. Default 2. */
  readonly epsilon?: number | undefined
}

/** {@inheritDoc PolyLossCrossEntropyOptions} */
export const polyLossCrossEntropy: Convention<PolyLossCrossEntropyOptions> = convention(
  'optax.polyLossCrossEntropy',
  { ...AXES, epsilon: number(2) },
  ({ axis, where, epsilon }) =>
    (inputs) => {
      const grid = gridOf(inputs, axis)
      return arrangement(inputs, grid, planesOf(inputs, grid), polyOf(epsilon), where)
    },
)

/** A loss of a pixel with so many classes. */
interface Formula {
  readonly term: (classes: number) => CrossEntropyTerm | PixelTerm
  /** ε of the polynomial; 0: none. */
  readonly epsilon: number
}

const CROSS_ENTROPY: Formula = { term: () => crossEntropy({ reduction: 'none' }), epsilon: 0 }

function polyOf(epsilon: number): Formula {
  return {
    term: (classes) =>
      pixelTerm({
        function: 'poly',
        form: 'categorical',
        gammas: everyClass(classes, epsilon),
        classes: classIds(classes),
        reduction: 'none',
      }),
    epsilon,
  }
}

/** Logits with the class axes moved to the end and made one, `[…, C]`. */
interface LogitGrid extends Grid {
  /** How they were moved. */
  readonly order: readonly number[]
  readonly classAxes: readonly number[]
}

function gridOf({ prediction }: Inputs, axis: number | readonly number[] | undefined): LogitGrid {
  const { shape } = prediction
  const all = shape.map((_, index) => index)
  const classAxes = axis === undefined ? all : axesOf(axis, shape.length, 'axis')
  const kept = all.filter((index) => !classAxes.includes(index))
  const extents = (list: readonly number[]): number[] => list.map((index) => shape[index] as number)
  const order = [...kept, ...classAxes]
  const path = reshape(permute(prediction, order), [...extents(kept), size(extents(classAxes))])
  return { ...classesLast(path), order, classAxes }
}

/** Planes in the shape of the logits, or one that broadcasts to it. */
function planesOf({ prediction, target }: Inputs, grid: LogitGrid): Target {
  const { shape } = prediction
  const full: Input = broadcastInput(target, shape)
  isPerClass(full.tensor, classesLast(prediction), { kind: 'per-class', labeled: false })
  return planes(reshapeInput(permuteInput(full, shape, grid.order), grid.shape), grid)
}

/** The engine's job, or our own where some elements do not count. */
function arrangement(
  inputs: Inputs,
  grid: LogitGrid,
  target: Target,
  { term, epsilon }: Formula,
  where: Where | undefined,
  takesInfinity = false,
): Arrangement {
  const { classes } = grid
  const spec = criterion({ activation: 'softmax', classes, terms: [term(classes)] })
  const isPartial = where !== undefined || (takesInfinity && grid.path.data.includes(-Infinity))
  const counted = where && spread(where, inputs.prediction.shape, grid.order, grid.classAxes)
  const own = isPartial ? partialCrossEntropy(classes, counted, epsilon) : undefined
  const valuesShape = grid.shape.slice(0, -1)
  return { jobs: [{ spec, own, grid, ...target, pixelWeights: pixelWeights(inputs, grid) }], valuesShape }
}
