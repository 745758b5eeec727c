/** The recorded numbers of the libraries, through the native engine: predictions and gradients in float32. */
import * as face from '../src/index.ts'
import { nativeTest } from './native/engine.ts'
import { ADAPTERS } from './vectors/adapters.ts'
import { describe, run } from './vectors/runner.ts'

for (const [name, adapter] of ADAPTERS) {
  nativeTest(`native numbers of ${name}`, (t) => {
    const report = run(name, adapter, face, { array: Float32Array, gradient: 1e-5 })
    t.log(describe(report)[0])
    t.deepEqual(report.failures, [])
    t.true(report.compared > 0)
  })
}
