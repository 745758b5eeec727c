import type { CriterionSpec, Engine, EvaluateCall, Fault, FloatArray, Term } from '../../src/engine.ts'
import { valuesShapeOf } from '../../src/values.ts'

export * from './terms.ts'

/** A criterion with its defaults. */
export function criterion(
  classes: number,
  terms: Term | readonly Term[],
  options: Partial<CriterionSpec> = {},
): CriterionSpec {
  return {
    activation: 'softmax',
    classes,
    ignoreIndex: undefined,
    maskValue: undefined,
    regions: undefined,
    checkValues: true,
    terms: 'kind' in terms ? [terms] : terms,
    ...options,
  }
}

/** What a call computes on, without its outputs. */
export type Data = Pick<EvaluateCall, 'prediction' | 'samples' | 'pixels' | 'target'> &
  Partial<Pick<EvaluateCall, 'channelsLast' | 'perClass' | 'pixelWeights' | 'gradientScale' | 'accumulate' | 'threads'>>

/** What an evaluation came to. */
export interface Evaluation {
  readonly loss: number
  readonly nonFinite: number
  readonly values: Float64Array
  readonly terms: Float64Array
  readonly gradient: FloatArray
}

/** How many values the first term has. */
export function valuesLength(
  spec: CriterionSpec,
  { samples, pixels }: Pick<EvaluateCall, 'samples' | 'pixels'>,
): number {
  const shape = [samples, spec.classes, pixels]
  return valuesShapeOf(spec, { samples, spatial: [pixels], shape }).reduce((product, extent) => product * extent, 1)
}

/** The call for `data`, with fresh outputs. */
export function callOf(spec: CriterionSpec, data: Data, gradient?: FloatArray): EvaluateCall {
  return {
    channelsLast: false,
    perClass: false,
    pixelWeights: undefined,
    gradientScale: 1,
    accumulate: false,
    threads: 0,
    ...data,
    gradient,
    values: new Float64Array(valuesLength(spec, data)),
    terms: new Float64Array(spec.terms.length),
  }
}

/** Evaluates; the gradient goes into a copy of `gradient`, or into zeros. Throws on a fault. */
export function evaluate(engine: Engine, spec: CriterionSpec, data: Data, gradient?: FloatArray): Evaluation {
  const out = (gradient ?? new (floatArrayOf(data.prediction))(data.prediction.length)).slice()
  const call = callOf(spec, data, out)
  const outcome = engine.compile(spec).evaluate(call)
  if (outcome.fault !== undefined) throw new Error(`unexpected fault ${JSON.stringify(outcome)}`)
  return { loss: outcome.loss, nonFinite: outcome.nonFinite, values: call.values, terms: call.terms, gradient: out }
}

/** The fault that `data` has. */
export function faultOf(engine: Engine, spec: CriterionSpec, data: Data, gradient?: FloatArray): Fault | undefined {
  const outcome = engine.compile(spec).evaluate(callOf(spec, data, gradient))
  return outcome.fault === undefined ? undefined : outcome
}

/** The loss alone. */
export function lossOf(engine: Engine, spec: CriterionSpec, data: Data): number {
  const outcome = engine.compile(spec).evaluate(callOf(spec, data))
  if (outcome.fault !== undefined) throw new Error(`unexpected fault ${JSON.stringify(outcome)}`)
  return outcome.loss
}

function floatArrayOf(array: FloatArray): Float32ArrayConstructor | Float64ArrayConstructor {
  return array instanceof Float32Array ? Float32Array : Float64Array
}
