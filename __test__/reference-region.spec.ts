import test from 'ava'
import type { RegionTerm } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import { criterion, type Data, evaluate, region } from './cases/build.ts'

const engine = reference.engine()

/** One sample, one class, four pixels: `I = 1.3, P = 1.8, G = 2, P₂ = 1.14, G₂ = 2, D = 1.2`. */
const data: Data = {
  prediction: Float64Array.of(0.9, 0.4, 0.2, 0.3),
  samples: 1,
  pixels: 4,
  target: Uint8Array.of(1, 1, 0, 0),
}
const [I, P, G, P2, G2, D] = [1.3, 1.8, 2, 0.81 + 0.16 + 0.04 + 0.09, 2, 0.1 + 0.6 + 0.2 + 0.3]
const smooth = { smoothNumerator: 0.25, smoothDenominator: 0.5 }

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-14 * Math.max(1, Math.abs(b))
const lossOf = (options: Partial<RegionTerm>, on = data): number =>
  evaluate(engine, criterion(1, region(1, options), { activation: 'none' }), on).loss

/** The formulas of the field, written out. */
const FORMULAS: readonly (readonly [string, Partial<RegionTerm>, number])[] = [
  ['Dice', smooth, 1 - (2 * I + 0.25) / (P + G + 0.5)],
  ['Dice, smoothed on the overlap scale', { ...smooth, scale: 1 }, 1 - (I + 0.25) / ((P + G) / 2 + 0.5)],
  ['squared Dice', { ...smooth, form: 'squared' }, 1 - (2 * I + 0.25) / (P2 + G2 + 0.5)],
  ['absolute Dice', { ...smooth, form: 'absolute' }, 1 - (P + G - D + 0.25) / (P + G + 0.5)],
  ['Jaccard', { ...smooth, alpha: 1, beta: 1 }, 1 - (2 * I + 0.25) / (2 * (P + G - I) + 0.5)],
  [
    'Tversky',
    { ...smooth, scale: 1, alpha: 0.3, beta: 0.7 },
    1 - (I + 0.25) / (I + 0.3 * (P - I) + 0.7 * (G - I) + 0.5),
  ],
  [
    'focal Tversky',
    { ...smooth, scale: 1, alpha: 0.3, beta: 0.7, transform: 'power', gamma: 0.75 },
    (1 - (I + 0.25) / (I + 0.3 * (P - I) + 0.7 * (G - I) + 0.5)) ** 0.75,
  ],
  ['log Dice', { ...smooth, transform: 'negative-log' }, -Math.log((2 * I + 0.25) / (P + G + 0.5))],
  ['log Dice under its floor', { ...smooth, transform: 'negative-log', floor: 0.8 }, -Math.log(0.8)],
  ['Dice on its floor', { ...smooth, floor: 10 }, 1 - (2 * I + 0.25) / 10],
]

for (const [name, options, expected] of FORMULAS) {
  test(`${name} is its formula`, (t) => t.true(near(lossOf(options), expected)))
}

test('a perfect prediction has loss 0, and gradient 0 under a power below 1', (t) => {
  const perfect = { ...data, prediction: Float64Array.of(1, 1, 0, 0) }
  t.is(lossOf({}, perfect), 0)
  t.is(lossOf({ transform: 'negative-log' }, perfect), 0)
  const spec = criterion(1, region(1, { transform: 'power', gamma: 0.5 }), { activation: 'none' })
  const { loss, gradient } = evaluate(engine, spec, perfect)
  t.is(loss, 0)
  t.deepEqual([...gradient], [0, 0, 0, 0])
})

test('at score 0 the logarithm is that of the floor, and its gradient 0', (t) => {
  const missed = { ...data, prediction: Float64Array.of(0, 0, 1, 1) }
  const options: Partial<RegionTerm> = { transform: 'negative-log', smoothNumerator: 0, smoothDenominator: 0 }
  const floored = criterion(1, region(1, { ...options, floor: 1e-7 }), { activation: 'none' })
  const { loss, gradient } = evaluate(engine, floored, missed)
  t.is(loss, -Math.log(1e-7))
  t.deepEqual([...gradient], [0, 0, 0, 0])
  t.is(lossOf(options, missed), Infinity)
})

