/** Sums over pixels: focal, poly, generalized and top-percent cross-entropies, against what they must be equal to. */
import test from 'ava'
import type { CriterionSpec, PixelTerm, Term } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import {
  binaryCrossEntropy,
  criterion,
  crossEntropy,
  type Data,
  evaluate,
  type Evaluation,
  gammas,
  lossOf,
  pixelLoss,
} from './cases/build.ts'
import { randomData } from './cases/data.ts'
import { gradientError } from './cases/gradients.ts'

const engine = reference.engine()
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-13 * Math.max(1, Math.abs(b))
const same = (a: Evaluation, b: Evaluation): boolean =>
  [a.loss, ...a.values, ...a.gradient].every((value, i) => near(value, [b.loss, ...b.values, ...b.gradient][i]!))

const softmax = randomData({ activation: 'softmax', target: 'soft', weighted: true })
const sigmoid = randomData({ activation: 'sigmoid', target: 'soft', weighted: true })
const of = (term: Term, on: Data, options: Partial<CriterionSpec> = {}): Evaluation =>
  evaluate(engine, criterion(3, term, options), on)
const one = (options: Partial<PixelTerm>, z: number, label = 1): Evaluation => {
  const on: Data = { prediction: Float64Array.of(z), samples: 1, pixels: 1, target: Uint8Array.of(label) }
  const term = pixelLoss(1, { form: 'binary', ...options })
  return evaluate(engine, criterion(1, term, { activation: 'sigmoid' }), on)
}

test('focal with γ = 0, poly with ε = 0 and generalized with γ → 0 are cross-entropy', (t) => {
  for (const meanOver of ['weights', 'valid-pixels', 'pixels'] as const) {
    const entropy = of(crossEntropy({ meanOver, classWeights: [0.5, 2, 1] }), softmax)
    for (const name of ['focal', 'poly'] as const) {
      const options = { function: name, gammas: gammas(3, 0), positiveWeights: [0.5, 2, 1], meanOver }
      t.true(same(of(pixelLoss(3, options), softmax), entropy))
    }
    const generalized = of(
      pixelLoss(3, { function: 'generalized', gammas: gammas(3, 1e-9), positiveWeights: [0.5, 2, 1], meanOver }),
      softmax,
    )
    t.true(Math.abs(generalized.loss - entropy.loss) < 1e-7)
    const binary = of(binaryCrossEntropy({ meanOver, positiveWeights: [3, 1, 2] }), sigmoid, { activation: 'sigmoid' })
    if (meanOver === 'weights') continue
    for (const softTarget of ['linear', 'mixed', 'signed'] as const) {
      const options = { form: 'binary', gammas: gammas(3, 0), softTarget, meanOver } as const
      const plain = of(binaryCrossEntropy({ meanOver }), sigmoid, { activation: 'sigmoid' })
      t.true(same(of(pixelLoss(3, options), sigmoid, { activation: 'sigmoid' }), plain), softTarget)
    }
    const positive = { form: 'binary', gammas: gammas(3, 0), positiveWeights: [3, 1, 2], meanOver } as const
    t.true(same(of(pixelLoss(3, positive), sigmoid, { activation: 'sigmoid' }), binary))
  }
})

test('a smoothed target is label smoothing', (t) => {
  const smoothed = of(crossEntropy({ labelSmoothing: 0.3, meanOver: 'pixels' }), softmax)
  const options = { gammas: gammas(3, 0), targetScale: 0.7, targetOffset: 0.1, meanOver: 'pixels' } as const
  t.true(same(of(pixelLoss(3, options), softmax), smoothed))
})

test('generalized with γ = 1 is 1 − p', (t) => {
  const on = { ...randomData({ activation: 'none' }), target: new Uint8Array(12) }
  const { loss } = of(pixelLoss(3, { function: 'generalized', gammas: gammas(3, 1), reduction: 'sum' }), on, {
    activation: 'none',
  })
  const first = [0, 1].flatMap((n) => Array.from(on.prediction.subarray(n * 18, n * 18 + 6)))
  t.true(
    near(
      loss,
      first.reduce((total, p) => total + 1 - p, 0),
    ),
  )
})

