import type { Loss } from '../loss.ts'
import type { CriterionOptions } from './common.ts'
import { compound, type TermOptions } from './compound.ts'
import { CROSS_ENTROPY, type CrossEntropyOptions } from './cross-entropy.ts'
import { DICE } from './dice.ts'
import type { RegionOptions, TransformOptions } from './region.ts'

/** The Dice term of a compound. */
export interface DiceTermOptions extends Omit<RegionOptions, 'reduction'>, TransformOptions, TermOptions {}

/** The cross-entropy term of a compound. */
export interface CrossEntropyTermOptions extends Omit<CrossEntropyOptions, 'reduction'>, TermOptions {}

/**
 * Dice loss plus cross-entropy, both from one reading of the data:
 *
 *     loss = dice.weight · Dice + crossEntropy.weight · CE
 *
 * Each as its own page says. `terms` holds both before their weights, `values` are the Dice scores' losses.
 * `dice.includeBackground` does not touch the cross-entropy.
 *
 * Source: Isensee et al., "nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation" (2021).
 */
export interface DiceCrossEntropyLossOptions extends CriterionOptions<'softmax' | 'none'> {
  /** The Dice term: the options of `diceLoss` that say how it scores. */
  readonly dice?: DiceTermOptions | undefined
  /** The cross-entropy term: the options of `crossEntropyLoss` that say how it averages. */
  readonly crossEntropy?: CrossEntropyTermOptions | undefined
}

/** The definition behind `diceCrossEntropyLoss` and `DiceCrossEntropyLoss`. */
export const diceCrossEntropy: Loss<DiceCrossEntropyLossOptions, 'dice' | 'crossEntropy'> = compound(
  'diceCrossEntropyLoss',
  { dice: DICE, crossEntropy: CROSS_ENTROPY },
)
