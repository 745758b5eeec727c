/** What is kept of a training, and where. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { LOSS_NAMES, type LossName, type TrainedOn } from './losses.ts'
import { nameOf, type Run, type Setting } from './settings.ts'
import type { Curves, Record as Trained } from './train.ts'

/** Every so many iterations a point of a curve is kept: the mean of the last values, as many as its window has. */
export const KEPT_EVERY = 50
export const NORM_WINDOW = 200
export const LOSS_WINDOW = 10

type PerLoss<T> = Readonly<Record<LossName, T>>

/** A curve, thinned, and what thinning would lose. */
export interface Kept {
  /** Means over the last `NORM_WINDOW` or `LOSS_WINDOW` iterations at every `KEPT_EVERY`th, from iteration 0 on. */
  readonly curve: readonly (number | null)[]
  readonly first: number | null
  readonly largest: { readonly value: number | null; readonly iteration: number }
  /** Mean over the last `NORM_WINDOW` iterations. */
  readonly last: number | null
}

export interface KeptRun {
  readonly loss: TrainedOn
  readonly run: number
  /** SHA-256 of all values of all curves, as float64: two trainings that agree in it agree in every bit. */
  readonly digest: string
  readonly losses: PerLoss<Kept>
  readonly norms: PerLoss<Kept>
  /** Share of right pixels, every 250 iterations. */
  readonly accuracy: readonly number[]
}

/** All runs of a setting: a committed result. */
export interface Result extends Setting {
  readonly iterations: number
  readonly runs: readonly KeptRun[]
}

/** Five digits; JSON has no NaN and no infinity. */
const rounded = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null)

function mean(values: Float64Array, end: number, window: number): number {
  const start = Math.max(0, end - window)
  let sum = 0
  for (let i = start; i < end; i++) sum += values[i]!
  return sum / (end - start)
}

function thin(values: Float64Array, window: number): Kept {
  const curve = []
  for (let i = 0; i < values.length; i += KEPT_EVERY) curve.push(rounded(mean(values, i + 1, window)))
  let iteration = 0
  // NaN is what nothing is larger than.
  for (let i = 1; i < values.length && !Number.isNaN(values[iteration]!); i++)
    if (!(values[i]! <= values[iteration]!)) iteration = i
  return {
    curve,
    first: rounded(values[0]!),
    largest: { value: rounded(values[iteration]!), iteration },
    last: rounded(mean(values, values.length, NORM_WINDOW)),
  }
}

/** The mean of all values of a curve of norms, from its windows that do not overlap. */
export function meanOf({ curve }: Kept): number {
  const step = NORM_WINDOW / KEPT_EVERY
  let [sum, count] = [curve[0] ?? NaN, 1]
  for (let k = step; k < curve.length; k += step) {
    sum += NORM_WINDOW * (curve[k] ?? NaN)
    count += NORM_WINDOW
  }
  return sum / count
}

const perLoss = (curves: Curves, window: number): PerLoss<Kept> =>
  Object.fromEntries(LOSS_NAMES.map((name, l) => [name, thin(curves[l]!, window)])) as PerLoss<Kept>

export function keep({ loss, run }: Run, { losses, norms, accuracy }: Trained): KeptRun {
  const hash = createHash('sha256')
  for (const values of [...losses, ...norms, accuracy]) hash.update(values)
  return {
    loss,
    run,
    digest: hash.digest('hex'),
    losses: perLoss(losses, LOSS_WINDOW),
    norms: perLoss(norms, NORM_WINDOW),
    accuracy: [...accuracy],
  }
}

/** A file is there whole or not at all, whenever the process or the machine ends. */
function write(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, gzipSync(JSON.stringify(value), { level: 9 }), { flush: true })
  renameSync(unfinished, path)
}

const read = (path: string): unknown => JSON.parse(gunzipSync(readFileSync(path)).toString())

const runPath = (folder: string, run: Run): string =>
  join(folder, 'runs', `${nameOf(run)}-${run.loss}-${run.run}.json.gz`)

export const isDone = (folder: string, run: Run): boolean => existsSync(runPath(folder, run))

export const writeRun = (folder: string, run: Run, trained: Trained): void =>
  write(runPath(folder, run), keep(run, trained))

/** Puts all finished runs of a setting, as long as `iterations`, into one file. */
export function gather(folder: string, setting: Setting, iterations: number): Result {
  const { optimiser, batchNorm, threshold } = setting
  const runs = readdirSync(join(folder, 'runs'))
    .filter((name) => name.startsWith(`${nameOf(setting)}-`) && name.endsWith('.json.gz'))
    .map((name) => read(join(folder, 'runs', name)) as KeptRun)
  // The losses in their order, then sums of them.
  const order = ({ loss }: KeptRun): number => [...LOSS_NAMES, loss].indexOf(loss)
  runs.sort((one, other) => order(one) - order(other) || one.run - other.run)
  const result: Result = { optimiser, batchNorm, threshold, iterations, runs }
  write(resultPath(folder, setting), result)
  return result
}

const resultPath = (folder: string, setting: Setting): string => join(folder, 'results', `${nameOf(setting)}.json.gz`)

/** The gathered runs of a setting, if there are some. */
export function readResult(folder: string, setting: Setting): Result | undefined {
  const path = resultPath(folder, setting)
  return existsSync(path) ? (read(path) as Result) : undefined
}
