/** The founding study: its network, losses and optimiser beside those of tfjs, what a training must show, and the command. */
import test from 'ava'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

import { CRITERIA, gradientNorm } from '../examples/experiment/asymmetry.ts'
import { LOSS_NAMES, LOSSES, type LossName } from '../examples/experiment/losses.ts'
import { Network } from '../examples/experiment/network/network.ts'
import { LEARNING_RATE, OPTIMISERS } from '../examples/experiment/optimiser.ts'
import { filled, resultsIn, tables } from '../examples/experiment/page.ts'
import { noise } from '../examples/experiment/pooling.ts'
import { random } from '../examples/experiment/random.ts'
import { keep, KEPT_EVERY, meanOf, type KeptRun } from '../examples/experiment/record.ts'
import { settingsOf, WHOLE, type Run } from '../examples/experiment/settings.ts'
import { draw, emptyBatch, SIZE } from '../examples/experiment/task.ts'
import { train } from '../examples/experiment/train.ts'
import * as twin from './twins/study.ts'

/** A training takes seconds; on a machine that has other work, more. */
const MINUTES = 180_000

const relative = (found: number, expected: number): number =>
  Math.abs(found - expected) / Math.max(Math.abs(expected), 1e-3)

/** A short training; what of it differs from the ordinary one. */
const short = (run: Partial<Run>): Run => ({
  optimiser: 'adam',
  batchNorm: false,
  threshold: 0.5,
  loss: 'CCE',
  run: 1,
  iterations: 300,
  ...run,
})

/** The network and the batch that run 1 begins with. */
function beginning(batchNorm: boolean, threshold: number) {
  const network = new Network({ images: 2, size: SIZE, batchNorm }, random(1, 1))
  const batch = emptyBatch(2)
  draw(batch, threshold, random(1, 2))
  return { network, batch }
}

for (const batchNorm of [false, true]) {
  const title = batchNorm ? 'with batch normalisation' : 'without batch normalisation'
  for (const threshold of [0.05, 0.95]) {
    test(`losses and gradient norms ${title} at ${threshold} are those of tfjs' operations`, (t) => {
      t.timeout(MINUTES)
      const { network, batch } = beginning(batchNorm, threshold)
      const recorded = train(short({ batchNorm, threshold, iterations: 1 }))
      const probabilities = network.forward(batch.pixels, true)
      const [slope, gradient] = [new Float32Array(probabilities.length), new Float64Array(network.parameters.length)]
      LOSS_NAMES.forEach((name, l) => {
        const expected = twin.lossAndGradient(name, network.parameters, batchNorm, batch)
        const size = Math.hypot(...expected.gradient)
        t.true(
          relative(recorded.losses[l]![0]!, expected.loss) < 1e-5,
          `${name}: ${recorded.losses[l]![0]} for ${expected.loss}`,
        )
        t.true(relative(recorded.norms[l]![0]!, size) < 1e-4, `${name}: ${recorded.norms[l]![0]} for ${size}`)
        const prediction = { data: probabilities, shape: [2, SIZE, SIZE, 2] }
        LOSSES[name].evaluate(prediction, { data: batch.labels, shape: [2, SIZE, SIZE] }, { gradient: slope })
        network.backward(slope, gradient)
        const worst = gradient.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.gradient[i]!)), 0)
        t.true(worst < 1e-4 * size, `${name}: a parameter's gradient is ${worst} off, of ${size}`)
      })
    })
  }
}

test('validation normalises by the moving averages of training', (t) => {
  const { network, batch } = beginning(true, 0.5)
  for (let pass = 0; pass < 30; pass++) network.forward(batch.pixels, true)
  const expected = twin.validated(network.parameters, batch, 30)
  const found = network.forward(batch.pixels, false)
  const worst = found.reduce((most, p, i) => Math.max(most, Math.abs(p - expected[i]!)), 0)
  t.true(worst < 1e-5, `${worst}`)
})

test("Adam is tfjs' Adam but for the place of its ε", (t) => {
  const uniform = random(3, 1)
  const numbers = (): Float64Array<ArrayBuffer> => Float64Array.from({ length: 50 }, () => uniform() - 0.5)
  const parameters = numbers()
  const gradients = Array.from({ length: 20 }, numbers)
  const expected = twin.adam(parameters, gradients, LEARNING_RATE)
  const step = OPTIMISERS.adam(parameters.length)
  for (const gradient of gradients) step(parameters, gradient)
  const worst = parameters.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
  t.true(worst < 1e-6, `${worst}`)
})

