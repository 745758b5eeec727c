/** The study, from the command line. */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { drawFigure } from './figures.ts'
import { LOSS_NAMES, partsOf, type TrainedOn } from './losses.ts'
import { OPTIMISERS, type OptimiserName } from './optimiser.ts'
import { writePage } from './page.ts'
import { trainAll } from './pool.ts'
import { gather, isDone, type Result } from './record.ts'
import { nameOf, runsOf, settingsOf, WHOLE, type Choice, type Setting } from './settings.ts'
import { VALIDATION_EVERY } from './train.ts'

const HELP = `Trains a small network on five losses and records all of them, whichever it is trained on.

  npm run experiment                                the whole grid: 180 runs of 10,001 iterations
  npm run experiment -- --iterations 2000 --runs 1 --theta 0.05
                                                    a part of it, in less than two minutes
  npm run experiment -- page                        the tables and figures of README.md, from the results beside it

Options (lists are separated by commas; default: all)
  --theta LIST         thresholds; 1 − theta is the share of the foreground (0.05,0.5,0.95)
  --optimiser LIST     adam,sgd
  --batch-norm LIST    off,on
  --loss LIST          ${LOSS_NAMES.join(',')}; or sums, such as DICE+CCE
  --runs N             seeds of each (3)
  --iterations N       of each run (10001)
  --processes N        at a time (the cores: ${availableParallelism()})
  --out FOLDER         runs/, results/ and figures/ go there, in a folder of the iterations (target/experiment)

A finished run is not run again: stop it at any moment, and start it again to go on. (After a change of the code, choose another folder.)`

class UsageError extends Error {}

/** The values of a list, each once; `meaning` of a word is undefined where it has none. */
function listOf<T>(
  text: string | undefined,
  otherwise: readonly T[],
  meaning: (word: string) => T | undefined,
  what: string,
): readonly T[] {
  if (text === undefined) return otherwise
  const values = text.split(',').map((word) => {
    const value = meaning(word.trim())
    if (value === undefined) throw new UsageError(`${what}, not '${word}'`)
    return value
  })
  return [...new Set(values)]
}

function threshold(word: string): number | undefined {
  const value = Number(word)
  return value > 0 && value < 1 ? value : undefined
}

const trainedOn = (word: string): TrainedOn | undefined =>
  partsOf(word) === undefined ? undefined : (word as TrainedOn)

const optimiser = (word: string): OptimiserName | undefined =>
  Object.hasOwn(OPTIMISERS, word) ? (word as OptimiserName) : undefined

function count(text: string | undefined, option: string, otherwise: number): number {
  if (text === undefined) return otherwise
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${option} takes a whole number from 1 on, not '${text}'`)
  return Number(text)
}

interface Command {
  readonly choice: Choice
  readonly processes: number
  readonly folder: string
}

function commandOf(args: readonly string[]): Command | 'help' | 'page' {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      theta: text,
      optimiser: text,
      'batch-norm': text,
      loss: text,
      runs: text,
      iterations: text,
      processes: text,
      out: text,
    },
  })
  if (values.help) return 'help'
  if (positionals.length > 0) {
    if (args.length === 1 && positionals[0] === 'page') return 'page'
    throw new UsageError(`'${positionals.join(' ')}': the one word with a meaning is 'page', and it stands alone`)
  }
  const switches: Readonly<Record<string, boolean>> = { off: false, on: true }
  const iterations = count(values.iterations, 'iterations', WHOLE.iterations)
  const out =
    values.out === undefined ? 'target/experiment' : resolve(process.env['INIT_CWD'] ?? process.cwd(), values.out)
  return {
    choice: {
      optimisers: listOf(values.optimiser, WHOLE.optimisers, optimiser, '--optimiser takes adam and sgd'),
      batchNorms: listOf(
        values['batch-norm'],
        WHOLE.batchNorms,
        (word) => switches[word],
        '--batch-norm takes off and on',
      ),
      thresholds: listOf(values.theta, WHOLE.thresholds, threshold, '--theta takes numbers between 0 and 1'),
      losses: listOf(
        values.loss,
        WHOLE.losses,
        trainedOn,
        `--loss takes ${LOSS_NAMES.join(', ')} and sums such as DICE+CCE`,
      ),
      runs: count(values.runs, 'runs', WHOLE.runs),
      iterations,
    },
    processes: count(values.processes, 'processes', availableParallelism()),
    folder: join(out, String(iterations)),
  }
}

/** Says how far it is: on a terminal in one line, else at every twentieth. */
class Progress {
  readonly #runs: number
  readonly #iterations: number
  readonly #began = performance.now()
  #finished = 0
  #told = 0

  constructor(runs: number, iterations: number) {
    this.#runs = runs
    this.#iterations = runs * iterations
  }

  finished(): void {
    this.#finished++
  }

  iterated(done: number): void {
    const share = done / this.#iterations
    if (share === 0 || (!process.stderr.isTTY && share < this.#told + 0.05)) return
    this.#told = share
    const minutes = ((performance.now() - this.#began) / 60_000) * (1 / share - 1)
    const left = minutes < 1 ? `${Math.ceil(minutes * 60)} s` : `${Math.ceil(minutes)} min`
    const line = `${this.#finished} of ${this.#runs} runs finished, ${(100 * share).toFixed(0)} %, ${left} left`
    process.stderr.write(process.stderr.isTTY ? `\r\u001B[K${line}` : `${line}\n`)
  }

  /** Makes room on a terminal for other lines. */
  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** The last accuracy and the losses over the last iterations: a line for each run. */
function summary(result: Result): string {
  const { optimiser, batchNorm, threshold } = result
  const title = `${optimiser}, ${batchNorm ? 'batch normalisation' : 'no batch normalisation'}, ${percent(1 - threshold)} foreground`
  const rows = result.runs.map(({ loss, run, accuracy, losses }) => [
    `${loss} ${run}`,
    percent(accuracy.at(-1)!),
    ...LOSS_NAMES.map((name) => losses[name].last?.toPrecision(3) ?? '–'),
  ])
  const validated = Math.floor((result.iterations - 1) / VALIDATION_EVERY) * VALIDATION_EVERY
  const lines = [['trained on', `accuracy at ${validated}`, ...LOSS_NAMES], ...rows]
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return [title, ...lines.map((line) => line.map((cell, column) => cell.padStart(widths[column]!)).join('  '))].join(
    '\n',
  )
}

async function main(): Promise<void> {
  const command = commandOf(process.argv.slice(2))
  if (command === 'help') {
    console.log(HELP)
    return
  }
  if (command === 'page') {
    writePage()
    return
  }
  const { choice, processes, folder } = command
  const missing = runsOf(choice).filter((run) => !isDone(folder, run))
  const progress = new Progress(missing.length, choice.iterations)
  const left = (setting: Setting): number =>
    runsOf(choice).filter((run) => nameOf(run) === nameOf(setting) && !isDone(folder, run)).length
  const finish = (setting: Setting): void => {
    progress.clear()
    const result = gather(folder, setting, choice.iterations)
    console.log(`${summary(result)}\nfigure: ${drawFigure(folder, result)}\n`)
  }
  for (const setting of settingsOf(choice)) if (left(setting) === 0) finish(setting)
  await trainAll(missing, folder, processes, {
    iterated: (iterations) => progress.iterated(iterations),
    finished(run) {
      progress.finished()
      if (left(run) === 0) finish(run)
    },
  })
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError) && (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') !== true)
    throw error
  console.error(`${(error as Error).message}\n\n${HELP}`)
  process.exitCode = 2
}
