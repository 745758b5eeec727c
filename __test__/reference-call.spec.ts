import { readFileSync } from 'node:fs'
import test from 'ava'
import type { LabelArray } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import { binaryCrossEntropy, criterion, crossEntropy, evaluate, region } from './cases/build.ts'
import { randomData } from './cases/data.ts'
import { CASES } from './cases/table.ts'

const engine = reference.engine()
const spec = criterion(3, [region(3, { weight: 0.5 }), crossEntropy({ weight: 2 })])
const data = randomData({ activation: 'softmax', classes: 3 })

test('the engine says what it is', (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  t.deepEqual(engine.runtime(), {
    backend: 'reference',
    simd: 'none',
    threads: 1,
    version,
    numerics: 'reference/1',
  })
})

test('the gradient is scaled, and added on demand', (t) => {
  const { gradient: plain } = evaluate(engine, spec, data)
  const scaled = evaluate(engine, spec, { ...data, gradientScale: -3 }).gradient
  t.deepEqual(
    [...scaled],
    [...plain].map((slope) => -3 * slope),
  )
  const before = new Float64Array(plain.length).fill(10)
  const overwritten = evaluate(engine, spec, data, before).gradient
  t.deepEqual([...overwritten], [...plain])
  const added = evaluate(engine, spec, { ...data, accumulate: true, gradientScale: 2 }, before).gradient
  t.deepEqual(
    [...added],
    [...plain].map((slope) => 10 + 2 * slope),
  )
})

test('an ignored pixel keeps what the gradient holds, or gets 0', (t) => {
  const labels = Uint8Array.from({ length: data.target.length }, (_, i) => (i < 2 ? 9 : 0))
  const ignoring = { ...spec, ignoreIndex: 9 }
  const before = new Float64Array(data.prediction.length).fill(10)
  const added = evaluate(engine, ignoring, { ...data, target: labels, accumulate: true }, before).gradient
  const written = evaluate(engine, ignoring, { ...data, target: labels }, before).gradient
  for (const i of [0, 1, data.pixels, data.pixels + 1]) {
    t.is(added[i], 10)
    t.is(written[i], 0)
  }
})

test('a float32 prediction has a float32 gradient, rounded once', (t) => {
  const prediction = Float32Array.from(data.prediction)
  const single = evaluate(engine, spec, { ...data, prediction })
  const double = evaluate(engine, spec, { ...data, prediction: Float64Array.from(prediction) })
  t.true(single.gradient instanceof Float32Array)
  t.is(single.loss, double.loss)
  t.deepEqual(single.gradient, Float32Array.from(double.gradient))
})

test('a compound is the weighted sum of its terms', (t) => {
  const whole = evaluate(engine, spec, data)
  const parts = spec.terms.map((term) => evaluate(engine, { ...spec, terms: [{ ...term, weight: 1 }] }, data))
  t.deepEqual(
    [...whole.terms],
    parts.map(({ loss }) => loss),
  )
  t.is(whole.loss, 0.5 * parts[0]!.loss + 2 * parts[1]!.loss)
  t.deepEqual([...whole.values], [...parts[0]!.values])
  whole.gradient.forEach((slope, i) => {
    t.true(Math.abs(slope - 0.5 * parts[0]!.gradient[i]! - 2 * parts[1]!.gradient[i]!) < 1e-16)
  })
})

test('labels of every type', (t) => {
  const { loss } = evaluate(engine, spec, data)
  const labels = Array.from(data.target, Number)
  const arrays: LabelArray[] = [
    Uint8ClampedArray.from(labels),
    Int8Array.from(labels),
    Uint16Array.from(labels),
    Int16Array.from(labels),
    Uint32Array.from(labels),
    Int32Array.from(labels),
    BigInt64Array.from(labels, BigInt),
    BigUint64Array.from(labels, BigInt),
    Float32Array.from(labels),
    Float64Array.from(labels),
  ]
  for (const target of arrays) t.is(evaluate(engine, spec, { ...data, target }).loss, loss)
})

test('a value that is not finite makes NaN in what it touches, and is counted', (t) => {
  const broken = (value: number) => {
    const prediction = Float64Array.from(data.prediction)
    prediction[data.pixels] = value
    return { ...data, prediction }
  }
  for (const value of [NaN, Infinity, -Infinity]) {
    const softmax = evaluate(engine, criterion(3, region(3)), broken(value))
    t.is(softmax.nonFinite, 1)
    t.is(softmax.loss, NaN)
    t.deepEqual([...softmax.values].map(Number.isNaN), [true, true, true, false, false, false])
    t.is(softmax.gradient[0], NaN)
    t.false(Number.isNaN(softmax.gradient.at(-1)))

    const sigmoid = evaluate(engine, criterion(3, region(3), { activation: 'sigmoid' }), broken(value))
    t.deepEqual([...sigmoid.values].map(Number.isNaN), [false, true, false, false, false, false])
    t.false(Number.isNaN(sigmoid.gradient[0]))
    t.is(sigmoid.gradient[data.pixels], NaN)

    const entropy = evaluate(engine, criterion(3, crossEntropy()), broken(value))
    t.is(entropy.loss, NaN)
    const binary = evaluate(engine, criterion(3, binaryCrossEntropy(), { activation: 'sigmoid' }), broken(value))
    t.deepEqual([...binary.values].map(Number.isNaN), [false, true, false])
    t.is(binary.nonFinite, 1)
  }
})

test('a per-pixel loss is NaN only where its prediction is', (t) => {
  const prediction = Float64Array.from(data.prediction)
  prediction[0] = NaN
  const perPixel = criterion(3, crossEntropy({ reduction: 'none' }))
  const { values, nonFinite } = evaluate(engine, perPixel, { ...data, prediction })
  t.deepEqual([...values].map(Number.isNaN).indexOf(true), 0)
  t.is([...values].filter(Number.isNaN).length, 1)
  t.is(nonFinite, 1)
})

test('the values of the first term, and no more', (t) => {
  for (const row of CASES.slice(0, 200)) {
    const { values, terms } = evaluate(engine, row.spec, row.data)
    t.is(terms.length, row.spec.terms.length)
    t.true(values.length > 0)
  }
})
