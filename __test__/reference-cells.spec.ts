/** Losses of a few numbers a cell, against their closed forms: what the table's differences cannot see. */
import test from 'ava'
import type { CriterionSpec, RegionTerm, Term, VolumeWeights } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import {
  correlation,
  criterion,
  type Data,
  evaluate,
  lossOf,
  region,
  sensitivitySpecificity,
  wasserstein,
} from './cases/build.ts'
import { randomData } from './cases/data.ts'

const engine = reference.engine()
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-13 * Math.max(1, Math.abs(b))

/** Two samples of three classes; class 2 is absent from the second one. */
const data: Data = {
  ...randomData({ activation: 'none', seed: 3 }),
  target: Uint8Array.of(0, 1, 2, 1, 0, 0, 1, 1, 0, 0, 1, 0),
}
const none = (terms: Term | readonly Term[], classes = 3): CriterionSpec =>
  criterion(classes, terms, { activation: 'none' })
const valuesOf = (term: Term, on = data): number[] => [...evaluate(engine, none(term), on).values]
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** I, P and G of a class of a sample. */
function sumsOf(n: number, c: number): { I: number; P: number; G: number } {
  const sums = { I: 0, P: 0, G: 0 }
  for (let v = 0; v < data.pixels; v++) {
    const p = data.prediction[(n * 3 + c) * data.pixels + v]!
    const g = Number(data.target[n * data.pixels + v]) === c ? 1 : 0
    sums.I += p * g
    sums.P += p
    sums.G += g
  }
  return sums
}

test('the transforms of a score', (t) => {
  const scores = valuesOf(region(3)).map((_, i) => {
    const { I, P, G } = sumsOf(Math.floor(i / 3), i % 3)
    return (2 * I + 1e-5) / (P + G + 1e-5)
  })
  const transformed = (options: Partial<RegionTerm>, formula: (s: number) => number): void => {
    valuesOf(region(3, options)).forEach((value, i) => t.true(near(value, formula(scores[i]!))))
  }
  transformed({ transform: 'negative' }, (s) => -s)
  transformed({ transform: 'log-power', gamma: 0.3 }, (s) => (-Math.log(s)) ** 0.3)
  transformed({ transform: 'penalty', gamma: 2.5 }, (s) => (1 - s) / (1 + 2.5 * s))
  const values = valuesOf(region(3, { transform: 'power', classGammas: [1, 2, 0.5] }))
  values.forEach((value, i) => t.true(near(value, (1 - scores[i]!) ** [1, 2, 0.5][i % 3]!)))
})

test('an empty cell is a perfect or the worst score under every transform', (t) => {
  const empty = { ...data, target: new Uint8Array(12) }
  const of = (emptyClass: 'perfect' | 'worst', options: Partial<RegionTerm>): number =>
    lossOf(engine, none(region(3, { classes: [1], emptyClass, ...options })), empty)
  t.is(of('perfect', { transform: 'negative' }), -1)
  t.is(of('worst', { transform: 'negative' }), 0)
  t.is(of('perfect', { transform: 'log-power', gamma: 0.5 }), 0)
  t.is(of('worst', { transform: 'log-power', gamma: 2, floor: Math.exp(-3) }), 9)
  t.is(of('perfect', { transform: 'penalty', gamma: 2 }), 0)
  t.is(of('worst', { transform: 'penalty', gamma: 2 }), 1)
  for (const term of [correlation(3, { classes: [1] }), sensitivitySpecificity(3, { classes: [1] })]) {
    t.is(lossOf(engine, none({ ...term, emptyClass: 'perfect' }), empty), 0)
    t.is(lossOf(engine, none({ ...term, emptyClass: 'worst' }), empty), 1)
  }
})

test('the outer transform is of the reduced value, the values come before it', (t) => {
  const plain = evaluate(engine, none(region(3)), data)
  const outer = evaluate(engine, none(region(3, { outerGamma: 0.75 })), data)
  t.deepEqual(outer.values, plain.values)
  t.true(near(outer.loss, plain.loss ** 0.75))
  const of = (options: Partial<RegionTerm>): number => lossOf(engine, none(region(3, options)), data)
  t.true(near(of({ outerTransform: 'log-power', outerGamma: 0.3 }), (-Math.log(1 - plain.loss)) ** 0.3))
  t.is(of({ outerTransform: 'log-power', floor: 0.9 }), -Math.log(0.9))
  const negative = of({ transform: 'negative' })
  t.true(
    near(
      of({ transform: 'negative', outerTransform: 'penalty', outerGamma: 2.5 }),
      negative / (1 + 2.5 * (1 - negative)),
    ),
  )
  const perfect = none(region(1, { outerGamma: 0.5 }), 1)
  const on: Data = { prediction: Float64Array.of(1, 0), samples: 1, pixels: 2, target: Uint8Array.of(1, 0) }
  const { loss, gradient } = evaluate(engine, perfect, on)
  t.deepEqual([loss, ...gradient], [0, 0, 0])
})

