/** `npm run vectors -- FOLDER [--backend native|reference] [--json FILE]`: see `scripts/vectors.mjs`. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as face from '../../src/index.ts'
import * as referenceFace from '../../src/reference/index.ts'
import { count, PRECISIONS, run, type Report } from './runner.ts'
import { readVectors } from './vectors.ts'

const USAGE = 'npm run vectors -- FOLDER [--backend native|reference] [--json FILE]'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { backend: { type: 'string' }, json: { type: 'string' } },
})
const [folder] = positionals
const backend = options.backend ?? 'native'
if (folder === undefined || positionals.length > 1 || (backend !== 'native' && backend !== 'reference')) {
  console.error(`usage: ${USAGE}`)
  process.exit(2)
}
const { conventions, runtime } = backend === 'native' ? face : referenceFace
if (runtime().backend !== backend) {
  console.error('there is no native engine here; pass --backend reference')
  process.exit(2)
}

const files = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .toSorted()
const reports = files.map((file) => run(file, readVectors(join(folder, file)), conventions, PRECISIONS[backend]))
for (const report of reports) print(report)
const total = (status: 'passed' | 'failed' | 'out-of-scope'): number =>
  reports.reduce((sum, report) => sum + count(report, status), 0)
console.log(`${backend}: ${total('passed')} passed, ${total('failed')} failed, ${total('out-of-scope')} out of scope`)
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ backend, reports }, undefined, 2)}\n`)
process.exitCode = files.length === 0 || total('failed') > 0 ? 1 : 0

function print(report: Report): void {
  const { file, outcomes } = report
  const counts = (['passed', 'failed', 'out-of-scope'] as const).map((status) => count(report, status))
  console.log(`${file}: ${counts[0]} passed, ${counts[1]} failed, ${counts[2]} out of scope`)
  for (const { id, status, reason } of outcomes) if (status === 'failed') console.log(`  failed ${id}: ${reason}`)
  const excluded = outcomes.filter(({ status }) => status === 'out-of-scope').map(({ reason }) => reason)
  for (const reason of new Set(excluded)) {
    console.log(`  out of scope, ${excluded.filter((other) => other === reason).length}: ${reason}`)
  }
}
