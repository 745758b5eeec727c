import type { Loss } from '../loss.ts'
import { POSITIVE } from '../options.ts'
import { planRegion, REGION_LOSS_TABLE, type RegionLossOptions } from './region.ts'
import { parseTversky, TVERSKY_TABLE, type TverskyOptions } from './tversky.ts'

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
export interface FocalTverskyLossOptions extends RegionLossOptions, TverskyOptions {
  /** γ > 0. Default 0.75, which is 1/γ for the paper's γ = 4/3. */
  readonly gamma?: number | undefined
}

const DEFAULT_GAMMA = 0.75

/** The definition behind `focalTverskyLoss` and `FocalTverskyLoss`. */
export const focalTversky: Loss<FocalTverskyLossOptions> = {
  name: 'focalTverskyLoss',
  table: { ...REGION_LOSS_TABLE, ...TVERSKY_TABLE, gamma: 'value' },
  parse: (options) => {
    const gamma = options.number('gamma', POSITIVE) ?? DEFAULT_GAMMA
    return planRegion(options, { ...parseTversky(options), transform: 'power', gamma })
  },
}
