import test from 'ava'
import type { CountCall, Fault } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'

const engine = reference.engine()

interface Counted {
  readonly counts: number[]
  readonly valid: number[]
  readonly fault: Fault | undefined
}

function count(call: Partial<CountCall> & Pick<CountCall, 'prediction' | 'reference'>): Counted {
  const regions = call.regions ?? [[0], [1], [2]]
  const samples = call.samples ?? 1
  const counts = new Float64Array(samples * regions.length * 3)
  const valid = new Float64Array(samples)
  const fault = engine.count({
    kind: 'labels',
    threshold: 0.5,
    classes: 1,
    samples,
    pixels: 4,
    channelsLast: false,
    perClass: false,
    regions,
    ignoreIndex: undefined,
    threads: 0,
    ...call,
    counts,
    valid,
  })
  return { counts: [...counts], valid: [...valid], fault }
}

test('labels against labels', (t) => {
  const { counts, valid } = count({ prediction: Uint8Array.of(0, 1, 1, 2), reference: Int32Array.of(0, 1, 2, 2) })
  t.deepEqual(counts, [1, 1, 1, 1, 2, 1, 1, 1, 2])
  t.deepEqual(valid, [4])
})

test('labels in no region are background; one label may be in several', (t) => {
  const { counts } = count({
    prediction: Uint8Array.of(9, 1, 2, 3),
    reference: BigInt64Array.of(1n, 1n, 2n, 9n),
    regions: [[1, 2, 3], [2, 3], [3]],
  })
  t.deepEqual(counts, [2, 3, 3, 1, 2, 1, 0, 1, 0])
})

test('ignored pixels are not counted, per sample', (t) => {
  const { counts, valid } = count({
    samples: 2,
    pixels: 2,
    prediction: Uint8Array.of(1, 1, 1, 1),
    reference: Uint8Array.of(1, 255, 255, 255),
    regions: [[1]],
    ignoreIndex: 255,
  })
  t.deepEqual(counts, [1, 1, 1, 0, 0, 0])
  t.deepEqual(valid, [1, 0])
})

test('the largest class wins; of equal ones the lowest; NaN never', (t) => {
  const scores = [
    [0.2, 0.5, 0.3],
    [0.4, 0.4, 0.2],
    [NaN, 0.1, 0.9],
    [NaN, NaN, NaN],
  ]
  const last = Float64Array.from(scores.flat())
  const first = Float64Array.from({ length: 12 }, (_, i) => scores[i % 4]![Math.floor(i / 4)]!)
  const labels = Uint8Array.of(1, 0, 2, 0)
  const expected = [2, 2, 2, 1, 1, 1, 1, 1, 1]
  t.deepEqual(count({ kind: 'argmax', classes: 3, prediction: first, reference: labels }).counts, expected)
  const { counts } = count({ kind: 'argmax', classes: 3, prediction: last, reference: labels, channelsLast: true })
  t.deepEqual(counts, expected)
})

test('above the threshold, plane by plane', (t) => {
  const { counts } = count({
    kind: 'threshold',
    classes: 2,
    threshold: 0.3,
    prediction: Float32Array.of(0.4, 0.3, 0.2, 1, 0, 0.31, NaN, 1),
    reference: Uint8Array.of(1, 0, 1, 1, 0, 1, 0, 1),
    perClass: true,
    regions: [[1], [2]],
  })
  // 0.3 as float32 is a little above 0.3.
  t.deepEqual(counts, [2, 3, 3, 2, 2, 2])
})

test('a class whose plane marks pixels as ignored', (t) => {
  const { counts, valid } = count({
    prediction: Uint8Array.of(1, 1, 0, 0),
    reference: Float32Array.of(0, 1, 1, 0, 1, 0, 0, 0),
    perClass: true,
    regions: [[0], [1]],
    ignoreIndex: 0,
  })
  t.deepEqual(counts, [0, 1, 0, 1, 1, 1])
  t.deepEqual(valid, [2])
})

test('a label that is no integer is a fault, and nothing is written', (t) => {
  const { counts, valid, fault } = count({
    prediction: Float32Array.of(0, 1, 1, 1.5),
    reference: Uint8Array.of(0, 1, 1, 1),
  })
  t.like(fault, { fault: 'label-not-integer', value: 1.5, sample: 0, pixel: 3 })
  t.true([...counts, ...valid].every((x) => x === 0))
})

test('the labels of a map, ascending', (t) => {
  t.deepEqual(engine.labels(Int16Array.of(7, -1, 7, 0, 300)), [-1, 0, 7, 300])
  t.deepEqual(engine.labels(BigInt64Array.of(5n, 2n)), [2, 5])
  t.deepEqual(engine.labels(new Uint8Array(0)), [])
})
