import type { Loss, LossTerm } from '../loss.ts'
import type { OptionKind, Range } from '../options.ts'
import { lossOf } from './common.ts'
import {
  parseTransform,
  regionTerm,
  TRANSFORM_TABLE,
  type RegionLossOptions,
  type RegionOptions,
  type TransformOptions,
} from './region.ts'

/** How an F-measure weighs recall against precision. */
export interface AsymmetricSimilarityOptions {
  /** β in [0, 1e6] of F_β: recall counts β times as much as precision. 1 is Dice. Default 1.5, the paper's. */
  readonly fBeta?: number | undefined
}

/**
 * Asymmetric similarity loss, 1 − F_β, per cell
 *
 *     ℓ = 1 − (2·I + s) / (2·(I + FP/(1 + β²) + FN·β²/(1 + β²)) + s),   FP = P − I,  FN = G − I
 *
 * with I = Σ m·p·g, P = Σ m·p, G = Σ m·g: Tversky's α = 1/(1 + β²) and β²/(1 + β²), which add up to 1. With
 * `smoothScale: 'overlap'` the factors 2 are 1.
 *
 * Source: Hashemi et al., "Asymmetric loss functions and deep densely-connected networks for highly-imbalanced medical image
 * segmentation" (2018).
 */
export interface AsymmetricSimilarityLossOptions
  extends RegionLossOptions, TransformOptions, AsymmetricSimilarityOptions {}

const TABLE: Readonly<Record<keyof (TransformOptions & AsymmetricSimilarityOptions), OptionKind>> = {
  ...TRANSFORM_TABLE,
  fBeta: 'value',
}
const F_BETA: Range = { min: 0, max: 1e6 }
const DEFAULT_F_BETA = 1.5

const ASYMMETRIC_SIMILARITY: LossTerm<RegionOptions & TransformOptions & AsymmetricSimilarityOptions> = regionTerm(
  'asymmetricSimilarity',
  TABLE,
  (options) => {
    const square = (options.number('fBeta', F_BETA) ?? DEFAULT_F_BETA) ** 2
    return { alpha: 1 / (1 + square), beta: square / (1 + square), transform: parseTransform(options) }
  },
)

/** The definition behind `asymmetricSimilarityLoss` and `AsymmetricSimilarityLoss`. */
export const asymmetricSimilarity: Loss<AsymmetricSimilarityLossOptions> =
  lossOf<AsymmetricSimilarityLossOptions>(ASYMMETRIC_SIMILARITY)
