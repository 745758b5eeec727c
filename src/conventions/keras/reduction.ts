/** How Keras makes one number of the losses of a tensor: sample weights, masks, reduction. */
import { list } from '../../describe.ts'
import type { FloatArray, Reduction } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import { checkLength } from '../../tensor.ts'
import { lengthOf } from '../../typed-array.ts'
import { broadcast, numbersOf, shapeOf, type Input, type Inputs } from '../arrange.ts'
import type { Arrangement } from '../convention.ts'
import { size } from '../path.ts'
import { orNull, word, type Reader } from '../reader.ts'

/**
 * What becomes of the losses. With the call option `pixelWeights` each is multiplied by a sample weight first, broadcast to the losses as Keras
 * does: axes aligned at the last, behind an axis of extent 1 that is added or taken away where the ranks differ by it.
 *
 * - `'sum_over_batch_size'`, `'mean'`: the sum divided by the number of losses; with a mask, by the number of those it keeps.
 * - `'mean_with_sample_weight'`: divided by the sum of the sample weights, as given.
 * - `'sum'`: the sum.
 * - `'none'`, `null`: the losses themselves.
 *
 * The call option `mask` is a mask as Keras keeps it beside a prediction: where it is 0, nothing counts.
 */
export type KerasReduction = 'sum_over_batch_size' | 'sum' | 'mean' | 'mean_with_sample_weight' | 'none' | null

/** What all losses take. */
export interface KerasReductionOptions {
  /** Default `'sum_over_batch_size'`. */
  readonly reduction?: KerasReduction | undefined
}

type Word = Exclude<KerasReduction, null>
const WORDS = ['sum_over_batch_size', 'sum', 'mean', 'mean_with_sample_weight', 'none'] as const

/** The reader of `reduction`. */
export const REDUCTION: { readonly reduction: Reader<Word | undefined, KerasReduction> } = {
  reduction: orNull(word(WORDS, 'sum_over_batch_size'), 'sum_over_batch_size'),
}

/** What an engine is asked for, so that the library's number comes out. */
export interface Weighing extends Pick<Arrangement, 'valuesShape' | 'values'> {
  readonly reduction: Reduction
  /** A factor for each loss, divided by the mean's divisor already; `undefined`: all 1. */
  readonly factors: Float64Array | undefined
}

/** Numbers and their axes. */
interface Shaped {
  readonly data: FloatArray
  readonly shape: readonly number[]
}

/**
 * What weights, masks and a reduction make of losses.
 * @param shape - Of the losses.
 * @param own - A mask of the loss itself.
 */
export function weigh(
  inputs: Inputs,
  shape: readonly number[],
  reduction: Word | undefined = 'none',
  own?: Shaped,
): Weighing {
  const merged = mergedWeights(inputs, shape, reduction, own)
  const none = reduction === 'none'
  if (merged === undefined) {
    const plain = reduction === 'sum' || none ? reduction : 'mean'
    return { reduction: plain, factors: undefined, valuesShape: none ? shape : undefined }
  }
  const [losses, weights] = sameRank(shape, merged.shape)
  const result = broadcastShape(losses, weights)
  const spread = broadcast(merged.data, weights, result)
  // Weights with more axes than the losses repeat these.
  const sources = broadcast(
    Float64Array.from({ length: size(shape) }, (_, index) => index),
    losses,
    result,
  )
  const divisor = divisorOf(reduction, merged, result)
  const factors = new Float64Array(size(shape))
  for (const [index, source] of sources.entries()) {
    factors[source]! += divisor === 0 ? 0 : (spread[index] as number) / divisor
  }
  if (!none) return { reduction: 'sum', factors }
  const values = ([weighted]: readonly Float64Array<ArrayBuffer>[]): Float64Array<ArrayBuffer> =>
    Float64Array.from(sources, (source, index) => {
      const factor = factors[source] as number
      return factor === 0 ? 0 : ((weighted?.[source] as number) / factor) * (spread[index] as number)
    })
  return { reduction: 'none', factors, valuesShape: result, values: result.length > losses.length ? values : undefined }
}

/** Two shapes whose ranks differ by a last axis of extent 1 as shapes of the same rank. */
export function sameRank(a: readonly number[], b: readonly number[]): [readonly number[], readonly number[]] {
  if (a.length === b.length + 1 && a.at(-1) === 1) return b.length === 1 ? [a, [...b, 1]] : [a.slice(0, -1), b]
  if (b.length === a.length + 1 && b.at(-1) === 1) return a.length === 1 ? [[...a, 1], b] : [a, b.slice(0, -1)]
  return [a, b]
}

/** Sample weights times masks. Under a mean a mask weighs what it keeps so that the divisor may be the number of all losses. */
function mergedWeights(
  { pixelWeights, mask }: Inputs,
  shape: readonly number[],
  reduction: Word,
  own: Shaped | undefined,
): Shaped | undefined {
  const given = mask === undefined ? undefined : shaped(mask, shape)
  const kept = [given, own].filter((part) => part !== undefined).map(toMask)
  const weights = pixelWeights === undefined ? [] : [shaped(pixelWeights, shape)]
  if (kept.length === 0) return weights[0]
  const both = kept.reduce(times)
  const count = total(both.data)
  const mean = reduction === 'mean' || reduction === 'sum_over_batch_size'
  const weight = mean && count > 0 ? both.data.length / count : 1
  return [{ ...both, data: both.data.map((value) => weight * value) }, ...weights].reduce(times)
}

function divisorOf(reduction: Word, weights: Shaped, result: readonly number[]): number {
  if (reduction === 'sum' || reduction === 'none' || result.length === 0) return 1
  if (reduction !== 'mean_with_sample_weight') return size(result)
  return total(weights.data)
}

function total(numbers: FloatArray): number {
  let sum = 0
  for (const value of numbers) sum += value
  return sum
}

function toMask({ data, shape }: Shaped): Shaped {
  return { data: Float64Array.from(data, (value) => Number(value !== 0)), shape }
}

function times(a: Shaped, b: Shaped): Shaped {
  const [first, second] = sameRank(a.shape, b.shape)
  const shape = broadcastShape(first, second)
  const factors = broadcast(b.data, second, shape)
  return { data: broadcast(a.data, first, shape).map((value, index) => value * (factors[index] as number)), shape }
}

/** A tensor of the call. One number for one loss has no axis: tensors cannot say so. */
function shaped(input: Input, losses: readonly number[]): Shaped {
  const data = numbersOf(input)
  const shape = shapeOf(input, [lengthOf(data)])
  checkLength(input.tensor.data, size(shape), shape, input.name)
  return { data, shape: losses.length === 0 && shape.join() === '1' ? [] : shape }
}

/** The shape two arrays take together: axes aligned at the last, extents of 1 repeated. */
function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const [first, second] = [a, b].map((shape) => shape[axis - rank + shape.length] ?? 1) as [number, number]
    if (first === second || second === 1) return first
    if (first === 1) return second
    throw masklossError({
      code: 'ERR_MASKLOSS_SHAPE',
      argument: 'pixelWeights',
      expected: `a shape that broadcasts with ${list(a)}`,
      actual: list(b),
      remedy: 'pass one value a loss, or extents of 1 to repeat one along an axis',
    })
  })
}
