import { join } from 'node:path'

import test from 'ava'

import { folderOf, maskloss } from './cli-process.ts'
import { npy } from './files-writers.ts'

test('--losses without any class scores is remarked once', async (t) => {
  const labels = npy('|u1', [1, 2], [0, 1])
  const scores = npy('<f4', [2, 1, 2], [0.9, 0.2, 0.1, 0.8])
  const root = folderOf({
    'maps/a.npy': labels,
    'maps/b.npy': labels,
    'mixed/a.npy': labels,
    'mixed/b.npy': scores,
    'truth/a.npy': labels,
    'truth/b.npy': labels,
  })
  const run = (predictions: string, ...options: string[]) =>
    maskloss('score', join(root, predictions), join(root, 'truth'), '--activation', 'none', ...options)
  const remarked = await run('maps', '--losses', 'dice')
  t.is(remarked.status, 0)
  t.regex(remarked.stderr, /^maskloss: --losses has no effect: .+\n$/)
  t.is((await run('mixed', '--losses', 'dice')).stderr, '')
  t.is((await run('maps')).stderr, '')
})