test('what to do with a soft target matters for soft targets only', (t) => {
  const hard = randomData({ activation: 'sigmoid', target: 'one-hot' })
  const options = { form: 'binary', gammas: gammas(3, 1.5), positiveWeights: [0.25, 1, 2], normalized: true } as const
  const linear = of(pixelLoss(3, options), hard, { activation: 'sigmoid' })
  for (const softTarget of ['mixed', 'signed'] as const) {
    t.true(same(of(pixelLoss(3, { ...options, softTarget }), hard, { activation: 'sigmoid' }), linear))
  }
})

test('the two mixtures of a soft target, written out', (t) => {
  const [z, p, u] = [0.8, 1 / (1 + Math.exp(-0.8)), 0.3]
  const on: Data = { prediction: Float64Array.of(z), samples: 1, pixels: 1, perClass: true, target: Float64Array.of(u) }
  const options = { form: 'binary', gammas: [2], positiveWeights: [0.25], negativeWeights: [0.75] } as const
  const value = (softTarget: PixelTerm['softTarget']): number =>
    lossOf(engine, criterion(1, pixelLoss(1, { ...options, softTarget }), { activation: 'sigmoid' }), on)
  const weight = 0.25 * u + 0.75 * (1 - u)
  const entropy = -u * Math.log(p) - (1 - u) * Math.log(1 - p)
  t.true(near(value('mixed'), (1 - p * u - (1 - p) * (1 - u)) ** 2 * weight * entropy))
  t.true(near(value('signed'), (1 / (1 + Math.exp(z * (2 * u - 1)))) ** 2 * weight * entropy))
  const parts = 0.25 * u * (1 - p) ** 2 * -Math.log(p) + 0.75 * (1 - u) * p ** 2 * -Math.log(1 - p)
  t.true(near(value('linear'), parts))
})

test('a categorical mixture is one likelihood for the pixel', (t) => {
  const p = [0.5, 0.3, 0.2]
  const on: Data = { prediction: Float64Array.from(p, Math.log), samples: 1, pixels: 1, target: Uint8Array.of(1) }
  const options = { softTarget: 'mixed', targetScale: 0.7, targetOffset: 0.1, positiveWeights: [1, 3, 1] } as const
  const mixture = 0.8 * 0.3 + 0.1 * 0.7
  t.true(near(of(pixelLoss(3, options), on).loss, 3 * (1 - mixture) ** 2 * -Math.log(mixture)))
  const hard = randomData({ activation: 'softmax' })
  t.true(same(of(pixelLoss(3, { softTarget: 'mixed' }), hard), of(pixelLoss(3), hard)))
  const spec = criterion(3, pixelLoss(3, options), { activation: 'none' })
  const row = { name: 'of probabilities', spec, data: randomData({ activation: 'none', target: 'soft' }) }
  t.true(gradientError(engine, engine, row) <= 1e-6)
})

