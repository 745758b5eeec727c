/**
 * The region family: Dice, Jaccard, Tversky, focal-Tversky and log-Dice are one score of overlap,
 *
 *     s = (a·I + sₙ) / max(a·(I + α·(P − I) + β·(G − I)) + s_d, floor)
 *
 * of the cell sums I = Σ m·p·g, P = Σ m·p, G = Σ m·g (m: pixel weight, p: probability, g: target), with a transform to a
 * loss. A new one is a file like `jaccard.ts`: α and β, a transform, and its options.
 */
import type { EmptyClass, Reduction, RegionForm, RegionTerm, RegionTransform, ScorePer, WeightMode } from '../engine.ts'
import type { Part, Plan } from '../loss.ts'
import { INDEX, NON_NEGATIVE, OptionNames, type OptionKind, type OptionValues } from '../options.ts'
import {
  CRITERION_TABLE,
  LABEL_TABLE,
  parseCriterion,
  perClassList,
  REDUCTIONS,
  type CriterionOptions,
  type LabelOptions,
} from './common.ts'

/** Smoothing, its two places told apart. */
export interface SmoothOptions {
  /** sₙ ≥ 0, added to the numerator. Default 0. */
  readonly numerator?: number | undefined
  /** s_d ≥ 0, added to the denominator. Default 0. */
  readonly denominator?: number | undefined
  /** Lower bound ≥ 0 of the denominator, and of the score under a logarithm. Its derivative is 0 where it acts. Default 0. */
  readonly floor?: number | undefined
}

/** The options of every region loss. */
export interface RegionOptions {
  /**
   * What one score is made of: `'sample-class'` one score a sample and class; `'class'` one a class, the batch pooled;
   * `'sample'` one a sample, the classes pooled; `'batch'` one of everything. Default `'sample-class'`.
   */
  readonly scorePer?: ScorePer | undefined
  /**
   * What the sums are: `'product'` I = Σ m·p·g, P = Σ m·p, G = Σ m·g; `'squared'` P = Σ m·p², G = Σ m·g² (V-Net);
   * `'absolute'` I = (P + G − Σ m·|p − g|)/2, which lets soft targets reach score 1. Default `'product'`.
   */
  readonly form?: RegionForm | undefined
  /** sₙ = s_d = smooth ≥ 0, or the two told apart. Keeps an empty cell defined. Default 1e-5. */
  readonly smooth?: number | SmoothOptions | undefined
  /** The scale smoothing acts on: `'dice'` a = 2, beside 2I; `'overlap'` a = 1, beside I. Default `'dice'`. */
  readonly smoothScale?: 'dice' | 'overlap' | undefined
  /** `false` leaves class 0 out of the scores (its pixels still count for the other classes). Default `true`. */
  readonly includeBackground?: boolean | undefined
  /** The class ids that count; values come in ascending order. Default: all. */
  readonly classes?: ArrayLike<number> | undefined
  /** One weight ≥ 0 a class, by class id, always of length C. Default: 1. */
  readonly classWeights?: ArrayLike<number> | undefined
  /**
   * How class weights weigh: `'mean'` Σ w·ℓ / Σ w; `'multiply'` Σ w·ℓ / number of cells; `'inside'` numerator and
   * denominator are sums over the classes of w·(…), for `scorePer` `'sample'` and `'batch'`. Default `'mean'`.
   */
  readonly weightMode?: WeightMode | undefined
  /**
   * What a cell without any reference counts as: `'smooth'` what the formula gives; `'perfect'` score 1, `'worst'` score 0
   * (both with gradient 0); `'skip'` left out; `'nan'` NaN. Default `'smooth'`.
   */
  readonly emptyClass?: EmptyClass | undefined
  /** `'mean'` over the cells; `'sum'` of them; `'none'`: read `values`, loss and gradient are those of the sum. Default `'mean'`. */
  readonly reduction?: Reduction | undefined
}

const SMOOTH = new OptionNames('smooth', { numerator: 'value', denominator: 'value', floor: 'value' })

/** The table of `RegionOptions`. */
export const REGION_TABLE: Readonly<Record<keyof RegionOptions, OptionKind>> = {
  scorePer: 'value',
  form: 'value',
  smooth: SMOOTH,
  smoothScale: 'value',
  includeBackground: 'value',
  classes: 'list',
  classWeights: 'list',
  weightMode: 'value',
  emptyClass: 'value',
  reduction: 'value',
}

const SCORES_PER: readonly ScorePer[] = ['sample-class', 'class', 'sample', 'batch']
const FORMS: readonly RegionForm[] = ['product', 'squared', 'absolute']
const SMOOTH_SCALES = ['dice', 'overlap'] as const
const WEIGHT_MODES: readonly WeightMode[] = ['mean', 'multiply', 'inside']
const EMPTY_CLASSES: readonly EmptyClass[] = ['smooth', 'perfect', 'worst', 'skip', 'nan']
const DEFAULT_SMOOTH = 1e-5

/** The options of a region loss that stands alone. */
export interface RegionLossOptions extends CriterionOptions, LabelOptions, RegionOptions {}

/** The table of `RegionLossOptions`. */
export const REGION_LOSS_TABLE: Readonly<Record<keyof RegionLossOptions, OptionKind>> = {
  ...CRITERION_TABLE,
  ...LABEL_TABLE,
  ...REGION_TABLE,
}

