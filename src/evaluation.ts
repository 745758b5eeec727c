/**
 * A criterion at work. Options were read and checked once; what depends on the number of classes is checked and compiled
 * once for each; what depends on the shape is kept for the last shape seen. A warm call recognizes two tensors, compares
 * a shape and two lengths, and calls the engine.
 */
import {
  accumulateOf,
  gradientOf,
  gradientScaleOf,
  newFloat64Array,
  PIXEL_WEIGHTS,
  refuseOverlap,
  SHAPE,
  shapeOf,
  threadsOf,
} from './call.ts'
import { labelArray, planeArray, predictionArray, weightArray } from './convert.ts'
import { describe } from './describe.ts'
import type {
  CriterionSpec,
  EngineCriterion,
  EngineSource,
  FloatArray,
  LabelArray,
  PlaneArray,
  Term,
} from './engine.ts'
import { masklossError } from './errors.ts'
import { channelsLastError, faultError } from './faults.ts'
import { geometryOf, sameShape, type Geometry } from './layout.ts'
import type { Plan } from './loss.ts'
import { checkClassCount } from './losses/common.ts'
import { looksActivated, looksChannelsLast } from './probe.ts'
import type { LossResult } from './result.ts'
import { checkPixelShape, isPerClass } from './target.ts'
import { checkLength, copyShape, recognize, type Tensor } from './tensor.ts'
import { valuesShapeOf } from './values.ts'
import { warn } from './warning.ts'

/** A criterion compiled for a number of classes. */
interface Compiled {
  readonly criterion: EngineCriterion
  readonly spec: CriterionSpec
}

/** What is known about one shape of prediction. */
interface Fitted {
  readonly image: boolean
  readonly geometry: Geometry
  readonly compiled: Compiled
  readonly valuesShape: readonly number[]
  readonly valuesLength: number
  /** The prediction, a per-class target of this shape were looked at: see `#probe`. */
  predictionProbed: boolean
  targetProbed: boolean
}

/** Whether the owner of some options has warned: once a criterion, once a function. */
export interface Warned {
  warned: boolean
}

/** A result as it is built: the parts a call did not ask for are absent. */
interface BuiltResult extends LossResult {
  terms?: Record<string, number>
  gradient?: FloatArray
}

export class Evaluation {
  readonly #plan: Plan
  readonly #source: EngineSource
  readonly #owner: string
  readonly #warned: Warned
  readonly #terms: Float64Array
  readonly #compiled: Map<number, Compiled> = new Map()
  #numerics = ''
  #fitted: Fitted | undefined
  #activationProbed: boolean

  constructor(plan: Plan, source: EngineSource, owner: string, warned: Warned) {
    this.#plan = plan
    this.#source = source
    this.#owner = owner
    this.#warned = warned
    this.#terms = new Float64Array(plan.parts.length)
    this.#activationProbed = plan.activation === 'none'
  }

