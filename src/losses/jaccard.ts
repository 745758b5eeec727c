import type { Loss, LossTerm } from '../loss.ts'
import { lossOf } from './common.ts'
import {
  parseTransform,
  regionTerm,
  TRANSFORM_TABLE,
  type RegionLossOptions,
  type RegionOptions,
  type TransformOptions,
} from './region.ts'

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
export interface JaccardLossOptions extends RegionLossOptions, TransformOptions {}

/** α = β = 1: the denominator is the union. */
const JACCARD: LossTerm<RegionOptions & TransformOptions> = regionTerm('jaccard', TRANSFORM_TABLE, (options) => ({
  alpha: 1,
  beta: 1,
  transform: parseTransform(options),
}))

/** The definition behind `jaccardLoss` and `JaccardLoss`. */
export const jaccard: Loss<JaccardLossOptions> = lossOf<JaccardLossOptions>(JACCARD)
