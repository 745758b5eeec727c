/** One criterion applied to the outputs of a network at several scales, each against the target in its own size. */
import { shapeOf } from './call.ts'
import { originOf, type LossCriterion } from './criterion.ts'
import { labelArray, planeArray, predictionArray, weightArray } from './convert.ts'
import { describe } from './describe.ts'
import type { FloatArray } from './engine.ts'
import { masklossError } from './errors.ts'
import { geometryOf, isOneOfShapes, sameShape, type Geometry } from './layout.ts'
import type { Plan } from './loss.ts'
import { NON_NEGATIVE, OptionNames, type OptionKind, type OptionValues } from './options.ts'
import { resizeNearest } from './resize.ts'
import type { CallOptions, GradientOf, LossResult, WithTerms } from './result.ts'
import { checkScales, listOf, outputsOf, scaleWeights, type Scale, type ScaleMode } from './scales.ts'
import { checkPixelShape, isPerClass } from './target.ts'
import { copyShape, recognize, type Tensor, type TensorLike } from './tensor.ts'
import type { TypedArray } from './typed-array.ts'

/** How the scales weigh. */
export interface DeepSupervisionOptions {
  /** One weight ≥ 0 a scale, as many as there are predictions. A scale of weight 0 adds nothing. */
  readonly weights?: ArrayLike<number> | undefined
  /**
   * Weights for any number of scales: `'exponential'` 1, ½, ¼, … and at least 1/16; `'same'` all 1; `'two'` 1, then ½ for all
   * others. Default `'exponential'`, as in MONAI. nnU-Net halves too, leaves the last scale out and makes the sum 1: for 4 scales
   * that is `weights: [4 / 7, 2 / 7, 1 / 7, 0]`.
   */
  readonly weightMode?: 'exponential' | 'same' | 'two' | undefined
}

/** What the option `gradients` may be. */
export type GradientsOption = readonly FloatArray[] | boolean | undefined

/** On what the criterion is evaluated. */
export interface DeepSupervisionCallOptions<Gradients extends GradientsOption = GradientsOption> extends Pick<
  CallOptions,
  'gradientScale' | 'accumulate' | 'threads'
> {
  /** The shapes of the predictions. Required for bare typed arrays; tensor objects bring their own. */
  readonly shapes?: readonly ArrayLike<number>[] | undefined
  /** One weight a pixel of the target, resized as the target is. Default: 1 everywhere. */
  readonly pixelWeights?: TensorLike | undefined
  /**
   * `true`: allocate and return the gradients. A list of arrays, one a prediction: write them there. They may share no memory with
   * each other or with an input of any scale. Default: no gradients.
   */
  readonly gradients?: Gradients
}

/** What comes out of all scales. */
export interface DeepSupervisionResult {
  /** Σ weight · loss over the scales. */
  readonly loss: number
  /** The result of each scale, before its weight. */
  readonly scales: readonly ScaleResult[]
}

/** The result of one scale; with `terms` where the criterion is a compound. */
export interface ScaleResult extends LossResult, Partial<WithTerms<string>> {}

/** The gradients that were asked for, one a prediction: gradientScale · weight · ∂loss/∂prediction. */
export interface WithGradients<Gradients> {
  readonly gradients: Gradients
}

/** The result of one call: with gradients where they were asked for. */
export type DeeplySupervised<Prediction, Gradients> = DeepSupervisionResult &
  ([Gradients] extends [false | undefined]
    ? unknown
    : [Gradients] extends [true]
      ? WithGradients<readonly GradientOf<Prediction>[]>
      : [Gradients] extends [readonly FloatArray[]]
        ? WithGradients<Gradients>
        : Partial<WithGradients<readonly FloatArray[]>>)

const OPTIONS: Readonly<Record<keyof DeepSupervisionOptions, OptionKind>> = { weights: 'list', weightMode: 'value' }
const NAMES = new OptionNames('deepSupervision', OPTIONS)
const CALL: Readonly<Record<keyof DeepSupervisionCallOptions, OptionKind>> = {
  shapes: 'list',
  pixelWeights: 'tensor',
  gradients: 'tensor',
  gradientScale: 'value',
  accumulate: 'value',
  threads: 'value',
}
const CALL_NAMES = new OptionNames('DeepSupervision.evaluate', CALL)

const WEIGHT_MODES: readonly ScaleMode[] = ['exponential', 'same', 'two']

/** A criterion for lists of predictions, made by `deepSupervision`. */
export class DeepSupervision {
  readonly #criterion: LossCriterion<never>
  readonly #plan: Plan
  readonly #weightsOf: (scales: number) => readonly number[]