/** What tells one region loss from another. */
export interface RegionFormula {
  /** α: weight of false positives. */
  readonly alpha: number
  /** β: weight of false negatives. */
  readonly beta: number
  readonly transform: RegionTransform
  /** γ of the transform `'power'`, else 1. */
  readonly gamma: number
}

/** Reads the options of a region loss that stands alone. */
export function planRegion(options: OptionValues, formula: RegionFormula): Plan {
  const part = parseRegion(options, formula, 'region', 1, options.has('regions'))
  return parseCriterion(options, ['softmax', 'sigmoid', 'none'], '', [part])
}

/**
 * Reads the options of a region term.
 * @param name - The part's name in a compound's terms.
 * @param weight - Its factor in a compound.
 * @param hasRegions - The option `regions` is given: there is no background class.
 */
export function parseRegion(
  options: OptionValues,
  formula: RegionFormula,
  name: string,
  weight: number,
  hasRegions: boolean,
): Part {
  const scorePer = options.oneOf('scorePer', SCORES_PER) ?? 'sample-class'
  const form = options.oneOf('form', FORMS) ?? 'product'
  const smooth = parseSmooth(options)
  const scale = (options.oneOf('smoothScale', SMOOTH_SCALES) ?? 'dice') === 'dice' ? 2 : 1
  const classes = parseClasses(options, hasRegions)
  const classWeights = options.numbers('classWeights', NON_NEGATIVE)
  const weightMode = options.oneOf('weightMode', WEIGHT_MODES) ?? 'mean'
  const emptyClass = options.oneOf('emptyClass', EMPTY_CLASSES) ?? 'smooth'
  const reduction = options.oneOf('reduction', REDUCTIONS) ?? 'mean'
  checkWeightMode(options, scorePer, classWeights !== undefined, weightMode)

  return {
    name,
    bind(count): RegionTerm {
      return {
        kind: 'region',
        weight,
        form,
        ...formula,
        classGammas: undefined,
        outerTransform: 'power',
        outerGamma: 1,
        scale,
        ...smooth,
        targetFloor: 0,
        volumeWeights: undefined,
        scorePer,
        classes: classes(count),
        classWeights: perClassList(options, 'classWeights', classWeights, count),
        weightMode,
        emptyClass,
        averaging: 'cells',
        reduction,
      }
    },
  }
}

function parseSmooth(options: OptionValues): Pick<RegionTerm, 'smoothNumerator' | 'smoothDenominator' | 'floor'> {
  const value = options.raw('smooth')
  if (value === undefined || typeof value === 'number') {
    const smooth = options.number('smooth', NON_NEGATIVE) ?? DEFAULT_SMOOTH
    return { smoothNumerator: smooth, smoothDenominator: smooth, floor: 0 }
  }
  const parts = options.nested('smooth', SMOOTH)
  return {
    smoothNumerator: parts.number('numerator', NON_NEGATIVE) ?? 0,
    smoothDenominator: parts.number('denominator', NON_NEGATIVE) ?? 0,
    floor: parts.number('floor', NON_NEGATIVE) ?? 0,
  }
}

/** The classes that count, as a function of how many there are. */
function parseClasses(options: OptionValues, hasRegions: boolean): (count: number) => readonly number[] {
  const includeBackground = options.boolean('includeBackground')
  const given = options.numbers('classes', INDEX)
  if (includeBackground === false && hasRegions) {
    const remedy = 'a region is no background: pass classes to choose regions'
    throw options.conflict('includeBackground', 'classes with a background', 'regions', remedy)
  }
  if (given === undefined) {
    const first = includeBackground === false ? 1 : 0
    return (count) => {
      if (count > first) return Array.from({ length: count - first }, (_, index) => index + first)
      const remedy = 'the one channel is the foreground: leave includeBackground out'
      throw options.conflict('includeBackground', 'more than one class', 'one class', remedy)
    }
  }
  const classes = given.toSorted((a, b) => a - b)
  if (new Set(classes).size < classes.length) {
    throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'classes', 'distinct class ids', 'name each class once')
  }
  if (includeBackground !== undefined) {
    throw options.conflict(
      'includeBackground',
      'no option classes beside it',
      'both',
      'name the classes that count in classes',
    )
  }
  return (count) => {
    if ((classes.at(-1) as number) < count) return classes
    const remedy = 'class ids are the channels of the prediction, counted from 0'
    throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'classes', `class ids below ${count}`, remedy)
  }
}

function checkWeightMode(options: OptionValues, scorePer: ScorePer, weighted: boolean, mode: WeightMode): void {
  const pooled = scorePer === 'sample' || scorePer === 'batch'
  if (mode === 'inside' && !weighted) {
    throw options.conflict('weightMode', "classWeights beside 'inside'", 'none', 'pass one weight a class')
  }
  if (mode === 'inside' && !pooled) {
    const actual = `scorePer '${scorePer}'`
    throw options.conflict(
      'weightMode',
      "scorePer 'sample' or 'batch' beside 'inside'",
      actual,
      "pass weightMode: 'mean' or 'multiply'",
    )
  }
  if (pooled && weighted && mode !== 'inside') {
    const actual = `weightMode '${mode}' with scorePer '${scorePer}', whose scores have no class`
    throw options.conflict('classWeights', "weightMode 'inside'", actual, "pass weightMode: 'inside'")
  }
}
