/** kornia's focal losses: of softmax and of sigmoid. */
import type { FloatArray, PixelTerm, Reduction } from '../../engine.ts'
import { NON_NEGATIVE } from '../../options.ts'
import { channelsFirst, labels, pixelWeights, planes, type Grid } from '../arrange.ts'
import { convention, type Convention, type ConventionCriterion, type Entry, type Job } from '../convention.ts'
import { number, numbers, nullOr, orNull, requiredNumber, word, type Reader } from '../reader.ts'
import { classIds, criterion, everyClass, pixelTerm } from '../terms.ts'
import { IGNORE, SOFTENING, WEIGHT, weightsOf, type KorniaOptions } from './common.ts'

/** What both take. */
export interface KorniaFocalOptions extends KorniaOptions {
  /** γ ≥ 0, how much sure pixels count less. Default 2. */
  readonly gamma?: number | undefined
  /** `'none'` returns one value an element, in the prediction's shape. Default `'none'`. */
  readonly reduction?: Reduction | undefined
}

const FOCAL = {
  gamma: number(2, NON_NEGATIVE),
  reduction: word(['none', 'mean', 'sum'], 'none'),
  weight: WEIGHT,
  ignoreIndex: IGNORE,
}

/** The values of a term, as an engine gives them. */
type Values = Float64Array<ArrayBuffer>

/**
 * `focal_loss(pred, target, alpha, …)` of kornia 0.8: softmax of logits `[N, C, …]`, labels `[N, …]`, and of every class of a pixel
 *
 *     ℓ_c = −w_c·a_c·t_c·(1 − p_c)^γ·log p_c,   a = 1 − alpha for class 0, alpha for the others
 *
 * with t = 1 for the pixel's class and 1e-6 for the others, as in kornia. The mean divides by N·C·V elements, whether they count or not.
 * `'none'` takes one pass of the engine a class.
 */
export interface FocalLossOptions extends KorniaFocalOptions {
  /** `null`: a = 1 for all. Required. */
  readonly alpha: number | null
}

function focal(name: string): Convention<FocalLossOptions> {
  const table = { ...FOCAL, alpha: nullOr(requiredNumber()) }
  return convention(name, table, ({ alpha, gamma, reduction, weight, ignoreIndex }) => (inputs) => {
    const grid = channelsFirst(inputs.prediction)
    const { classes } = grid
    const weights = weightsOf(weight, grid) ?? everyClass(classes, 1)
    const balance = (c: number): number => (alpha === undefined ? 1 : c === 0 ? 1 - alpha : alpha)
    const target = labels(inputs.target, grid)
    const valid = pixelWeights(inputs, grid)
    const job = (summed: readonly number[]): Job => {
      const term = pixelTerm({
        function: 'focal',
        form: 'categorical',
        weight: reduction === 'mean' ? 1 / classes : 1,
        gammas: everyClass(classes, gamma),
        positiveWeights: weights.map((w, c) => w * balance(c)),
        targetScale: 1 - SOFTENING,
        targetOffset: SOFTENING,
        classes: summed,
        reduction,
      })
      const spec = criterion({ activation: 'softmax', classes, ignoreIndex, terms: [term] })
      return { spec, grid, ...target, pixelWeights: valid }
    }
    if (reduction !== 'none') return { jobs: [job(classIds(classes))] }
    const jobs = classIds(classes).map((c) => job([c]))
    return { jobs, valuesShape: grid.shape, values: (ofClasses) => stacked(ofClasses, grid) }
  })
}

/** One value a pixel for every class, as the elements `[N, C, …]`. */
function stacked(ofClasses: readonly Values[], { samples, classes, pixels }: Grid): Values {
  const result = new Float64Array(samples * classes * pixels)
  for (const [c, values] of ofClasses.entries()) {
    for (let sample = 0; sample < samples; sample += 1) {
      result.set(values.subarray(sample * pixels, (sample + 1) * pixels), (sample * classes + c) * pixels)
    }
  }
  return result
}

/** {@inheritDoc FocalLossOptions} */
export const focalLoss: Convention<FocalLossOptions> = focal('kornia.focalLoss')
/** {@inheritDoc FocalLossOptions} */
export const FocalLoss: Convention<FocalLossOptions> = focal('kornia.FocalLoss')

/** What the binary focal loss takes, function or class. */
export interface BinaryFocalOptions extends KorniaFocalOptions {
  /** Factor of the positive part, one number ≥ 0 a class. Default `null`: 1. */
  readonly posWeight?: ArrayLike<number> | null | undefined
}

