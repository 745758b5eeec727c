/** Scores of more than fits one call: counts that add up exactly, in any order, over calls, workers and machines. */
import { describe } from './describe.ts'
import type { EngineSource } from './engine.ts'
import { masklossError, type MasklossError } from './errors.ts'
import { OptionNames, OptionValues } from './options.ts'
import { scoresOf, threadsOf } from './score.ts'
import { countCases } from './score-counts.ts'
import {
  parseScore,
  planOptions,
  SCORE_CALL_TABLE,
  SCORE_TABLE,
  type ScoreCallOptions,
  type ScoreOptions,
  type ScorePlan,
} from './score-options.ts'
import { pool, type CaseCounts, type ScoreResult } from './score-result.ts'
import type { TensorLike } from './tensor.ts'

/** What `JSON.stringify(scores)` writes and `Scores.fromJSON` reads. */
export interface ScoresState {
  readonly format: 'maskloss-scores/1'
  /** The engine and the version of its numerics that counted; `undefined`: nothing was counted. */
  readonly numerics?: string | undefined
  readonly options: ScoreOptions
  readonly cases: number
  readonly rows: readonly {
    readonly labels: readonly number[]
    /** Per label: true positives, predicted pixels, reference pixels. */
    readonly counts: readonly number[]
    readonly valid: number
    readonly found: boolean
  }[]
}

const FORMAT = 'maskloss-scores/1'

/**
 * Accumulates the counts behind `score` over many calls.
 *
 *     const scores = new Scores({ layout: 'HW' })
 *     for (const { predicted, labels } of cases) scores.update(predicted, labels)
 *     const { mean } = scores.compute()
 *
 * Counts are whole numbers: the result does not depend on the order of updates and merges but for the order of the cases.
 */
export class ScoreAccumulator {
  readonly #plan: ScorePlan
  readonly #source: EngineSource
  readonly #names: OptionNames = new OptionNames('Scores.update', SCORE_CALL_TABLE)
  #rows: CaseCounts[] = []
  #cases = 0
  #numerics: string | undefined

  protected constructor(options: ScoreOptions | undefined, source: EngineSource) {
    this.#plan = parseScore(new OptionNames('Scores', SCORE_TABLE).parse(options))
    this.#source = source
  }

  /**
   * Adds the samples of one prediction, each as a case.
   * @param prediction - Labels or class scores, as in `score`.
   * @param reference - Labels, or one plane a class.
   * @param options - On what: `shape` is required for a bare typed array.
   * @throws {MasklossTypeError} For a wrong kind of argument, and where another engine has counted before.
   * @throws {MasklossRangeError} For shapes that disagree, and for labels that are no integers or no class.
   */
  update(prediction: TensorLike, reference: TensorLike, options?: ScoreCallOptions): this {
    const call = this.#names.read(options)
    const threads = threadsOf(new OptionValues(this.#names, call, ''))
    const engine = this.#source.engine()
    const { numerics } = engine.runtime()
    const rows = countCases(this.#plan, engine, prediction, reference, call, threads)
    this.#add(rows, rows.length, numerics)
    return this
  }

  /** The scores of all cases so far. */
  compute(): ScoreResult {
    const numerics = this.#numerics ?? this.#source.engine().runtime().numerics
    return scoresOf(this.#plan, this.#rows, this.#cases, numerics)
  }

  /**
   * Adds the cases of another one, which must have the same options and the same engine's counts; it stays as it is.
   * @throws {MasklossTypeError} Where they do not belong together.
   */
  merge(other: ScoreAccumulator): this {
    if (!(other instanceof ScoreAccumulator))
      throw unfit('Scores', describe(other), 'pass Scores, or read them with Scores.fromJSON')
    const [own, given] = [this, other].map((scores) => JSON.stringify(planOptions(scores.#plan)))
    if (own !== given) throw unfit(`the options ${own}`, `${given}`, 'merge scores of the same options only')
    if (other.#numerics !== undefined) this.#add(other.#rows.slice(), other.#cases, other.#numerics)
    return this
  }

  /** Forgets all cases. */
  reset(): void {
    this.#rows = []
    this.#cases = 0
    this.#numerics = undefined
  }

  /** The state, for `JSON.stringify`. */
  toJSON(): ScoresState {
    return {
      format: FORMAT,
      numerics: this.#numerics,
      options: planOptions(this.#plan),
      cases: this.#cases,
      rows: this.#rows.map(({ labels, counts, valid, found }) => ({ labels, counts: [...counts], valid, found })),
    }
  }

  /** Takes over a state that was read. */
  protected restore({ rows, cases, numerics }: ScoresState): this {
    this.#rows = rows.map((row) => ({ ...row, counts: Float64Array.from(row.counts) }))
    this.#cases = cases
    this.#numerics = numerics
    return this
  }

  #add(rows: CaseCounts[], cases: number, numerics: string): void {
    if (this.#numerics !== undefined && this.#numerics !== numerics) {
      throw unfit(`counts of ${this.#numerics}`, numerics, 'use one engine and version for all of them')
    }
    this.#numerics = numerics
    this.#cases += cases
    this.#rows.push(...rows)
    if (this.#plan.pooled) this.#rows = [pool(this.#rows)]
  }
}

/** Reads a state, or throws. */
export function scoresState(value: unknown): ScoresState {
  const state = value as Partial<ScoresState> | null
  const fits =
    typeof state === 'object' &&
    state?.format === FORMAT &&
    (state.numerics === undefined || typeof state.numerics === 'string') &&
    Number.isSafeInteger(state.cases) &&
    Array.isArray(state.rows) &&
    state.rows.every(isRow)
  if (!fits)
    throw unfit(`a state of the format '${FORMAT}'`, describe(value), 'pass what JSON.stringify(scores) wrote, parsed')
  return state as ScoresState
}

function isRow(row: unknown): boolean {
  const { labels, counts, valid, found } = (row ?? {}) as Partial<ScoresState['rows'][number]>
  return (
    Array.isArray(labels) &&
    Array.isArray(counts) &&
    labels.every(Number.isSafeInteger) &&
    counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
    counts.length === labels.length * 3 &&
    Number.isSafeInteger(valid) &&
    typeof found === 'boolean'
  )
}

function unfit(expected: string, actual: string, remedy: string): MasklossError {
  return masklossError({ code: 'ERR_MASKLOSS_MERGE', argument: 'scores', expected, actual, remedy })
}