test('where prediction and target agree, the absolute form has the slope of sign 0', (t) => {
  const agreeing = { ...data, prediction: Float64Array.of(1, 0.5, 0, 0.5) }
  const spec = criterion(1, region(1, { form: 'absolute', smoothNumerator: 0, smoothDenominator: 0 }), {
    activation: 'none',
  })
  const { gradient } = evaluate(engine, spec, agreeing)
  // s = 2I/(P + G) = 3/4 with I = 1.5, P = G = 2: ∂s = 2∂I/4 − s/4, ∂I = 1, ½ or 0 for p below, at or above g.
  t.deepEqual([...gradient], [3 / 16 - 1 / 4, 3 / 16 - 1 / 2, 3 / 16 - 1 / 4, 3 / 16])
})

/** Two samples and three classes; class 2 is nowhere, class 1 in the first sample only. */
const sparse: Data = {
  prediction: Float64Array.from({ length: 12 }, (_, i) => (i % 5) - 2),
  samples: 2,
  pixels: 2,
  target: Uint8Array.of(0, 1, 0, 0),
}
const sparseSpec = (options: Partial<RegionTerm>) => criterion(3, region(3, options))
const sparseValues = (options: Partial<RegionTerm>): number[] => [
  ...evaluate(engine, sparseSpec(options), sparse).values,
]

test('an empty cell goes by its policy', (t) => {
  const full = sparseValues({})
  const filled = (value: number): number[] => [full[0]!, full[1]!, value, full[3]!, value, value]
  t.deepEqual(sparseValues({ emptyClass: 'perfect' }), filled(0))
  t.deepEqual(sparseValues({ emptyClass: 'worst' }), filled(1))
  t.deepEqual(sparseValues({ emptyClass: 'skip' }), filled(NaN))
  t.deepEqual(sparseValues({ emptyClass: 'nan' }), filled(NaN))
  const { loss } = evaluate(engine, sparseSpec({ emptyClass: 'skip' }), sparse)
  t.true(near(loss, (full[0]! + full[1]! + full[3]!) / 3))
  t.is(evaluate(engine, sparseSpec({ emptyClass: 'nan' }), sparse).loss, NaN)
})

test('the order of the values', (t) => {
  const cells = sparseValues({ scorePer: 'sample-class', classes: [0, 2] })
  t.is(cells.length, 4)
  t.is(sparseValues({ scorePer: 'class', classes: [0, 2] }).length, 2)
  t.is(sparseValues({ scorePer: 'sample' }).length, 2)
  t.is(sparseValues({ scorePer: 'batch' }).length, 1)
  t.is(cells[1], sparseValues({})[2])
})

test('class weights: divided by, only multiplied, or inside', (t) => {
  const classWeights = [1, 3, 0]
  const plain = sparseValues({ scorePer: 'class' })
  const weighted = (options: Partial<RegionTerm>): number =>
    evaluate(engine, sparseSpec({ scorePer: 'class', classWeights, ...options }), sparse).loss
  t.true(near(weighted({}), (plain[0]! + 3 * plain[1]!) / 4))
  t.true(near(weighted({ weightMode: 'multiply' }), (plain[0]! + 3 * plain[1]!) / 3))
  t.true(near(weighted({ reduction: 'sum' }), plain[0]! + 3 * plain[1]!))
  const inside = sparseValues({ scorePer: 'batch', classWeights, weightMode: 'inside' })
  const doubled = sparseValues({ scorePer: 'batch', classWeights: [1, 3, 0], weightMode: 'inside', classes: [0, 1] })
  t.deepEqual(inside, doubled)
})

test('a loss over nothing is 0, with gradient 0', (t) => {
  const empty = { ...sparse, target: Uint8Array.of(2, 2, 2, 2) }
  const skipped = evaluate(engine, sparseSpec({ emptyClass: 'skip', classes: [0, 1] }), empty)
  t.is(skipped.loss, 0)
  t.true(skipped.gradient.every((slope) => slope === 0))
  const weightless = evaluate(engine, sparseSpec({ classWeights: [0, 0, 0] }), sparse)
  t.is(weightless.loss, 0)
  t.true(weightless.gradient.every((slope) => slope === 0))
})