/**
 * `binary_focal_loss_with_logits(pred, target, …)` of kornia 0.8: sigmoid of logits `[N, C, …]`, a target of the same shape, and
 *
 *     ℓ = w·(alpha·π·t·(1 − p)^γ·(−log p) + (1 − alpha)·(1 − t)·p^γ·(−log(1 − p)))
 *
 * `ignoreIndex` is a value of the target, of single elements: where it occurs the loss takes one pass of the engine a class. The
 * mean divides by N·C·V elements, whether they count or not.
 */
export interface BinaryFocalLossWithLogitsOptions extends BinaryFocalOptions {
  /** `null`: both factors are 1. Default 0.25 of the function; the class has none. */
  readonly alpha?: number | null | undefined
}

/** `BinaryFocalLossWithLogits(alpha, …)` of kornia 0.8: as `binaryFocalLossWithLogits`, with `alpha` required. */
export interface BinaryFocalLossOptions extends BinaryFocalOptions {
  /** `null`: both factors are 1. Required. */
  readonly alpha: number | null
}

const BINARY = { ...FOCAL, posWeight: orNull(numbers(NON_NEGATIVE)) }

function binaryFocal(
  name: string,
  alphaReader: Reader<number | undefined, number | null>,
): Entry<(options?: BinaryFocalLossWithLogitsOptions) => ConventionCriterion> {
  const table = { ...BINARY, alpha: alphaReader }
  return convention(name, table, ({ alpha, gamma, reduction, weight, posWeight, ignoreIndex }) => (inputs) => {
    const grid = channelsFirst(inputs.prediction)
    const { classes } = grid
    const weights = weightsOf(weight, grid) ?? everyClass(classes, 1)
    const positive = weightsOf(posWeight, grid) ?? everyClass(classes, 1)
    const target = planes(inputs.target, grid)
    const numbersOfTarget = target.target as FloatArray
    const valid = pixelWeights(inputs, grid)
    const valuesShape = reduction === 'none' ? grid.shape : undefined
    const term: PixelTerm = pixelTerm({
      function: 'focal',
      form: 'binary',
      gammas: everyClass(classes, gamma),
      positiveWeights: weights.map((w, c) => w * (positive[c] as number) * (alpha ?? 1)),
      negativeWeights: weights.map((w) => w * (alpha === undefined ? 1 : 1 - alpha)),
      classes: classIds(classes),
      reduction,
    })
    const job = (terms: readonly PixelTerm[], weightsOfPixels: FloatArray | undefined): Job => {
      const spec = criterion({ activation: 'sigmoid', classes, terms })
      return { spec, grid, ...target, pixelWeights: weightsOfPixels }
    }
    if (ignoreIndex === undefined || !numbersOfTarget.includes(ignoreIndex)) {
      return { jobs: [job([term], valid)], valuesShape }
    }
    const factor = reduction === 'mean' ? 1 / classes : 1
    const jobs = classIds(classes).map((c) =>
      job([{ ...term, weight: factor, classes: [c] }], countedPixels(numbersOfTarget, c, grid, ignoreIndex, valid)),
    )
    return { jobs, valuesShape, values: added }
  })
}

/** Weights of the pixels for one class: 0 where its element is ignored. */
function countedPixels(
  target: FloatArray,
  c: number,
  { samples, classes, pixels }: Grid,
  ignoreIndex: number,
  weights: FloatArray | undefined,
): Float64Array {
  const result = new Float64Array(samples * pixels)
  for (let index = 0; index < result.length; index += 1) {
    const element = (Math.floor(index / pixels) * classes + c) * pixels + (index % pixels)
    result[index] = target[element] === ignoreIndex ? 0 : (weights?.[index] ?? 1)
  }
  return result
}

/** The values of all classes: those of each class are 0 at the elements of the others. */
function added(ofClasses: readonly Values[]): Values {
  const [first, ...others] = ofClasses as [Values, ...Values[]]
  for (const values of others) {
    for (let index = 0; index < first.length; index += 1) first[index]! += values[index] as number
  }
  return first
}

/** {@inheritDoc BinaryFocalLossWithLogitsOptions} */
export const binaryFocalLossWithLogits: Convention<BinaryFocalLossWithLogitsOptions> = binaryFocal(
  'kornia.binaryFocalLossWithLogits',
  orNull(number(0.25), 0.25),
)
/** {@inheritDoc BinaryFocalLossOptions} */
export const BinaryFocalLossWithLogits: Convention<BinaryFocalLossOptions> = binaryFocal(
  'kornia.BinaryFocalLossWithLogits',
  nullOr(requiredNumber()),
)
