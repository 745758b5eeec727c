import type { Reduction, WassersteinTerm } from '../engine.ts'
import type { Loss, LossTerm } from '../loss.ts'
import { NON_NEGATIVE, type OptionKind, type OptionValues } from '../options.ts'
import { lossOf, REDUCTIONS, type CriterionOptions } from './common.ts'
import { CATEGORICAL } from './cross-entropy.ts'

/** The options of a generalized Wasserstein Dice loss. */
export interface GeneralizedWassersteinDiceOptions {
  /**
   * How far the classes are from each other: C rows of C finite numbers ≥ 0 with a diagonal of zeros, row y for reference class y.
   * Divided by the largest. Required.
   */
  readonly distances: readonly ArrayLike<number>[]
  /**
   * `'default'` true positives are those of the foreground, and every pixel weighs 1; `'volume'` (GDL) those of all classes, and a pixel
   * weighs 1/(pixels of its class + 1). Default `'default'`.
   */
  readonly weighting?: WassersteinTerm['weighting'] | undefined
  /** s ≥ 0, in numerator and denominator. Default 1e-5. */
  readonly smooth?: number | undefined
  /** `'sample'` one score a sample; `'batch'` one of everything. Default `'sample'`. */
  readonly scorePer?: 'sample' | 'batch' | undefined
  /** `'mean'` over the scores; `'sum'` of them; `'none'`: read `values`, loss and gradient are those of the sum. Default `'mean'`. */
  readonly reduction?: Reduction | undefined
}

/**
 * Generalized Wasserstein Dice loss: an error costs as much as the predicted class is far from the true one. With distances M, at
 * most 1, and W_v = Σ_c M[y_v, c]·p_c of a pixel with label y_v, per sample
 *
 *     'default'   TP = Σ_{y>0} m·(1 − W)    ℓ = 1 − (2·TP + s) / (2·TP + Σ m·W + s)
 *     'volume'    TP = Σ m·a·(1 − W)        ℓ = 1 − (2·TP + s) / (Σ m·a·(2 − W) + s),   a = 1/(G_y + 1)
 *
 * Per-class targets g take the place of the label: W_v = Σ_y g_y·Σ_c M[y, c]·p_c.
 *
 * Source: Fidon et al., "Generalised Wasserstein Dice score for imbalanced multi-class segmentation using holistic
 * convolutional networks" (2017).
 */
export interface GeneralizedWassersteinDiceLossOptions
  extends CriterionOptions<'softmax' | 'none'>, GeneralizedWassersteinDiceOptions {}

const TABLE: Readonly<Record<keyof GeneralizedWassersteinDiceOptions, OptionKind>> = {
  distances: 'list',
  weighting: 'value',
  smooth: 'value',
  scorePer: 'value',
  reduction: 'value',
}
const WEIGHTINGS: readonly WassersteinTerm['weighting'][] = ['default', 'volume']
const SCORES_PER = ['sample', 'batch'] as const
const DEFAULT_SMOOTH = 1e-5

const GENERALIZED_WASSERSTEIN_DICE: LossTerm<GeneralizedWassersteinDiceOptions> = {
  name: 'generalizedWassersteinDice',
  table: TABLE,
  activations: CATEGORICAL,
  instead: 'classes that overlap have no distance: use generalizedDiceLoss',
  overlaps: false,
  parse: (options) => {
    const matrix = parseDistances(options)
    const weighting = options.oneOf('weighting', WEIGHTINGS) ?? 'default'
    const smooth = options.number('smooth', NON_NEGATIVE) ?? DEFAULT_SMOOTH
    const scorePer = options.oneOf('scorePer', SCORES_PER) ?? 'sample'
    const reduction = options.oneOf('reduction', REDUCTIONS) ?? 'mean'
    return {
      reduction,
      weighsPixels: true,
      bind(classes) {
        if (matrix.length !== classes) {
          const remedy = 'it has a row and a column for every class, also for the background'
          throw options.conflict(
            'distances',
            `one row a class of the prediction (${classes})`,
            `${matrix.length}`,
            remedy,
          )
        }
        const smoothing = { smoothNumerator: smooth, smoothDenominator: smooth }
        return { kind: 'wasserstein', distances: matrix.flat(), weighting, ...smoothing, scorePer, reduction }
      },
    }
  },
}

/** The definition behind `generalizedWassersteinDiceLoss` and `GeneralizedWassersteinDiceLoss`. */
export const generalizedWassersteinDice: Loss<GeneralizedWassersteinDiceLossOptions> =
  lossOf<GeneralizedWassersteinDiceLossOptions>(GENERALIZED_WASSERSTEIN_DICE)

/** Square, zero on the diagonal, and divided by its maximum. */
function parseDistances(options: OptionValues): readonly (readonly number[])[] {
  const rows = options.lists('distances', NON_NEGATIVE)
  const remedy = 'pass for example [[0, 1, 1], [1, 0, 0.5], [1, 0.5, 0]]'
  if (rows === undefined) {
    throw options.error('ERR_MASKLOSS_OPTION_MISSING', 'distances', 'a distance for each pair of classes', remedy)
  }
  for (const [y, row] of rows.entries()) {
    if (row.length !== rows.length) {
      throw options.conflict(`distances[${y}]`, `${rows.length} numbers, as many as rows`, `${row.length}`, remedy)
    }
    if (row[y] !== 0) {
      throw options.conflict(`distances[${y}][${y}]`, 'a distance of 0 from a class to itself', `${row[y]}`, remedy)
    }
  }
  const largest = rows.flat().reduce((a, b) => Math.max(a, b))
  if (largest === 0) {
    throw options.conflict('distances', 'some distance above 0', 'only zeros', remedy)
  }
  return rows.map((row) => row.map((distance) => distance / largest))
}
