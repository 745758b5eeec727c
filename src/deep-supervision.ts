/** One criterion applied to the outputs of a network at several scales, each against the target in its own size. */
import { GRADIENT, gradientOf, NO_CALL_OPTIONS, shapeOf } from './call.ts'
import { originOf, type LossCriterion } from './criterion.ts'
import { labelArray, planeArray, weightArray } from './convert.ts'
import { describe, list } from './describe.ts'
import type { FloatArray } from './engine.ts'
import { masklossError } from './errors.ts'
import { geometryOf, isOneOfShapes, sameShape, type Geometry } from './layout.ts'
import type { Plan } from './loss.ts'
import { NON_NEGATIVE, OptionNames, type OptionKind, type OptionValues } from './options.ts'
import { resizeNearest } from './resize.ts'
import type { CallOptions, GradientOf, LossResult, WithTerms } from './result.ts'
import { checkPixelShape, isPerClass } from './target.ts'
import { copyShape, recognize, type Tensor, type TensorLike } from './tensor.ts'
import type { DType, TypedArray } from './typed-array.ts'

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
  /** `true`: allocate and return the gradients. A list of arrays, one a prediction: write them there. Default: no gradients. */
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

const WEIGHT_MODES = ['exponential', 'same', 'two'] as const
const LEAST_WEIGHT = 1 / 16

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
   * Evaluates the criterion at every scale. A scale is checked before its own gradient is written.
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
    const scales = this.#scales(predictions, call)
    const weights = this.#weightsOf(scales.length)
    const wanted = wantedGradients(call, scales.length)
    const references = new Pyramid(recognize(target, 'target'), scales, this.#plan)
    const pixelWeights = call.has('pixelWeights') ? recognize(call.raw('pixelWeights'), 'pixelWeights') : undefined

    let loss = 0
    const results: ScaleResult[] = []
    const gradients: FloatArray[] = []
    for (const [index, scale] of scales.entries()) {
      const weight = weights[index] as number
      const on = {
        pixelWeights: pixelWeights === undefined ? undefined : references.weights(pixelWeights, index),
        threads: call.raw('threads'),
      }
      const gradient = wanted?.[index]
      if (weight === 0) {
        results.push(this.#evaluate(scale, references.target(index), on))
        if (gradient !== undefined) gradients.push(noGradient(gradient, scale, call.raw('accumulate') === true))
        continue
      }
      const gradientScale =
        gradient === undefined ? call.raw('gradientScale') : times(weight, call.raw('gradientScale'))
      const how = { ...on, gradient, gradientScale, accumulate: call.raw('accumulate') }
      const { gradient: written, ...result } = this.#evaluate(scale, references.target(index), how)
      loss += weight * result.loss
      results.push(result)
      if (written !== undefined) gradients.push(written)
    }
    const result = { loss, scales: results, ...(wanted === undefined ? {} : { gradients }) }
    return result as unknown as DeeplySupervised<Prediction, Gradients>
  }

  /** The criterion checks the options of its call. */
  #evaluate(scale: Scale, target: TensorLike, options: object): ScaleResult & { readonly gradient?: FloatArray } {
    return this.#criterion.evaluate(scale.tensor, target, options)
  }

  /** The predictions and their shapes. */
  #scales(predictions: unknown, call: OptionValues): readonly Scale[] {
    if (!Array.isArray(predictions) || predictions.length === 0) {
      const actual = Array.isArray(predictions) ? 'none' : describe(predictions)
      throw wrong('predictions', 'a list of predictions', actual, 'pass [output] where there is one scale')
    }
    const shapes = call.raw('shapes')
    if (shapes !== undefined && !(Array.isArray(shapes) && shapes.length === predictions.length)) {
      const expected = `${predictions.length} shapes, one a prediction,`
      throw wrong('shapes', expected, describe(shapes), 'pass for example [[1, 2, 64, 64], [1, 2, 32, 32]]')
    }
    const scales = predictions.map((prediction: unknown, index): Scale => {
      const recognized = recognize(prediction, 'prediction')
      const given: unknown = Array.isArray(shapes) ? shapes[index] : undefined
      if (recognized.shape === undefined && given === undefined) throw missingShapes()
      const shape = copyShape(shapeOf(recognized, given), 'shape')
      const geometry = geometryOf(shape, this.#plan.layout, recognized.image)
      const tensor = recognized.image ? (prediction as TensorLike) : tensorOf(recognized, shape)
      return { geometry, tensor, dtype: recognized.dtype }
    })
    const first = (scales[0] as Scale).geometry
    for (const { geometry } of scales) {
      if (geometry.samples === first.samples && geometry.classes === first.classes) continue
      throw masklossError({
        code: 'ERR_MASKLOSS_SHAPE',
        argument: 'predictions',
        expected: `${first.samples} samples and ${first.classes} classes in every scale`,
        actual: `the shape ${list(geometry.shape)}`,
        remedy: 'scales differ in their spatial extents only',
      })
    }
    return scales
  }
}

