/** The losses of a score per cell: which cells there are, and how their values become one. */
import type { Averaging, CellOptions as CellTerm, EmptyClass, Reduction, ScorePer, WeightMode } from '../engine.ts'
import type { Whole } from '../loss.ts'
import { NON_NEGATIVE, type OptionKind, type OptionValues } from '../options.ts'
import { CLASS_TABLE, parseClasses, type ClassOptions } from './classes.ts'
import { perClassList, REDUCTIONS } from './common.ts'

/** The options of every loss of a score per cell. */
export interface CellOptions extends ClassOptions {
  /**
   * What one score is made of: `'sample-class'` one score a sample and class; `'class'` one a class, the batch pooled;
   * `'sample'` one a sample, the classes pooled; `'batch'` one of everything. Default `'sample-class'`.
   */
  readonly scorePer?: ScorePer | undefined
  /** One weight ≥ 0 a class, by class id, always of length C. Default: 1. */
  readonly classWeights?: ArrayLike<number> | undefined
  /** How class weights weigh: `'mean'` Σ w·ℓ / Σ w; `'multiply'` Σ w·ℓ / number of cells. Default `'mean'`. */
  readonly weightMode?: Exclude<WeightMode, 'inside'> | undefined
  /**
   * What a cell without any reference counts as: `'smooth'` what the formula gives; `'perfect'` score 1, `'worst'` score 0
   * (both with gradient 0); `'skip'` left out; `'nan'` NaN. Default `'smooth'`.
   */
  readonly emptyClass?: EmptyClass | undefined
  /**
   * In which order the mean of `'sample-class'` cells goes: `'cells'` all alike; `'samples'` the mean of each sample first;
   * `'classes'` that of each class first. They differ where cells are skipped or weighted. Default `'cells'`.
   */
  readonly averaging?: Averaging | undefined
  /** `'mean'` over the cells; `'sum'` of them; `'none'`: read `values`, loss and gradient are those of the sum. Default `'mean'`. */
  readonly reduction?: Reduction | undefined
}

/** The table of `CellOptions`. */
export const CELL_TABLE: Readonly<Record<keyof CellOptions, OptionKind>> = {
  ...CLASS_TABLE,
  scorePer: 'value',
  classWeights: 'list',
  weightMode: 'value',
  emptyClass: 'value',
  averaging: 'value',
  reduction: 'value',
}

/** The words of the option `scorePer`. */
export const SCORES_PER: readonly ScorePer[] = ['sample-class', 'class', 'sample', 'batch']
const WEIGHT_MODES: readonly WeightMode[] = ['mean', 'multiply', 'inside']
const EMPTY_CLASSES: readonly EmptyClass[] = ['smooth', 'perfect', 'worst', 'skip', 'nan']
const AVERAGINGS: readonly Averaging[] = ['cells', 'samples', 'classes']

/** What differs between losses of cells. */
export interface CellDefaults {
  readonly scorePer: ScorePer
  readonly weightMode: WeightMode
  readonly emptyClass: EmptyClass
  readonly averaging: Averaging
  /** Class weights can weigh inside a score that pools classes. */
  readonly inside: boolean
  /** The loss has class weights of its own, beside the option. */
  readonly weighted: boolean
}

/** Most losses of cells. */
export const CELL_DEFAULTS: CellDefaults = {
  scorePer: 'sample-class',
  weightMode: 'mean',
  emptyClass: 'smooth',
  averaging: 'cells',
  inside: false,
  weighted: false,
}

/** Cells, read as far as the number of classes does not matter. */
export interface CellPlan {
  readonly scorePer: ScorePer
  readonly reduction: Reduction
  bind(classes: number): CellTerm
}

/** Reads `CellOptions`. */
export function parseCells(options: OptionValues, whole: Whole, defaults: CellDefaults): CellPlan {
  const scorePer = options.oneOf('scorePer', SCORES_PER) ?? defaults.scorePer
  const classes = parseClasses(options, whole)
  const classWeights = options.numbers('classWeights', NON_NEGATIVE)
  const weightMode = options.oneOf('weightMode', WEIGHT_MODES) ?? defaults.weightMode
  const emptyClass = options.oneOf('emptyClass', EMPTY_CLASSES) ?? defaults.emptyClass
  const reduction = options.oneOf('reduction', REDUCTIONS) ?? 'mean'
  const averaging = parseAveraging(options, scorePer, reduction, defaults.averaging)
  checkWeightMode(options, scorePer, weightMode, classWeights !== undefined, defaults)
  return {
    scorePer,
    reduction,
    bind: (count) => ({
      scorePer,
      classes: classes(count),
      classWeights: perClassList(options, 'classWeights', classWeights, count),
      weightMode,
      emptyClass,
      averaging,
      reduction,
    }),
  }
}

/** Reads the order of a mean, which is one only over several samples and classes. */
export function parseAveraging(
  options: OptionValues,
  scorePer: ScorePer,
  reduction: Reduction,
  fallback: Averaging = 'cells',
): Averaging {
  const averaging = options.oneOf('averaging', AVERAGINGS) ?? fallback
  if (averaging === 'cells') return averaging
  if (scorePer !== 'sample-class') {
    const actual = `scorePer '${scorePer}'`
    throw options.conflict('averaging', "scorePer 'sample-class' beside it", actual, 'leave averaging out')
  }
  if (reduction !== 'mean') {
    throw options.conflict('averaging', 'a mean', `reduction '${reduction}'`, 'leave averaging out')
  }
  return averaging
}

/** Whether a score is of several classes. */
export function poolsClasses(scorePer: ScorePer): boolean {
  return scorePer === 'sample' || scorePer === 'batch'
}

function checkWeightMode(
  options: OptionValues,
  scorePer: ScorePer,
  mode: WeightMode,
  given: boolean,
  { inside, weighted }: CellDefaults,
): void {
  const pooled = poolsClasses(scorePer)
  const hasWeights = given || weighted
  if (mode === 'inside' && !inside) {
    throw options.conflict('weightMode', "'mean' or 'multiply'", "'inside'", 'this score is no ratio of weighted sums')
  }
  if (mode === 'inside' && !hasWeights) {
    throw options.conflict('weightMode', "classWeights beside 'inside'", 'none', 'pass one weight a class')
  }
  if (mode === 'inside' && !pooled) {
    const remedy = "pass weightMode: 'mean' or 'multiply'"
    const expected = "scorePer 'sample' or 'batch' beside 'inside'"
    throw options.conflict('weightMode', expected, `scorePer '${scorePer}'`, remedy)
  }
  if (!pooled || !hasWeights || mode === 'inside') return
  const actual = `weightMode '${mode}' with scorePer '${scorePer}', whose scores have no class`
  if (!inside) throw options.conflict('classWeights', 'one score a class', actual, "pass scorePer: 'class'")
  const argument = given ? 'classWeights' : 'weightMode'
  throw options.conflict(argument, "weightMode 'inside'", actual, "pass weightMode: 'inside'")
}