test('squared errors: p²g, p²(1 − g) and (1 − p)²g for I, FP and FN', (t) => {
  const on: Data = { prediction: Float64Array.of(0.9, 0.4, 0.2), samples: 1, pixels: 3, target: Uint8Array.of(1, 1, 0) }
  const loss = lossOf(engine, none(region(1, { form: 'squared-errors', scale: 1, alpha: 0.3, beta: 0.7 }), 1), on)
  const [I, FP, FN] = [0.81 + 0.16, 0.04, 0.01 + 0.36]
  t.true(near(loss, 1 - (I + 1e-5) / (I + 0.3 * FP + 0.7 * FN + 1e-5)))
})

test('the target’s floor is a target of its own, but for emptiness and volumes', (t) => {
  const planes = Float64Array.from({ length: 36 }, (_, i) => {
    const [n, c, v] = [Math.floor(i / 18), Math.floor(i / 6) % 3, i % 6]
    return Number(data.target[n * 6 + v]) === c ? 1 : 0.1
  })
  for (const form of ['product', 'squared', 'squared-errors'] as const) {
    const floored = evaluate(engine, none(region(3, { form, targetFloor: 0.1 })), data)
    const given = evaluate(engine, none(region(3, { form })), { ...data, perClass: true, target: planes })
    floored.values.forEach((value, i) => t.true(near(value, given.values[i]!)))
    floored.gradient.forEach((slope, i) => t.true(near(slope, given.gradient[i]!)))
  }
  const skipped = valuesOf(region(3, { targetFloor: 0.1, emptyClass: 'skip' }))
  t.true(Number.isNaN(skipped[5]!))
})

test('means of means: each sample’s cells that count, then the samples; or the classes', (t) => {
  const of = (options: Partial<RegionTerm>): number => lossOf(engine, none(region(3, options)), data)
  const cells = valuesOf(region(3, { emptyClass: 'skip' }))
  t.true(
    near(of({ averaging: 'samples', emptyClass: 'skip' }), mean([mean(cells.slice(0, 3)), mean(cells.slice(3, 5))])),
  )
  const classes = [mean([cells[0]!, cells[3]!]), mean([cells[1]!, cells[4]!]), cells[2]!]
  t.true(near(of({ averaging: 'classes', emptyClass: 'skip' }), mean(classes)))
  t.true(near(of({ averaging: 'samples' }), of({ averaging: 'cells' })))
  const weighted = { averaging: 'samples', classWeights: [1, 2, 5] } as const
  const full = valuesOf(region(3))
  const weightedMean = (n: number): number => (full[3 * n]! + 2 * full[3 * n + 1]! + 5 * full[3 * n + 2]!) / 8
  t.true(near(of(weighted), mean([weightedMean(0), weightedMean(1)])))
  t.true(near(of({ ...weighted, weightMode: 'multiply' }), (8 / 3) * mean([weightedMean(0), weightedMean(1)])))
  // A sample of which nothing counts is no part of the mean.
  const onlyFirst = { averaging: 'samples', emptyClass: 'skip', classes: [2] } as const
  t.is(of(onlyFirst), cells[2]!)
})

test('generalized Dice is one ratio of weighted sums', (t) => {
  const volumeWeights: VolumeWeights = { volumes: 'score', power: 2, offset: 0, floor: 0, absent: 'largest' }
  const term = region(3, { scorePer: 'sample', weightMode: 'inside', volumeWeights })
  valuesOf(term).forEach((value, n) => {
    const sums = [0, 1, 2].map((c) => sumsOf(n, c))
    const weights = sums.map(({ G }) => 1 / G ** 2)
    const largest = Math.max(...weights.filter(Number.isFinite))
    const of = (pick: (s: { I: number; P: number; G: number }) => number): number =>
      sums.reduce((total, s, c) => total + Math.min(weights[c]!, largest) * pick(s), 0)
    t.true(near(value, 1 - (2 * of(({ I }) => I) + 1e-5) / (of(({ P, G }) => P + G) + 1e-5)))
  })
})

