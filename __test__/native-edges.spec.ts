/** The native engine against the plain TypeScript one where numbers are extreme: full cells, overflow, factors of 0, sure pixels. */
import type { CriterionSpec } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import {
  criterion,
  crossEntropy,
  type Data,
  evaluate,
  type Evaluation,
  lovasz,
  pixelLoss,
  region,
  sensitivitySpecificity,
  wasserstein,
} from './cases/build.ts'
import { random } from './cases/data.ts'
import { nativeEngine, nativeTest } from './native/engine.ts'

const PROBABILITIES = { activation: 'none', checkValues: false } as const

/** Both engines on the same numbers, the native one first. */
function both(spec: CriterionSpec, data: Data): readonly [actual: Evaluation, expected: Evaluation] {
  const prediction = Float64Array.from(data.prediction)
  return [evaluate(nativeEngine(), spec, data), evaluate(reference.engine(), spec, { ...data, prediction })]
}

/** Largest difference of the gradients, of the largest element but those left out. */
function distance([actual, expected]: ReturnType<typeof both>, isCompared: (index: number) => boolean): number {
  const indices = [...expected.gradient.keys()].filter(isCompared)
  const largest = Math.max(...indices.map((i) => Math.abs(expected.gradient[i]!)))
  return Math.max(...indices.map((i) => Math.abs(actual.gradient[i]! - expected.gradient[i]!))) / largest
}

nativeTest('sensitivity and specificity of a class that fills the plane, or almost', (t) => {
  const pixels = 20_480
  const next = random(3)
  const prediction = Float32Array.from({ length: pixels }, next)
  const spec = criterion(1, sensitivitySpecificity(1, { share: 0.05, smooth: 1e-5 }), PROBABILITIES)
  for (const outside of [[], [3], [3, 9000]]) {
    for (const perClass of [false, true]) {
      const target = new Uint8Array(pixels).fill(1)
      for (const pixel of outside) target[pixel] = 0
      const found = both(spec, { prediction, samples: 1, pixels, target, perClass })
      t.true(Math.abs(found[0].loss / found[1].loss - 1) <= 1e-9)
      t.true(distance(found, (pixel) => !outside.includes(pixel)) <= 1e-6)
      t.true(distance(found, () => true) <= 1e-6)
    }
  }
})

nativeTest('sensitivity and specificity of a full plane without smoothing: 0/0, in value and gradient', (t) => {
  const spec = criterion(1, sensitivitySpecificity(1, { smooth: 0 }), PROBABILITIES)
  for (const perClass of [false, true]) {
    const target = Uint8Array.of(1, 1, 1)
    for (const found of both(spec, {
      prediction: Float32Array.of(0.2, 0.5, 1),
      samples: 1,
      pixels: 3,
      target,
      perClass,
    })) {
      t.deepEqual([found.loss, ...found.gradient], [NaN, NaN, NaN, NaN])
    }
  }
})

nativeTest('Lovász errors that are infinite count: the same value, and NaN where the other engine has it', (t) => {
  const hinge = criterion(1, lovasz(1, { form: 'hinge' }), { activation: 'sigmoid', checkValues: false })
  const softmax = criterion(1, lovasz(1), PROBABILITIES)
  const data = { prediction: Float32Array.of(0.5, 1, 0.2, 0.1), samples: 1, pixels: 4, perClass: true }
  for (const spec of [hinge, softmax]) {
    for (const t0 of [Infinity, -Infinity, -3e38]) {
      const [actual, expected] = both(spec, { ...data, target: Float32Array.of(t0, 0, 1, 1) })
      t.deepEqual([actual.loss, ...actual.gradient], [expected.loss, ...expected.gradient])
    }
  }
  // Beyond float32, where the other engine has a number: 1 + 5·3e38 of the first pixel, three times that in the sum.
  const [actual, expected] = both(hinge, {
    ...data,
    prediction: Float32Array.of(-3e38, 1, 2, -1),
    target: Float32Array.of(5, 0, 1, 1),
  })
  t.is(actual.loss, Infinity)
  t.true(expected.loss > 3.4e38)
  t.true(actual.gradient.every((slope, i) => Math.abs(slope - expected.gradient[i]!) <= 1e-6))
})

