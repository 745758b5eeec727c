/** From counts to scores. */
import type { ScorePlan } from './score-options.ts'

/** The counts of one case, or of several that were pooled. */
export interface CaseCounts {
  /** The columns: labels, or numbers of regions. */
  readonly labels: readonly number[]
  /** Per column: true positives, predicted pixels, reference pixels. */
  readonly counts: Float64Array
  /** Pixels that count. */
  readonly valid: number
  /** The columns are what label maps were found to hold: those that the reference has are reported. */
  readonly found: boolean
}

/** The name of a score. */
export type ScoreName = 'dice' | 'iou' | 'precision' | 'recall'

/** Scores and the counts they come from: each array has one number per case and label, case by case. */
export interface ScoreResult {
  /** How many cases there are: samples, or calls' samples together. Pooled, the arrays have one row for all of them. */
  readonly cases: number
  /** The labels that were scored; with `regions`, their numbers from 0. */
  readonly labels: readonly number[]
  /** [cases, labels], or [1, labels] where pooled. */
  readonly shape: readonly [rows: number, labels: number]
  /** 2·TP / (2·TP + FP + FN) */
  readonly dice: Float64Array
  /** TP / (TP + FP + FN) */
  readonly iou: Float64Array
  /** TP / (TP + FP): how much of the prediction is right */
  readonly precision: Float64Array
  /** TP / (TP + FN): how much of the reference was found */
  readonly recall: Float64Array
  readonly truePositives: Float64Array
  readonly falsePositives: Float64Array
  readonly falseNegatives: Float64Array
  readonly trueNegatives: Float64Array
  /** The mean of each score over all cases and labels, without label 0 unless `includeBackground`; NaN where nothing is left. */
  readonly mean: Readonly<Record<ScoreName, number>>
  /** The mean of each score over the cases, per label. */
  readonly labelMeans: Readonly<Record<ScoreName, Float64Array>>
  /** The engine and the version of its numerics. */
  readonly numerics: string
}

/** Scores of rows whose columns are `labels`. */
export function scoreResult(
  plan: ScorePlan,
  labels: readonly number[],
  rows: readonly CaseCounts[],
  cases: number,
  numerics: string,
): ScoreResult {
  const width = labels.length
  const empty = (): Float64Array => new Float64Array(rows.length * width)
  const scores = { dice: empty(), iou: empty(), precision: empty(), recall: empty() }
  const counts = {
    truePositives: empty(),
    falsePositives: empty(),
    falseNegatives: empty(),
    trueNegatives: empty(),
  }
  const nothing = { skip: NaN, nan: NaN, perfect: 1, worst: 0 }[plan.emptyClass]
  const ratio = (part: number, whole: number): number => (whole === 0 ? nothing : part / whole)
  rows.forEach((row, r) => {
    const aligned = countsIn(row, labels)
    labels.forEach((_, k) => {
      const [tp, predicted, reference] = [aligned[k * 3]!, aligned[k * 3 + 1]!, aligned[k * 3 + 2]!]
      const cell = r * width + k
      scores.dice[cell] = ratio(2 * tp, predicted + reference)
      scores.iou[cell] = ratio(tp, predicted + reference - tp)
      scores.precision[cell] = ratio(tp, predicted)
      scores.recall[cell] = ratio(tp, reference)
      counts.truePositives[cell] = tp
      counts.falsePositives[cell] = predicted - tp
      counts.falseNegatives[cell] = reference - tp
      counts.trueNegatives[cell] = row.valid - predicted - reference + tp
    })
  })
  const isBackground = (label: number): boolean =>
    plan.numbered ? plan.regions?.[label]?.every((member) => member === 0) === true : label === 0
  const inMean = labels.map((label) => plan.includeBackground || !isBackground(label))
  return {
    cases,
    labels,
    shape: [rows.length, width],
    ...scores,
    ...counts,
    mean: each((name) =>
      mean(
        plan,
        scores[name].filter((_, cell) => inMean[cell % width] === true),
      ),
    ),
    labelMeans: each((name) =>
      Float64Array.from(labels, (_, k) =>
        mean(
          plan,
          scores[name].filter((_score, cell) => cell % width === k),
        ),
      ),
    ),
    numerics,
  }
}

/** Adds the counts of rows whose columns may differ. */
export function pool(rows: readonly CaseCounts[]): CaseCounts {
  const labels = unionOf(rows)
  const counts = new Float64Array(labels.length * 3)
  let valid = 0
  for (const row of rows) {
    valid += row.valid
    countsIn(row, labels).forEach((count, i) => (counts[i]! += count))
  }
  return { labels, counts, valid, found: rows.some(({ found }) => found) }
}

/** The labels to report: the columns that were asked for, or, of label maps, those with a reference pixel somewhere. */
export function reported(rows: readonly CaseCounts[]): readonly number[] {
  const labels = unionOf(rows)
  if (!rows.some(({ found }) => found)) return labels
  const present = new Set<number>()
  for (const row of rows) row.labels.forEach((label, k) => row.counts[k * 3 + 2]! > 0 && present.add(label))
  return labels.filter((label) => present.has(label))
}

/** All columns of several rows: as they are where the rows agree, else ascending. */
function unionOf(rows: readonly CaseCounts[]): readonly number[] {
  const first = rows[0]?.labels ?? []
  const agree = rows.every(({ labels }) => labels === first || labels.join() === first.join())
  return agree ? first : [...new Set(rows.flatMap(({ labels }) => labels))].toSorted((a, b) => a - b)
}

/** The counts of a row in the columns `labels`; a label that the row has no column for is nowhere in it. */
function countsIn(row: CaseCounts, labels: readonly number[]): Float64Array {
  if (row.labels === labels) return row.counts
  const columns = new Map(row.labels.map((label, k) => [label, k]))
  const counts = new Float64Array(labels.length * 3)
  labels.forEach((label, k) => {
    const column = columns.get(label)
    if (column !== undefined) counts.set(row.counts.subarray(column * 3, column * 3 + 3), k * 3)
  })
  return counts
}

/** The mean of what is not skipped; NaN of nothing. */
function mean({ emptyClass }: ScorePlan, scores: Float64Array): number {
  const counted = emptyClass === 'skip' ? scores.filter((score) => !Number.isNaN(score)) : scores
  return counted.reduce((sum, score) => sum + score, 0) / counted.length
}

function each<Value>(of: (name: ScoreName) => Value): Record<ScoreName, Value> {
  return { dice: of('dice'), iou: of('iou'), precision: of('precision'), recall: of('recall') }
}