test('generalized Dice of one class is Dice, and of weights 1 the Dice of all classes', (t) => {
  const volumeWeights: VolumeWeights = { volumes: 'score', power: 2, offset: 0, floor: 0, absent: 'largest' }
  const smooth = { smoothNumerator: 0, smoothDenominator: 0 }
  const one = { scorePer: 'sample', classes: [1], ...smooth } as const
  const generalized = valuesOf(region(3, { ...one, weightMode: 'inside', volumeWeights }))
  valuesOf(region(3, one)).forEach((value, n) => t.true(near(value, generalized[n]!)))
  const flat: VolumeWeights = { volumes: 'score', power: 1, offset: 0, floor: 1e6, absent: 'formula' }
  const all = { scorePer: 'batch', ...smooth } as const
  const flattened = valuesOf(region(3, { ...all, weightMode: 'inside', volumeWeights: flat }))
  t.true(near(valuesOf(region(3, all))[0]!, flattened[0]!))
})

test('what a class without reference weighs', (t) => {
  const weightOf = (absent: VolumeWeights['absent'], options: Partial<VolumeWeights> = {}): number => {
    const volumeWeights: VolumeWeights = { volumes: 'score', power: 1, offset: 0, floor: 0, ...options, absent }
    const term = region(3, { weightMode: 'multiply', volumeWeights })
    // Class 2 is absent from sample 1: its loss there is 1 − 1e-5/(P + 1e-5).
    return valuesOf(term)[5]! / valuesOf(region(3))[5]!
  }
  t.true(near(weightOf('largest'), 1 / 3))
  t.true(near(weightOf('zero'), 0))
  t.is(weightOf('formula'), Infinity)
  t.true(near(weightOf('formula', { offset: 0.5 }), 2))
  t.true(near(weightOf('formula', { floor: 0.25 }), 4))
  const empty = { ...data, perClass: true, target: new Float64Array(36) }
  const volumeWeights: VolumeWeights = { volumes: 'score', power: 2, offset: 0, floor: 0, absent: 'largest' }
  t.deepEqual(valuesOf(region(3, { weightMode: 'multiply', volumeWeights }), empty), [0, 0, 0, 0, 0, 0])
})

test('volumes are the batch’s where scores pool it, and the mean weighs by Σ w·ℓ / Σ w', (t) => {
  const volumeWeights: VolumeWeights = { volumes: 'score', power: 1, offset: 1e-7, floor: 0, absent: 'formula' }
  const pooled = valuesOf(region(3, { scorePer: 'class', weightMode: 'multiply', volumeWeights }))
  const plain = valuesOf(region(3, { scorePer: 'class' }))
  const weights = [0, 1, 2].map((c) => 1 / (sumsOf(0, c).G + sumsOf(1, c).G + 1e-7))
  pooled.forEach((value, c) => t.true(near(value, weights[c]! * plain[c]!)))
  const batch: VolumeWeights = { ...volumeWeights, volumes: 'batch', power: 2, offset: 0.5 }
  const cells = valuesOf(region(3))
  valuesOf(region(3, { weightMode: 'multiply', volumeWeights: batch })).forEach((value, i) => {
    t.true(near(value, cells[i]! / ((sumsOf(0, i % 3).G + sumsOf(1, i % 3).G) ** 2 + 0.5)))
  })
  const loss = lossOf(engine, none(region(3, { scorePer: 'class', volumeWeights })), data)
  const total = weights.reduce((a, b) => a + b)
  t.true(near(loss, pooled.reduce((a, b) => a + b) / total))
})

test('the correlation of a hard perfect prediction is 1, of a hard wrong one −1, of an uninformed one 0', (t) => {
  const loss = (...prediction: number[]): number => {
    const on: Data = {
      prediction: Float64Array.from(prediction),
      samples: 1,
      pixels: 4,
      target: Uint8Array.of(1, 1, 0, 0),
    }
    return lossOf(engine, none(correlation(1, { smooth: 0 }), 1), on)
  }
  t.is(loss(1, 1, 0, 0), 0)
  t.is(loss(0, 0, 1, 1), 2)
  t.is(loss(0.5, 0.5, 0.5, 0.5), 1)
  // TP, FN, FP, TN = 1.5, 0.5, 0.75, 1.25
  t.true(near(loss(1, 0.5, 0.5, 0.25), 1 - (1.5 * 1.25 - 0.75 * 0.5) / Math.sqrt(2.25 * 2 * 2 * 1.75)))
})

