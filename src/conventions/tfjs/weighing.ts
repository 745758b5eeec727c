/** How `tf.losses` weighs and reduces: `computeWeightedLoss`. */
import type { FloatArray, Reduction as EngineReduction } from '../../engine.ts'
import { list } from '../../describe.ts'
import { masklossError } from '../../errors.ts'
import { checkLength } from '../../tensor.ts'
import { broadcast, broadcasts, numbersOf, shapeOf, type Input, type Inputs } from '../arrange.ts'
import type { Arrangement, Job } from '../convention.ts'
import { size } from '../path.ts'
import { word, type Reader } from '../reader.ts'

/** `tf.Reduction`. */
export type Reduction = 'NONE' | 'MEAN' | 'SUM' | 'SUM_BY_NONZERO_WEIGHTS'

/** What all of `tf.losses` take. */
export interface ReductionOptions {
  /**
   * Of the losses times their weights (call option `pixelWeights`): `'NONE'` none, `'SUM'` the sum, `'MEAN'` the sum over that of the weights,
   * `'SUM_BY_NONZERO_WEIGHTS'` the sum over how many weights are not 0. Default `'SUM_BY_NONZERO_WEIGHTS'`.
   */
  readonly reduction?: Reduction | undefined
}

/** The reader of `ReductionOptions`. */
export const REDUCTION: { readonly reduction: Reader<Reduction> } = {
  reduction: word(['NONE', 'MEAN', 'SUM', 'SUM_BY_NONZERO_WEIGHTS'], 'SUM_BY_NONZERO_WEIGHTS'),
}

/**
 * The loss of a job made for weights and a reduction. Weights broadcast with the losses as arrays do, in both directions: with a weight of
 * more axes each loss counts several times. Their normalizer goes into the weights; where all are 0, a mean is 0/0, NaN.
 * @param shape - That of the losses.
 */
export function reduced(
  inputs: Inputs,
  shape: readonly number[],
  reduction: Reduction,
  jobOf: (reduction: EngineReduction, pixelWeights: FloatArray | undefined) => Job,
): Arrangement {
  const { pixelWeights: input, mask } = inputs
  if (mask !== undefined) throw noMask()
  const valuesShape = reduction === 'NONE' ? shape : undefined
  if (input === undefined) {
    const plain = reduction === 'NONE' ? 'none' : reduction === 'SUM' ? 'sum' : 'mean'
    return { jobs: [jobOf(plain, undefined)], valuesShape }
  }
  const weights = weightsOf(input, shape)
  const { total } = weights
  if (reduction !== 'NONE') {
    const divisor = divisorOf(weights, size(shape), reduction)
    if (divisor === 0) return { jobs: [jobOf('sum', total)], undefinedTerm: 0 }
    return {
      jobs: [
        jobOf(
          'sum',
          total.map((weight) => weight / divisor),
        ),
      ],
    }
  }
  return {
    jobs: [jobOf('none', total)],
    valuesShape: weights.shape,
    values: ([values]) =>
      weights.each.map((weight, index) => {
        const loss = weights.losses[index] as number
        return weight === 0 ? 0 : (weight / (total[loss] as number)) * ((values as Float64Array)[loss] as number)
      }),
  }
}

/** Weights and losses, broadcast to each other. */
interface Weights {
  readonly shape: readonly number[]
  /** One weight an element of that shape. */
  readonly each: Float64Array<ArrayBuffer>
  /** Which loss it weighs. */
  readonly losses: Float64Array
  /** The sum of its weights, one a loss. */
  readonly total: Float64Array
  /** The weights as they came. */
  readonly given: FloatArray
}

function weightsOf(input: Input, lossShape: readonly number[]): Weights {
  const given = numbersOf(input)
  const own = shapeOf(input, lossShape)
  checkLength(input.tensor.data, size(own), own, input.name)
  const wrong = given.findIndex((weight) => !(weight >= 0 && weight < Infinity))
  if (wrong >= 0) throw wrongWeight(given[wrong] as number, wrong)
  const shape = common(lossShape, own)
  if (shape === undefined) {
    throw masklossError({
      code: 'ERR_MASKLOSS_SHAPE',
      argument: input.name,
      expected: `a shape that broadcasts with ${list(lossShape)}`,
      actual: list(own),
      remedy: 'pass one weight a loss, or extents of 1 to repeat one along an axis',
    })
  }
  const each = broadcast(given, own, shape)
  const numbered = Float64Array.from({ length: size(lossShape) }, (_, index) => index)
  const losses = broadcast(numbered, lossShape, shape)
  const total = new Float64Array(numbered.length)
  for (let index = 0; index < each.length; index += 1) total[losses[index] as number]! += each[index] as number
  return { shape, each, losses, total, given }
}

/** The shape that both broadcast to. */
function common(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length)
  const aligned = (shape: readonly number[], axis: number): number => shape[axis - rank + shape.length] ?? 1
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(aligned(a, axis), aligned(b, axis)))
  return broadcasts(a, shape) && broadcasts(b, shape) ? shape : undefined
}

function divisorOf({ each, given }: Weights, losses: number, reduction: Exclude<Reduction, 'NONE'>): number {
  switch (reduction) {
    case 'SUM':
      return 1
    case 'SUM_BY_NONZERO_WEIGHTS':
      return each.reduce((count, weight) => (weight === 0 ? count : count + 1), 0)
    case 'MEAN': {
      // A weight that is repeated counts as often as it is, but not where it is the losses that are.
      let sum = 0
      for (const weight of given) sum += weight
      return sum * Math.max(1, losses / given.length)
    }
  }
}

function wrongWeight(weight: number, index: number): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_PIXEL_WEIGHT',
    argument: 'pixelWeights',
    expected: 'finite weights ≥ 0',
    actual: `${weight} at element ${index}`,
    remedy: 'a weight of 0 leaves a loss out',
  })
}

function noMask(): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'mask',
    expected: 'no mask: the losses of tfjs have weights only',
    actual: 'a mask',
    remedy: 'multiply it into pixelWeights',
  })
}
