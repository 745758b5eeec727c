import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { folderOf, maskloss } from './cli-process.ts'
import { ascii, gzip, nifti, npy, png, zip } from './files-writers.ts'

interface Scores {
  label: number
  dice: number | null
  iou: number | null
  precision: number | null
  recall: number | null
}

interface Result {
  maskloss: string
  cases: { case: string; labels: Scores[]; mean: Omit<Scores, 'label'>; losses: Record<string, number> | null }[]
  labels: number[]
  labelMeans: Scores[]
  mean: Omit<Scores, 'label'>
  lossMeans: Record<string, number>
  errors: { case: string; file: string; code: string; reason: string }[]
}

async function json(...args: string[]): Promise<Result & { status: number }> {
  const ended = await maskloss('score', ...args, '--format', 'json')
  return { status: ended.status, ...(JSON.parse(ended.stdout) as Result) }
}

const truth = [0, 0, 1, 1, 2, 2, 2, 0]
const guess = [0, 1, 1, 1, 2, 2, 0, 0]
const image = (values: readonly number[]) => png({ width: 4, height: 2, values })
const grid = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0]
const volume = (values: readonly number[], change = {}) =>
  gzip(nifti({ dims: [2, 2, 2], datatype: 2, type: 'u1', values, sform: grid, ...change }))
/** Probabilities with most at the label, `[3, 2, 4]`. */
const scoresOf = (values: readonly number[]) =>
  [0, 1, 2].flatMap((c) => values.map((label) => (label === c ? 0.8 : 0.1)))

const expected = [
  { label: 1, dice: 0.8, iou: 2 / 3, precision: 2 / 3, recall: 1 },
  { label: 2, dice: 0.8, iou: 2 / 3, precision: 1, recall: 2 / 3 },
]

test.serial('pairs of every format are scored', async (t) => {
  const root = folderOf({
    'p/a.png': image(guess),
    'r/a.png': image(truth),
    'p/b.nii.gz': volume(guess),
    'r/b.nii': nifti({ dims: [2, 2, 2], datatype: 4, type: 'i2', values: truth, sform: grid }),
    'p/c.npy': npy('<f4', [3, 2, 4], scoresOf(guess)),
    'r/c.png': image(truth),
    'p/d.npz': zip([{ name: 'labels.npy', data: npy('<i8', [2, 4], guess.map(BigInt)), deflate: true }]),
    'r/d.npy': npy('<f8', [1, 2, 4], truth),
    'p/notes.txt': ascii('not read'),
    'p/.hidden.png': ascii('not read'),
    'p/folder.png/x': ascii('not read'),
  })
  const result = await json(join(root, 'p'), join(root, 'r'))
  t.is(result.status, 0)
  t.deepEqual(
    result.cases.map((scored) => scored.case),
    ['a', 'b', 'c', 'd'],
  )
  for (const scored of result.cases) {
    t.deepEqual(scored.labels, expected, scored.case)
    t.is(scored.losses, null)
  }
  t.deepEqual(result.labels, [1, 2])
  t.is(result.mean.dice?.toFixed(12), (0.8).toFixed(12))
  t.deepEqual(result.errors, [])
  t.regex(result.maskloss, /^\d+\.\d+\.\d+/)
})

