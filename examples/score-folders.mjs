// Two folders of label maps, scored by the command line, read back as JSON.
//
// On your own folders: npx maskloss score predictions references --format json
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A NumPy file of version 1.0: magic, version, length of the header, header, elements. */
function npy(shape, labels) {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`.padEnd(117) + '\n'
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.from([header.length, 0]),
    Buffer.from(header),
    labels,
  ])
}

const folder = mkdtempSync(join(tmpdir(), 'maskloss-example-'))
const cases = {
  'case_1.npy': { predicted: [0, 1, 1, 0, 2, 2], reference: [0, 1, 1, 0, 2, 0] },
  'case_2.npy': { predicted: [0, 0, 1, 0, 0, 0], reference: [0, 1, 1, 0, 0, 0] },
}
for (const [name, maps] of Object.entries(cases)) {
  for (const [kind, labels] of Object.entries(maps)) {
    mkdirSync(join(folder, kind), { recursive: true })
    writeFileSync(join(folder, kind, name), npy([2, 3], Uint8Array.from(labels)))
  }
}

// What `npx maskloss` runs.
const require = createRequire(import.meta.url)
const program = join(dirname(require.resolve('maskloss/package.json')), require('maskloss/package.json').bin.maskloss)
const folders = [join(folder, 'predicted'), join(folder, 'reference')]
const report = JSON.parse(execFileSync(process.execPath, [program, 'score', ...folders, '--format', 'json']))
rmSync(folder, { recursive: true })

for (const { case: name, labels } of report.cases) {
  for (const { label, dice, iou } of labels) {
    console.log(name, label, dice === null ? 'nothing to score' : `${dice.toFixed(3)} ${iou.toFixed(3)}`)
  }
}
// → case_1 1 1.000 1.000
// → case_1 2 0.667 0.500
// → case_2 1 0.667 0.500
// → case_2 2 nothing to score
console.log('mean', report.mean.dice.toFixed(3), 'errors', report.errors.length) // → mean 0.778 errors 0
