/** The documentation says what is: its examples run and print what they say, its tables and listings match the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import test from 'ava'

import { crossEntropyLoss, diceLoss } from '../src/index.ts'
import { FACES } from './faces.ts'
import { printed, promised, read, root, testBlocks } from './pages.ts'

const README = read('README.md')
const LOSSES = read('docs/losses.md')

testBlocks('README.md')
testBlocks('docs/losses.md')
testBlocks('docs/migration.md')
testBlocks('examples/experiment/README.md')

const EXAMPLES = ['examples', 'examples/tfjs', 'examples/jax-js'].flatMap((folder) =>
  readdirSync(`${root}/${folder}`)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => `${folder}/${file}`),
)
for (const path of EXAMPLES) {
  test(`${path} prints what it says`, async (t) => {
    t.true(promised(read(path)).length > 0)
    t.deepEqual(await printed([path]), promised(read(path)))
  })
}

test('README.md shows how to train a model of tfjs as the example does', (t) => {
  t.true(README.includes(`\n\`\`\`js\n${read('examples/tfjs/fit.mjs')}\`\`\`\n`))
})

// Two samples, three classes, two pixels; and the formulas of the articles, written out.
const [samples, classes, pixels] = [2, 3, 2]
const shape = [samples, classes, pixels]
const p = Float64Array.of(0.7, 0.2, 0.2, 0.5, 0.1, 0.3, 0.6, 0, 0.3, 0.1, 0.1, 0.9)
const labels = Uint8Array.of(0, 1, 0, 0)
const at = (n: number, c: number, v: number): number => (n * classes + c) * pixels + v
const target = (n: number, c: number, v: number): number => Number(labels[n * pixels + v] === c)

function articleDice(first: number, power: number, smooth: number): number {
  let sum = 0
  for (let c = first; c < classes; c++) {
    let [overlap, sizes] = [0, 0]
    for (let n = 0; n < samples; n++) {
      for (let v = 0; v < pixels; v++) {
        const [predicted, true_] = [p[at(n, c, v)]!, target(n, c, v)]
        overlap += predicted * true_
        sizes += predicted ** power + true_ ** power
      }
    }
    sum += 1 - (2 * overlap + smooth) / (sizes + smooth)
  }
  return sum / (classes - first)
}

function articleCrossEntropy(clip: number): number {
  let sum = 0
  for (let n = 0; n < samples; n++) {
    for (let c = 0; c < classes; c++) {
      for (let v = 0; v < pixels; v++) {
        sum -= target(n, c, v) * Math.log(Math.min(Math.max(p[at(n, c, v)]!, clip), 1 - clip))
      }
    }
  }
  return sum / (samples * pixels)
}

/** The options object that the README gives for a name. */
function optionsOf(name: string): Record<string, unknown> {
  const written = new RegExp(`^const ${name} = (\\{.*\\})$`, 'm').exec(README)?.[1]
  if (written === undefined) throw new Error(`README.md has no line const ${name} = { … }`)
  const json = written.replaceAll(/(\w+): /g, '"$1": ').replaceAll("'", '"')
  return JSON.parse(json) as Record<string, unknown>
}

const data = { layout: 'NCW', shape } as const
const articles: readonly (readonly [name: string, expected: number])[] = [
  ['CCE', articleCrossEntropy(1e-7)],
  ['DICE', articleDice(0, 1, 1e-7)],
  ['DICE_SQUARE', articleDice(0, 2, 1e-7)],
  ['DICEFG', articleDice(1, 1, 1e-7)],
  ['DICEFG_SQUARE', articleDice(1, 2, 1e-7)],
]
for (const [name, expected] of articles) {
  test(`${name} of the founding article`, (t) => {
    const loss = name === 'CCE' ? crossEntropyLoss : diceLoss
    const options = { ...optionsOf(name), ...data } as unknown as Parameters<typeof diceLoss>[2]
    const found = (loss as typeof diceLoss)(p, labels, options).loss
    t.true(Math.abs(found - expected) <= 1e-6, `${found} instead of ${expected}`)
  })
}

test('binary Dice of the second article: one score a sample', (t) => {
  const smooth = 1e-6
  const foreground = Float64Array.of(0.9, 0.2, 0.4, 0)
  const mask = Uint8Array.of(1, 0, 1, 1)
  const score = (i: number): number => {
    const [a, b, g, h] = [foreground[i]!, foreground[i + 1]!, mask[i]!, mask[i + 1]!]
    return (2 * (a * g + b * h) + smooth) / (a + b + g + h + smooth)
  }
  const options = { ...optionsOf('BINARY_DICE'), layout: 'NW', shape: [2, 2] }
  const { loss, values } = diceLoss(foreground, mask, options as unknown as Parameters<typeof diceLoss>[2])
  t.true(Math.abs(loss - (2 - score(0) - score(2)) / 2) <= 1e-6)
  t.is(values.length, 2)
})

