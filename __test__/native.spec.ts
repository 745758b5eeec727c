/** The native engine against the plain TypeScript one: every case and every fault of the tables. */
import type { CriterionSpec } from '../src/engine.ts'
import { faultError } from '../src/faults.ts'
import { geometryOf } from '../src/layout.ts'
import { reference } from '../src/reference/engine.ts'
import { callOf, type Data, evaluate, faultOf } from './cases/build.ts'
import { FAULTS } from './cases/faults.ts'
import { CASES, type EngineCase, ONE_CLASS_CASES } from './cases/table.ts'
import { nativeEngine, nativeTest } from './native/engine.ts'

/**
 * Sums of overlaps are exact to 3e-14, but their terms are float32: p has a rounding of 2⁻²⁴ and an error of exp, −log p a few 1e-7
 * a pixel. A value of a few pixels inherits it whole; 1e-6 leaves room for a loss made of two such values.
 */
const VALUE = 1e-6
/** Of the largest element: the gradient is computed and written in float32. */
const GRADIENT = 1e-5

const right = reference.engine()

/** Whether two lists of numbers agree, NaN where the other has NaN. */
function far(actual: ArrayLike<number>, expected: ArrayLike<number>, scale: (value: number) => number): number {
  if (actual.length !== expected.length) return Infinity
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!]
    if (Object.is(a, b) || a === b) continue
    const off = Math.abs(a - b) / scale(b)
    worst = Number.isNaN(off) ? Infinity : Math.max(worst, off)
  }
  return worst
}

const size = (value: number): number => Math.max(1, Math.abs(value))

/** How far the native engine is from the other one: value, gradient, and whether both count the same non-finite values. */
function distance({ spec, data }: EngineCase): { value: number; gradient: number; sameNonFinite: boolean } {
  const single = Float32Array.from(data.prediction)
  const actual = evaluate(nativeEngine(), spec, { ...data, prediction: single })
  const expected = evaluate(right, spec, { ...data, prediction: Float64Array.from(single) })
  const largest = Float64Array.from(expected.gradient).reduce(
    (max, slope) => (Number.isNaN(slope) ? max : Math.max(max, Math.abs(slope))),
    1e-4,
  )
  return {
    value: Math.max(
      far([actual.loss], [expected.loss], size),
      far(actual.values, expected.values, size),
      far(actual.terms, expected.terms, size),
    ),
    gradient: far(actual.gradient, expected.gradient, () => largest),
    sameNonFinite: actual.nonFinite === expected.nonFinite,
  }
}

/** The same data in float64, which the engine rounds to float32 pixel by pixel: the gradient is float64, the numbers the same. */
const doubled = (data: Data): Data => ({
  ...data,
  prediction: Float64Array.from(Float32Array.from(data.prediction)),
})

/** Values that are not finite, in the first pixel and in the last one. */
const broken = (data: Data, value: number): Data => {
  const prediction = Float64Array.from(data.prediction)
  prediction[0] = value
  prediction[prediction.length - 1] = value
  return { ...data, prediction }
}

for (const [name, cases] of [
  ['of three classes', CASES],
  ['of one class', ONE_CLASS_CASES],
] as const) {
  nativeTest(`${cases.length} cases ${name}: values to ${VALUE}, gradients to ${GRADIENT}`, (t) => {
    let [value, gradient] = [0, 0]
    for (const row of cases) {
      const found = distance(row)
      t.true(found.value <= VALUE && found.gradient <= GRADIENT && found.sameNonFinite, row.name)
      value = Math.max(value, found.value)
      gradient = Math.max(gradient, found.gradient)
    }
    t.log(
      `${cases.length} cases; largest distances: value ${value.toExponential(1)}, gradient ${gradient.toExponential(1)}`,
    )
  })

  nativeTest(`${cases.length} cases ${name} in float64: the same bits as in float32`, (t) => {
    for (const { name: row, spec, data } of cases) {
      const single = evaluate(nativeEngine(), spec, { ...data, prediction: Float32Array.from(data.prediction) })
      const double = evaluate(nativeEngine(), spec, doubled(data))
      t.true(double.gradient instanceof Float64Array, row)
      t.deepEqual([double.loss, ...double.values], [single.loss, ...single.values], row)
      t.true(
        far(double.gradient, single.gradient, () => Math.max(1e-4, ...single.gradient.map(Math.abs))) <= GRADIENT,
        row,
      )
    }
  })

  nativeTest(`${cases.length} cases ${name} with NaN and infinities: NaN in the same places, counted alike`, (t) => {
    for (const [i, row] of cases.entries()) {
      const data = broken(row.data, [NaN, Infinity, -Infinity][i % 3]!)
      // Probabilities that are not numbers are no fault, infinite ones are neither.
      const found = distance({ ...row, data })
      t.true(found.value <= VALUE && found.gradient <= GRADIENT && found.sameNonFinite, `${row.name} ${i % 3}`)
    }
  })
}