  constructor(criterion: LossCriterion<never>, options?: DeepSupervisionOptions) {
    this.#criterion = criterion
    this.#plan = originOf(criterion, 'criterion').plan
    this.#weightsOf = parseWeights(NAMES.parse(options))
  }

  /**
   * Evaluates the criterion at every scale. Options, shapes and memory of all scales are checked before anything is written; the
   * data of a scale before its own gradient.
   * @param predictions - One a scale, the largest first by custom; samples and classes are the same in all.
   * @param target - Labels or one plane a class, in any size where it carries its shape, else in that of the first prediction. A
   *   scale of another size gets it resized by nearest neighbor.
   * @param options - On what: `shapes` are required for bare typed arrays.
   * @throws {MasklossTypeError} For a wrong kind of argument or contradictory options.
   * @throws {MasklossRangeError} For shapes that disagree and for data outside its range.
   */
  evaluate<Prediction extends TensorLike, const Gradients extends GradientsOption = undefined>(
    predictions: readonly Prediction[],
    target: TensorLike,
    options?: DeepSupervisionCallOptions<Gradients>,
  ): DeeplySupervised<Prediction, Gradients> {
    const call = CALL_NAMES.parse(options)
    const reference = recognize(target, 'target')
    const pixelWeights = call.has('pixelWeights') ? recognize(call.raw('pixelWeights'), 'pixelWeights') : undefined
    const scales = this.#scales(predictions, call)
    const weights = this.#weightsOf(scales.length)
    const references = new Pyramid(reference, pixelWeights, scales, this.#plan)
    const threads = call.raw('threads')
    const outputs = outputsOf(call, 'gradients', scales, weights, { target: reference, pixelWeights })

    let loss = 0
    const results: ScaleResult[] = []
    for (const [index, { tensor }] of scales.entries()) {
      const weight = weights[index] as number
      const output = outputs?.[index]
      const on = { pixelWeights: references.weights(index), threads }
      const { gradient, ...result } = this.#evaluate(
        tensor,
        references.target(index),
        weight === 0 ? on : { ...on, ...output },
      )
      results.push(result)
      if (weight !== 0) loss += weight * result.loss
      else if (output?.accumulate === false) output.gradient.fill(0)
    }
    const gradients = outputs?.map(({ gradient }) => gradient)
    const result = { loss, scales: results, ...(gradients === undefined ? {} : { gradients }) }
    return result as unknown as DeeplySupervised<Prediction, Gradients>
  }

  #evaluate(tensor: TensorLike, target: TensorLike, options: object): ScaleResult & { readonly gradient?: FloatArray } {
    return this.#criterion.evaluate(tensor, target, options)
  }

  /** The predictions and their shapes. */
  #scales(predictions: unknown, call: OptionValues): readonly OwnScale[] {
    const outputs = listOf(predictions)
    const shapes = call.raw('shapes')
    if (shapes !== undefined && !(Array.isArray(shapes) && shapes.length === outputs.length)) {
      const expected = `${outputs.length} shapes, one a prediction,`
      throw masklossError({
        code: 'ERR_MASKLOSS_OPTION_TYPE',
        argument: 'shapes',
        expected,
        actual: describe(shapes),
        remedy: 'pass for example [[1, 2, 64, 64], [1, 2, 32, 32]]',
      })
    }
    const scales = outputs.map((prediction: unknown, index): OwnScale => {
      const recognized = recognize(prediction, 'prediction')
      const given: unknown = Array.isArray(shapes) ? shapes[index] : undefined
      if (recognized.shape === undefined && given === undefined) throw missingShapes()
      const shape = copyShape(shapeOf(recognized, given), 'shape')
      const geometry = geometryOf(shape, this.#plan.layout, recognized.image)
      return { geometry, given: recognized, tensor: tensorOf(recognized, shape) }
    })
    checkScales(scales)
    return scales
  }
}

/** A prediction at one scale. */
interface OwnScale extends Scale {
  readonly geometry: Geometry
  /** The prediction as an engine reads it, with nothing of the caller's but the memory. */
  readonly tensor: TensorLike
}

/** The target and the pixel weights in the size of each scale. */
class Pyramid {
  readonly #scales: readonly OwnScale[]
  readonly #base: Geometry
  readonly #perClass: boolean
  readonly #target: TypedArray
  readonly #weights: FloatArray | undefined

