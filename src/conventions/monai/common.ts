/** What MONAI's losses have in common: `[N, C, …]`, activations by flags, one-hot on request, background left out on request. */
import { list } from '../../describe.ts'
import type { Activation, FloatArray, Reduction } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import { NON_NEGATIVE } from '../../options.ts'
import {
  channelsFirst,
  labels,
  numbersOf,
  oneAClass,
  pixelWeights,
  planes,
  type Grid,
  type Inputs,
  type Target,
} from '../arrange.ts'
import { logSoftmax, tanh } from '../path.ts'
import { flag, number, numberOrNumbers, orNull, requiredWord, word, type Read, type Reader } from '../reader.ts'
import { classIds } from '../terms.ts'

/** A function MONAI takes as `other_act`, by name. */
export type OtherActivation = 'softmax' | 'sigmoid' | 'tanh' | 'logSoftmax' | 'log_softmax' | 'log_softmax(dim=1)'

/** What most of MONAI's losses take. One channel is the foreground: `softmax`, `toOnehotY` and `includeBackground: false` do nothing for it, as in MONAI. */
export interface MonaiOptions {
  /** `false` leaves class 0 out. Default `true`. */
  readonly includeBackground?: boolean | undefined
  /** The target holds labels `[N, 1, …]`; else planes in the prediction's shape. Default `false`. */
  readonly toOnehotY?: boolean | undefined
  /** Default `'mean'`. */
  readonly reduction?: Reduction | undefined
}

/** How the prediction becomes probabilities: at most one of the three. None: it is taken as it is. */
export interface MonaiActivationOptions {
  /** Default `false`. */
  readonly sigmoid?: boolean | undefined
  /** Default `false`. */
  readonly softmax?: boolean | undefined
  /** Another function, by name. `'tanh'` and the logarithm of softmax are computed in TypeScript, in memory of their own. Default `null`. */
  readonly otherAct?: OtherActivation | null | undefined
}

/** Smoothing, and pooling of the batch. */
export interface MonaiSmoothOptions {
  /** Added to the numerator, beside 2I (Tversky: I). Default 1e-5. */
  readonly smoothNr?: number | undefined
  /** Added to the denominator, beside P + G (Tversky: I + α·FP + β·FN). Default 1e-5. */
  readonly smoothDr?: number | undefined
  /** Pools the samples. Default `false`. */
  readonly batch?: boolean | undefined
}

/** A weight a class. */
export interface MonaiWeightOptions {
  /**
   * One number ≥ 0, or one a class that counts (without background: C − 1 of them). Multiplies the class's losses; the mean is not
   * divided by it. Nothing where one class counts, as in MONAI. Default `null`: 1.
   */
  readonly weight?: number | ArrayLike<number> | null | undefined
}

const OTHER_ACTIVATIONS = ['softmax', 'sigmoid', 'tanh', 'logSoftmax', 'log_softmax', 'log_softmax(dim=1)'] as const
const REDUCTIONS = ['mean', 'sum', 'none'] as const

/** The readers of `MonaiOptions`. */
export const MONAI: {
  readonly includeBackground: Reader<boolean>
  readonly toOnehotY: Reader<boolean>
  readonly reduction: Reader<Reduction>
} = {
  includeBackground: flag(true),
  toOnehotY: flag(false),
  reduction: word(REDUCTIONS, 'mean'),
}
/** The readers of `MonaiActivationOptions`. */
export const ACTIVATIONS: {
  readonly sigmoid: Reader<boolean>
  readonly softmax: Reader<boolean>
  readonly otherAct: Reader<OtherActivation | undefined, OtherActivation | null>
} = {
  sigmoid: flag(false),
  softmax: flag(false),
  otherAct: orNull(requiredWord(OTHER_ACTIVATIONS)),
}
/** The readers of `MonaiSmoothOptions`. */
export const SMOOTH: {
  readonly smoothNr: Reader<number>
  readonly smoothDr: Reader<number>
  readonly batch: Reader<boolean>
} = { smoothNr: number(1e-5), smoothDr: number(1e-5), batch: flag(false) }
/** The readers of `MonaiWeightOptions`. */
export const WEIGHT: {
  readonly weight: Reader<number | readonly number[] | undefined, number | ArrayLike<number> | null>
} = { weight: orNull(numberOrNumbers(NON_NEGATIVE)) }

