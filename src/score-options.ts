/** What a score can be asked: its options, read and checked. */
import { alternatives } from './describe.ts'
import type { EmptyClass } from './engine.ts'
import { LAYOUTS, type Layout } from './layout.ts'
import { FINITE, INTEGER, LABEL, type OptionKind, type OptionValues } from './options.ts'
import { TARGET_KINDS, type TargetKind } from './target.ts'

/** How a prediction says which labels a pixel has. */
export type Decision = 'labels' | 'argmax' | 'threshold'

/** What is scored. */
export interface ScoreOptions {
  /**
   * The axes of the prediction by letter, in order: `'HW'` and `'DHW'` for one label map, `'NHW'` for several, `'NCHW'` for
   * class scores. Default: `'NCHW'` for 4 axes, `'NCDHW'` for 5; image objects are HWC. With fewer axes it must be said.
   */
  readonly layout?: Layout | undefined
  /**
   * How the prediction is read: it holds `'labels'`; or class scores, of which the largest wins (`'argmax'`: of equal ones
   * the lowest class, and NaN never), or each that is greater than `threshold` counts (`'threshold'`: overlapping regions, or
   * one class). Default: with one class `'labels'` where every value is an integer, else `'threshold'`; with several classes
   * `'argmax'`, but where every value is an integer it must be said.
   */
  readonly decision?: Decision | undefined
  /**
   * A class score greater than this counts; any finite number. Of logits, 0 is probability ½. Implies decision
   * `'threshold'`. Default 0.5.
   */
  readonly threshold?: number | undefined
  /**
   * The labels to score, in this order; pixels of other labels are background to them. With decision `'threshold'`, plane k
   * of the prediction is the k-th. Default: of class scores, every class; of label maps, every label that the reference has.
   */
  readonly labels?: readonly number[] | undefined
  /**
   * What to score, as unions of labels, for regions that overlap: `[[1, 2, 3], [2, 3], [3]]`. With decision `'threshold'`, plane
   * k of the prediction is region k. Instead of `labels`.
   */
  readonly regions?: readonly (readonly number[])[] | undefined
  /**
   * Whether the reference holds one label a pixel, or one plane a class (above ½: in the class). Default: by its shape; with
   * one class, planes where a value is no integer.
   */
  readonly target?: TargetKind | undefined
  /**
   * Pixels with this label in the reference are not counted; any integer. With one plane a class: the class whose plane
   * marks the pixels not to count. Default: none.
   */
  readonly ignoreIndex?: number | undefined
  /** Class scores of one class only: the label that marks the foreground in the reference, 255 for 0/255 masks. Default 1. */
  readonly maskValue?: number | undefined
  /** Count label 0 in the means. It is scored either way. Default `false`. */
  readonly includeBackground?: boolean | undefined
  /**
   * What a score of nothing by nothing is: `'skip'`: NaN, and left out of the means; `'perfect'`: 1; `'worst'`: 0; `'nan'`: NaN, and
   * so are the means. Default `'skip'`.
   */
  readonly emptyClass?: Exclude<EmptyClass, 'smooth'> | undefined
  /** Add the counts of all cases before any division: one score a label instead of one a case and label. Default `false`. */
  readonly pooled?: boolean | undefined
}

/** On what: the options of a call. */
export interface ScoreCallOptions {
  /** The shape of the prediction, one extent per letter of the layout. Required for a bare typed array. */
  readonly shape?: ArrayLike<number> | undefined
  /** Upper bound of the threads of this call; positive. Default: the process's. The numbers do not depend on it. */
  readonly threads?: number | undefined
}

/** The table of `ScoreCallOptions`; `shape` has the first slot, as in every call. */
export const SCORE_CALL_TABLE: Readonly<Record<keyof ScoreCallOptions, OptionKind>> = {
  shape: 'list',
  threads: 'value',
}

