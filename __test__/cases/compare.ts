import type { Engine } from '../../src/engine.ts'
import { evaluate } from './build.ts'
import type { EngineCase } from './table.ts'

/** How far an engine is from another on one case. */
export interface Distance {
  /** Of the loss, relative to it (to 1 where it is smaller). */
  readonly loss: number
  /** Largest of the gradient's elements, relative to the largest element. */
  readonly gradient: number
  /** Both found the same number of values that are not finite. */
  readonly sameNonFinite: boolean
}

/** Evaluates a case, its prediction in float32, with both engines: what the second one says is right. */
export function distance(subject: Engine, right: Engine, { spec, data }: EngineCase): Distance {
  const single = { ...data, prediction: Float32Array.from(data.prediction) }
  const actual = evaluate(subject, spec, single)
  const expected = evaluate(right, spec, { ...data, prediction: Float64Array.from(single.prediction) })
  const largest = Float64Array.from(expected.gradient).reduce((max, slope) => Math.max(max, Math.abs(slope)), 1e-4)
  let gradient = 0
  expected.gradient.forEach((slope, i) => {
    const off = Math.abs(actual.gradient[i]! - slope) / largest
    // NaN is no distance: where only one has it, it is infinite.
    const both = Number.isNaN(slope) && Number.isNaN(actual.gradient[i])
    gradient = Math.max(gradient, both ? 0 : Number.isNaN(off) ? Infinity : off)
  })
  const bothNaN = Number.isNaN(actual.loss) && Number.isNaN(expected.loss)
  const loss = bothNaN ? 0 : Math.abs(actual.loss - expected.loss) / Math.max(1, Math.abs(expected.loss))
  return { loss, gradient, sameNonFinite: actual.nonFinite === expected.nonFinite }
}
