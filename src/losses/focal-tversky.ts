import type { Loss, LossTerm } from '../loss.ts'
import { POSITIVE, type OptionValues } from '../options.ts'
import { lossOf } from './common.ts'
import { regionTerm, type RegionFormula, type RegionLossOptions, type RegionOptions } from './region.ts'
import { parseTversky, TVERSKY_TABLE, type TverskyOptions } from './tversky.ts'

/** How a focal-Tversky loss focuses. */
export interface FocalTverskyOptions {
  /** γ > 0, for all classes or one a class by class id. Default 0.75, which is 1/γ for the paper's γ = 4/3. */
  readonly gamma?: number | ArrayLike<number> | undefined
  /**
   * What the power is taken of: `'cell'` each cell's 1 − s; `'mean'` the reduced loss, mean(1 − s)^γ, as
   * segmentation_models.pytorch and SegLoss do. Default `'cell'`.
   */
  readonly gammaOf?: 'cell' | 'mean' | undefined
}

/**
 * Focal-Tversky loss, per cell
 *
 *     ℓ = (1 − s)^γ
 *
 * with the Tversky score s = (2·I + sₙ) / (2·(I + α·FP + β·FN) + s_d), FP = P − I, FN = G − I. γ < 1 lets cells with small
 * errors weigh more, γ > 1 cells with large ones. Its derivative is 0 at s = 1.
 *
 * Source: Abraham, Khan, "A novel focal Tversky loss function with improved attention U-Net for lesion segmentation" (2019),
 * ℓ = (1 − TI)^(1/γ). In its terms: our γ is 1/γ of the paper (its γ = 4/3 is the default here, 0.75), our `beta` is its α
 * (false negatives), our `alpha` its β (false positives): the paper's α = 0.7, β = 0.3 are `beta: 0.7, alpha: 0.3`.
 */
export interface FocalTverskyLossOptions extends RegionLossOptions, TverskyOptions, FocalTverskyOptions {}

const DEFAULT_GAMMA = 0.75
const GAMMAS_OF = ['cell', 'mean'] as const

const FOCAL_TVERSKY: LossTerm<RegionOptions & TverskyOptions & FocalTverskyOptions> = regionTerm(
  'focalTversky',
  { ...TVERSKY_TABLE, gamma: 'list', gammaOf: 'value' },
  (options) => ({ ...parseTversky(options), ...parseGamma(options) }),
)

/** The definition behind `focalTverskyLoss` and `FocalTverskyLoss`. */
export const focalTversky: Loss<FocalTverskyLossOptions> = lossOf<FocalTverskyLossOptions>(FOCAL_TVERSKY)

function parseGamma(options: OptionValues): Pick<RegionFormula, 'transform' | 'gamma' | 'outerGamma'> {
  const gamma = options.numberOrNumbers('gamma', POSITIVE) ?? DEFAULT_GAMMA
  if ((options.oneOf('gammaOf', GAMMAS_OF) ?? 'cell') === 'cell') return { transform: 'power', gamma }
  if (typeof gamma !== 'number') {
    throw options.conflict('gamma', "one number beside gammaOf 'mean'", 'one a class', 'the mean is one number')
  }
  if (options.raw('reduction') === 'none') {
    throw options.conflict('gammaOf', "'cell' beside reduction 'none'", "'mean'", 'there is no mean to take a power of')
  }
  return { outerGamma: gamma }
}
