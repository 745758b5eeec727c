import test from 'ava'
import { reference } from '../src/reference/engine.ts'
import { distance } from './cases/compare.ts'
import { gradientError } from './cases/gradients.ts'
import { CASES, ONE_CLASS_CASES } from './cases/table.ts'

/** Central differences of a float64 loss agree with its derivative to this, relative to the largest element. */
const TOLERANCE = 1e-6

const engine = reference.engine()

for (const activation of ['softmax', 'sigmoid', 'none'] as const) {
  const cases = CASES.filter(({ spec }) => spec.activation === activation)
  test(`gradients of ${cases.length} cases under ${activation} are the derivatives of the losses`, (t) => {
    t.timeout(300_000)
    for (const row of cases) t.true(gradientError(engine, engine, row) <= TOLERANCE, row.name)
  })
}

test(`gradients of ${ONE_CLASS_CASES.length} cases of one class are the derivatives of the losses`, (t) => {
  for (const row of ONE_CLASS_CASES) t.true(gradientError(engine, engine, row) <= TOLERANCE, row.name)
})

test('a float32 prediction has the gradient of the same numbers in float64, to float32 precision', (t) => {
  for (const row of [...CASES, ...ONE_CLASS_CASES]) {
    const { loss, gradient, sameNonFinite } = distance(engine, engine, row)
    t.true(loss === 0 && gradient <= 2 ** -23 && sameNonFinite, row.name)
  }
})