  constructor(target: Tensor, weights: Tensor | undefined, scales: readonly OwnScale[], plan: Plan) {
    this.#scales = scales
    this.#base = geometryOfTarget(target, (scales[0] as OwnScale).geometry)
    this.#perClass = isPerClass(target, this.#base, plan.rules)
    if (weights !== undefined) checkPixelShape(weights, this.#base, 'pixelWeights')
    this.#target = this.#perClass ? planeArray(target) : labelArray(target)
    this.#weights = weights === undefined ? undefined : weightArray(weights)
  }

  target(index: number): TensorLike {
    const { geometry } = this.#scales[index] as OwnScale
    const { samples, channelsLast, classes } = this.#base
    const shape = (this.#perClass ? geometry.shape : geometry.labelShapes[0]) as readonly number[]
    const interleaved = this.#perClass && channelsLast
    const lead = this.#perClass && !channelsLast ? samples * classes : samples
    return { data: this.#resized(this.#target, lead, interleaved ? classes : 1, geometry), shape }
  }

  weights(index: number): TensorLike | undefined {
    if (this.#weights === undefined) return undefined
    const { geometry } = this.#scales[index] as OwnScale
    const shape = geometry.labelShapes[0] as readonly number[]
    return { data: this.#resized(this.#weights, this.#base.samples, 1, geometry), shape }
  }

  #resized<Data extends TypedArray>(data: Data, lead: number, trail: number, { spatial }: Geometry): Data {
    if (sameShape(spatial, this.#base.spatial)) return data
    return resizeNearest(data, { lead, spatial: this.#base.spatial, trail }, spatial)
  }
}

/** The geometry of a prediction in the size of the target, which is the first one's where the target carries no shape. */
function geometryOfTarget({ shape }: Tensor, first: Geometry): Geometry {
  if (shape === undefined) return first
  const rank = first.spatial.length
  // The spatial axes are the last ones, or the last but one where the classes come last.
  for (const end of first.channelsLast ? [shape.length, shape.length - 1] : [shape.length]) {
    if (end < rank) continue
    const resized = first.shape.slice()
    for (let axis = 0; axis < rank; axis += 1) {
      resized[first.layout.search(/[DHW]/) + axis] = shape[end - rank + axis] as number
    }
    const geometry = geometryOf(resized, first.layout, false)
    if (isOneOfShapes(shape, [...geometry.labelShapes, ...geometry.classShapes])) return geometry
  }
  return first
}

function missingShapes(): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_MISSING',
    argument: 'shapes',
    expected: 'the shapes of the predictions',
    actual: 'nothing',
    remedy: 'bare typed arrays need them, for example shapes: [[1, 2, 64, 64], [1, 2, 32, 32]]',
  })
}

function tensorOf(given: Tensor, shape: readonly number[]): TensorLike {
  const data = predictionArray(given)
  if (!given.image) return { data, shape }
  const [height, width, channels] = shape as [number, number, number?]
  return { data, height, width, channels: channels ?? 1 }
}

function parseWeights(options: OptionValues): (scales: number) => readonly number[] {
  const weights = options.numbers('weights', NON_NEGATIVE)
  const mode = options.oneOf('weightMode', WEIGHT_MODES) ?? 'exponential'
  if (weights === undefined) return (scales) => scaleWeights(mode, scales)
  if (options.has('weightMode')) {
    throw options.conflict('weightMode', 'no weights beside it', 'both', 'pass either weights or weightMode')
  }
  if (weights.every((weight) => weight === 0)) {
    throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'weights', 'some weight above 0', 'one scale must count')
  }
  return (scales) => {
    if (weights.length === scales) return weights
    const expected = `one weight a prediction (${scales})`
    throw options.conflict('weights', expected, `${weights.length}`, 'pass weightMode for any number of scales')
  }
}

/** Applies a criterion to predictions at several scales. */
export type DeepSupervisionFunction = (
  criterion: LossCriterion<never>,
  options?: DeepSupervisionOptions,
) => DeepSupervision

/**
 * Deep supervision: one criterion for the outputs of a network at several scales,
 *
 *     loss = Σ_i weight_i · criterion(prediction_i, target in the size of prediction_i)
 *
 * The target (and `pixelWeights`) is resized by nearest neighbor, source = floor((i + ½)·m/n): PyTorch's `nearest-exact`, as in
 * MONAI's `DeepSupervisionLoss` and nnU-Net's downsampling of segmentations.
 *
 *     const supervision = deepSupervision(new DiceCrossEntropyLoss({ activation: 'softmax' }))
 *     const { loss, gradients } = supervision.evaluate([full, half, quarter], labels, { gradients: true })
 *
 * Source: Lee et al., "Deeply-supervised nets" (2015).
 * @param criterion - Any loss of maskloss, or `combine`'s.
 * @param options - How the scales weigh.
 */
export const deepSupervision: DeepSupervisionFunction = (criterion, options) => new DeepSupervision(criterion, options)
