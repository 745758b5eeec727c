/** MONAI's deep supervision. */
import { masklossError } from '../../errors.ts'
import { describe, list } from '../../describe.ts'
import { FINITE, OptionNames } from '../../options.ts'
import type { FloatArray } from '../../engine.ts'
import type { LossResult } from '../../result.ts'
import { recognize, type Tensor, type TensorLike } from '../../tensor.ts'
import type { ConventionCriterion, Entry } from '../convention.ts'
import { namesOf, numbers, orNull, readAll, word } from '../reader.ts'

/**
 * `DeepSupervisionLoss` of MONAI 1.5: `Σ_l w_l·loss(prediction_l, target_l)`, a loss applied to outputs of several scales. The target is
 * resized to each of them by its nearest pixels (`nearest-exact`: pixel i of n comes from ⌊(i + ½)·N/n⌋ of N). One tensor instead of a list is
 * evaluated without weights.
 */
export interface DeepSupervisionLossOptions {
  /** A criterion with targets `[N, 1, …]` or `[N, C, …]`: of any convention, or one of ours. Required. */
  readonly loss: ScaleCriterion
  /** `'exp'`: w = 1, ½, ¼, …, at least 1/16; `'same'`: 1; `'two'`: 1, then ½. Default `'exp'`. */
  readonly weightMode?: 'same' | 'exp' | 'two' | undefined
  /** The weights themselves, where they are as many as the outputs or more. Default `null`. */
  readonly weights?: ArrayLike<number> | null | undefined
}

/** What evaluates one scale. */
export interface ScaleCriterion {
  evaluate: ConventionCriterion['evaluate'] | ((...call: never) => LossResult)
}

/** On what the scales are evaluated together. */
export interface DeepSupervisionCallOptions {
  /** `true`: allocate the gradients. A list with an array for each output: write them there. For one tensor, one array. Default: none. */
  readonly gradient?: boolean | FloatArray | readonly FloatArray[] | undefined
  /** Factor of the gradients; finite. Default 1. */
  readonly gradientScale?: number | undefined
  /** Add the scaled gradients to what the given arrays hold. Default `false`. */
  readonly accumulate?: boolean | undefined
  /** Upper bound of the threads of this call. */
  readonly threads?: number | undefined
}

/** What all scales come to. */
export interface DeepSupervisionResult extends LossResult {
  /** One gradient an output; for one tensor, its own. */
  readonly gradient?: FloatArray | readonly FloatArray[]
}

/** A loss of several scales, its options read. */
export interface DeepSupervisionCriterion {
  /**
   * Evaluates the scales.
   * @param predictions - The outputs, from full resolution on, or one of them; with their shapes.
   * @param target - At any resolution of the same rank; with its shape.
   */
  evaluate(
    predictions: TensorLike | readonly TensorLike[],
    target: TensorLike,
    options?: DeepSupervisionCallOptions,
  ): DeepSupervisionResult
}

const READERS = {
  loss: { kind: 'value', read: (options: { raw(name: string): unknown }) => criterionOf(options.raw('loss')) },
  weightMode: word(['same', 'exp', 'two'], 'exp'),
  weights: orNull(numbers(FINITE)),
} as const
const NAME = 'conventions.monai.DeepSupervisionLoss'
const CALL = new OptionNames(`${NAME}.evaluate`, {
  gradient: 'tensor',
  gradientScale: 'value',
  accumulate: 'value',
  threads: 'value',
})

/** How a scale is called: by ours and by conventions alike. */
type Evaluate = (prediction: TensorLike, target: TensorLike, options: object) => DeepSupervisionResult

