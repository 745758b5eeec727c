import test from 'ava'
import { score } from './cases/score.ts'
import { monaiMetrics, runScores, torchmetrics } from './vectors/scores.ts'

for (const [name, adapter] of [
  ['monai-metrics', monaiMetrics],
  ['torchmetrics', torchmetrics],
] as const) {
  test(`scores of ${name}`, (t) => {
    const { compared, failures, skipped } = runScores(name, adapter, score)
    t.log(`${name}: ${compared} cases compared, ${skipped.length} not expressed`)
    for (const [id, reason] of skipped) t.log(`  ${id}: ${reason}`)
    t.deepEqual(failures, [])
    t.true(compared > 0)
  })
}
