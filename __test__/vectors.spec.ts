import test from 'ava'
import * as face from '../src/reference/index.ts'
import { ADAPTERS } from './vectors/adapters.ts'
import { describe, run } from './vectors/runner.ts'

for (const [name, adapter] of ADAPTERS) {
  test(`numbers of ${name}`, (t) => {
    const report = run(name, adapter, face, { array: Float64Array, gradient: 1e-7 })
    for (const line of describe(report)) t.log(line)
    t.deepEqual(report.failures, [])
    t.true(report.compared > 0)
  })
}
