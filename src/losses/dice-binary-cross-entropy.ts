import type { Loss } from '../loss.ts'
import { BINARY_CROSS_ENTROPY, type BinaryCrossEntropyOptions } from './binary-cross-entropy.ts'
import type { CriterionOptions, LabelOptions } from './common.ts'
import { compound, type TermOptions } from './compound.ts'
import type { DiceTermOptions } from './dice-cross-entropy.ts'
import { DICE } from './dice.ts'

/** The binary cross-entropy term of a compound. */
export interface BinaryCrossEntropyTermOptions extends Omit<BinaryCrossEntropyOptions, 'reduction'>, TermOptions {}

/**
 * Dice loss plus binary cross-entropy, for one foreground class or regions that overlap, both from one reading of the data:
 *
 *     loss = dice.weight · Dice + binaryCrossEntropy.weight · BCE
 *
 * Each as its own page says. `terms` holds both before their weights, `values` are the Dice scores' losses.
 *
 * Source: Isensee et al., "nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation" (2021),
 * for its region-based training.
 */
export interface DiceBinaryCrossEntropyLossOptions extends CriterionOptions<'sigmoid' | 'none'>, LabelOptions {
  /** The Dice term: the options of `diceLoss` that say how it scores. */
  readonly dice?: DiceTermOptions | undefined
  /** The binary cross-entropy term: the options of `binaryCrossEntropyLoss` that say how it averages. */
  readonly binaryCrossEntropy?: BinaryCrossEntropyTermOptions | undefined
}

/** The definition behind `diceBinaryCrossEntropyLoss` and `DiceBinaryCrossEntropyLoss`. */
export const diceBinaryCrossEntropy: Loss<DiceBinaryCrossEntropyLossOptions, 'dice' | 'binaryCrossEntropy'> = compound(
  'diceBinaryCrossEntropyLoss',
  { dice: DICE, binaryCrossEntropy: BINARY_CROSS_ENTROPY },
)
