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
 * Dice loss, per cell
 *
 *     ℓ = 1 − (2·I + s) / (P + G + s)
 *
 * with I = Σ m·p·g, P = Σ m·p, G = Σ m·g over the pixels of the cell (form `'product'`), or P = Σ m·p², G = Σ m·g² (form
 * `'squared'`: V-Net), or I = (P + G − Σ m·|p − g|)/2 (form `'absolute'`: soft targets). α = β = ½ of the region family.
 *
 * Its gradient in form `'product'` is ∂ℓ/∂p_v = −m_v·(2·g_v·Q − N)/Q², with numerator N and denominator Q.
 *
 * The losses of the founding articles, for probabilities (activation `'none'`):
 *
 * | name | options |
 * |---|---|
 * | DICE | `scorePer: 'class', smooth: 1e-7` |
 * | DICE_SQUARE | `scorePer: 'class', smooth: 1e-7, form: 'squared'` |
 * | DICEFG | `scorePer: 'class', smooth: 1e-7, includeBackground: false` |
 * | DICEFG_SQUARE | `scorePer: 'class', smooth: 1e-7, includeBackground: false, form: 'squared'` |
 * | binary Dice, one score a sample | `scorePer: 'sample', smooth: 1e-6` |
 *
 * Sources: Milletari, Navab, Ahmadi, "V-Net" (2016); Sudre et al., "Generalised Dice overlap as a deep learning loss
 * function for highly unbalanced segmentations" (2017); form `'absolute'`: Wang et al., "Dice semimetric losses" (2023).
 */
export interface DiceLossOptions extends RegionLossOptions, TransformOptions {}

/** α = β = ½: the denominator is (P + G)/2 on the overlap scale. */
export const DICE: LossTerm<RegionOptions & TransformOptions> = regionTerm('dice', TRANSFORM_TABLE, (options) => ({
  alpha: 0.5,
  beta: 0.5,
  transform: parseTransform(options),
}))

/** The definition behind `diceLoss` and `DiceLoss`. */
export const dice: Loss<DiceLossOptions> = lossOf<DiceLossOptions>(DICE)