/** {@inheritDoc DeepSupervisionLossOptions} */
export const DeepSupervisionLoss: Entry<(options: DeepSupervisionLossOptions) => DeepSupervisionCriterion> =
  () => (given) => {
    const { loss, weightMode, weights } = readAll(namesOf(NAME, READERS).parse(given), READERS)
    const evaluate: Evaluate = (prediction, target, options) => loss.evaluate(prediction, target, options)
    return {
      evaluate(predictions, target, options) {
        const [gradient, gradientScale = 1, accumulate, threads] = CALL.read(options) as [
          unknown,
          number?,
          unknown?,
          unknown?,
        ]
        if (!Array.isArray(predictions)) {
          return evaluate(predictions as TensorLike, target, {
            gradient,
            gradientScale: gradient ? gradientScale : undefined,
            accumulate,
            threads,
          })
        }
        const outputs = predictions as readonly TensorLike[]
        const factors = weightsOf(outputs.length, weightMode, weights)
        const reference = recognize(target, 'target')
        const results = outputs.map((output, scale) => {
          const own = Array.isArray(gradient) ? (gradient[scale] as unknown) : gradient
          const asked = own !== undefined && own !== false
          return evaluate(output, resized(reference, output), {
            gradient: own,
            gradientScale: asked ? gradientScale * (factors[scale] as number) : undefined,
            accumulate,
            threads,
          })
        })
        return summed(results, factors, gradient !== undefined && gradient !== false)
      },
    }
  }

/** The scales' weights. */
function weightsOf(
  count: number,
  mode: 'same' | 'exp' | 'two',
  given: readonly number[] | undefined,
): readonly number[] {
  if (given !== undefined && given.length >= count) return given.slice(0, count)
  return Array.from({ length: count }, (_, scale) => {
    if (mode === 'same') return 1
    return mode === 'two' ? (scale === 0 ? 1 : 0.5) : Math.max(0.5 ** scale, 0.0625)
  })
}

function summed(
  results: readonly DeepSupervisionResult[],
  weights: readonly number[],
  withGradient: boolean,
): DeepSupervisionResult {
  const loss = results.reduce((sum, result, scale) => sum + (weights[scale] as number) * result.loss, 0)
  return {
    loss,
    values: Float64Array.of(loss),
    valuesShape: [],
    nonFinite: results.reduce((sum, result) => sum + result.nonFinite, 0),
    numerics: results[0]?.numerics ?? '',
    ...(withGradient ? { gradient: results.map((result) => result.gradient as FloatArray) } : {}),
  }
}

/** The target with the spatial extents of an output. */
function resized(target: Tensor, output: TensorLike): TensorLike {
  const wanted = recognize(output, 'prediction').shape
  const { shape, data } = target
  if (shape === undefined || wanted === undefined || shape.length !== wanted.length) {
    throw masklossError({
      code: 'ERR_MASKLOSS_SHAPE',
      argument: 'target',
      expected: wanted === undefined ? 'predictions with shapes' : `a shape with ${wanted.length} axes`,
      actual: shape === undefined ? 'none' : list(shape),
      remedy: 'pass { data, shape }, the target with an axis for its classes',
    })
  }
  const spatial = wanted.slice(2)
  if (spatial.every((extent, axis) => extent === shape[axis + 2])) return { data, shape }
  let sources = [0]
  const sizes = [...shape.slice(0, 2), ...spatial]
  for (const [axis, extent] of shape.entries()) {
    const count = sizes[axis] as number
    const nearest = Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * extent) / count))
    sources = sources.flatMap((base) => nearest.map((index) => base * extent + index))
  }
  const Own = data.constructor as new (length: number) => Tensor['data']
  const result = new Own(sources.length)
  for (const [index, source] of sources.entries()) result[index] = data[source] as never
  return { data: result, shape: sizes }
}

function criterionOf(value: unknown): { evaluate: Evaluate } {
  const { evaluate } = (value ?? {}) as { evaluate?: unknown }
  if (typeof evaluate === 'function') return value as { evaluate: Evaluate }
  throw masklossError({
    code: value === undefined ? 'ERR_MASKLOSS_OPTION_MISSING' : 'ERR_MASKLOSS_OPTION_TYPE',
    argument: 'loss',
    expected: 'a criterion',
    actual: describe(value),
    remedy: 'pass for example conventions.monai.DiceLoss({ softmax: true, toOnehotY: true })',
  })
}
