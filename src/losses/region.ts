/**
 * The region family: Dice, Jaccard, Tversky, focal-Tversky, log-Dice, generalized Dice and more are one score of overlap,
 *
 *     s = (a·I + sₙ) / max(a·(I + α·FP + β·FN) + s_d, floor),   FP = P − I,  FN = G − I
 *
 * of the cell sums I = Σ m·p·g, P = Σ m·p, G = Σ m·g (m: pixel weight, p: probability, g: target), with a transform to a
 * loss. A new one is a file like `jaccard.ts`: α and β, a transform, and its options.
 */
import type { RegionForm, RegionTerm, RegionTransform, VolumeWeights, WeightMode } from '../engine.ts'
import type { LossTerm, TermPlan, Whole } from '../loss.ts'
import { NON_NEGATIVE, OptionNames, type OptionKind, type OptionValues } from '../options.ts'
import { CELL_DEFAULTS, CELL_TABLE, parseCells, poolsClasses, type CellDefaults, type CellOptions } from './cells.ts'
import { ANY_ACTIVATION, perClass, type CriterionOptions, type LabelOptions, type PerClass } from './common.ts'

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
export interface RegionOptions extends Omit<CellOptions, 'weightMode'> {
  /**
   * What the sums are: `'product'` I = Σ m·p·g, P = Σ m·p, G = Σ m·g; `'squared'` P = Σ m·p², G = Σ m·g² (V-Net);
   * `'absolute'` I = (P + G − Σ m·|p − g|)/2, which lets soft targets reach score 1; `'squared-errors'` I = Σ m·p²·g,
   * FP = Σ m·p²·(1 − g), FN = Σ m·(1 − p)²·g (SegLoss). Default `'product'`.
   */
  readonly form?: RegionForm | undefined
  /** sₙ = s_d = smooth ≥ 0, or the two told apart. Keeps an empty cell defined. Default 1e-5. */
  readonly smooth?: number | SmoothOptions | undefined
  /** The scale smoothing acts on: `'dice'` a = 2, beside 2I; `'overlap'` a = 1, beside I. Default `'dice'`. */
  readonly smoothScale?: 'dice' | 'overlap' | undefined
  /**
   * How class weights weigh: `'mean'` Σ w·ℓ / Σ w; `'multiply'` Σ w·ℓ / number of cells; `'inside'` numerator and
   * denominator are sums over the classes of w·(…), for `scorePer` `'sample'` and `'batch'`. Default `'mean'`.
   */
  readonly weightMode?: WeightMode | undefined
}

/** How a score becomes a loss, where the loss leaves it open. */
export interface TransformOptions {
  /**
   * From score to loss: `'one-minus'` 1 − s; `'negative'` −s, one less, as nnU-Net has it; `'negative-log'`
   * −log(max(s, floor)). Default `'one-minus'`.
   */
  readonly transform?: 'one-minus' | 'negative' | 'negative-log' | undefined
}

const SMOOTH = new OptionNames('smooth', { numerator: 'value', denominator: 'value', floor: 'value' })

/** The table of `RegionOptions`. */
export const REGION_TABLE: Readonly<Record<keyof RegionOptions, OptionKind>> = {
  form: 'value',
  smooth: SMOOTH,
  smoothScale: 'value',
  ...CELL_TABLE,
}

/** The table of `TransformOptions`. */
export const TRANSFORM_TABLE: Readonly<Record<keyof TransformOptions, OptionKind>> = { transform: 'value' }

const FORMS: readonly RegionForm[] = ['product', 'squared', 'absolute', 'squared-errors']
const SMOOTH_SCALES = ['dice', 'overlap'] as const
const TRANSFORMS = ['one-minus', 'negative', 'negative-log'] as const
const DEFAULT_SMOOTH = 1e-5

/** The options of a region loss that stands alone. */
export interface RegionLossOptions extends CriterionOptions, LabelOptions, RegionOptions {}

/** What tells one region loss from another. */
export interface RegionFormula {
  /** α: weight of false positives. */
  readonly alpha: number
  /** β: weight of false negatives. */
  readonly beta: number
  /** Default: 1 − s. */
  readonly transform?: RegionTransform
  /** γ of the transform, for all classes or one a class, from the option `gamma`. Default 1. */
  readonly gamma?: PerClass
  /** The exponent of the reduced loss. Default 1. */
  readonly outerGamma?: number
  /** Class weights that come from the reference. Default: none. */
  readonly volumeWeights?: VolumeWeights | undefined
}

/** A region loss: a formula, and the options it takes beside those of the family. */
export function regionTerm<Options>(
  name: string,
  table: Readonly<Record<Exclude<keyof Options & string, keyof RegionOptions>, OptionKind>>,
  formula: (options: OptionValues) => RegionFormula,
): LossTerm<Options> {
  return {
    name,
    table: { ...REGION_TABLE, ...table } as LossTerm<Options>['table'],
    activations: ANY_ACTIVATION,
    instead: '',
    overlaps: true,
    parse: (options, whole) => parseRegion(options, whole, formula(options)),
  }
}

/** What differs between region losses beside their formula. */
export interface RegionDefaults extends CellDefaults {
  readonly form: RegionForm
  readonly smoothScale: (typeof SMOOTH_SCALES)[number]
}

/** Most region losses. */
export const REGION_DEFAULTS: RegionDefaults = { ...CELL_DEFAULTS, inside: true, form: 'product', smoothScale: 'dice' }

/** Reads the options of a region loss. */
export function parseRegion(
  options: OptionValues,
  whole: Whole,
  formula: RegionFormula,
  defaults: RegionDefaults = REGION_DEFAULTS,
): TermPlan {
  const form = options.oneOf('form', FORMS) ?? defaults.form
  const smooth = parseSmooth(options)
  const scale = (options.oneOf('smoothScale', SMOOTH_SCALES) ?? defaults.smoothScale) === 'dice' ? 2 : 1
  const cells = parseCells(options, whole, defaults)
  const { alpha, beta, transform = 'one-minus', gamma = 1, outerGamma = 1, volumeWeights } = formula
  const single = typeof gamma === 'number'
  if (!single && poolsClasses(cells.scorePer)) {
    const actual = `one a class with scorePer '${cells.scorePer}', whose scores have no class`
    throw options.conflict('gamma', 'one number', actual, "pass one number, or scorePer: 'class'")
  }
  return {
    reduction: cells.reduction,
    weighsPixels: true,
    bind: (count) => ({
      kind: 'region',
      form,
      ...smooth,
      scale,
      ...cells.bind(count),
      alpha,
      beta,
      transform,
      gamma: single ? gamma : 1,
      classGammas: single ? undefined : perClass(options, 'gamma', gamma, count),
      outerTransform: 'power',
      outerGamma,
      targetFloor: 0,
      volumeWeights,
    }),
  }
}

/** Reads how the score becomes a loss. */
export function parseTransform(options: OptionValues): (typeof TRANSFORMS)[number] {
  return options.oneOf('transform', TRANSFORMS) ?? 'one-minus'
}

/** Reads `smooth`. */
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