test.serial('labels are those of all references; what is only predicted is a false positive', async (t) => {
  const root = folderOf({
    'p/a.png': image([2, 2, 1, 1, 0, 0, 0, 7]),
    'r/a.png': image([0, 0, 1, 1, 0, 0, 0, 0]),
    'p/b.png': image([2, 2, 0, 0, 0, 0, 0, 0]),
    'r/b.png': image([2, 2, 0, 0, 0, 0, 0, 0]),
    'p/empty.png': image([0, 0, 0, 0, 0, 0, 0, 0]),
    'r/empty.png': image([0, 0, 0, 0, 0, 0, 0, 0]),
  })
  const result = await json(join(root, 'p'), join(root, 'r'))
  t.deepEqual(result.labels, [1, 2])
  const dice = result.cases.map(({ labels }) => labels.map((row) => row.dice))
  t.deepEqual(dice, [
    [1, 0],
    [null, 1],
    [null, null],
  ])
  t.deepEqual(
    result.cases.map(({ mean }) => mean.dice),
    [0.5, 1, null],
  )
  t.deepEqual(
    result.labelMeans.map((row) => row.dice),
    [1, 0.5],
  )
  t.is(result.mean.dice, 2 / 3)

  const background = await json(join(root, 'p'), join(root, 'r'), '--include-background')
  t.deepEqual(background.labels, [0, 1, 2])
  const chosen = await json(join(root, 'p'), join(root, 'r'), '--labels', '2,0')
  t.deepEqual(chosen.labels, [2, 0])
  t.is(chosen.cases[0]?.mean.dice, 0)
  const ignored = await json(join(root, 'p'), join(root, 'r'), '--ignore-index', '1')
  t.deepEqual(ignored.labels, [2])
})

test.serial('class scores: activations, layouts, one class, losses', async (t) => {
  const probabilities = scoresOf(guess)
  const last = truth.flatMap((_, v) => [0, 1, 2].map((c) => probabilities[c * 8 + v] as number))
  const root = folderOf({
    'truth.png': image(truth),
    'first.npy': npy('<f4', [1, 3, 2, 4], probabilities),
    'last.npy': npy('<f4', [2, 4, 3], last),
    'logits.npy': npy('<f8', [3, 2, 4], probabilities.map(Math.log)),
    'one.npy': npy(
      '<f4',
      [2, 4],
      truth.map((label) => (label === 1 ? 0.75 : -0.5)),
    ),
    'mask.png': image(truth.map((label) => (label === 1 ? 255 : 0))),
  })
  const path = (name: string) => join(root, name)
  const losses = ['--losses', 'dice,cross-entropy']
  const first = await json(path('first.npy'), path('truth.png'), '--activation', 'none', ...losses)
  t.deepEqual(first.cases[0]?.labels, expected)
  // Two of eight pixels have 0.1 at their label, the others 0.8.
  const entropy = -(6 * Math.log(0.8) + 2 * Math.log(0.1)) / 8
  t.true(Math.abs((first.lossMeans['cross-entropy'] as number) - entropy) < 1e-6)
  const reordered = await json(
    path('last.npy'),
    path('truth.png'),
    '--layout',
    'HWC',
    '--activation',
    'none',
    ...losses,
  )
  t.deepEqual(reordered.cases[0]?.labels, expected)
  t.deepEqual(reordered.lossMeans, first.lossMeans)
  const logits = await json(path('logits.npy'), path('truth.png'), '--activation', 'softmax', ...losses)
  t.true(Math.abs((logits.lossMeans['cross-entropy'] as number) - entropy) < 1e-6)

  const wrong = await json(path('last.npy'), path('truth.png'))
  t.is(wrong.status, 3)
  t.is(wrong.errors[0]?.code, 'shape-mismatch')
  t.regex(wrong.errors[0]?.reason as string, /pass --layout HWC/)

  const one = ['--activation', 'sigmoid', '--losses', 'dice,binary-cross-entropy', '--labels', '255']
  const single = await json(path('one.npy'), path('mask.png'), ...one)
  t.is(single.status, 0, JSON.stringify(single.errors))
  t.deepEqual(single.cases[0]?.labels, [{ label: 255, dice: 1, iou: 1, precision: 1, recall: 1 }])
  t.true((single.lossMeans['dice'] as number) > 0)
  const mask = await json(path('one.npy'), path('mask.png'), '--activation', 'sigmoid')
  t.is(mask.errors[0]?.code, 'ERR_MASKLOSS_LABEL')
  t.is(mask.errors[0]?.file, path('mask.png'))
  const map = await json(path('one.npy'), path('truth.png'))
  t.is(map.errors[0]?.code, 'ERR_MASKLOSS_LABEL')
  t.regex(map.errors[0]?.reason as string, /pass --activation/)
})