test('a correlation’s smoothing is added to each count', (t) => {
  valuesOf(correlation(3, { smooth: 0.25 })).forEach((value, i) => {
    const { I, P, G } = sumsOf(Math.floor(i / 3), i % 3)
    const [TP, FP, FN, TN] = [I + 0.25, P - I + 0.25, G - I + 0.25, 6 - P - G + I + 0.25]
    const root = Math.sqrt((TP + FP) * (TP + FN) * (TN + FP) * (TN + FN))
    t.true(near(value, 1 - (TP * TN - FP * FN) / root))
  })
})

test('sensitivity-specificity is the squared errors of either side', (t) => {
  const on: Data = { prediction: Float64Array.of(0.9, 0.4, 0.2), samples: 1, pixels: 3, target: Uint8Array.of(1, 1, 0) }
  const loss = lossOf(engine, none(sensitivitySpecificity(1, { share: 0.3, smooth: 0.5 }), 1), on)
  t.true(near(loss, (0.3 * (0.01 + 0.36)) / 2.5 + (0.7 * 0.04) / 1.5))
  const soft: Data = {
    ...on,
    pixels: 1,
    prediction: Float64Array.of(0.9),
    perClass: true,
    target: Float64Array.of(0.25),
  }
  const mixed = lossOf(engine, none(sensitivitySpecificity(1, { share: 0.3, smooth: 0.5 }), 1), soft)
  t.true(near(mixed, (0.3 * 0.25 * 0.01) / 0.75 + (0.7 * 0.75 * 0.81) / 1.25))
})

/** Every label as far from any other. */
const ALIKE = [0, 1, 1, 1, 0, 1, 1, 1, 0]

test('with distances 0 and 1 Wasserstein Dice counts what is missed', (t) => {
  valuesOf(wasserstein(3, { distances: ALIKE, smoothNumerator: 0.25, smoothDenominator: 0.5 })).forEach((value, n) => {
    const sums = [0, 1, 2].map((c) => sumsOf(n, c))
    // W = 1 − p_y: hits are Σ p_y over the foreground, errors Σ (1 − p_y) over all pixels.
    const hits = sums[1]!.I + sums[2]!.I
    const errors = 6 - sums.reduce((total, { I }) => total + I, 0)
    t.true(near(value, 1 - (2 * hits + 0.25) / (2 * hits + errors + 0.5)))
  })
  valuesOf(
    wasserstein(3, { distances: ALIKE, weighting: 'volume', smoothNumerator: 0.75, smoothDenominator: 0.5 }),
  ).forEach((value, n) => {
    const sums = [0, 1, 2].map((c) => sumsOf(n, c))
    const hits = sums.reduce((total, { I, G }) => total + I / (G + 1), 0)
    const both = sums.reduce((total, { I, G }) => total + (G + I) / (G + 1), 0)
    t.true(near(value, 1 - (2 * hits + 0.75) / (both + 0.5)))
  })
})

test('Wasserstein Dice of two classes, one pixel a sample, in a batch of several', (t) => {
  const distances = [0, 0.8, 0.8, 0]
  const one = (p: number, label: number): Data => ({
    prediction: Float64Array.of(1 - p, p),
    samples: 1,
    pixels: 1,
    target: Uint8Array.of(label),
  })
  const both: Data = {
    prediction: Float64Array.of(0.7, 0.3, 0.4, 0.6),
    samples: 2,
    pixels: 1,
    target: Uint8Array.of(0, 1),
  }
  const term = wasserstein(2, { distances, smoothNumerator: 1, smoothDenominator: 1 })
  const spec = none(term, 2)
  // W = 0.8·0.3 in the background, where nothing is to be hit; 0.8·0.4 in the foreground.
  t.true(near(lossOf(engine, spec, one(0.3, 0)), 0.24 / 1.24))
  t.true(near(lossOf(engine, spec, one(0.6, 1)), 0.32 / (2 * 0.68 + 0.32 + 1)))
  t.deepEqual(
    [...evaluate(engine, spec, both).values],
    [one(0.3, 0), one(0.6, 1)].map((on) => lossOf(engine, spec, on)),
  )
  const pooled = lossOf(engine, none({ ...term, scorePer: 'batch' }, 2), both)
  t.true(near(pooled, 0.56 / (2 * 0.68 + 0.56 + 1)))
})
