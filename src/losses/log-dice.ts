import type { Loss, LossTerm } from '../loss.ts'
import { lossOf } from './common.ts'
import { regionTerm, type RegionLossOptions, type RegionOptions } from './region.ts'

/**
 * Log-Dice loss, per cell
 *
 *     ℓ = −log(max(s, floor)),   s = (2·I + sₙ) / max(P + G + s_d, floor)
 *
 * with I = Σ m·p·g, P = Σ m·p, G = Σ m·g, and `floor` of the option `smooth` (default 0: none). Its derivative is 0 where
 * s ≤ floor, and at s = 0, where the loss is infinite without a floor and without smoothing.
 *
 * Source: the Dice term of Wong et al., "3D segmentation with exponential logarithmic loss for highly unbalanced object
 * sizes" (2018), with exponent 1.
 */
export interface LogDiceLossOptions extends RegionLossOptions {}

const LOG_DICE: LossTerm<RegionOptions> = regionTerm('logDice', {}, () => ({
  alpha: 0.5,
  beta: 0.5,
  transform: 'negative-log',
}))

/** The definition behind `logDiceLoss` and `LogDiceLoss`. */
export const logDice: Loss<LogDiceLossOptions> = lossOf<LogDiceLossOptions>(LOG_DICE)
