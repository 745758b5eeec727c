/** What every loss does where there is nothing, or no number. */
import test from 'ava'
import { reference } from '../src/reference/engine.ts'
import { criterion, type Data, evaluate } from './cases/build.ts'
import { randomData } from './cases/data.ts'
import { type Loss, LOSSES } from './cases/losses.ts'

const engine = reference.engine()
/** All classes in both samples. */
const target = Uint8Array.of(0, 1, 2, 0, 1, 2, 2, 1, 0, 0, 1, 2)
const dataOf = (loss: Loss): Data => ({ ...randomData({ activation: loss.activations[0]! }), target })
const evaluated = (loss: Loss, data: Data): ReturnType<typeof evaluate> =>
  evaluate(engine, criterion(3, loss.terms(3), { activation: loss.activations[0]!, ignoreIndex: 9 }), data)

test('all pixels ignored: a finite loss, and gradient 0', (t) => {
  for (const loss of LOSSES) {
    const { loss: value, gradient } = evaluated(loss, { ...dataOf(loss), target: new Uint8Array(12).fill(9) })
    t.true(Number.isFinite(value), loss.name)
    t.true(
      gradient.every((slope) => slope === 0),
      loss.name,
    )
  }
})

test('no samples: a finite loss', (t) => {
  const empty: Data = { prediction: new Float64Array(0), samples: 0, pixels: 6, target: new Uint8Array(0) }
  for (const loss of LOSSES) t.true(Number.isFinite(evaluated(loss, empty).loss), loss.name)
})

test('a pixel that counts and is not a number makes the loss NaN, and is counted', (t) => {
  for (const loss of LOSSES) {
    const data = dataOf(loss)
    const prediction = data.prediction.slice()
    for (let c = 0; c < 3; c++) prediction[18 + c * 6] = NaN
    const { loss: value, nonFinite, gradient } = evaluated(loss, { ...data, prediction })
    t.is(value, NaN, loss.name)
    t.is(nonFinite, 3, loss.name)
    t.true(gradient.some(Number.isNaN), loss.name)
  }
})
