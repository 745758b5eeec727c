/** Reads and scores every case of a run. */

import { availableParallelism } from 'node:os'

import { FileError } from '../files/error.ts'
import { readTensor } from '../files/read.ts'
import { defaultLimits } from '../files/tensor.ts'
import { isMasklossError, Scores, type ScoresState } from '../index.ts'
import { CaseFault } from './fault.ts'
import { checkAffine } from './geometry.ts'
import { measure, type Measured } from './measure.ts'
import type { ScoreOptions } from './options.ts'
import { pairUp, type Case, type CaseFile } from './pairs.ts'
import { mapBounded } from './parallel.ts'
import { meanMeasures, type CaseScores, type Fault, type LabelScores, type Report } from './report.ts'

/** What a case came to. */
type Outcome = (Measured & { readonly fault?: undefined }) | { readonly fault: Fault }

/** How many times larger than a compressed file its array is taken to be, before its header is read. */
const usualRatio = 16

/** Scores a run. `onCase` is called when a case is done. */
export async function scoreFiles(
  options: ScoreOptions,
  onCase: (done: number, total: number, name: string) => void,
): Promise<Report> {
  const cases = await pairUp(options.predictions, options.references)
  const maxBytes = options.maxBytes ?? defaultLimits.maxBytes
  const limits = { maxPixels: options.maxPixels ?? defaultLimits.maxPixels, maxBytes }
  const weightOf = ({ path, bytes }: CaseFile) =>
    Math.min(/\.(npy|nii)$/i.test(path) ? bytes : bytes * usualRatio, maxBytes)
  const bounds = { tasks: options.threads ?? availableParallelism(), weight: 2 * maxBytes }
  let done = 0
  const outcomes = await mapBounded(
    cases,
    (pair) => (pair.fault ? 0 : weightOf(pair.prediction) + weightOf(pair.reference)),
    bounds,
    async (pair): Promise<Outcome> => {
      const outcome = pair.fault ? { fault: pair.fault } : await scoreCase(pair)
      onCase(++done, cases.length, pair.name)
      return outcome
    },
  )
  return report(cases, outcomes, options)

  async function scoreCase(pair: Case & { fault?: undefined }): Promise<Outcome> {
    let file = pair.reference
    try {
      const reference = await readTensor(file.target, { key: options.key, limits })
      file = pair.prediction
      const prediction = await readTensor(file.target, { key: options.key, limits })
      const measured = measure(prediction, reference, options)
      if (!options.ignoreAffine) checkAffine(prediction, reference)
      return measured
    } catch (error) {
      if (isMasklossError(error) && /^(reference|target)$/.test(error.argument)) file = pair.reference
      return { fault: { case: pair.name, file: file.path, ...reasonOf(error) } }
    }
  }
}

/** The code and the sentence of what went wrong with a case. A fault of maskloss itself is not one of these. */
function reasonOf(error: unknown): { code: string; reason: string } {
  if (error instanceof FileError || error instanceof CaseFault) return { code: error.code, reason: error.message }
  if (isMasklossError(error) && error.code !== 'ERR_MASKLOSS_INTERNAL') {
    return { code: error.code, reason: remedied(error.message, error.code, error.argument) }
  }
  throw error
}

/** The same sentence with the remedy that the command line has. */
function remedied(message: string, code: string, argument: string): string {
  const own =
    code === 'ERR_MASKLOSS_LABEL' && argument === 'prediction'
      ? 'pass --activation if these are class scores'
      : code === 'ERR_MASKLOSS_LABEL'
        ? 'pass --labels to score only some, or --ignore-index to leave these pixels out'
        : code === 'ERR_MASKLOSS_PREDICTION'
          ? 'pass --activation softmax or sigmoid if these are logits'
          : undefined
  const end = message.lastIndexOf('; ')
  return own === undefined || end < 0 ? message.replace(/\.$/, '') : `${message.slice(0, end)}; ${own}`
}

function report(cases: readonly Case[], outcomes: readonly Outcome[], options: ScoreOptions): Report {
  const errors = outcomes.flatMap(({ fault }) => fault ?? [])
  const measured = cases.flatMap((pair, index) => {
    const outcome = outcomes[index] as Outcome
    return pair.fault || outcome.fault ? [] : [{ pair, ...outcome }]
  })
  const scores = total(
    measured.map(({ state }) => state),
    options,
  ).compute()
  // Background is scored where it is asked for, by name or by option.
  const wanted = scores.labels.map((label) => label !== 0 || options.includeBackground || options.labels !== undefined)
  const counted = (label: number) => label !== 0 || options.includeBackground
  const rowOf = (cell: number, label: number): LabelScores => ({
    label,
    dice: scores.dice[cell] as number,
    iou: scores.iou[cell] as number,
    precision: scores.precision[cell] as number,
    recall: scores.recall[cell] as number,
  })
  const width = scores.labels.length
  const rows = measured.map(({ pair, losses }, n): CaseScores => {
    const labels = scores.labels.map((label, k) => rowOf(n * width + k, label)).filter((_, k) => wanted[k])
    const mean = meanMeasures(labels.filter(({ label }) => counted(label)))
    return { case: pair.name, prediction: pair.prediction.path, reference: pair.reference.path, labels, mean, losses }
  })
  const labelMeans = scores.labels
    .map((label, k): LabelScores => {
      const { dice, iou, precision, recall } = scores.labelMeans
      const at = (values: Float64Array) => values[k] as number
      return { label, dice: at(dice), iou: at(iou), precision: at(precision), recall: at(recall) }
    })
    .filter((_, k) => wanted[k])
  const lossMeans = options.losses.map((name) => {
    const values = rows.flatMap(({ losses }) => losses?.[name] ?? [])
    return [name, values.reduce((sum, value) => sum + value, 0) / values.length] as const
  })
  return {
    labels: scores.labels.filter((_, k) => wanted[k]),
    losses: options.losses,
    cases: rows,
    labelMeans,
    mean: scores.mean,
    lossMeans: Object.fromEntries(lossMeans),
    errors,
    numerics: scores.numerics,
  }
}

/**
 * The counts of all cases in one. Cases are read in different ways, as labels or as class scores, and their counts join
 * all the same; without `--labels` those labels are reported that some reference has, which is what `found` says.
 */
function total(states: readonly ScoresState[], { labels, includeBackground }: ScoreOptions): Scores {
  const [first] = states
  if (first === undefined) return new Scores({ layout: 'W', labels, includeBackground })
  return Scores.fromJSON({
    ...first,
    options: { labels, includeBackground },
    cases: states.length,
    rows: states.flatMap(({ rows }) => rows.map((row) => ({ ...row, found: labels === undefined }))),
  })
}