/** Refuses several activations, as MONAI does. */
export function checkActivations(options: Read<typeof ACTIVATIONS>, name: string): void {
  const given = [
    options.sigmoid && 'sigmoid',
    options.softmax && 'softmax',
    options.otherAct !== undefined && 'otherAct',
  ]
  const several = given.filter((option) => option !== false)
  if (several.length < 2) return
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: several.at(-1) as string,
    expected: `at most one of sigmoid, softmax and otherAct of ${name}`,
    actual: several.join(' and '),
    remedy: 'pass one activation',
  })
}

/** The prediction after `otherAct`, and the activation that is left to the engine. */
export interface Activated {
  readonly grid: Grid
  readonly activation: Activation
}

/** Takes the activation from the flags. */
export function activate(grid: Grid, options: Read<typeof ACTIVATIONS>): Activated {
  const { sigmoid, softmax, otherAct } = options
  if (sigmoid || otherAct === 'sigmoid') return { grid, activation: 'sigmoid' }
  if (softmax || otherAct === 'softmax') return { grid, activation: grid.classes > 1 ? 'softmax' : 'none' }
  if (otherAct === undefined) return { grid, activation: 'none' }
  const path = otherAct === 'tanh' ? tanh(grid.path) : logSoftmax(grid.path, grid.pixels, grid.classes)
  return { grid: { ...grid, path }, activation: 'none' }
}

/** The tensors of a call: the same for every term. */
export interface Tensors {
  readonly grid: Grid
  readonly target: Target
  readonly pixelWeights: FloatArray | undefined
  /** The class whose pixels do not count, where the engine finds them. */
  readonly ignoreIndex: number | undefined
}

/** Reads target and weights: labels where they are asked for, else planes. */
export function tensorsOf(inputs: Inputs, toOnehotY: boolean, ignoreIndex?: number): Tensors {
  const grid = channelsFirst(inputs.prediction)
  const weights = pixelWeights(inputs, grid)
  if (toOnehotY && grid.classes > 1) {
    return { grid, target: labels(inputs.target, grid), pixelWeights: weights, ignoreIndex }
  }
  const target = planes(inputs.target, grid)
  if (ignoreIndex === undefined) return { grid, target, pixelWeights: weights, ignoreIndex: undefined }
  const isClass = grid.classes > 1 && ignoreIndex >= 0 && ignoreIndex < grid.classes
  if (isClass) return { grid, target, pixelWeights: weights, ignoreIndex }
  const valid = validPixels(numbersOf(inputs.target), grid, ignoreIndex)
  if (weights !== undefined) for (let pixel = 0; pixel < valid.length; pixel += 1) valid[pixel]! *= weights[pixel]!
  return { grid, target, pixelWeights: valid, ignoreIndex: undefined }
}

/** 1 where a pixel of planes counts: one channel is not the ignored value; several channels are not all 0. */
function validPixels(planes: FloatArray, { samples, classes, pixels }: Grid, ignoreIndex: number): Float64Array {
  const valid = new Float64Array(samples * pixels)
  for (let index = 0; index < valid.length; index += 1) {
    const start = Math.floor(index / pixels) * classes * pixels + (index % pixels)
    for (let c = 0; c < classes; c += 1) {
      const value = planes[start + c * pixels] as number
      if (classes === 1 ? value !== ignoreIndex : value !== 0) valid[index] = 1
    }
  }
  return valid
}

/** The classes that count: all of one channel. */
export function countedClasses(classes: number, includeBackground: boolean): number[] {
  return classIds(classes, includeBackground || classes === 1)
}

/** MONAI's weights by class id: `undefined` where one class counts. */
export function classWeights(
  weight: number | readonly number[] | undefined,
  classes: number,
  counted: readonly number[],
): readonly number[] | undefined {
  if (weight === undefined || counted.length === 1) return undefined
  const given = oneAClass(weight, counted.length, 'weight')
  return counted.length < classes ? [1, ...given] : given
}

/** Refuses `[N, C]`, where MONAI's sum over no axes is one over samples and classes too. */
export function checkSpatial({ shape, spatial }: Grid, over: string): void {
  if (spatial.length > 0) return
  throw masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: 'prediction',
    expected: `[N, C, …] with an axis of pixels for ${over}`,
    actual: list(shape),
    remedy: 'add an axis of extent 1, which MONAI sums over alone',
  })
}

/** Extents of 1 for the spatial axes, with which `'none'` keeps the prediction's rank. */
export function ones({ path }: Grid): number[] {
  return path.shape.slice(2).map(() => 1)
}
