/** The Lovász losses against the definition by sets. */
import test from 'ava'
import type { LovaszTerm } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import { criterion, type Data, evaluate, lossOf, lovasz } from './cases/build.ts'
import { randomData } from './cases/data.ts'

const engine = reference.engine()
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-13 * Math.max(1, Math.abs(b))

/** The Jaccard loss where just the pixels of `wrong` are predicted wrong: `1 − |T \ wrong| / |T ∪ wrong|`; 0 of nothing. */
function jaccard(truth: ReadonlySet<number>, wrong: ReadonlySet<number>): number {
  const union = new Set([...truth, ...wrong]).size
  return union === 0 ? 0 : 1 - [...truth].filter((v) => !wrong.has(v)).length / union
}

/** The extension as an area: `∫₀^∞ jaccard({v: e_v ≥ θ}) dθ`. */
function extension(errors: readonly number[], truth: ReadonlySet<number>): number {
  const levels = [...new Set([0, ...errors])].toSorted((a, b) => a - b)
  let area = 0
  for (let k = 1; k < levels.length; k++) {
    const wrong = new Set(errors.flatMap((e, v) => (e >= levels[k]! ? [v] : [])))
    area += (levels[k]! - levels[k - 1]!) * jaccard(truth, wrong)
  }
  return area
}

/** Errors and truth of some (sample, class) planes, one after the other. */
function planes(data: Data, form: LovaszTerm['form'], cells: readonly (readonly [n: number, c: number])[]): number {
  const errors: number[] = []
  const truth = new Set<number>()
  for (const [n, c] of cells) {
    for (let v = 0; v < data.pixels; v++) {
      const z = data.prediction[(n * 3 + c) * data.pixels + v]!
      const g = Number(data.target[n * data.pixels + v]) === c ? 1 : 0
      if (g === 1) truth.add(errors.length)
      errors.push(form === 'hinge' ? Math.max(0, 1 - z * (2 * g - 1)) : Math.abs(g - z))
    }
  }
  return extension(errors, truth)
}

for (const form of ['softmax', 'hinge'] as const) {
  test(`Lovász ${form} is the extension of the Jaccard loss of sets`, (t) => {
    const activation = form === 'hinge' ? 'sigmoid' : 'none'
    const options = { form, emptyClass: 'smooth' } as const
    const both = [0, 1]
    const all = [0, 1, 2]
    const cells: Record<LovaszTerm['scorePer'], (readonly (readonly [number, number])[])[]> = {
      'sample-class': both.flatMap((n) => all.map((c) => [[n, c]] as const)),
      class: all.map((c) => both.map((n) => [n, c] as const)),
      sample: both.map((n) => all.map((c) => [n, c] as const)),
      batch: [both.flatMap((n) => all.map((c) => [n, c] as const))],
    }
    for (let seed = 1; seed <= 20; seed++) {
      const data = randomData({ activation, seed, pixels: 9, labels: seed % 2 === 0 ? [0, 1, 2] : [0, 1] })
      for (const scorePer of ['sample-class', 'class', 'sample', 'batch'] as const) {
        const { values } = evaluate(engine, criterion(3, lovasz(3, { ...options, scorePer }), { activation }), data)
        cells[scorePer].forEach((cell, i) => t.true(near(values[i]!, planes(data, form, cell)), `${scorePer} ${seed}`))
      }
    }
  })
}

test('of one pixel the loss is its error', (t) => {
  const on = (z: number, label: number): Data => ({
    prediction: Float64Array.of(z),
    samples: 1,
    pixels: 1,
    target: Uint8Array.of(label),
  })
  const probability = criterion(1, lovasz(1, { emptyClass: 'smooth' }), { activation: 'none' })
  t.true(near(lossOf(engine, probability, on(0.3, 1)), 0.7))
  t.true(near(lossOf(engine, probability, on(0.3, 0)), 0.3))
  const hinge = criterion(1, lovasz(1, { form: 'hinge', emptyClass: 'smooth' }), { activation: 'sigmoid' })
  t.is(lossOf(engine, hinge, on(-2, 1)), 3)
  t.is(lossOf(engine, hinge, on(2, 1)), 0)
  t.deepEqual([...evaluate(engine, hinge, on(-2, 1)).gradient], [-1])
  t.deepEqual([...evaluate(engine, hinge, on(1, 1)).gradient], [0])
})

test('of hard predictions it is the Jaccard loss', (t) => {
  const on: Data = {
    prediction: Float64Array.of(1, 1, 0, 1, 0),
    samples: 1,
    pixels: 5,
    target: Uint8Array.of(1, 0, 1, 1, 0),
  }
  t.true(near(lossOf(engine, criterion(1, lovasz(1), { activation: 'none' }), on), 1 - 2 / 4))
})

test('a class without reference is left out, or its largest error counts', (t) => {
  const data = { ...randomData({ activation: 'none' }), target: Uint8Array.of(0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0) }
  const of = (emptyClass: LovaszTerm['emptyClass']): Float64Array =>
    evaluate(engine, criterion(3, lovasz(3, { emptyClass }), { activation: 'none' }), data).values
  t.true(Number.isNaN(of('skip')[2]!))
  const errors = [0, 1].flatMap((n) => Array.from(data.prediction.subarray(n * 18 + 12, n * 18 + 18)))
  t.true(near(of('smooth')[2]!, Math.max(...errors)))
  const { loss } = evaluate(engine, criterion(3, lovasz(3), { activation: 'none' }), data)
  t.true(near(loss, (of('skip')[0]! + of('skip')[1]!) / 2))
})

test('equal errors are sorted by position', (t) => {
  const on: Data = { prediction: Float64Array.of(0.5, 0.5, 0.5), samples: 1, pixels: 3, target: Uint8Array.of(0, 1, 1) }
  const { loss, gradient } = evaluate(engine, criterion(1, lovasz(1), { activation: 'none' }), on)
  t.true(near(loss, 0.5))
  // The false positive first: J = 1/3, 2/3, 1.
  const expected = [1 / 3, -1 / 3, -1 / 3]
  gradient.forEach((slope, v) => t.true(near(slope, expected[v]!)))
})

test('weights of pixels do not weigh', (t) => {
  const data = randomData({ activation: 'softmax' })
  const spec = criterion(3, lovasz(3))
  const pixelWeights = Float64Array.from({ length: 12 }, (_, i) => 1 + i)
  t.is(lossOf(engine, spec, { ...data, pixelWeights }), lossOf(engine, spec, data))
})