test.serial('a bad file is one error, never a score, and the rest is reported', async (t) => {
  const good = volume(truth)
  const cut = good.slice(0, good.length - 20)
  const root = folderOf({
    'p/affine.nii.gz': volume(truth, { sform: [2, 0, 0, 1, 0, 2, 0, 0, 0, 0, 2, 0] }),
    'r/affine.nii.gz': good,
    'p/foreign.png': ascii('\xff\xd8\xff\xe0 a photograph'),
    'r/foreign.png': image(truth),
    'p/good.png': image(guess),
    'r/good.png': image(truth),
    'p/large.npy': npy('|u1', [2, 4], guess),
    'r/large.npy': npy('<f8', [300], new Array<number>(300).fill(0)),
    'p/only-predicted.png': image(guess),
    'r/only-referenced.png': image(truth),
    'p/shape.png': png({ width: 2, height: 4, values: guess }),
    'r/shape.png': image(truth),
    'p/truncated.nii.gz': cut,
    'r/truncated.nii.gz': good,
    'p/twice.npy': npy('|u1', [2, 4], guess),
    'p/twice.png': image(guess),
    'r/twice.png': image(truth),
    'secret.png': image(truth),
    'r/link.png': image(truth),
    'r/within.png': image(truth),
  })
  symlinkSync('../secret.png', join(root, 'p/link.png'))
  symlinkSync('good.png', join(root, 'p/within.png'))
  const result = await json(join(root, 'p'), join(root, 'r'), '--max-bytes', '2000')
  t.is(result.status, 3)
  t.deepEqual(
    result.cases.map((scored) => scored.case),
    ['good', 'within'],
  )
  t.is(result.mean.dice?.toFixed(12), (0.8).toFixed(12))
  const errors = result.errors.map(({ case: name, file, code }) => [name, file.slice(root.length + 1), code])
  t.deepEqual(errors, [
    ['affine', 'p/affine.nii.gz', 'affine-mismatch'],
    ['foreign', 'p/foreign.png', 'wrong-format'],
    ['large', 'r/large.npy', 'oversized'],
    ['link', 'p/link.png', 'outside-folder'],
    ['only-predicted', 'p/only-predicted.png', 'missing-partner'],
    ['only-referenced', 'r/only-referenced.png', 'missing-partner'],
    ['shape', 'p/shape.png', 'shape-mismatch'],
    ['truncated', 'p/truncated.nii.gz', 'truncated'],
    ['twice', 'p/twice.npy', 'ambiguous-name'],
  ])
  for (const { reason } of result.errors) t.regex(reason, /^Expected .+ but found .+; [^;]+[^.]$/)

  const free = await json(join(root, 'p/affine.nii.gz'), join(root, 'r/affine.nii.gz'), '--ignore-affine')
  t.is(free.status, 0)
  t.is(free.mean.dice, 1)
})

test.serial('a result goes to a file whole, and the same bytes every time', async (t) => {
  const names = Array.from({ length: 12 }, (_, index) => `case_${String(index).padStart(2, '0')}`)
  const files = names.flatMap((name) => [
    [`p/${name}.png`, image(guess)],
    [`r/${name}.png`, image(truth)],
  ])
  const root = folderOf(Object.fromEntries(files) as Record<string, Uint8Array>)
  const run = (...more: string[]) =>
    maskloss('score', '--references', join(root, 'r'), '--predictions', join(root, 'p'), ...more)
  const output = join(root, 'result.json')
  const written = await run('--format', 'json', '--output', output)
  t.deepEqual([written.status, written.stdout, written.stderr], [0, '', ''])
  const text = readFileSync(output, 'utf8')
  for (const threads of ['1', '3']) t.is((await run('--format', 'json', '--threads', threads)).stdout, text)
  t.deepEqual(readdirSync(root).toSorted(), ['p', 'r', 'result.json'])
  const failed = await run('--output', join(root, 'none', 'result.json'))
  t.is(failed.status, 2)
  t.false(existsSync(join(root, 'none')))
  rmSync(root, { recursive: true })
})
