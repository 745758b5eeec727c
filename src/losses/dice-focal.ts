import type { Loss } from '../loss.ts'
import type { CriterionOptions, LabelOptions } from './common.ts'
import { compound, type TermOptions } from './compound.ts'
import type { DiceTermOptions } from './dice-cross-entropy.ts'
import { DICE } from './dice.ts'
import { FOCAL, type FocalOptions } from './focal.ts'

/** The focal term of a compound. */
export interface FocalTermOptions extends Omit<FocalOptions, 'reduction'>, TermOptions {}

/**
 * Dice loss plus focal loss, both from one reading of the data:
 *
 *     loss = dice.weight · Dice + focal.weight · Focal
 *
 * Each as its own page says. `terms` holds both before their weights, `values` are the Dice scores' losses.
 *
 * Source: Zhu et al., "AnatomyNet: deep learning for fast and fully automated whole-volume segmentation of head and neck
 * anatomy" (2019).
 */
export interface DiceFocalLossOptions extends CriterionOptions, LabelOptions {
  /** The Dice term: the options of `diceLoss` that say how it scores. */
  readonly dice?: DiceTermOptions | undefined
  /** The focal term: the options of `focalLoss` that say how it focuses and averages. */
  readonly focal?: FocalTermOptions | undefined
}

/** The definition behind `diceFocalLoss` and `DiceFocalLoss`. */
export const diceFocal: Loss<DiceFocalLossOptions, 'dice' | 'focal'> = compound('diceFocalLoss', {
  dice: DICE,
  focal: FOCAL,
})
