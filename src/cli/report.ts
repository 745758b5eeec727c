/** What a run comes to, before it is written in one format or another. */

/** The measures of the command line, in the order of its columns. */
export const measures = ['dice', 'iou', 'precision', 'recall'] as const
export type Measure = (typeof measures)[number]
/**
 * NaN: the label is in neither prediction nor reference (for precision: not predicted; for recall: not in the
 * reference).
 */
export type Measures = Readonly<Record<Measure, number>>

/** The scores of one label. */
export interface LabelScores extends Measures {
  readonly label: number
}

/** A case that was scored. */
export interface CaseScores {
  readonly case: string
  readonly prediction: string
  readonly reference: string
  readonly labels: readonly LabelScores[]
  /** Over the labels that count, without NaN. */
  readonly mean: Measures
  /** The losses asked for, of class scores; else `undefined`. */
  readonly losses: Readonly<Record<string, number>> | undefined
}

/** A case that was not scored, and why. It is no score of 0: it is in no mean. */
export interface Fault {
  readonly case: string
  readonly file: string
  readonly code: string
  readonly reason: string
}

export interface Report {
  readonly labels: readonly number[]
  readonly losses: readonly string[]
  readonly cases: readonly CaseScores[]
  /** Of each label over the cases, without NaN. */
  readonly labelMeans: readonly LabelScores[]
  /** Of `labelMeans` over the labels that count. */
  readonly mean: Measures
  /** Over the cases that have losses; NaN if one of them is. */
  readonly lossMeans: Readonly<Record<string, number>>
  readonly errors: readonly Fault[]
  /** The engine, and the version of its numerics. */
  readonly numerics: string
}

/** The mean of the numbers that are not NaN; NaN if there is none. */
export function meanOf(values: readonly number[]): number {
  const numbers = values.filter((value) => !Number.isNaN(value))
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length
}

/** The mean of each measure. */
export function meanMeasures(rows: readonly Measures[]): Measures {
  const mean = (measure: Measure) => meanOf(rows.map((row) => row[measure]))
  return { dice: mean('dice'), iou: mean('iou'), precision: mean('precision'), recall: mean('recall') }
}