test('far-out logits: the loss is what the logarithm says, and every slope is finite', (t) => {
  for (const gamma of [0, 0.5, 1, 2]) {
    for (const softTarget of ['linear', 'mixed', 'signed'] as const) {
      const wrong = one({ gammas: [gamma], softTarget }, -1e4)
      t.deepEqual([wrong.loss, ...wrong.gradient], [1e4, -1])
      const right = one({ gammas: [gamma], softTarget }, 1e4)
      t.deepEqual([right.loss, right.gradient[0]! + 0], [0, 0])
      t.is(one({ gammas: [gamma], softTarget }, 1e4, 0).gradient[0], 1)
    }
  }
  const far: Data = { prediction: Float64Array.of(1e4, -1e4, 0), samples: 1, pixels: 1, target: Uint8Array.of(1) }
  for (const gamma of [0, 0.5, 2]) {
    const { loss, gradient } = of(pixelLoss(3, { gammas: gammas(3, gamma) }), far)
    t.deepEqual([loss, ...gradient], [2e4, 1, -1, 0])
    const right = of(pixelLoss(3, { gammas: gammas(3, gamma) }), { ...far, target: Uint8Array.of(0) })
    t.deepEqual([right.loss, ...right.gradient], [0, 0, 0, 0])
  }
  for (const name of ['poly', 'generalized'] as const) {
    const { loss, gradient } = one({ function: name, gammas: [0.5] }, -1e4)
    t.is(loss, name === 'poly' ? 1e4 + 0.5 : 2)
    t.is(gradient[0]! + 0, name === 'poly' ? -1 : 0)
  }
})

test('near a right answer small losses keep their digits', (t) => {
  const z = 40
  // −log p = log(1 + e^−40) = e^−40 to 17 digits, and 1 − p the same.
  t.true(Math.abs(one({ gammas: [0.5] }, z).loss / Math.exp(-z) ** 1.5 - 1) < 1e-14)
  const on: Data = { prediction: Float64Array.of(z, 0), samples: 1, pixels: 1, target: Uint8Array.of(0) }
  const { loss, gradient } = evaluate(engine, criterion(2, pixelLoss(2, { gammas: [0.5, 0.5] })), on)
  t.true(Math.abs(loss / Math.exp(-z) ** 1.5 - 1) < 1e-14)
  t.true(Math.abs(gradient[0]! / (-1.5 * Math.exp(-z) ** 1.5) - 1) < 1e-14)
})

test('probabilities of exactly 0 and 1', (t) => {
  const on: Data = { prediction: Float64Array.of(0, 1), samples: 1, pixels: 2, target: Uint8Array.of(1, 1) }
  for (const gamma of [0, 0.5, 2]) {
    const term = pixelLoss(1, { form: 'binary', gammas: [gamma], reduction: 'none' })
    const { values, gradient } = evaluate(engine, criterion(1, term, { activation: 'none' }), on)
    t.true(near(values[0]!, (1 - 1e-7) ** gamma * -Math.log(1e-7)))
    t.true(Math.abs(values[1]! - 1e-7 ** gamma * -Math.log1p(-1e-7)) < 1e-14)
    t.deepEqual([...gradient], [0, 0])
  }
})

test('the reduced factor is 1 below its threshold and a power above it', (t) => {
  const p = (z: number): number => 1 / (1 + Math.exp(-z))
  const options = { gammas: [2], reducedThreshold: 0.4 }
  t.true(near(one(options, -1).loss, -Math.log(p(-1))))
  t.true(near(one(options, 1).loss, ((1 - p(1)) / 0.4) ** 2 * -Math.log(p(1))))
})

test('a normalized focal loss is the cross-entropy weighed by its factors', (t) => {
  const options = { gammas: gammas(3, 0.5), normalized: true } as const
  const on = randomData({ activation: 'softmax' })
  const entropies = of(crossEntropy({ reduction: 'none' }), on).values
  const factors = entropies.map((e) => (1 - Math.exp(-e)) ** 0.5)
  const total = factors.reduce((a, b) => a + b)
  const weighed = entropies.reduce((sum, e, v) => sum + factors[v]! * e, 0) / total
  t.true(near(of(pixelLoss(3, { ...options, reduction: 'sum' }), on).loss, weighed))
  t.true(near(of(pixelLoss(3, options), on).loss, weighed / 12))
  const { values } = of(pixelLoss(3, { ...options, reduction: 'none' }), on)
  values.forEach((value, v) => t.true(near(value, (factors[v]! * entropies[v]!) / total)))
  // Every factor rounds to nothing: the bound holds the divisor.
  const right: Data = { prediction: Float64Array.of(30, -30), samples: 1, pixels: 2, target: Uint8Array.of(1, 0) }
  const term = pixelLoss(1, { form: 'binary', normalized: true, reduction: 'sum' })
  const { loss } = evaluate(engine, criterion(1, term, { activation: 'sigmoid' }), right)
  t.true(Math.abs(loss / ((2 * Math.exp(-90)) / 1e-6) - 1) < 1e-10)
})

