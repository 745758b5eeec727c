import type { CriterionSpec, EvaluateCall, Fault, Term } from '../engine.ts'
import { overlap } from '../typed-array.ts'
import { PixelReader } from './pixel.ts'
import { classesOf } from './target.ts'

/** How far a probability may leave [0, 1], and a sum of probabilities may be from 1. */
const TOLERANCE = 1e-3

const outOfRange = (value: number): boolean => !(value >= -TOLERANCE && value <= 1 + TOLERANCE)

/**
 * The first fault of the data, by sample, then pixel; within a pixel: its weight, its label or target planes, its prediction, the
 * sum of its prediction. Weights are checked everywhere, all else only at pixels that count.
 */
export function findFault(spec: CriterionSpec, call: EvaluateCall): Fault | undefined {
  if (overlaps(call)) return { fault: 'overlap', value: 0, sample: 0, class: 0, pixel: 0 }
  const reader = new PixelReader(spec, call)
  const check = pixelCheck(spec, call, reader)
  for (let sample = 0; sample < call.samples; sample++) {
    for (let pixel = 0; pixel < call.pixels; pixel++) {
      const counts = reader.seek(sample, pixel)
      const { m } = reader
      if (!Number.isFinite(m) || m < 0) return { fault: 'pixel-weight', value: m, sample, class: 0, pixel }
      const fault = counts ? check(sample, pixel) : undefined
      if (fault !== undefined) return { ...fault, sample, pixel }
    }
  }
  return undefined
}

type PixelFault = Pick<Fault, 'fault' | 'value' | 'class'>

function pixelCheck(
  spec: CriterionSpec,
  call: EvaluateCall,
  reader: PixelReader,
): (sample: number, pixel: number) => PixelFault | undefined {
  const classes = classesOf(spec)
  const checksPrediction = spec.checkValues && spec.activation === 'none'
  const exclusive = spec.terms.some((term) => !isBinary(term))
  const checksSum = checksPrediction && exclusive && !call.perClass && spec.regions === undefined && spec.classes > 1

  const label = (sample: number, pixel: number): PixelFault | undefined => {
    const value = Number(call.target[sample * call.pixels + pixel])
    if (!Number.isInteger(value)) return { fault: 'label-not-integer', value, class: 0 }
    return classes(value) === undefined ? { fault: 'label-out-of-range', value, class: 0 } : undefined
  }
  const planes = (): PixelFault | undefined => {
    const c = spec.checkValues ? reader.g.findIndex(outOfRange) : -1
    return c < 0 ? undefined : { fault: 'target-out-of-range', value: reader.g[c]!, class: c }
  }
  const prediction = (): PixelFault | undefined => {
    // A value that is not finite is no fault: it is counted, and makes NaN.
    const c = reader.z.findIndex((value) => !Number.isNaN(value) && outOfRange(value))
    if (c >= 0) return { fault: 'prediction-out-of-range', value: reader.z[c]!, class: c }
    if (!checksSum) return undefined
    const total = reader.z.reduce((sum, value) => sum + value, 0)
    return Math.abs(total - 1) > TOLERANCE ? { fault: 'prediction-sum', value: total, class: 0 } : undefined
  }
  return (sample, pixel) => {
    if (!call.perClass) {
      const fault = label(sample, pixel)
      if (fault !== undefined || !checksPrediction) return fault
    } else if (!spec.checkValues) {
      return undefined
    }
    reader.read()
    return (call.perClass ? planes() : undefined) ?? (checksPrediction ? prediction() : undefined)
  }
}

/** The classes of the loss are independent: their probabilities sum to anything. */
function isBinary(term: Term): boolean {
  return term.kind === 'binary-cross-entropy' || (term.kind === 'pixel' && term.form === 'binary')
}

/** The gradient shares memory with an input. */
function overlaps(call: EvaluateCall): boolean {
  const out = call.gradient
  if (out === undefined) return false
  return [call.prediction, call.target, call.pixelWeights].some((input) => input !== undefined && overlap(input, out))
}
