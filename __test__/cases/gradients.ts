import type { Engine } from '../../src/engine.ts'
import { evaluate, lossOf } from './build.ts'
import type { EngineCase } from './table.ts'

/**
 * Largest difference between the gradient that `subject` writes and central differences of the loss of `differenced`, relative to
 * the largest element of the gradient. The loss of the second is taken in float64 with a step of 1e-5, which leaves a rounding error
 * near 1e-11 in each slope: where the whole gradient is smaller than 1e-4 the error is relative to that.
 */
export function gradientError(subject: Engine, differenced: Engine, { spec, data }: EngineCase): number {
  const step = 1e-5
  const { gradient } = evaluate(subject, spec, data)
  const prediction = Float64Array.from(data.prediction)
  const at = (i: number, z: number): number => {
    const moved = prediction.slice()
    moved[i] = z
    return lossOf(differenced, spec, { ...data, prediction: moved })
  }
  let largest = 0
  let error = 0
  for (let i = 0; i < prediction.length; i++) {
    const slope = (at(i, prediction[i]! + step) - at(i, prediction[i]! - step)) / (2 * step)
    largest = Math.max(largest, Math.abs(slope))
    // A comparison with NaN is false: `!(… <= …)` keeps it.
    if (!(Math.abs(gradient[i]! - slope) <= error)) error = Math.abs(gradient[i]! - slope)
  }
  return error / Math.max(largest, 1e-4)
}
