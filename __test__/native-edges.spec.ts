/** The native engine against the plain TypeScript one where numbers are extreme: full cells, overflow, factors of 0, sure pixels. */
import type { CriterionSpec } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import {
  binaryCrossEntropy,
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

/** Losses of probabilities without a clip, of one class or of two, with 0 for a sure and right pixel. */
const UNCLIPPED = { clip: 0 } as const
const BINARY = { ...UNCLIPPED, form: 'binary' } as const
const SURE = [
  ['cross-entropy', 2, crossEntropy(UNCLIPPED)],
  ['worst pixels', 2, crossEntropy({ ...UNCLIPPED, topPercent: 100 })],
  ['binary cross-entropy', 1, binaryCrossEntropy(UNCLIPPED)],
  ['focal, γ = 0', 2, pixelLoss(2, { ...UNCLIPPED, gammas: [0, 0] })],
  ['focal', 2, pixelLoss(2, UNCLIPPED)],
  ['focal, normalized', 2, pixelLoss(2, { ...UNCLIPPED, normalized: true, reduction: 'sum' })],
  ['focal, blended', 2, pixelLoss(2, { ...UNCLIPPED, softTarget: 'mixed' })],
  ['poly', 2, pixelLoss(2, { ...UNCLIPPED, function: 'poly' })],
  ['binary focal', 1, pixelLoss(1, BINARY)],
  ['binary focal, mixed', 1, pixelLoss(1, { ...BINARY, softTarget: 'mixed' })],
  ['binary poly', 1, pixelLoss(1, { ...BINARY, function: 'poly' })],
  ['binary generalized', 1, pixelLoss(1, { ...BINARY, function: 'generalized', gammas: [0.5] })],
] as const

for (const [name, classes, term] of SURE) {
  nativeTest(`sure and right pixels without a clip add 0, and take nothing of the slope of others: ${name}`, (t) => {
    const spec = criterion(classes, { ...term, reduction: 'sum' }, PROBABILITIES)
    const planes = (...first: number[]): Float32Array =>
      Float32Array.from(classes === 1 ? first : [...first, ...first.map((p) => 1 - p)])
    const data = (...pixels: (readonly [p: number, t: number])[]): Data => ({
      prediction: planes(...pixels.map(([p]) => p)),
      target: planes(...pixels.map(([, g]) => g)),
      perClass: true,
      samples: 1,
      pixels: pixels.length,
    })
    const sure = [
      [0, 0],
      [1, 1],
    ] as const
    // A quarter has slopes that are no rounding of another's.
    const alone = both(spec, data([0.25, 1]))
    const beside = both(spec, data(...sure, [0.25, 1]))
    const isNormalized = name.includes('normalized')
    for (const [engine, { loss, gradient }] of beside.entries()) {
      t.true(Math.abs(loss - alone[engine]!.loss) <= 1e-6, `${loss}`)
      for (const pixel of classes === 2 ? [0, 1, 3, 4] : [0, 1]) t.is(Math.abs(gradient[pixel]!), 0)
      if (!isNormalized) t.true(Math.abs(gradient[2]! - alone[engine]!.gradient[0]!) <= 1e-6)
    }
    t.true(distance(beside, () => true) <= 1e-6)
    t.true(both(spec, data(...sure)).every(({ loss }) => Math.abs(loss) <= 2e-7))
    const [native, expected] = both(spec, data([0, 1]))
    t.deepEqual([...native.gradient].map(Math.abs), [...expected.gradient].map(Math.abs))
    // φ(0), of which the native engine knows 126·log 2 only.
    if (Number.isFinite(expected.loss)) t.true(Math.abs(native.loss - expected.loss) <= 1e-6)
    else t.true(native.loss > 87)
  })
}

nativeTest('a blend behind a softmax that is sure keeps its digits', (t) => {
  const spec = criterion(2, pixelLoss(2, { softTarget: 'mixed', gammas: [0, 0] }), { activation: 'softmax' })
  // −log p = log(1 + e^2000), and its slopes.
  for (const { loss, gradient } of both(spec, {
    prediction: Float32Array.of(-1000, 1000),
    target: Uint8Array.of(0),
    samples: 1,
    pixels: 1,
  })) {
    t.is(loss, 2000)
    t.deepEqual([...gradient], [-1, 1])
  }
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
