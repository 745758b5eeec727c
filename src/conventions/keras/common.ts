/** What Keras's losses have in common: channels last, axes by number, and a prediction and a target of one rank. */
import { INTEGER, SHARE } from '../../options.ts'
import {
  axesOf,
  axisLast,
  axisOf,
  classesLast,
  permuteInput,
  planes,
  reshapeInput,
  shapeOf,
  type Grid,
  type Input,
  type Inputs,
  type Target,
} from '../arrange.ts'
import { permute, reshape, type Path } from '../path.ts'
import { flag, number, type Reader } from '../reader.ts'
import { sameRank } from './reduction.ts'

/** `keras.config.epsilon()`. */
export const EPSILON = 1e-7

/** What the cross-entropies with one-hot or binary targets take. */
export interface KerasEntropyOptions {
  /** The prediction holds logits; else probabilities. Default `false`. */
  readonly fromLogits?: boolean | undefined
  /** ε in [0, 1]. Default 0. */
  readonly labelSmoothing?: number | undefined
}

/** The readers of `KerasEntropyOptions`. */
export const ENTROPY: { readonly fromLogits: Reader<boolean>; readonly labelSmoothing: Reader<number> } = {
  fromLogits: flag(false),
  labelSmoothing: number(0, SHARE),
}
/** The reader of the class axis. */
export const CLASS_AXIS: { readonly axis: Reader<number> } = { axis: number(-1, INTEGER) }

/** Prediction and target. */
export interface Pair {
  readonly prediction: Path
  readonly target: Input
}

/** A prediction and a target in one shape: a last axis of extent 1 that only one of them has is added or taken away. */
export function paired({ prediction, target }: Inputs): Pair {
  const [wanted, shape] = sameRank(shapeOf(target, prediction.shape), prediction.shape)
  return { prediction: reshape(prediction, shape), target: reshapeInput(target, wanted) }
}

/** Tensors whose axes are those that are kept, then those that a loss takes the mean or the sum over. */
export interface Pooled extends Pair {
  /** The extents that are kept: the shape of the losses. */
  readonly cells: readonly number[]
  /** The axes that are kept. */
  readonly kept: readonly number[]
  /** The same tensors, the kept axes first. */
  readonly ordered: () => Pair
}

/** Reads the axes that are pooled; `undefined`: all. */
export function pooled(inputs: Inputs, axis: number | readonly number[] | undefined): Pooled {
  const pair = paired(inputs)
  const { shape } = pair.prediction
  const every = shape.map((_, index) => index)
  const away = axis === undefined ? every : axesOf(axis, shape.length, 'axis')
  const kept = every.filter((index) => !away.includes(index))
  const order = [...kept, ...every.filter((index) => away.includes(index))]
  return {
    ...pair,
    kept,
    cells: kept.map((index) => shape[index] as number),
    ordered: () => ({
      prediction: permute(pair.prediction, order),
      target: permuteInput(pair.target, shape, order),
    }),
  }
}

/** Tensors with the classes on the last axis. */
export interface Classes {
  readonly grid: Grid
  /** The extents of the other axes: the shape of the losses. */
  readonly cells: readonly number[]
  /** The prediction's shape, and where its classes were. */
  readonly shape: readonly number[]
  readonly axis: number
}

/** Reads the class axis. */
export function classes(prediction: Path, axis: number): Classes {
  const { shape } = prediction
  const index = axisOf(axis, shape.length, 'axis')
  const grid = classesLast(permute(prediction, axisLast(shape.length, index)))
  return { grid, cells: shape.toSpliced(index, 1), shape, axis: index }
}

/** Reads a one-hot or soft target. */
export function oneHot(target: Input, { grid, shape, axis }: Classes): Target {
  return planes(permuteInput(target, shape, axisLast(shape.length, axis)), grid)
}
