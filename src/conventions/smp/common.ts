/** What smp's losses have in common: three modes, and targets in which a value is ignored. */
import { list } from '../../describe.ts'
import type { FloatArray, LabelArray } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import { INTEGER } from '../../options.ts'
import {
  channelsFirst,
  elements,
  labels,
  numbersOf,
  oneAClass,
  pixelWeights,
  planes,
  reshapeInput,
  shapeOf,
  withNumbers,
  type Grid,
  type Input,
  type Inputs,
} from '../arrange.ts'
import { fill } from '../path.ts'
import { number, orNull, requiredWord, type Reader } from '../reader.ts'

/**
 * How prediction and target belong together:
 *
 * - `'binary'`: every element is a pixel of the foreground, whatever the axes are; the target has as many elements.
 * - `'multiclass'`: `[N, C, …]` and labels, N times as many as a plane has pixels.
 * - `'multilabel'`: `[N, C, …]` and planes.
 */
export type SmpMode = 'binary' | 'multiclass' | 'multilabel'

/** What all losses with modes take. */
export interface SmpModeOptions {
  /** Required. */
  readonly mode: SmpMode
}

/** Elements that do not count. */
export interface SmpIgnoreOptions {
  /** Where the target has this value, nothing counts: the pixel, in `'multilabel'` mode the element. Default `null`: none. */
  readonly ignoreIndex?: number | null | undefined
}

/** A weight a class. */
export interface SmpWeightOptions {
  /** One number ≥ 0 a class, by which the mean over the classes is weighted. Not in `'binary'` mode. Default `null`: 1. */
  readonly classWeights?: ArrayLike<number> | null | undefined
}

/** The reader of `mode`. */
export const MODE: Reader<SmpMode> = requiredWord(['binary', 'multiclass', 'multilabel'])
/** The reader of `ignoreIndex`. */
export const IGNORE_INDEX: Reader<number | undefined, number | null> = orNull(number(0, INTEGER))

/** Where σ is 0, in float32 too. */
const LOGIT_OF_ZERO = -1e4

/** The tensors of a call as an engine reads them. */
export interface Tensors {
  readonly grid: Grid
  readonly target: LabelArray
  readonly perClass: boolean
  readonly pixelWeights: FloatArray | undefined
  readonly ignoreIndex: number | undefined
}

/** Reads prediction, target and weights by mode. */
export function tensorsOf(
  inputs: Inputs,
  mode: SmpMode,
  ignoreIndex: number | undefined,
  fromLogits: boolean,
): Tensors {
  const { prediction } = inputs
  checkSamples(inputs)
  if (mode === 'binary') return elementwise(inputs, elements(prediction), ignoreIndex)
  const grid = channelsFirst(prediction)
  const weights = pixelWeights(inputs, grid)
  if (mode === 'multiclass') {
    const target = labels(reshapeInput(inputs.target, grid.labelShapes[0] as readonly number[]), grid)
    return { grid, ...target, pixelWeights: weights, ignoreIndex }
  }
  const target = reshapeInput(inputs.target, prediction.shape)
  const found = ignoreIndex === undefined ? undefined : valid(target, ignoreIndex)
  if (found === undefined) return { grid, ...planes(target, grid), pixelWeights: weights, ignoreIndex: undefined }
  // A pixel may count for one class and not for another: where it does not, p = g = 0.
  const counts = numbersOf(found)
  const path = fill(prediction, (index) => counts[index] === 0, fromLogits ? LOGIT_OF_ZERO : 0)
  const kept = numbersOf(target).map((g, index) => (counts[index] === 0 ? 0 : g))
  const masked = planes(withNumbers(target, kept, prediction.shape), grid)
  return { grid: { ...grid, path }, ...masked, pixelWeights: weights, ignoreIndex: undefined }
}

/**
 * Reads a target of as many elements as the grid, which has one class, has pixels.
 * @param weights - Of the library's own, multiplied.
 */
export function elementwise(
  inputs: Inputs,
  grid: Grid,
  ignoreIndex: number | undefined,
  ...weights: readonly (Input | undefined)[]
): Tensors {
  const target = reshapeInput(inputs.target, grid.shape)
  const own = ignoreIndex === undefined ? undefined : valid(target, ignoreIndex)
  return {
    grid,
    ...planes(target, grid),
    pixelWeights: pixelWeights(inputs, grid, own, ...weights),
    ignoreIndex: undefined,
  }
}

/** 1 where an element has not the ignored value and 0 where it has; `undefined` where none has. */
export function valid(target: Input, ignoreIndex: number): Input | undefined {
  const numbers = numbersOf(target)
  if (!numbers.includes(ignoreIndex)) return undefined
  return withNumbers(
    target,
    Float32Array.from(numbers, (g) => Number(g !== ignoreIndex)),
    shapeOf(target, []),
  )
}

/** The class weights by class id; `undefined`: all 1. */
export function weightsOf(weights: readonly number[] | undefined, classes: number): readonly number[] | undefined {
  return weights === undefined ? undefined : oneAClass(weights, classes, 'classWeights')
}

/** Refuses an option that has no meaning in a mode. */
export function refuse(argument: string, given: boolean, mode: string, remedy: string): void {
  if (!given) return
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument,
    expected: `no ${argument} with ${mode}`,
    actual: argument,
    remedy,
  })
}

function checkSamples({ prediction, target }: Inputs): void {
  const shape = shapeOf(target, prediction.shape)
  if (shape[0] === prediction.shape[0]) return
  throw masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: 'target',
    expected: `${prediction.shape[0]} samples, as the prediction`,
    actual: list(shape),
    remedy: 'the prediction comes first, the target second, and both begin with the samples',
  })
}
