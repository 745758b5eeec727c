/** optax's Dice losses. */
import type { Activation, FloatArray, Reduction, RegionTerm } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import { NON_NEGATIVE } from '../../options.ts'
import { isPerClass } from '../../target.ts'
import {
  axesOf,
  channelsLast,
  classesLast,
  numbersOf,
  oneAClass,
  permuteInput,
  pixelWeights,
  planes,
  reshapeInput,
  shapeOf,
  sumsOf,
  type Inputs,
} from '../arrange.ts'
import { convention, type Arrangement, type Convention, type Job } from '../convention.ts'
import { permute, reshape, size, softmax } from '../path.ts'
import { axes, flag, number, numbers, orNull, word } from '../reader.ts'
import { classIds, criterion, region } from '../terms.ts'

/** What optax's Dice losses share. */
export interface OptaxDiceOptions {
  /** s, added to numerator and denominator. Default 1. */
  readonly smooth?: number | undefined
}

/** The two that take several classes. */
export interface OptaxClassesOptions extends OptaxDiceOptions {
  /** Logits: softmax of several classes, sigmoid of one. `false`: probabilities. Default `true`. */
  readonly applySoftmax?: boolean | undefined
  /** `true` leaves class 0 out, unless it is the only one. Default `false`. */
  readonly ignoreBackground?: boolean | undefined
}

/**
 * `dice_loss(predictions, targets, …)` of optax 0.2: `[N, …, C]`, planes of the same shape (a class axis of 1 may be left out of either), and
 *
 *     ℓ_c = w_c·(1 − (I + s)/(I + alpha·FP + beta·FN + s))
 *
 * per sample and class. `values` is one number a sample, `[N]`, or one a class, `[N, C]`, under `'none'`; `loss` is their sum. Without
 * softmax optax refuses predictions that do not sum to 1; this does not.
 */
export interface DiceLossOptions extends OptaxClassesOptions {
  /** w, one number ≥ 0 a class, without background too; the mean does not divide by it. Default `null`: 1. */
  readonly classWeights?: ArrayLike<number> | null | undefined
  /** Weight of false positives. Default 0.5. */
  readonly alpha?: number | undefined
  /** Weight of false negatives. Default 0.5. */
  readonly beta?: number | undefined
  /** How the classes become one number. Default `'mean'`. */
  readonly reduction?: Reduction | undefined
  /**
   * The axes that are summed. Default `null`: all but the first and the last. Of those that are left the last one takes the place of
   * the classes, and the others that of the samples. What no engine reads is copied; `pixelWeights` and `mask` go with `null` only.
   */
  readonly axis?: number | ArrayLike<number> | null | undefined
}

const SMOOTH = { smooth: number(1) }
const CLASSES = { ...SMOOTH, applySoftmax: flag(true), ignoreBackground: flag(false) }

/** What a Dice loss of optax is made of. */
interface Dice {
  readonly smooth: number
  readonly applySoftmax: boolean
  readonly ignoreBackground?: boolean
  readonly alpha?: number
  readonly beta?: number
  readonly axis?: number | readonly number[] | undefined
}

/** {@inheritDoc DiceLossOptions} */
export const diceLoss: Convention<DiceLossOptions> = convention(
  'optax.diceLoss',
  {
    ...CLASSES,
    classWeights: orNull(numbers(NON_NEGATIVE)),
    alpha: number(0.5),
    beta: number(0.5),
    reduction: word(['mean', 'sum', 'none'], 'mean'),
    axis: orNull(axes),
  },
  (options) => (inputs) => {
    const cells = cellsOf(withClassAxis(inputs), options)
    const { classWeights } = options
    const weights = classWeights && oneAClass(classWeights, cells.grid.classes, 'classWeights')
    return perSample({ ...cells, term: { ...cells.term, classWeights: weights } }, options.reduction)
  },
)

/**
 * `binary_dice_loss(predictions, targets, …)` of optax 0.2: `diceLoss` of one class, `[N, …, 1]` or `[N, …]`, with sigmoid. A last axis of
 * 1 is that of the class. `values` is one number a sample.
 */
export interface BinaryDiceLossOptions extends OptaxDiceOptions {
  /** Logits. `false`: probabilities. Default `true`. */
  readonly applySigmoid?: boolean | undefined
}

/** {@inheritDoc BinaryDiceLossOptions} */
export const binaryDiceLoss: Convention<BinaryDiceLossOptions> = convention(
  'optax.binaryDiceLoss',
  { ...SMOOTH, applySigmoid: flag(true) },
  ({ smooth, applySigmoid }) =>
    (inputs) => {
      const { shape } = inputs.prediction
      const target = shapeOf(inputs.target, shape)
      const bare = target.length === shape.length && shape.at(-1) !== 1
      const both = bare ? withShapes(inputs, [...shape, 1], [...target, 1]) : withClassAxis(inputs)
      return perSample(cellsOf(both, { smooth, applySoftmax: applySigmoid }), 'mean')
    },
)

/**
 * `multiclass_generalized_dice_loss(predictions, targets, …)` of optax 0.2: the mean over samples and classes of `w_c·ℓ_c` of `diceLoss`, with
 * `w_c ∝ 1/(G_c² + 1e-7)`, G of the whole batch, and `Σ w_c = C`. One number, and unlike Sudre's generalised Dice no ratio of sums.
 */
