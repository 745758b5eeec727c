import test from 'ava'
import fc from 'fast-check'
import type { ScoresState } from '../src/scores.ts'
import { score, Scores } from './cases/score.ts'

const WIDTH = 5
const label = fc.integer({ min: 0, max: 3 })
const map = fc.array(label, { minLength: WIDTH, maxLength: WIDTH }).map((labels) => Uint8Array.from(labels))
const cases = fc.array(fc.tuple(map, map), { minLength: 1, maxLength: 6 })

function scoresOf(pairs: readonly (readonly [Uint8Array, Uint8Array])[], pooled = false): Scores {
  const scores = new Scores({ layout: 'W', pooled })
  for (const [a, b] of pairs) scores.update(a, b, { shape: [WIDTH] })
  return scores
}

const joined = (pairs: readonly (readonly [Uint8Array, Uint8Array])[], side: 0 | 1): Uint8Array =>
  Uint8Array.from(pairs.flatMap((pair) => [...pair[side]]))

test('one case a call, or all in one call: the same', (t) => {
  fc.assert(
    fc.property(cases, fc.boolean(), (pairs, pooled) => {
      const whole = score(joined(pairs, 0), joined(pairs, 1), { layout: 'NW', shape: [pairs.length, WIDTH], pooled })
      t.deepEqual(scoresOf(pairs, pooled).compute(), whole)
    }),
  )
})

test('merged at any place: the same', (t) => {
  fc.assert(
    fc.property(cases, fc.nat(), fc.boolean(), (pairs, at, pooled) => {
      const cut = at % (pairs.length + 1)
      const merged = scoresOf(pairs.slice(0, cut), pooled).merge(scoresOf(pairs.slice(cut), pooled))
      t.deepEqual(merged.compute(), scoresOf(pairs, pooled).compute())
    }),
  )
})

test('written and read: the same, and it goes on', (t) => {
  fc.assert(
    fc.property(cases, fc.boolean(), (pairs, pooled) => {
      const state = JSON.parse(JSON.stringify(scoresOf(pairs.slice(1), pooled))) as ScoresState
      const read = Scores.fromJSON(state)
      read.merge(scoresOf(pairs.slice(0, 1), pooled))
      t.deepEqual(read.compute(), scoresOf([...pairs.slice(1), pairs[0]!], pooled).compute())
    }),
  )
})

test('regions and thresholds survive writing', (t) => {
  const options = { layout: 'CW', decision: 'threshold', threshold: 0.25, regions: [[1, 2], [2]] } as const
  const scores = new Scores(options).update(Float32Array.of(0.3, 0.1, 0.2, 0.9), Uint8Array.of(1, 2), { shape: [2, 2] })
  const read = Scores.fromJSON(JSON.parse(JSON.stringify(scores)) as ScoresState)
  t.deepEqual(read.compute(), scores.compute())
  read.update(Float32Array.of(0.3, 0.1, 0.2, 0.9), Uint8Array.of(1, 2), { shape: [2, 2] })
  t.is(read.compute().cases, 2)
})

test('a label that is only predicted counts where another case has it', (t) => {
  const scores = new Scores({ layout: 'W' })
  scores.update(Uint8Array.of(3, 3), Uint8Array.of(0, 0), { shape: [2] })
  scores.update(Uint8Array.of(3, 0), Uint8Array.of(3, 0), { shape: [2] })
  const { labels, falsePositives } = scores.compute()
  t.deepEqual(labels, [0, 3])
  t.deepEqual([...falsePositives], [0, 2, 0, 0])
})

test('reset forgets, and the scores of nothing are NaN', (t) => {
  const scores = new Scores({ layout: 'W' }).update(Uint8Array.of(1), Uint8Array.of(1), { shape: [1] })
  scores.reset()
  const { cases: count, mean, shape } = scores.compute()
  t.is(count, 0)
  t.is(mean.dice, NaN)
  t.deepEqual(shape, [0, 0])
})

test('refuses what does not belong together', (t) => {
  const code = 'ERR_MASKLOSS_MERGE'
  const scores = new Scores({ layout: 'W' }).update(Uint8Array.of(1), Uint8Array.of(1), { shape: [1] })
  t.throws(() => scores.merge(new Scores({ layout: 'W', ignoreIndex: 3 })), { code })
  t.throws(() => scores.merge({} as Scores), { code })
  const foreign = Scores.fromJSON({ ...scores.toJSON(), numerics: 'native/1' })
  t.throws(() => scores.merge(foreign), { code, message: /one engine/ })
  t.throws(() => foreign.update(Uint8Array.of(1), Uint8Array.of(1), { shape: [1] }), { code })
  t.throws(() => Scores.fromJSON({} as ScoresState), { code })
  t.throws(() => Scores.fromJSON({ ...scores.toJSON(), rows: [{ labels: [1], counts: [1], valid: 1, found: true }] }), {
    code,
  })
  t.is(scores.compute().cases, 1)
})

test('an update that fails adds nothing', (t) => {
  const scores = new Scores({ layout: 'W' })
  t.throws(() => scores.update(Float32Array.of(0, 1), Float32Array.of(0, 0.5), { shape: [2] }))
  t.is(scores.compute().cases, 0)
})
