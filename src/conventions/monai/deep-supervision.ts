/** MONAI's deep supervision. */
import { labelArray, predictionArray } from '../../convert.ts'
import { describe, list } from '../../describe.ts'
import type { FloatArray } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import { sameShape } from '../../layout.ts'
import { FINITE, OptionNames, type OptionValues } from '../../options.ts'
import { resizeNearest } from '../../resize.ts'
import type { LossResult } from '../../result.ts'
import { checkScales, listOf, outputsOf, scaleWeights, type Output, type Scale } from '../../scales.ts'
import { checkLength, recognize, type Tensor, type TensorLike } from '../../tensor.ts'
import type { ConventionCriterion, Entry } from '../convention.ts'
import { size } from '../path.ts'
import { namesOf, numbers, orNull, readAll, word } from '../reader.ts'

/**
 * `DeepSupervisionLoss` of MONAI 1.5: `Σ_l w_l·loss(prediction_l, target_l)`, a loss applied to outputs of several scales. The target is
 * resized to each of them by its nearest pixels (`nearest-exact`: pixel i of n comes from ⌊(i + ½)·N/n⌋ of N). One tensor instead of a list is
 * evaluated without weights, with the same call options.
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
  /**
   * `true`: allocate the gradients. A list with an array for each output: write them there; they may share no memory with each
   * other or with an input. For one tensor, one array. Default: none.
   */
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
   * Evaluates the scales. Options, shapes and memory of all are checked before anything is written; the data of a scale before its
   * own gradient.
   * @param predictions - The outputs, from full resolution on, or one of them; with their shapes. Samples and classes are the same in all.
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
type Evaluate = (prediction: TensorLike, target: TensorLike, options?: object) => DeepSupervisionResult

/** {@inheritDoc DeepSupervisionLossOptions} */
export const DeepSupervisionLoss: Entry<(options: DeepSupervisionLossOptions) => DeepSupervisionCriterion> =
  () => (given) => {
    const { loss, weightMode, weights } = readAll(namesOf(NAME, READERS).parse(given), READERS)
    const evaluate: Evaluate = (prediction, target, options) => loss.evaluate(prediction, target, options)
    return {
      evaluate(predictions, target, options) {
        const call = CALL.parse(options)
        if (!Array.isArray(predictions)) return evaluate(predictions as TensorLike, target, givenIn(call))
        const reference = recognize(target, 'target')
        const scales = listOf(predictions).map(scaleOf)
        checkScales(scales)
        const factors = weightsOf(scales.length, weightMode, weights)
        const targets = pyramidOf(reference, scales)
        const outputs = outputsOf(call, 'gradient', scales, factors, { target: reference })
        const threads = call.raw('threads')
        const results = scales.map(({ tensor }, scale) =>
          evaluate(tensor, targets[scale] as TensorLike, { threads, ...outputs?.[scale] }),
        )
        return summed(results, factors, outputs)
      },
    }
  }

/** The call options of one tensor: those that a list of them takes too. */
function givenIn(call: OptionValues): object {
  return Object.fromEntries(CALL.names.filter((name) => call.has(name)).map((name) => [name, call.raw(name)]))
}

/** The scales' weights. */
function weightsOf(
  scales: number,
  mode: 'same' | 'exp' | 'two',
  given: readonly number[] | undefined,
): readonly number[] {
  if (given !== undefined && given.length >= scales) return given.slice(0, scales)
  return scaleWeights(mode === 'exp' ? 'exponential' : mode, scales)
}

function summed(
  results: readonly DeepSupervisionResult[],
  weights: readonly number[],
  outputs: readonly Output[] | undefined,
): DeepSupervisionResult {
  const loss = results.reduce((sum, result, scale) => sum + (weights[scale] as number) * result.loss, 0)
  return {
    loss,
    values: Float64Array.of(loss),
    valuesShape: [],
    nonFinite: results.reduce((sum, result) => sum + result.nonFinite, 0),
    numerics: (results[0] as LossResult).numerics,
    ...(outputs === undefined ? {} : { gradient: outputs.map(({ gradient }) => gradient) }),
  }
}

/** An output `[N, C, …]`. */
function scaleOf(output: unknown): Scale & { readonly tensor: TensorLike } {
  const given = recognize(output, 'prediction')
  const { shape } = given
  if (shape === undefined || shape.length < 2) {
    throw wrongShape('prediction', 'a shape [N, C, …] of every scale', shape, 'pass { data, shape }')
  }
  const [samples, classes] = shape as [number, number]
  const geometry = { shape, length: size(shape), samples, classes }
  return { given, geometry, tensor: { data: predictionArray(given), shape } }
}

/** The target with the spatial extents of each scale. */
function pyramidOf(target: Tensor, scales: readonly Scale[]): readonly TensorLike[] {
  const { shape } = target
  const { shape: first } = (scales[0] as Scale).geometry
  if (shape?.length !== first.length) {
    const remedy = 'pass { data, shape }, the target with an axis for its classes'
    throw wrongShape('target', `a shape with ${first.length} axes`, shape, remedy)
  }
  checkLength(target.data, size(shape), shape, 'target')
  const data = labelArray(target)
  const [lead, spatial] = [shape.slice(0, 2), shape.slice(2)]
  return scales.map(({ geometry }) => {
    const to = geometry.shape.slice(2)
    if (sameShape(to, spatial)) return { data, shape }
    return { data: resizeNearest(data, { lead: size(lead), spatial, trail: 1 }, to), shape: [...lead, ...to] }
  })
}

function wrongShape(argument: string, expected: string, actual: readonly number[] | undefined, remedy: string): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument,
    expected,
    actual: actual === undefined ? 'none' : list(actual),
    remedy,
  })
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
