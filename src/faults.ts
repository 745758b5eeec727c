/** The one place where what an engine found in the data becomes an error. */
import { overlapping } from './call.ts'
import type { Fault } from './engine.ts'
import { masklossError, type MasklossErrorCode, type Position } from './errors.ts'
import { coordinates, type Geometry } from './layout.ts'
import type { Plan } from './loss.ts'
import { LABEL } from './options.ts'

/** What an error about the data needs to know beside the fault. */
export interface FaultContext {
  readonly geometry: Geometry
  readonly plan: Pick<Plan, 'activations' | 'ignoreIndex' | 'maskValue'>
  /** The prediction sums to one over its last axis. */
  readonly channelsLastLikely: boolean
  /** The options are another library's: no remedy may name one of ours. */
  readonly foreign?: boolean
  /** One class is label 0, not foreground. */
  readonly fromZero?: boolean
}

/** The error for a fault. To be thrown. */
export function faultError(fault: Fault, context: FaultContext): Error {
  const { value } = fault
  switch (fault.fault) {
    case 'label-out-of-range':
      return labelError(fault, context)
    case 'label-not-integer':
      return finding(fault, context, 'ERR_MASKLOSS_LABEL', 'target', 'whole-numbered labels', notIntegerRemedy(context))
    case 'prediction-out-of-range':
      return finding(
        fault,
        context,
        'ERR_MASKLOSS_PREDICTION',
        'prediction',
        'probabilities in [0, 1]',
        logitsRemedy(context),
      )
    case 'prediction-sum':
      return sumError(fault, context)
    case 'target-out-of-range':
      return finding(fault, context, 'ERR_MASKLOSS_TARGET', 'target', 'values in [0, 1]', targetRemedy(value, context))
    case 'pixel-weight':
      return finding(
        fault,
        context,
        'ERR_MASKLOSS_PIXEL_WEIGHT',
        'pixelWeights',
        'finite weights ≥ 0',
        'a weight of 0 leaves a pixel out',
      )
    case 'overlap':
      return overlapping('an input')
  }
}

const HAS_CLASS: ReadonlySet<Fault['fault']> = new Set(['prediction-out-of-range', 'target-out-of-range'])

function positionOf(fault: Fault, { geometry }: FaultContext): Position {
  const pixel = coordinates(fault.pixel, geometry.spatial)
  return HAS_CLASS.has(fault.fault)
    ? { sample: fault.sample, class: fault.class, pixel }
    : { sample: fault.sample, pixel }
}

function finding(
  fault: Fault,
  context: FaultContext,
  code: MasklossErrorCode,
  argument: string,
  expected: string,
  remedy: string,
): Error {
  const at = positionOf(fault, context)
  return masklossError({ code, argument, expected, actual: String(fault.value), remedy, at })
}

function labelError(fault: Fault, context: FaultContext): Error {
  const { value } = fault
  const { ignoreIndex, maskValue } = context.plan
  const { classes } = context.geometry
  const binary = context.fromZero === true ? '0' : `0 and ${maskValue ?? 1}`
  const labels = classes === 1 ? binary : `0 to ${classes - 1}`
  const expected = `labels ${labels}${ignoreIndex === undefined ? '' : ` (or ${ignoreIndex}, ignored)`}`
  let remedy = 'labels are class ids counted from 0, one for each channel of the prediction'
  if (context.foreign === true) {
    remedy = `${remedy}; where the library leaves pixels out, its option says which`
  } else if (classes === 1 && maskValue === undefined && value > 1 && value <= LABEL.max) {
    remedy = `pass maskValue: ${value} if this label is the foreground of a binary mask`
  } else if (classes === 1 && maskValue !== undefined && value === 1) {
    remedy = 'leave out maskValue if 1 is the foreground'
  } else if (ignoreIndex === undefined && Number.isSafeInteger(value)) {
    remedy = `pass ignoreIndex: ${value} if these pixels are to be left out`
  }
  return finding(fault, context, 'ERR_MASKLOSS_LABEL', 'target', expected, remedy)
}

function notIntegerRemedy({ geometry, foreign = false }: FaultContext): string {
  return geometry.classes === 1 && !foreign
    ? "pass target: 'per-class' if these are soft targets"
    : 'soft targets have one plane a class, in the shape of the prediction'
}

function targetRemedy(value: number, { geometry, plan }: FaultContext): string {
  if (geometry.classes === 1 && Number.isInteger(value) && plan.maskValue === undefined) {
    return `pass maskValue: ${value} if this value marks the foreground of a binary mask`
  }
  return 'planes hold memberships: divide 0/255 masks by 255'
}

function logitsRemedy({ plan, geometry }: FaultContext): string {
  const useful = plan.activations.filter((word) => word !== 'none' && (word === 'sigmoid' || geometry.classes > 1))
  const words = useful.map((word) => `'${word}'`).join(' or ')
  return words === ''
    ? 'pass probabilities, or checkValues: false to take values as they come'
    : `pass activation: ${words} if these are logits`
}

function sumError(fault: Fault, context: FaultContext): Error {
  const { geometry, channelsLastLikely } = context
  if (channelsLastLikely) return channelsLastError(geometry, 'prediction')
  return masklossError({
    code: 'ERR_MASKLOSS_PREDICTION',
    argument: 'prediction',
    expected: 'probabilities that sum to one over the classes',
    actual: `a sum of ${fault.value}`,
    remedy: `${logitsRemedy(context)}, or checkValues: false if the classes are independent`,
    at: positionOf(fault, context),
  })
}

/** The error for data whose classes lie on the last axis where axis 1 was taken by default. To be thrown. */
export function channelsLastError(geometry: Geometry, argument: string): Error {
  const last = geometry.layout === 'NCDHW' ? 'NDHWC' : 'NHWC'
  return masklossError({
    code: 'ERR_MASKLOSS_LAYOUT',
    argument,
    expected: `classes on axis 1, the default layout '${geometry.layout}'`,
    actual: 'values that sum to one over the last axis, but not over axis 1',
    remedy: `pass layout: '${last}' (or layout: '${geometry.layout}' if the classes do lie on axis 1)`,
  })
}