/** The table of `ScoreOptions`. */
export const SCORE_TABLE: Readonly<Record<keyof ScoreOptions, OptionKind>> = {
  layout: 'value',
  decision: 'value',
  threshold: 'value',
  labels: 'list',
  regions: 'list',
  target: 'value',
  ignoreIndex: 'value',
  maskValue: 'value',
  includeBackground: 'value',
  emptyClass: 'value',
  pooled: 'value',
}

/** Options that were read, with their defaults. */
export interface ScorePlan {
  readonly layout: Layout | undefined
  readonly decision: Decision | undefined
  readonly threshold: number
  /** The label sets to score, from `labels` or `regions`. */
  readonly regions: readonly (readonly number[])[] | undefined
  /** `regions` was given: the results are numbered, not labeled. */
  readonly numbered: boolean
  readonly target: TargetKind | undefined
  readonly ignoreIndex: number | undefined
  readonly maskValue: number | undefined
  readonly includeBackground: boolean
  readonly emptyClass: Exclude<EmptyClass, 'smooth'>
  readonly pooled: boolean
}

const DECISIONS: readonly Decision[] = ['labels', 'argmax', 'threshold']
const POLICIES: readonly Exclude<EmptyClass, 'smooth'>[] = ['skip', 'perfect', 'worst', 'nan']

/** Reads and checks the options of a score. */
export function parseScore(options: OptionValues): ScorePlan {
  const decision = options.oneOf('decision', DECISIONS)
  const threshold = options.number('threshold', FINITE)
  if (threshold !== undefined && decision !== undefined && decision !== 'threshold') {
    throw options.conflict(
      'threshold',
      "decision 'threshold'",
      `decision '${decision}'`,
      'leave one of the two out: only a threshold decides by a threshold',
    )
  }
  if (options.raw('emptyClass') === 'smooth') {
    throw options.error(
      'ERR_MASKLOSS_OPTION_VALUE',
      'emptyClass',
      alternatives(POLICIES),
      'scores have no smoothing: say what nothing by nothing is',
    )
  }
  const regions = regionsOf(options)
  return {
    layout: options.oneOf('layout', LAYOUTS),
    decision: decision ?? (threshold === undefined ? undefined : 'threshold'),
    threshold: threshold ?? 0.5,
    regions,
    numbered: options.has('regions'),
    target: options.oneOf('target', TARGET_KINDS),
    ignoreIndex: options.number('ignoreIndex', INTEGER),
    maskValue: maskValueOf(options, regions),
    includeBackground: options.boolean('includeBackground') ?? false,
    emptyClass: options.oneOf('emptyClass', POLICIES) ?? 'skip',
    pooled: options.boolean('pooled') ?? false,
  }
}

function regionsOf(options: OptionValues): readonly (readonly number[])[] | undefined {
  const labels = options.numbers('labels', LABEL)
  const regions = options.lists('regions', LABEL)
  if (labels !== undefined && regions !== undefined) {
    throw options.conflict('regions', 'no labels', 'both', 'write single labels into regions: [[1], [2, 3]]')
  }
  if (labels !== undefined && new Set(labels).size < labels.length) {
    throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'labels', 'different labels', 'name every label once')
  }
  return regions ?? labels?.map((label) => [label])
}

function maskValueOf(options: OptionValues, regions: ScorePlan['regions']): number | undefined {
  const maskValue = options.number('maskValue', LABEL)
  if (maskValue === undefined) return undefined
  if (regions !== undefined) {
    throw options.conflict('maskValue', 'no labels or regions', 'both', `pass labels: [${maskValue}] instead`)
  }
  if (maskValue === 0) {
    throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'maskValue', 'an integer other than 0', '0 is the background')
  }
  return maskValue
}

/** The options that give this plan. */
export function planOptions(plan: ScorePlan): ScoreOptions {
  const { threshold, regions, numbered, ...rest } = plan
  return {
    ...rest,
    ...(plan.decision === 'threshold' ? { threshold } : {}),
    ...(numbered ? { regions } : { labels: regions?.map((members) => members[0]!) }),
  }
}
