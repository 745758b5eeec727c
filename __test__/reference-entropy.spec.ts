import test from 'ava'
import { reference } from '../src/reference/engine.ts'
import { binaryCrossEntropy, criterion, crossEntropy, type Data, evaluate } from './cases/build.ts'
import { randomData } from './cases/data.ts'

const engine = reference.engine()
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-14 * Math.max(1, Math.abs(b))

/** One sample, three pixels, two classes. */
const data: Data = {
  prediction: Float64Array.of(0, 1, 2, Math.log(3), 1, 0),
  samples: 1,
  pixels: 3,
  target: Uint8Array.of(0, 1, 0),
}

test('cross-entropy from logits is −log p of the label', (t) => {
  const { loss, values } = evaluate(engine, criterion(2, crossEntropy()), data)
  const perPixel = [Math.log(4), Math.LN2, Math.log1p(Math.exp(-2))]
  t.true(near(loss, (perPixel[0]! + perPixel[1]! + perPixel[2]!) / 3))
  t.true(near(values[0]!, (perPixel[0]! + perPixel[2]!) / 3))
  t.true(near(values[1]!, perPixel[1]! / 3))
  const none = evaluate(engine, criterion(2, crossEntropy({ reduction: 'none' })), data)
  none.values.forEach((value, v) => t.true(near(value, perPixel[v]!)))
  t.true(near(none.loss, perPixel[0]! + perPixel[1]! + perPixel[2]!))
})

test('what the mean of a cross-entropy divides by', (t) => {
  const spec = (meanOver: 'weights' | 'valid-pixels' | 'pixels') =>
    criterion(2, crossEntropy({ meanOver, classWeights: [2, 5] }), { ignoreIndex: 9 })
  const on = { ...data, target: Uint8Array.of(0, 1, 9), pixelWeights: Float64Array.of(1, 0.5, 1) }
  const total = 2 * Math.log(4) + 0.5 * 5 * Math.LN2
  t.true(near(evaluate(engine, spec('weights'), on).loss, total / (2 + 0.5 * 5)))
  t.true(near(evaluate(engine, spec('valid-pixels'), on).loss, total / 2))
  t.true(near(evaluate(engine, spec('pixels'), on).loss, total / 3))
})

test('label smoothing spreads over all classes, with their weights', (t) => {
  const on = { ...data, pixels: 1, prediction: Float64Array.of(0, Math.log(3)), target: Uint8Array.of(0) }
  const { loss } = evaluate(engine, criterion(2, crossEntropy({ labelSmoothing: 0.2, classWeights: [1, 3] })), on)
  t.true(near(loss, 0.9 * Math.log(4) + 0.1 * 3 * Math.log(4 / 3)))
})

test('probabilities are clipped, and have no slope outside the clip', (t) => {
  const spec = criterion(2, crossEntropy({ reduction: 'sum' }), { activation: 'none' })
  const on = { ...data, prediction: Float64Array.of(0, 1, 0.25, 1, 0, 0.75) }
  const { loss, gradient } = evaluate(engine, spec, { ...on, target: Uint8Array.of(0, 0, 0) })
  t.true(near(loss, -Math.log(1e-7) - Math.log(1 - 1e-7) - Math.log(0.25)))
  t.deepEqual(
    [...gradient],
    [0, 0, -4, 0, 0, 0].map((slope) => slope + 0),
  )
})

test('binary cross-entropy from logits is softplus', (t) => {
  const on: Data = { prediction: Float64Array.of(3, -3), samples: 1, pixels: 2, target: Uint8Array.of(1, 0) }
  const { loss } = evaluate(engine, criterion(1, binaryCrossEntropy(), { activation: 'sigmoid' }), on)
  t.true(near(loss, Math.log1p(Math.exp(-3))))
  const weighted = criterion(1, binaryCrossEntropy({ positiveWeights: [4] }), { activation: 'sigmoid' })
  t.true(near(evaluate(engine, weighted, on).loss, 2.5 * Math.log1p(Math.exp(-3))))
})

test('huge logits give finite losses and slopes', (t) => {
  const far = { ...data, prediction: Float64Array.of(1e4, -1e4, 1e4, -1e4, 1e4, -1e4), target: Uint8Array.of(1, 0, 0) }
  const categorical = evaluate(engine, criterion(2, crossEntropy({ reduction: 'sum' })), far)
  t.is(categorical.loss, 4e4)
  t.deepEqual([...categorical.gradient], [1, -1, 0, -1, 1, 0])
  const binary = evaluate(
    engine,
    criterion(2, binaryCrossEntropy({ reduction: 'sum' }), { activation: 'sigmoid' }),
    far,
  )
  t.is(binary.loss, 4e4)
})

test('all ignored: loss 0 and gradient 0, whatever the mean divides by', (t) => {
  for (const meanOver of ['weights', 'valid-pixels', 'pixels'] as const) {
    const spec = criterion(2, crossEntropy({ meanOver }), { ignoreIndex: 9 })
    const { loss, gradient } = evaluate(engine, spec, { ...data, target: Uint8Array.of(9, 9, 9) })
    t.is(loss, 0)
    t.true(gradient.every((slope) => slope === 0))
  }
})

test('under softmax the slopes of a pixel add up to 0', (t) => {
  const on = randomData({ activation: 'softmax', classes: 3, target: 'soft', seed: 5 })
  const { gradient } = evaluate(
    engine,
    criterion(3, crossEntropy({ classWeights: [1, 2, 3], labelSmoothing: 0.1 })),
    on,
  )
  for (let n = 0; n < on.samples; n++) {
    for (let v = 0; v < on.pixels; v++) {
      const at = (c: number): number => gradient[(n * 3 + c) * on.pixels + v]!
      t.true(Math.abs(at(0) + at(1) + at(2)) < 1e-16)
    }
  }
})

test('a probability target that sums to one weighs like its label', (t) => {
  const soft = { ...data, perClass: true, target: Float64Array.of(1, 0, 1, 0, 1, 0) }
  const spec = criterion(2, crossEntropy({ classWeights: [2, 5] }))
  t.is(evaluate(engine, spec, soft).loss, evaluate(engine, spec, data).loss)
})