nativeTest('a loss of −∞ is one of the smallest, and counts', (t) => {
  const term = crossEntropy({ topPercent: 75, classWeights: [1e308, 1], reduction: 'sum' })
  const spec = criterion(2, term, { ...PROBABILITIES, ignoreIndex: 1 })
  // −1 of class 0: 1e308·(−1)·(−log p) is beyond the smallest number. The last pixel is of the ignored class.
  const data = { prediction: new Float32Array(8).fill(1e-6), samples: 1, pixels: 4, perClass: true }
  const [actual, expected] = both(spec, { ...data, target: Float32Array.of(-1, -1, -1, -1, 0, 0, 0, 1) })
  t.is(expected.loss, -Infinity)
  t.is(actual.loss, -Infinity)
})

const BROKEN = [
  ['a cell that is NaN', region(2, { emptyClass: 'nan' })],
  ['an infinite slope', region(2, { smoothNumerator: 0, smoothDenominator: 0, transform: 'log-power', gamma: 0.5 })],
  ['NaN beside infinite targets', lovasz(2)],
  ['0/0', wasserstein(2, { distances: [0, 0, 0, 0], smoothNumerator: 0, smoothDenominator: 0 })],
  ['an infinite weight', crossEntropy({ classWeights: [1e308, 1e308], reduction: 'sum' })],
  ['a function of what is no number', pixelLoss(2)],
] as const

for (const [name, broken] of BROKEN) {
  nativeTest(`a term whose factor is 0 has no part in the gradient: ${name}`, (t) => {
    const data = { samples: 1, pixels: 3, target: Uint8Array.of(0, 0, 0) }
    const prediction = Float32Array.of(0.5, 1, 0.25, 0.5, 0, 0.75)
    const sound = region(2)
    const [alone] = both(criterion(2, sound, PROBABILITIES), { ...data, prediction })
    const weightless = both(criterion(2, [sound, { ...broken, weight: 0 }], PROBABILITIES), { ...data, prediction })
    for (const { gradient } of weightless) {
      t.true(gradient.every((slope, i) => Math.abs(slope - alone.gradient[i]!) <= 1e-7))
    }
    // Nothing is added, also where the prediction itself is no number.
    for (const values of [prediction, Float32Array.of(NaN, 1, 0.25, 0.5, 0, Infinity)]) {
      for (const accumulate of [false, true]) {
        const spec = criterion(2, [sound, broken], PROBABILITIES)
        for (const engine of [nativeEngine(), reference.engine()]) {
          const before = new Float32Array(6).fill(7)
          const call = { ...data, prediction: values, gradientScale: 0, accumulate }
          t.deepEqual([...evaluate(engine, spec, call, before).gradient], new Array(6).fill(accumulate ? 7 : 0))
        }
      }
    }
  })
}

nativeTest('losses of sure pixels keep their digits, and so their order', (t) => {
  const [classes, pixels] = [3, 400]
  const next = random(11)
  // −log p from 3e-18 to 1, each 10 % from the next one.
  const order = Array.from({ length: pixels }, (_, i) => i).toSorted(
    (a, b) => ((a * 263) % pixels) - ((b * 263) % pixels),
  )
  const prediction = new Float32Array(classes * pixels)
  for (const [pixel, place] of order.entries()) {
    const shift = 2 * next()
    prediction.set([40 - place * 0.1 + shift], pixel)
    prediction.set([shift], pixels + pixel)
    prediction.set([shift - 1], 2 * pixels + pixel)
  }
  const data = { prediction, samples: 1, pixels, target: new Uint8Array(pixels) }
  const [actual, expected] = both(criterion(classes, crossEntropy({ reduction: 'none' })), data)
  for (const [pixel, loss] of expected.values.entries()) {
    t.true(Math.abs(actual.values[pixel]! / loss - 1) <= 1e-5, `${actual.values[pixel]!} instead of ${loss}`)
  }
  for (const topPercent of [1, 10, 25, 50]) {
    const [chosen, right] = both(criterion(classes, crossEntropy({ topPercent, reduction: 'sum' })), data)
    t.true(Math.abs(chosen.loss - right.loss) <= 1e-6)
    const pixelsOf = ({ gradient }: Evaluation): number[] =>
      Array.from({ length: pixels }, (_, i) => i).filter((i) => gradient[2 * pixels + i] !== 0)
    t.deepEqual(pixelsOf(chosen), pixelsOf(right))
  }
})