export type MulticlassGeneralizedDiceLossOptions = OptaxClassesOptions

/** {@inheritDoc MulticlassGeneralizedDiceLossOptions} */
export const multiclassGeneralizedDiceLoss: Convention<MulticlassGeneralizedDiceLossOptions> = convention(
  'optax.multiclassGeneralizedDiceLoss',
  CLASSES,
  (options) => (inputs) => {
    const { term, ...cells } = cellsOf(inputs, options)
    const classWeights = volumeWeights(numbersOf(inputs.target), cells.grid.classes)
    return { jobs: [jobOf({ ...cells, term: { ...term, classWeights } })] }
  },
)

/** `1/(G_c² + 1e-7)`, divided by their mean. */
function volumeWeights(target: FloatArray, classes: number): number[] {
  const volumes = new Float64Array(classes)
  for (let index = 0; index < target.length; index += 1) volumes[index % classes]! += target[index] as number
  const weights = Array.from(volumes, (G) => 1 / (G ** 2 + 1e-7))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => (weight / total) * classes)
}

/** What optax scores one by one. */
interface Cells extends Omit<Job, 'spec'> {
  readonly activation: Activation
  readonly term: RegionTerm
  /** The axes of the cells: before that of the classes, and that one. */
  readonly lead: readonly number[]
  readonly trail: readonly number[]
}

/** Arranges the axes as `[cells' own …, summed …, classes]`. */
function cellsOf(inputs: Inputs, options: Dice): Cells {
  const { prediction, target } = inputs
  const { shape } = prediction
  const rank = shape.length
  const whole = classesLast(prediction)
  isPerClass(target.tensor, whole, { kind: 'per-class', labeled: false })

  const summed = options.axis === undefined ? range(1, rank - 1) : axesOf(options.axis, rank, 'axis')
  const kept = range(0, rank).filter((axis) => !summed.includes(axis))
  const last = kept.at(-1)
  const extents = (list: readonly number[]): number[] => list.map((axis) => shape[axis] as number)
  const lead = extents(kept.slice(0, -1))
  const order = [...kept.slice(0, -1), ...summed, ...kept.slice(-1)]
  const arranged = [size(lead), size(extents(summed)), last === undefined ? 1 : (shape[last] as number)]

  const activation = options.applySoftmax ? (whole.classes === 1 ? 'sigmoid' : 'softmax') : 'none'
  // A softmax over an axis that is summed is none of the engine's.
  const before = activation === 'softmax' && last !== rank - 1
  const path = before ? softmax(prediction, 1, whole.classes) : prediction
  const grid = channelsLast(reshape(permute(path, order), arranged))
  const background = !(options.ignoreBackground === true && whole.classes > 1)
  const classes = classIds(grid.classes, background || grid.classes === 1)
  const { smooth, alpha = 0.5, beta = 0.5 } = options
  return {
    activation: before ? 'none' : activation,
    term: region({
      scorePer: 'sample-class',
      classes,
      scale: 1,
      alpha,
      beta,
      smoothNumerator: smooth,
      smoothDenominator: smooth,
    }),
    lead,
    trail: last === undefined ? [] : [classes.length],
    grid,
    ...planes(reshapeInput(permuteInput(target, shape, order), arranged), grid),
    pixelWeights: options.axis === undefined ? pixelWeights(inputs, whole) : noPixelWeights(inputs),
  }
}

function jobOf({ activation, term, lead: _, trail: __, ...job }: Cells): Job {
  return { ...job, spec: criterion({ activation, classes: job.grid.classes, terms: [term] }) }
}

/** The cells' losses as one number a sample, or as they are. */
function perSample(cells: Cells, reduction: Reduction): Arrangement {
  const { term, lead, trail } = cells
  const classes = term.classes.length
  const job = jobOf({
    ...cells,
    term: { ...term, weight: reduction === 'mean' ? 1 / classes : 1, reduction: 'sum' },
  })
  if (reduction === 'none') return { jobs: [job], valuesShape: [...lead, ...trail] }
  return {
    jobs: [job],
    valuesShape: lead,
    values: ([values]) => sumsOf(values as Float64Array, classes),
  }
}

/** Gives the one of prediction and target that has an axis less a class axis of 1. */
function withClassAxis(inputs: Inputs): Inputs {
  const { shape } = inputs.prediction
  const target = shapeOf(inputs.target, shape)
  if (shape.length === target.length - 1) return withShapes(inputs, [...shape, 1], target)
  if (target.length === shape.length - 1) return withShapes(inputs, shape, [...target, 1])
  return inputs
}

function withShapes(inputs: Inputs, prediction: readonly number[], target: readonly number[]): Inputs {
  return {
    ...inputs,
    prediction: reshape(inputs.prediction, prediction),
    target: reshapeInput(inputs.target, target),
  }
}

function noPixelWeights({ pixelWeights: weights, mask }: Inputs): undefined {
  const given = weights ?? mask
  if (given === undefined) return undefined
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: given.name,
    expected: 'no weights of pixels where axis is given',
    actual: `${given.name} with axis`,
    remedy: 'leave axis out, or weigh the target and the prediction yourself',
  })
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)
}
