import type { Loss, LossTerm } from '../loss.ts'
import { NON_NEGATIVE, type OptionKind, type OptionValues } from '../options.ts'
import { lossOf } from './common.ts'
import {
  parseTransform,
  regionTerm,
  TRANSFORM_TABLE,
  type RegionLossOptions,
  type RegionOptions,
  type TransformOptions,
} from './region.ts'

/** How a Tversky score weighs the two kinds of error. */
export interface TverskyOptions {
  /** α ≥ 0: weight of false positives, FP = P − I. Default 0.5. */
  readonly alpha?: number | undefined
  /** β ≥ 0: weight of false negatives, FN = G − I. Default 0.5. A larger β favors recall. */
  readonly beta?: number | undefined
}

/**
 * Tversky loss, per cell
 *
 *     ℓ = 1 − (2·I + s) / (2·(I + α·FP + β·FN) + s),   FP = P − I,  FN = G − I
 *
 * with I = Σ m·p·g, P = Σ m·p, G = Σ m·g. α = β = ½ is Dice, α = β = 1 is Jaccard. With `smoothScale: 'overlap'` the factors
 * 2 are 1, as in most libraries' Tversky losses.
 *
 * Source: Salehi, Erdogmus, Gholipour, "Tversky loss function for image segmentation using 3D fully convolutional deep
 * networks" (2017), whose α and β these are.
 */
export interface TverskyLossOptions extends RegionLossOptions, TransformOptions, TverskyOptions {}

/** The table of `TverskyOptions`. */
export const TVERSKY_TABLE: Readonly<Record<keyof TverskyOptions, OptionKind>> = { alpha: 'value', beta: 'value' }

/** Reads α and β. */
export function parseTversky(options: OptionValues): { readonly alpha: number; readonly beta: number } {
  return {
    alpha: options.number('alpha', NON_NEGATIVE) ?? 0.5,
    beta: options.number('beta', NON_NEGATIVE) ?? 0.5,
  }
}

const TVERSKY: LossTerm<RegionOptions & TransformOptions & TverskyOptions> = regionTerm(
  'tversky',
  { ...TRANSFORM_TABLE, ...TVERSKY_TABLE },
  (options) => ({ ...parseTversky(options), transform: parseTransform(options) }),
)

/** The definition behind `tverskyLoss` and `TverskyLoss`. */
export const tversky: Loss<TverskyLossOptions> = lossOf<TverskyLossOptions>(TVERSKY)
