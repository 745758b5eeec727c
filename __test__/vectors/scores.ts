import type { ScoreFunction } from '../../src/score.ts'
import type { ScoreOptions } from '../../src/score-options.ts'
import type { ScoreResult } from '../../src/score-result.ts'
import { dataFile, flatten, readVectors, size, type LibraryOptions, type VectorCase } from './vectors.ts'

/** Why a case is not expressed. */
interface Skip {
  readonly skip: string
}

const skip = (reason: string): Skip => ({ skip: reason })

/** What a library computes, from our scores and counts. */
interface ScorePlan {
  readonly options: ScoreOptions
  readonly read: (result: ScoreResult) => ArrayLike<number>
}
type ScoreAdapter = (row: VectorCase) => ScorePlan | Skip

/** What became of the cases of one file. */
export interface ScoreReport {
  readonly compared: number
  readonly failures: readonly string[]
  readonly skipped: readonly (readonly [id: string, reason: string])[]
}

/** Runs every case of `data/<name>.json` through a `score` function. */
export function runScores(name: string, adapter: ScoreAdapter, score: ScoreFunction): ScoreReport {
  const failures: string[] = []
  const skipped: [string, string][] = []
  let compared = 0
  for (const row of readVectors(dataFile(name)).cases) {
    const plan = adapter(row)
    if ('skip' in plan) {
      skipped.push([row.id, plan.skip])
      continue
    }
    compared++
    const [samples = 1, classes = 1] = row.input_shape
    const index = isIndex(row)
    const pixels = size(row.input_shape.slice(index ? 1 : 2))
    const length = size(row.input_shape)
    const [prediction, reference] = [row.input, row.target].map((map) => Uint8Array.from(flatten(map, length)))
    const result = score(prediction!, reference!, {
      layout: index ? 'NW' : 'NCW',
      shape: index ? [samples, pixels] : [samples, classes, pixels],
      ...plan.options,
    })
    const problem = compare(row, plan.read(result))
    if (problem !== undefined) failures.push(`${row.id}: ${problem}`)
  }
  return { compared, failures, skipped }
}

function compare(row: VectorCase, read: ArrayLike<number>): string | undefined {
  const actual = Array.from(read, (value) => (row.compare === 'isnan' ? Number(Number.isNaN(value)) : value))
  const named = typeof row.expected === 'object' && !Array.isArray(row.expected)
  const expected = flatten(named ? Object.values(row.expected) : row.expected)
  if (actual.length !== expected.length) return `${actual.length} numbers instead of ${expected.length}`
  const { atol = 0, rtol = 0 } = row.tolerance
  const wrong = expected.findIndex((value, i) => {
    if (Number.isNaN(value)) return !Number.isNaN(actual[i])
    return !(Math.abs(actual[i]! - value) <= atol + rtol * Math.abs(value))
  })
  return wrong < 0 ? undefined : `value ${wrong} is ${actual[wrong]} instead of ${expected[wrong]}`
}

const isIndex = (row: VectorCase): boolean => row.options['input_format'] === 'index' || row.input_kind === 'index'
const ratio = (part: number, whole: number): number => (whole === 0 ? NaN : part / whole)
const kept = (values: readonly number[]): number[] => values.filter((value) => !Number.isNaN(value))
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const meanOfKept = (values: readonly number[]): number => ratio(sum(kept(values)), kept(values).length)

/** The counts of one cell. */
interface Cell {
  readonly tp: number
  readonly fp: number
  readonly fn: number
  readonly tn: number
}

/** The cells of a result, row by row. */
function cellsOf(result: ScoreResult): Cell[][] {
  const [rows, width] = result.shape
  return Array.from({ length: rows }, (_row, r) =>
    Array.from({ length: width }, (_cell, k) => ({
      tp: result.truePositives[r * width + k]!,
      fp: result.falsePositives[r * width + k]!,
      fn: result.falseNegatives[r * width + k]!,
      tn: result.trueNegatives[r * width + k]!,
    })),
  )
}

/** The scores of a result, row by row. */
function rowsOf(result: ScoreResult, scores: Float64Array): number[][] {
  const [rows, width] = result.shape
  return Array.from({ length: rows }, (_, r) => [...scores.subarray(r * width, (r + 1) * width)])
}

/** MONAI's metrics of the confusion matrix, under its names. */
const CONFUSION: Readonly<Record<string, (cell: Cell) => number>> = {
  tnr: ({ tn, fp }) => ratio(tn, tn + fp),
  npv: ({ tn, fn }) => ratio(tn, tn + fn),
  fnr: ({ fn, tp }) => ratio(fn, fn + tp),
  fdr: ({ fp, tp }) => ratio(fp, fp + tp),
  for: ({ fn, tn }) => ratio(fn, fn + tn),
  pt: ({ tp, fp, fn, tn }) => {
    const [tpr, tnr] = [ratio(tp, tp + fn), ratio(tn, tn + fp)]
    return ratio(Math.sqrt(tpr * (1 - tnr)) + tnr - 1, tpr + tnr - 1)
  },
  acc: ({ tp, fp, fn, tn }) => ratio(tp + tn, tp + fp + fn + tn),
  ba: ({ tp, fp, fn, tn }) => (ratio(tp, tp + fn) + ratio(tn, tn + fp)) / 2,
  fm: ({ tp, fp, fn }) => Math.sqrt(ratio(tp, tp + fp) * ratio(tp, tp + fn)),
}

