import type { Loss, LossTerm } from '../loss.ts'
import type { CriterionOptions } from './common.ts'
import { compound } from './compound.ts'
import { CROSS_ENTROPY, parseCrossEntropy, parseTopPercent, type CrossEntropyOptions } from './cross-entropy.ts'
import type { CrossEntropyTermOptions, DiceTermOptions } from './dice-cross-entropy.ts'
import { DICE } from './dice.ts'

/** The cross-entropy term over the worst pixels: `topPercent` is 10 by default, as in nnU-Net. */
export interface TopKTermOptions extends Omit<CrossEntropyTermOptions, 'meanOver'> {}

/**
 * Dice loss plus cross-entropy of the worst pixels (top-k), both from one reading of the data:
 *
 *     loss = dice.weight · Dice + topK.weight · CE of the topK.topPercent % of the pixels with the largest loss
 *
 * Each as its own page says. `terms` holds both before their weights, `values` are the Dice scores' losses.
 *
 * Source: nnU-Net's `DC_and_topk_loss`; Wu, Shen, van den Hengel, "Bridging category-level and instance-level semantic image
 * segmentation" (2016).
 */
export interface DiceTopKLossOptions extends CriterionOptions<'softmax' | 'none'> {
  /** The Dice term: the options of `diceLoss` that say how it scores. */
  readonly dice?: DiceTermOptions | undefined
  /** The cross-entropy term: the options of `crossEntropyLoss`, with `topPercent` 10 by default. */
  readonly topK?: TopKTermOptions | undefined
}

const DEFAULT_PERCENT = 10

const TOP_K: LossTerm<CrossEntropyOptions> = {
  ...CROSS_ENTROPY,
  name: 'topK',
  parse: (options, whole) => parseCrossEntropy(options, whole, parseTopPercent(options, DEFAULT_PERCENT)),
}

/** The definition behind `diceTopKLoss` and `DiceTopKLoss`. */
export const diceTopK: Loss<DiceTopKLossOptions, 'dice' | 'topK'> = compound('diceTopKLoss', {
  dice: DICE,
  topK: TOP_K,
})