test('the values of a subset of the classes are 0 elsewhere', (t) => {
  const binary = pixelLoss(3, { form: 'binary', classes: [1] })
  const { values, gradient } = of(binary, sigmoid, { activation: 'sigmoid' })
  t.deepEqual([values[0], values[2]], [0, 0])
  t.true([...gradient].every((slope, i) => slope === 0 || Math.floor(i / 6) % 3 === 1))
  const elements = of({ ...binary, reduction: 'none' }, sigmoid, { activation: 'sigmoid' })
  t.true([...elements.values].every((value, i) => value === 0 || Math.floor(i / 6) % 3 === 1))
})

test('the top 100 % are all pixels', (t) => {
  for (const meanOver of ['weights', 'valid-pixels', 'pixels'] as const) {
    for (const reduction of ['mean', 'sum', 'none'] as const) {
      const options = { meanOver, reduction, classWeights: [0.5, 2, 1], labelSmoothing: 0.1 }
      const all = of(crossEntropy(options), softmax)
      t.true(same(of(crossEntropy({ ...options, topPercent: 100 }), softmax), all))
    }
  }
})

test('the top pixels are those of the largest losses', (t) => {
  const on = randomData({ activation: 'softmax', pixels: 10 })
  const losses = [...of(crossEntropy({ reduction: 'none' }), on).values]
  const largest = losses.toSorted((a, b) => b - a)
  // 27 % of 20 pixels, rounded down.
  const { loss, gradient } = of(crossEntropy({ topPercent: 27 }), on)
  t.true(near(loss, largest.slice(0, 5).reduce((a, b) => a + b) / 5))
  const full = of(crossEntropy({ reduction: 'sum' }), on).gradient
  gradient.forEach((slope, i) => {
    const chosen = losses[Math.floor(i / 30) * 10 + (i % 10)]! >= largest[4]!
    t.true(near(slope, chosen ? full[i]! / 5 : 0))
  })
  t.is(of(crossEntropy({ topPercent: 4 }), on).loss, 0)
})

test('of equal losses the first pixels count, never one that is ignored', (t) => {
  const on: Data = {
    prediction: Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0),
    samples: 1,
    pixels: 4,
    target: Uint8Array.of(9, 0, 1, 0),
  }
  const spec = (topPercent: number, meanOver: 'valid-pixels' | 'pixels'): CriterionSpec =>
    criterion(2, crossEntropy({ topPercent, meanOver }), { ignoreIndex: 9 })
  const { gradient } = evaluate(engine, spec(50, 'pixels'), on)
  t.deepEqual([...gradient], [0, -0.25, 0.25, 0, 0, 0.25, -0.25, 0])
  t.true(near(lossOf(engine, spec(100, 'pixels'), on), 0.75 * Math.LN2))
  t.true(near(lossOf(engine, spec(100, 'valid-pixels'), on), Math.LN2))
})

test('a pixel’s weight decides with its loss', (t) => {
  const on: Data = {
    prediction: Float64Array.of(0, 1, 1, 0),
    samples: 1,
    pixels: 2,
    target: Uint8Array.of(1, 0),
    pixelWeights: Float64Array.of(1, 5),
  }
  const { values } = evaluate(engine, criterion(2, crossEntropy({ topPercent: 50, reduction: 'none' })), on)
  t.is(values[0], 0)
  t.true(near(values[1]!, 5 * Math.log1p(Math.exp(-1))))
})