/** MONAI's reductions of `[samples, classes]`, NaN left out. */
function reduce(rows: readonly (readonly number[])[], reduction: unknown): number[] {
  const columns = (rows[0] ?? []).map((_, k) => rows.map((row) => row[k]!))
  switch (reduction) {
    case 'mean_batch':
      return columns.map(meanOfKept)
    case 'sum_batch':
      return columns.map((column) => sum(kept(column)))
    case 'mean':
      return [meanOfKept(rows.map(meanOfKept))]
    case 'sum':
      return [sum(kept(rows.flat()))]
    default:
      return rows.flat()
  }
}

/** MONAI's metrics: planes of 0 and 1; by default a class without reference pixels is left out, whatever is predicted. */
export const monaiMetrics: ScoreAdapter = (row) => {
  const { options } = row
  const background = options['include_background'] !== false
  const classes = row.input_shape[1] ?? 1
  const labels = Array.from({ length: classes }, (_, c) => c).slice(background ? 0 : 1)
  const planes: ScoreOptions = { decision: 'threshold', target: 'per-class' }
  const foreground = (rows: number[][]): number[][] => (background ? rows : rows.map((values) => values.slice(1)))
  const overlap = (of: (result: ScoreResult) => Float64Array): ScorePlan => ({
    options: { ...planes, emptyClass: 'perfect' },
    read(result) {
      const cells = cellsOf(result)
      const scores = rowsOf(result, of(result)).map((values, r) =>
        values.map((value, k) => {
          const { tp, fn } = cells[r]![k]!
          return options['ignore_empty'] !== false && tp + fn === 0 ? NaN : value
        }),
      )
      return reduce(foreground(scores), options['reduction'])
    },
  })
  switch (row.loss) {
    case 'compute_dice':
    case 'DiceMetric.aggregate':
    case 'DiceMetric.aggregate(none)':
      return overlap((result) => result.dice)
    case 'compute_iou':
    case 'MeanIoU.aggregate':
      return overlap((result) => result.iou)
    case 'get_confusion_matrix':
      return {
        options: planes,
        read: (result) => cellsOf(result).flatMap((cells) => cells.flatMap(({ tp, fp, tn, fn }) => [tp, fp, tn, fn])),
      }
    case 'ConfusionMatrixMetric':
      return confusion(options, labels.length === classes)
    default:
      return skip('generalized Dice is not one of the scores')
  }
}

function confusion(options: LibraryOptions, background: boolean): ScorePlan | Skip {
  const name = String(options['metric_name'])
  const metric = CONFUSION[name]
  return {
    options: { decision: 'threshold', target: 'per-class' },
    read(result) {
      const own = { f1: result.dice, ts: result.iou }[name]
      const rows =
        own === undefined
          ? cellsOf(result).map((cells) => cells.map((cell) => metric?.(cell) ?? NaN))
          : rowsOf(result, own)
      return reduce(background ? rows : rows.map((values) => values.slice(1)), options['reduction'])
    },
  }
}

/** torchmetrics' averages over the classes of one row; an absent class is left out. */
function average(cells: readonly Cell[], dice: readonly number[], kind: unknown): number[] {
  switch (kind ?? 'none') {
    case 'micro': {
      const [tp, fp, fn] = [sum(cells.map((c) => c.tp)), sum(cells.map((c) => c.fp)), sum(cells.map((c) => c.fn))]
      return [ratio(2 * tp, 2 * tp + fp + fn)]
    }
    case 'macro':
      return [meanOfKept(dice)]
    case 'weighted': {
      // NaN only where no class is predicted or present; without any reference pixel the weighted sum is 0.
      const support = cells.map(({ tp, fn }) => tp + fn)
      const terms = dice.map((value, k) => ratio(support[k]! * value, sum(support)))
      return [kept(dice).length === 0 ? NaN : sum(kept(terms))]
    }
    default:
      return [...dice]
  }
}

/** torchmetrics: one-hot planes or label maps, per sample or over all of them. */
export const torchmetrics: ScoreAdapter = (row) => {
  const { options } = row
  const index = isIndex(row)
  const classes = Number(options['num_classes'] ?? row.input_shape[1])
  const how: ScoreOptions = index
    ? { labels: Array.from({ length: classes }, (_, c) => c) }
    : { decision: 'threshold', target: 'per-class' }
  const metric = row.loss === 'DiceScore' || row.loss === 'MeanIoU'
  const overSamples = (rows: number[][]): number[] =>
    metric ? (rows[0] ?? []).map((_, k) => meanOfKept(rows.map((values) => values[k]!))) : rows.flat()
  switch (row.loss) {
    case 'DiceScore':
    case 'dice_score':
      return {
        options: { ...how, pooled: options['aggregation_level'] === 'global' },
        read: (result) => {
          const dice = rowsOf(result, result.dice)
          return overSamples(cellsOf(result).map((cells, r) => average(cells, dice[r]!, options['average'])))
        },
      }
    case 'MeanIoU':
    case 'mean_iou':
      return {
        options: how,
        read: (result) => {
          const rows = rowsOf(result, result.iou)
          if (options['per_class'] !== true) return overSamples(rows.map((values) => [meanOfKept(values)]))
          // -1 stands for an absent class.
          return metric ? overSamples(rows) : rows.flat().map((value) => (Number.isNaN(value) ? -1 : value))
        },
      }
    default:
      return skip('generalized Dice is not one of the scores')
  }
}