nativeTest(`${FAULTS.length} faults: found in the same place, told in the same words, nothing written`, (t) => {
  for (const { name, spec, data } of FAULTS) {
    for (const prediction of [Float32Array.from(data.prediction), Float64Array.from(data.prediction)]) {
      const gradient = prediction.slice().fill(7)
      const actual = faultOf(nativeEngine(), spec, { ...data, prediction }, gradient)
      const expected = faultOf(right, spec, { ...data, prediction })
      if (expected === undefined) {
        t.is(actual, undefined, name)
        continue
      }
      t.truthy(actual, name)
      t.is(textOf(spec, data, actual!), textOf(spec, data, expected), name)
      t.true(
        gradient.every((slope) => slope === 7),
        name,
      )
    }
  }
})

nativeTest('the fault of the lowest sample and pixel, whichever thread finds it', (t) => {
  const [samples, pixels] = [4, 40_000]
  const { spec } = FAULTS[0]!
  const prediction = new Float32Array(samples * 2 * pixels)
  for (let seed = 0; seed < 40; seed++) {
    const target = new Uint8Array(samples * pixels)
    const first = Math.floor((samples * pixels * (seed + 0.5)) / 40)
    for (let i = first; i < target.length; i += 997) target[i] = 9
    const fault = faultOf(nativeEngine(), spec, { prediction, samples, pixels, target, threads: 1 + (seed % 8) })
    t.like(fault, { fault: 'label-out-of-range', sample: Math.floor(first / pixels), pixel: first % pixels })
  }
})

nativeTest('gradients in the memory of an input', (t) => {
  const { spec, data } = FAULTS[0]!
  const memory = new Float32Array(4 * data.prediction.length)
  const prediction = memory.subarray(0, data.prediction.length)
  const pixelWeights = memory
    .subarray(3 * prediction.length, 3 * prediction.length + data.samples * data.pixels)
    .fill(1)
  const found = (offset: number) => {
    const gradient = memory.subarray(offset, offset + prediction.length)
    return nativeEngine()
      .compile(spec)
      .evaluate(callOf(spec, { ...data, prediction, pixelWeights }, gradient)).fault
  }
  t.is(found(0), 'overlap')
  t.is(found(prediction.length - 1), 'overlap')
  t.is(found(prediction.length), undefined)
  t.is(found(2 * prediction.length), undefined)
  t.is(found(2 * prediction.length + 1), 'overlap')
})

nativeTest('labels in every dtype, large ones among regions', (t) => {
  const large = 2 ** 31 - 3
  const beyond = 2 ** 32 - 1
  const base = FAULTS.find(({ spec }) => spec.regions !== undefined)!
  const spec: CriterionSpec = { ...base.spec, regions: [[1, large], [large]] }
  const labels = [0, 1, large, 7, beyond, large]
  const wanted = evaluate(right, spec, { ...base.data, target: Float64Array.from(labels) }).loss
  for (const target of [
    Uint32Array.from(labels),
    Float64Array.from(labels),
    BigInt64Array.from(labels, BigInt),
    BigUint64Array.from(labels, BigInt),
  ]) {
    const { loss } = evaluate(nativeEngine(), spec, { ...base.data, target })
    t.true(Math.abs(loss - wanted) <= VALUE, `${target.constructor.name}: ${loss} instead of ${wanted}`)
  }
})

/** The face's message for a fault. */
function textOf(spec: CriterionSpec, data: Data, fault: Parameters<typeof faultError>[0]): string {
  const geometry = geometryOf([data.samples, spec.classes, data.pixels], 'NCW', false)
  const { ignoreIndex, maskValue } = spec
  const plan = { activations: ['softmax', 'sigmoid', 'none'], ignoreIndex, maskValue } as const
  const error = faultError(fault, { geometry, plan, channelsLastLikely: false }) as Error & { code: string }
  return `${error.name} ${error.code}: ${error.message}`
}
