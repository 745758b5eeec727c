/** One call of the binding, at a SIMD level and with a number of threads of its own. */
import type { CriterionSpec } from '../../src/engine.ts'
import { planOf } from '../../src/plan.ts'
import { type Data, valuesLength } from '../cases/build.ts'
import { binding } from './binding.ts'
import { numbersOf, reportOf } from './numbers.ts'

/** How a call is run; no bit of the result may depend on it. */
export interface Run {
  readonly simd: string
  readonly threads: number
}

/** What comes out of a call. */
export interface Bits {
  /** Loss, count of non-finite values, loss of each term. */
  readonly report: Float64Array
  readonly values: Float64Array
  readonly gradient: Float32Array | Float64Array
}

/** Evaluates; the gradient goes into `gradient`, or into zeros. Throws on a fault. */
export function evaluateBits({ simd, threads }: Run, spec: CriterionSpec, data: Data, into?: Float32Array): Bits {
  const values = new Float64Array(valuesLength(spec, data))
  const { prediction, samples, pixels, channelsLast, perClass, gradientScale, accumulate } = data
  const call = { samples, pixels, channelsLast, perClass, gradientScale, accumulate }
  const numbers = numbersOf(call, Math.max(4, 2 + spec.terms.length))
  const gradient =
    into ?? (prediction instanceof Float32Array ? new Float32Array(prediction.length) : new Float64Array(prediction.length))
  const evaluate = binding().compile(planOf(spec), simd, threads)
  const status = evaluate(numbers, prediction, data.target, gradient, data.pixelWeights, values)
  const report = reportOf(numbers)
  if (status !== 0) throw new Error(`status ${status}: ${report.join(', ')}`)
  return { report: report.subarray(0, 2 + spec.terms.length), values, gradient }
}

/** Whether two arrays hold the same bytes. */
export function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return Buffer.compare(bytes(a), bytes(b)) === 0
}

function bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
}
