import test from 'ava'
import { reference } from '../src/reference/engine.ts'
import { IDENTITIES, identityError } from './cases/identities.ts'
import { CASES, ONE_CLASS_CASES } from './cases/table.ts'

/** Float64 sums in another order differ by this, relative to the largest number. */
const TOLERANCE = 1e-12

const engine = reference.engine()

for (const identity of IDENTITIES) {
  test(`${identity.name}: the same numbers`, (t) => {
    let applied = 0
    for (const { name, spec, data } of [...CASES, ...ONE_CLASS_CASES]) {
      if (identity.rewrite(spec, data) === undefined) continue
      applied++
      t.true(identityError(engine, identity, spec, data) <= TOLERANCE, name)
    }
    t.log(`${applied} cases`)
    t.true(applied > 0)
  })
}
