import type { Loss } from '../loss.ts'
import { planRegion, REGION_LOSS_TABLE, type RegionFormula, type RegionLossOptions } from './region.ts'

/**
 * Jaccard (IoU) loss, per cell
 *
 *     ℓ = 1 − (2·I + s) / (2·(P + G − I) + s)
 *
 * with I = Σ m·p·g, P = Σ m·p, G = Σ m·g; α = β = 1 of the region family. With `smoothScale: 'overlap'` smoothing stands
 * beside I: ℓ = 1 − (I + s) / (P + G − I + s).
 *
 * Source: Rahman, Wang, "Optimizing intersection-over-union in deep neural networks for image segmentation" (2016).
 */
export interface JaccardLossOptions extends RegionLossOptions {}

/** α = β = 1: the denominator is the union. */
const JACCARD: RegionFormula = { alpha: 1, beta: 1, transform: 'one-minus', gamma: 1 }

/** The definition behind `jaccardLoss` and `JaccardLoss`. */
export const jaccard: Loss<JaccardLossOptions> = {
  name: 'jaccardLoss',
  table: REGION_LOSS_TABLE,
  parse: (options) => planRegion(options, JACCARD),
}