/** A prediction at one scale. */
interface Scale {
  readonly geometry: Geometry
  readonly tensor: TensorLike
  readonly dtype: DType
}

/** The target and the pixel weights in the size of each scale. */
class Pyramid {
  readonly #scales: readonly Scale[]
  readonly #base: Geometry
  readonly #target: Tensor
  readonly #perClass: boolean

  constructor(target: Tensor, scales: readonly Scale[], plan: Plan) {
    this.#scales = scales
    this.#target = target
    this.#base = geometryOfTarget(target, (scales[0] as Scale).geometry)
    this.#perClass = isPerClass(target, this.#base, plan.rules)
  }

  target(index: number): TensorLike {
    const { geometry } = this.#scales[index] as Scale
    const { samples, channelsLast, classes } = this.#base
    const data = this.#perClass ? planeArray(this.#target) : labelArray(this.#target)
    const shape = (this.#perClass ? geometry.shape : geometry.labelShapes[0]) as readonly number[]
    const interleaved = this.#perClass && channelsLast
    const lead = this.#perClass && !channelsLast ? samples * classes : samples
    return { data: this.#resized(data, lead, interleaved ? classes : 1, geometry), shape }
  }

  weights(tensor: Tensor, index: number): TensorLike {
    checkPixelShape(tensor, this.#base, 'pixelWeights')
    const { geometry } = this.#scales[index] as Scale
    const shape = geometry.labelShapes[0] as readonly number[]
    return { data: this.#resized(weightArray(tensor), this.#base.samples, 1, geometry), shape }
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

function tensorOf({ data, dtype }: Tensor, dims: readonly number[]): TensorLike {
  return { data, dims, type: dtype }
}

function wantedGradients(call: OptionValues, scales: number): readonly (FloatArray | true)[] | undefined {
  const gradients = call.raw('gradients')
  if (gradients === undefined || gradients === false) return undefined
  if (gradients === true) return Array.from({ length: scales }, () => true as const)
  if (Array.isArray(gradients) && gradients.length === scales) return gradients as FloatArray[]
  const actual = Array.isArray(gradients) ? `${gradients.length}` : describe(gradients)
  throw wrong('gradients', `true or ${scales} typed arrays, one a prediction,`, actual, 'pass gradients: true')
}

/** The gradient of a scale that adds nothing: zeros, or what was there. */
function noGradient(wanted: FloatArray | true, { geometry, dtype }: Scale, accumulate: boolean): FloatArray {
  const call: unknown[] = [...NO_CALL_OPTIONS]
  call[GRADIENT] = wanted
  const gradient = gradientOf(call, dtype, geometry.shape, geometry.length) as FloatArray
  return accumulate ? gradient : gradient.fill(0)
}

/** What is no number is left for the criterion to refuse. */
function times(weight: number, scale: unknown): unknown {
  return scale === undefined || typeof scale === 'number' ? weight * (scale ?? 1) : scale
}

function parseWeights(options: OptionValues): (scales: number) => readonly number[] {
  const weights = options.numbers('weights', NON_NEGATIVE)
  const mode = options.oneOf('weightMode', WEIGHT_MODES) ?? 'exponential'
  if (weights === undefined) return (scales) => Array.from({ length: scales }, (_, index) => modeWeight(mode, index))
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

function modeWeight(mode: (typeof WEIGHT_MODES)[number], index: number): number {
  if (mode === 'exponential') return Math.max(0.5 ** index, LEAST_WEIGHT)
  return mode === 'same' || index === 0 ? 1 : 0.5
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

function wrong(argument: string, expected: string, actual: string, remedy: string): Error {
  return masklossError({ code: 'ERR_MASKLOSS_OPTION_TYPE', argument, expected, actual, remedy })
}