/** Rows of the table of defaults whose default is written as JavaScript: name, default, the losses that have the option. */
const defaults = [README, LOSSES].flatMap((page) => {
  const [, section] = page.split(/^##+ Defaults\n/m)
  const rows = section!.split('\n#')[0]!.matchAll(/^\| `(\w+)` \| `([^`]+)` \| (.*) \|$/gm)
  return [...rows].map(([, name, value, where]) => ({
    name: name!,
    value: JSON.parse(value!.replaceAll("'", '"')) as unknown,
    where: where!,
  }))
})

for (const [name, face] of FACES) {
  test(`the defaults of ${name} are those of the table in README.md`, (t) => {
    t.true(defaults.length >= 45)
    const prediction = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i * i))
    const reference = Uint8Array.of(0, 1, 1, 2, 0, 0, 1, 1)
    const call = { activation: 'softmax', layout: 'NCW', shape: [2, 3, 4] } as const
    const distances = [
      [0, 1, 2],
      [1, 0, 2],
      [2, 2, 0],
    ]
    const losses = {
      'region losses': (options: object) => face.diceLoss(prediction, reference, { ...call, ...options }),
      'all losses': (options: object) => face.jaccardLoss(prediction, reference, { ...call, ...options }),
      'Tversky, focal-Tversky': (options: object) => face.tverskyLoss(prediction, reference, { ...call, ...options }),
      'focal-Tversky': (options: object) => face.focalTverskyLoss(prediction, reference, { ...call, ...options }),
      'cross-entropies': (options: object) => face.crossEntropyLoss(prediction, reference, { ...call, ...options }),
      'cross-entropies of probabilities': (options: object) =>
        face.crossEntropyLoss(Float32Array.of(0, 1, 0.25, 0.75), Uint8Array.of(0, 0), {
          activation: 'none',
          layout: 'WC',
          shape: [2, 2],
          ...options,
        }),
      'binary cross-entropy': (options: object) =>
        face.binaryCrossEntropyLoss(prediction, reference, { ...call, activation: 'sigmoid', ...options }),
      'asymmetric similarity': (options: object) =>
        face.asymmetricSimilarityLoss(prediction, reference, { ...call, ...options }),
      'generalized Dice': (options: object) => face.generalizedDiceLoss(prediction, reference, { ...call, ...options }),
      'generalized Wasserstein Dice': (options: object) =>
        face.generalizedWassersteinDiceLoss(prediction, reference, { ...call, distances, ...options }),
      'Jaccard metric': (options: object) => face.jaccardMetricLoss(prediction, reference, { ...call, ...options }),
      'Lovász-softmax': (options: object) => face.lovaszSoftmaxLoss(prediction, reference, { ...call, ...options }),
      'Lovász hinge': (options: object) =>
        face.lovaszHingeLoss(prediction, reference, { ...call, activation: 'sigmoid', ...options }),
      'Matthews correlation': (options: object) =>
        face.matthewsCorrelationLoss(prediction, reference, { ...call, ...options }),
      'sensitivity-specificity': (options: object) =>
        face.sensitivitySpecificityLoss(prediction, reference, { ...call, ...options }),
      focal: (options: object) => face.focalLoss(prediction, reference, { ...call, ...options }),
      poly: (options: object) => face.polyLoss(prediction, reference, { ...call, ...options }),
      'generalized cross-entropy': (options: object) =>
        face.generalizedCrossEntropyLoss(prediction, reference, { ...call, ...options }),
      'asymmetric unified focal': (options: object) =>
        face.asymmetricUnifiedFocalLoss(prediction, reference, { ...call, ...options }),
    }
    for (const { name: option, value, where } of defaults) {
      const loss = losses[where as keyof typeof losses]
      t.true(loss !== undefined, `${option}: ${where}`)
      t.deepEqual(loss({ [option]: value }), loss({}), option)
    }
  })
}

test('docs/conventions.md has the table that scripts/side-by-side.mjs prints', async (t) => {
  const table = await printed(['scripts/side-by-side.mjs'])
  t.true(table.length > 15)
  t.true(read('docs/conventions.md').includes(`\n\n${table.join('\n')}\n\n`))
})

test('ARCHITECTURE.md shows the file of a region loss as it is', (t) => {
  const page = read('ARCHITECTURE.md')
  const [, shown] = /^```ts\n([\s\S]*?)^```$/m.exec(page)!
  t.is(shown, read('src/losses/jaccard.ts'))
})

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'docs/command-line.md',
  'docs/losses.md',
  'docs/development.md',
  'crates/maskloss/README.md',
  'crates/maskloss-io/README.md',
  'docs/conventions.md',
  'docs/migration.md',
  'docs/tfjs.md',
]

test('every link of the pages leads to a file, a folder or a heading', (t) => {
  for (const page of PAGES) {
    for (const [, path, heading] of read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const url =
        path === '' ? new URL(`../${page}`, import.meta.url) : new URL(`../${dirname(page)}/${path}`, import.meta.url)
      t.true(existsSync(url), `${page}: ${path}`)
      if (heading !== undefined) t.true(anchors(readFileSync(url, 'utf8')).includes(heading), `${page}: #${heading}`)
    }
  }
})

/** The headings of a page as links name them. */
function anchors(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

test('every source file that ARCHITECTURE.md names exists', (t) => {
  const folders = ['src', 'crates', '__test__', 'scripts']
  const files = folders.flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true }).map(
      (name) => `/${folder}/${String(name).replaceAll('\\', '/')}`,
    ),
  )
  const named = [...read('ARCHITECTURE.md').matchAll(/`([\w./-]+\.(?:rs|ts|mjs))`/g)].map(([, path]) => path!)
  t.true(named.length > 20)
  for (const path of named)
    t.true(
      files.some((file) => file.endsWith(`/${path}`)),
      path,
    )
})