test('the first step of Adam is that of the paper, its ε beside √v of a small gradient too', (t) => {
  const parameters = new Float64Array(1)
  OPTIMISERS.adam(1)(parameters, Float64Array.of(1e-8))
  // m = (1 − β₁)g and v = (1 − β₂)g²: η·√(1 − β₂)·g/(√(1 − β₂)·g + ε).
  const root = Math.sqrt(1 - 0.999)
  t.true(relative(parameters[0]!, (-LEARNING_RATE * root) / (root + 1)) < 1e-12)
})

test('images are uniform, and their labels have the share of the foreground', (t) => {
  const batch = emptyBatch(200)
  draw(batch, 0.95, random(1, 2))
  const count = batch.pixels.length
  const mean = batch.pixels.reduce((sum, pixel) => sum + pixel, 0) / count
  const share = batch.labels.reduce((sum, label) => sum + label, 0) / count
  // Five standard deviations.
  t.true(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / count), `${mean}`)
  t.true(Math.abs(share - 0.05) < 5 * Math.sqrt((0.05 * 0.95) / count), `${share}`)
})

for (const loss of LOSS_NAMES) {
  test(`with Adam, training on ${loss} lowers it`, (t) => {
    t.timeout(MINUTES)
    const { losses, norms } = train(short({ loss }))
    const own = losses[LOSS_NAMES.indexOf(loss)]!
    const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length
    t.true(mean(own.subarray(-20)) < 0.9 * mean(own.subarray(0, 20)), `from ${own[0]} to ${own.at(-1)}`)
    t.true(norms.every((values) => values.every((norm) => Number.isFinite(norm) && norm >= 0)))
  })
}

test('with SGD, 300 steps change next to nothing', (t) => {
  t.timeout(MINUTES)
  const { losses } = train(short({ optimiser: 'sgd', loss: 'DICE' }))
  const own = losses[LOSS_NAMES.indexOf('DICE')]!
  t.true(Math.abs(own.at(-1)! - own[0]!) < 0.05, `from ${own[0]} to ${own.at(-1)}`)
})

test('a run is the same in every bit, another seed is another run', (t) => {
  t.timeout(MINUTES)
  const digest = (run: Partial<Run>): string => {
    const whole = short({ iterations: 40, batchNorm: true, ...run })
    return keep(whole, train(whole)).digest
  }
  t.is(digest({}), digest({}))
  t.not(digest({}), digest({ run: 2 }))
})

test('a sum of losses goes down the sum of their gradients', (t) => {
  const [one, both] = [short({ loss: 'DICE+CCE', iterations: 3 }), short({ loss: 'CCE+DICE', iterations: 3 })].map(
    (run) => train(run),
  )
  t.deepEqual(one!.norms, both!.norms)
  t.notDeepEqual(one!.norms, train(short({ loss: 'CCE', iterations: 3 })).norms)
})

test('the norm for logits where all pixels are alike is the closed form', (t) => {
  for (const share of [0.001, 0.05, 0.5, 0.95, 0.999]) {
    for (const p of [0.5, share]) {
      // Two logits, of equal and opposite slopes ±p(1 − p)·∂L/∂p: of DICEFG with N = 2pf, Q = p + f that is −(2gQ − N)/Q² a pixel, of CCE p − g.
      const [n, q] = [2 * p * share, p + share]
      const overlap = p * (1 - p) * Math.hypot(Math.sqrt(share) * (2 * q - n), Math.sqrt(1 - share) * n)
      const expected = {
        DICEFG: (Math.SQRT2 * overlap) / q ** 2,
        CCE: Math.SQRT2 * Math.hypot(Math.sqrt(share) * (1 - p), Math.sqrt(1 - share) * p),
      }
      const found = {
        DICEFG: gradientNorm(CRITERIA['DICEFG']!, share, p),
        CCE: gradientNorm(CRITERIA['CCE']!, share, p),
      }
      for (const name of ['DICEFG', 'CCE'] as const) {
        t.true(
          relative(found[name], expected[name]) < 1e-5,
          `${name} at ${share}, ${p}: ${found[name]} for ${expected[name]}`,
        )
      }
    }
  }
})

