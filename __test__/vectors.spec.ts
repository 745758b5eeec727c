/** The recorded numbers of other libraries, through `conventions` of both engines. */
import { readdirSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import * as native from '../src/index.ts'
import * as reference from '../src/reference/index.ts'
import { nativeTest } from './native/engine.ts'
import { count, PRECISIONS, run, type Report } from './vectors/runner.ts'
import { readVectors } from './vectors/vectors.ts'

const folder = new URL('vectors/data/', import.meta.url)

function check(t: ExecutionContext, report: Report): void {
  t.log(`${count(report, 'passed')} passed, ${count(report, 'out-of-scope')} out of scope`)
  t.deepEqual(
    report.outcomes.filter(({ status }) => status === 'failed'),
    [],
  )
}

for (const file of readdirSync(folder).toSorted()) {
  const vectors = readVectors(new URL(file, folder))
  test(`numbers of ${file}`, (t) => {
    check(t, run(file, vectors, reference.conventions, PRECISIONS.reference))
  })
  nativeTest(`native numbers of ${file}`, (t) => {
    check(t, run(file, vectors, native.conventions, PRECISIONS.native))
  })
}