  /** Evaluates the criterion. `call` holds the slots of the call's options. */
  evaluate(prediction: unknown, target: unknown, call: readonly unknown[]): LossResult {
    // All code of the caller runs in these lines; from here on nothing can change a length or detach a buffer.
    const predicted = recognize(prediction, 'prediction')
    const reference = recognize(target, 'target')
    const weights = call[PIXEL_WEIGHTS] === undefined ? undefined : recognize(call[PIXEL_WEIGHTS], 'pixelWeights')
    if (weights !== undefined) this.#checkWeighed()

    const threads = threadsOf(call)
    const gradientScale = gradientScaleOf(call)
    const accumulate = accumulateOf(call)
    const fitted = this.#fit(predicted, call)
    const { geometry, compiled } = fitted
    const { samples, pixels, channelsLast, length } = geometry
    checkLength(predicted.data, length, geometry.shape, 'prediction')
    const perClass = isPerClass(reference, geometry, this.#plan.rules)
    if (perClass) this.#checkIgnoredClass(geometry.classes)
    if (weights !== undefined) checkPixelShape(weights, geometry, 'pixelWeights')
    const z = predictionArray(predicted)
    const g = perClass ? planeArray(reference) : labelArray(reference)
    const m = weights === undefined ? undefined : weightArray(weights)
    const gradient = gradientOf(call, predicted.dtype, geometry.shape, length)
    // The engine finds what lies in the memory it is given; what was copied for it is looked at here.
    const copied = z !== predicted.data || g !== reference.data || m !== weights?.data
    if (gradient !== undefined && copied) {
      refuseOverlap(gradient, { prediction: predicted, target: reference, pixelWeights: weights })
    }
    this.#probe(fitted, z, g, perClass)

    const values = newFloat64Array(fitted.valuesLength, 'values')
    const outcome = compiled.criterion.evaluate({
      prediction: z,
      samples,
      pixels,
      channelsLast,
      target: g,
      perClass,
      pixelWeights: m,
      gradient,
      gradientScale,
      accumulate,
      values,
      terms: this.#terms,
      threads,
    })
    if (outcome.fault !== undefined) {
      if (gradient !== undefined && outcome.fault === 'overlap') {
        refuseOverlap(gradient, { prediction: predicted, target: reference, pixelWeights: weights })
      }
      const channelsLastLikely = geometry.defaulted && looksChannelsLast(z, geometry)
      throw faultError(outcome, { geometry, plan: this.#plan, channelsLastLikely })
    }
    const result: BuiltResult = {
      loss: outcome.loss,
      values,
      valuesShape: fitted.valuesShape,
      nonFinite: outcome.nonFinite,
      numerics: this.#numerics,
    }
    if (this.#plan.terms !== undefined) result.terms = this.#namedTerms(this.#plan.terms)
    if (gradient !== undefined) result.gradient = gradient
    return result
  }

  /** What belongs to the prediction's shape, from the last call if it had the same. */
  #fit(prediction: Tensor, call: readonly unknown[]): Fitted {
    const given = call[SHAPE]
    const shape = shapeOf(prediction, given)
    const last = this.#fitted
    if (last !== undefined && last.image === prediction.image && sameShape(last.geometry.shape, shape)) return last

    const checked = prediction.shape ?? copyShape(given, 'shape')
    const geometry = geometryOf(checked, this.#plan.layout, prediction.image)
    const compiled = this.#compile(geometry.classes)
    const valuesShape = Object.freeze(valuesShapeOf(compiled.spec, geometry))
    const valuesLength = valuesShape.reduce((product, extent) => product * extent, 1)
    const fitted: Fitted = {
      image: prediction.image,
      geometry,
      compiled,
      valuesShape,
      valuesLength,
      predictionProbed: false,
      targetProbed: false,
    }
    this.#fitted = fitted
    return fitted
  }

  #compile(classes: number): Compiled {
    const known = this.#compiled.get(classes)
    if (known !== undefined) return known
    const { activation, ignoreIndex, maskValue, regions, checkValues, parts } = this.#plan
    checkClassCount(this.#plan, classes)
    const terms = parts.map((part): Term => ({ ...part.bind(classes), weight: part.weight }))
    const spec: CriterionSpec = { activation, classes, ignoreIndex, maskValue, regions, checkValues, terms }
    const engine = this.#source.engine()
    this.#numerics = engine.runtime().numerics
    const compiled = { criterion: engine.compile(spec), spec }
    this.#compiled.set(classes, compiled)
    return compiled
  }

  #checkWeighed(): void {
    const sorted = this.#plan.parts.find((part) => !part.weighsPixels)
    if (sorted === undefined) return
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_CONFLICT',
      argument: 'pixelWeights',
      expected: 'losses that are sums over pixels beside it',
      actual: `${sorted.name}, which sorts them`,
      remedy: 'mark pixels to leave out by ignoreIndex',
    })
  }

  #checkIgnoredClass(classes: number): void {
    const { ignoreIndex } = this.#plan
    if (ignoreIndex === undefined || (ignoreIndex >= 0 && ignoreIndex < classes)) return
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_CONFLICT',
      argument: 'ignoreIndex',
      expected: `a class id below ${classes}, whose plane marks the pixels to ignore, with a per-class target`,
      actual: `${ignoreIndex}`,
      remedy: 'pass pixelWeights of 0 for the pixels to ignore',
    })
  }

  /**
   * Looks for two silent mistakes: once a shape for classes on the last axis where the layout was not given, once a
   * criterion for probabilities that get an activation again.
   */
  #probe(fitted: Fitted, prediction: FloatArray, target: LabelArray, perClass: boolean): void {
    const { geometry } = fitted
    if (perClass && !fitted.targetProbed) {
      if (geometry.defaulted && looksChannelsLast(target as PlaneArray, geometry))
        throw channelsLastError(geometry, 'target')
      fitted.targetProbed = true
    }
    if (!fitted.predictionProbed) {
      if (this.#plan.activation === 'none' && geometry.defaulted && looksChannelsLast(prediction, geometry)) {
        throw channelsLastError(geometry, 'prediction')
      }
      fitted.predictionProbed = true
    }
    if (this.#activationProbed) return
    this.#activationProbed = true
    if (this.#warned.warned || !looksActivated(prediction, geometry, this.#plan.activation)) return
    this.#warned.warned = true
    warn(
      `${this.#owner} got a prediction that looks like probabilities and applies activation ` +
        `${describe(this.#plan.activation)} to it again; pass activation: 'none' if these are probabilities.`,
      'MASKLOSS_ACTIVATED_TWICE',
    )
  }

  #namedTerms(names: readonly string[]): Record<string, number> {
    const terms: Record<string, number> = {}
    for (let index = 0; index < names.length; index += 1) terms[names[index] as string] = this.#terms[index] as number
    return terms
  }
}