test('thinned curves keep what the page says of them', (t) => {
  const uniform = random(4, 1)
  const curve = (): Float64Array<ArrayBuffer> => Float64Array.from({ length: 1001 }, uniform)
  const curves = LOSS_NAMES.map(curve)
  const { norms, losses } = keep(short({}), { losses: curves, norms: curves, accuracy: Float64Array.of(0.5) })
  LOSS_NAMES.forEach((name, l) => {
    const values = [...curves[l]!]
    const mean = (some: number[]): number => some.reduce((sum, value) => sum + value, 0) / some.length
    t.true(relative(meanOf(norms[name]), mean(values)) < 1e-4)
    t.true(relative(norms[name].last!, mean(values.slice(-200))) < 1e-4)
    t.true(relative(losses[name].curve[3]!, mean(values.slice(141, 151))) < 1e-4)
    const { value, iteration } = losses[name].largest
    t.is(values[iteration], Math.max(...values))
    t.true(relative(value!, values[iteration]!) < 1e-4)
  })
})

test('the committed results are the whole study', (t) => {
  const study = resultsIn('examples/experiment/study')
  t.is(study.length, settingsOf(WHOLE).length)
  for (const { iterations, runs } of study) {
    t.is(iterations, WHOLE.iterations)
    t.is(new Set(runs.map(({ loss, run }) => `${loss} ${run}`)).size, WHOLE.losses.length * WHOLE.runs)
    for (const { losses } of runs) t.is(losses.CCE.curve.length, Math.ceil(iterations / KEPT_EVERY))
  }
})

test('the tables of the page are those of the committed results', (t) => {
  const page = readFileSync(new URL('../examples/experiment/README.md', import.meta.url), 'utf8')
  t.is(filled(page), page)
  t.is(page.match(/^<!-- \w+ -->$/gm)?.length, Object.keys(tables()).length)
})

test('one image is a batch: both poolings have the same gradients', (t) => {
  const [sample, batch] = (['sample', 'batch'] as const).map((pooling) => noise(pooling, 'untrained', 0.05, 1, 10))
  t.deepEqual(sample, batch)
})

const RUN = fileURLToPath(new URL('../examples/experiment/run.mjs', import.meta.url))
const MAIN = fileURLToPath(new URL('../target/experiment/code/main.js', import.meta.url))

test('the command: stopped in the middle, it goes on where it was', (t) => {
  t.timeout(MINUTES)
  // Compiles what the command runs.
  t.is(spawnSync(process.execPath, [RUN, '--help']).status, 0)
  const folder = mkdtempSync(join(tmpdir(), 'maskloss-study-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const losses: LossName[] = ['CCE', 'DICE', 'DICEFG']
  const choice = [
    '--theta',
    '0.5',
    '--optimiser',
    'adam',
    '--batch-norm',
    'off',
    '--loss',
    losses.join(','),
    '--runs',
    '1',
  ]
  const command = [MAIN, ...choice, '--iterations', '300', '--processes', '1', '--out', folder]

  // Ended when it says that the first run is: by a process that has nothing else to do, since the tests of this one may keep it busy
  // for longer than all runs take. In a group of its own, with its trainers.
  const watcher = `
    const { spawn } = require('node:child_process')
    const study = spawn(process.execPath, ${JSON.stringify(command)}, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
    study.stderr.on('data', (told) => {
      if (!/^1 of/m.test(String(told))) return
      study.stderr.destroy()
      process.kill(-study.pid, 'SIGKILL')
    })`
  t.is(spawnSync(process.execPath, ['-e', watcher]).status, 0)
  const done = readdirSync(join(folder, '300/runs')).filter((name) => name.endsWith('.json.gz'))
  t.true(done.length < losses.length)

  const second = spawnSync(process.execPath, command, { encoding: 'utf8' })
  t.is(second.status, 0, second.stderr)
  t.regex(second.stderr, new RegExp(`of ${losses.length - done.length} runs finished`))
  const text = gunzipSync(readFileSync(join(folder, '300/results/adam-plain-0.5.json.gz'))).toString()
  const { runs } = JSON.parse(text) as { runs: KeptRun[] }
  t.deepEqual(
    runs.map(({ digest }) => digest),
    losses.map((loss) => keep(short({ loss }), train(short({ loss }))).digest),
  )
  t.regex(
    readFileSync(join(folder, '300/figures/adam-plain-0.5.svg'), 'utf8'),
    /^<svg .*trained on DICEFG.*<\/svg>\n$/s,
  )
})

test('the command says what it does not understand', (t) => {
  t.is(spawnSync(process.execPath, [RUN, '--help']).status, 0)
  for (const [option, value] of [
    ['--theta', '1'],
    ['--loss', 'DICE+NONE'],
    ['--runs', '0'],
    ['--optimiser', 'rmsprop'],
    ['--batch-norm', 'yes'],
    ['--iteration', '5'],
    ['--loss', 'DICE+DICE'],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, option, value], { encoding: 'utf8' })
    t.is(status, 2, option)
    t.true(stderr.includes(option), stderr)
  }
})
