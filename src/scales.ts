/** What the losses of several scales have in common, ours and those of other libraries: how scales weigh, and where gradients go. */
import { accumulateOf, gradientOf, gradientScaleOf, refuseOverlap, slotsOf, threadsOf } from './call.ts'
import { describe, list } from './describe.ts'
import type { FloatArray } from './engine.ts'
import { masklossError } from './errors.ts'
import type { Geometry } from './layout.ts'
import type { OptionValues } from './options.ts'
import { checkLength, type Tensor } from './tensor.ts'
import { dtypeOf } from './typed-array.ts'

/** 1, ½, ¼, … and at least 1/16; all 1; 1, then ½ for all others. */
export type ScaleMode = 'exponential' | 'same' | 'two'
const LEAST_WEIGHT = 1 / 16

/** The weights of so many scales. */
export function scaleWeights(mode: ScaleMode, scales: number): readonly number[] {
  return Array.from({ length: scales }, (_, index) => {
    if (mode === 'exponential') return Math.max(0.5 ** index, LEAST_WEIGHT)
    return mode === 'same' || index === 0 ? 1 : 0.5
  })
}

/** A prediction at one scale. */
export interface Scale {
  readonly given: Tensor
  readonly geometry: Pick<Geometry, 'shape' | 'length' | 'samples' | 'classes'>
}

/** The predictions; throws for anything but a list of some. */
export function listOf(predictions: unknown): readonly unknown[] {
  if (Array.isArray(predictions) && predictions.length > 0) return predictions as readonly unknown[]
  const actual = Array.isArray(predictions) ? 'none' : describe(predictions)
  throw wrong('predictions', 'a list of predictions', actual, 'pass [output] where there is one scale')
}

/** Refuses predictions that are no scales of one output. */
export function checkScales(scales: readonly Scale[]): void {
  const first = (scales[0] as Scale).geometry
  for (const { geometry, given } of scales) {
    checkLength(given.data, geometry.length, geometry.shape, 'prediction')
    if (geometry.samples === first.samples && geometry.classes === first.classes) continue
    throw masklossError({
      code: 'ERR_MASKLOSS_SHAPE',
      argument: 'predictions',
      expected: `${first.samples} samples and ${first.classes} classes in every scale`,
      actual: `the shape ${list(geometry.shape)}`,
      remedy: 'scales differ in their spatial extents only',
    })
  }
}

/** Where the gradient of a scale goes: the options of its call. */
export interface Output {
  readonly gradient: FloatArray
  readonly gradientScale: number
  readonly accumulate: boolean
}

/**
 * Where the gradients go, `undefined` if none were asked for; the options of the call are checked. No scale may write what another
 * one reads or writes.
 * @param name - The option of the call that asks for gradients.
 * @param inputs - What is read beside the predictions.
 */
export function outputsOf(
  call: OptionValues,
  name: string,
  scales: readonly Scale[],
  weights: readonly number[],
  inputs: Readonly<Record<string, Tensor | undefined>>,
): Output[] | undefined {
  const wanted = call.raw(name)
  const slots = slotsOf({
    gradient: wanted,
    gradientScale: call.raw('gradientScale'),
    accumulate: call.raw('accumulate'),
    threads: call.raw('threads'),
  })
  threadsOf(slots)
  const scale = gradientScaleOf(slots)
  const accumulate = accumulateOf(slots)
  const outputs = wantedGradients(wanted, name, scales.length)?.map((gradient, index) => {
    const { given, geometry } = scales[index] as Scale
    return {
      gradient: gradientOf(slotsOf({ gradient }), given.dtype, geometry.shape, geometry.length) as FloatArray,
      // The product must be finite too.
      gradientScale: gradientScaleOf(slotsOf({ gradient, gradientScale: scale * (weights[index] as number) })),
      accumulate,
    }
  })
  const taken: Record<string, Pick<Tensor, 'data'> | undefined> = { ...inputs }
  for (const [index, { given }] of scales.entries()) taken[`predictions[${index}]`] = given
  for (const [index, { gradient }] of (outputs ?? []).entries()) {
    refuseOverlap(gradient, taken)
    taken[`${name}[${index}]`] = { data: gradient }
  }
  return outputs
}

function wantedGradients(gradients: unknown, name: string, scales: number): readonly unknown[] | undefined {
  if (gradients === undefined || gradients === false) return undefined
  if (gradients === true) return Array.from({ length: scales }, () => true)
  const buffers = Array.isArray(gradients) ? gradients.filter((gradient) => dtypeOf(gradient) !== undefined) : []
  if (Array.isArray(gradients) && gradients.length === scales && buffers.length === scales) return buffers
  const actual = Array.isArray(gradients) ? `${buffers.length}` : describe(gradients)
  throw wrong(name, `true or ${scales} typed arrays, one a prediction,`, actual, `pass ${name}: true`)
}

function wrong(argument: string, expected: string, actual: string, remedy: string): Error {
  return masklossError({ code: 'ERR_MASKLOSS_OPTION_TYPE', argument, expected, actual, remedy })
}
