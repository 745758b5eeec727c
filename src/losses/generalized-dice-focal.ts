import type { Loss } from '../loss.ts'
import type { CriterionOptions, LabelOptions } from './common.ts'
import { compound, type TermOptions } from './compound.ts'
import type { FocalTermOptions } from './dice-focal.ts'
import { FOCAL } from './focal.ts'
import { GENERALIZED_DICE, type GeneralizedDiceOptions } from './generalized-dice.ts'

/** The generalized Dice term of a compound. */
export interface GeneralizedDiceTermOptions extends Omit<GeneralizedDiceOptions, 'reduction'>, TermOptions {}

/**
 * Generalized Dice loss plus focal loss, both from one reading of the data:
 *
 *     loss = generalizedDice.weight · GDL + focal.weight · Focal
 *
 * Each as its own page says. `terms` holds both before their weights, `values` are the samples' generalized Dice losses.
 *
 * Source: MONAI's `GeneralizedDiceFocalLoss`.
 */
export interface GeneralizedDiceFocalLossOptions extends CriterionOptions, LabelOptions {
  /** The generalized Dice term: the options of `generalizedDiceLoss` that say how it scores. */
  readonly generalizedDice?: GeneralizedDiceTermOptions | undefined
  /** The focal term: the options of `focalLoss` that say how it focuses and averages. */
  readonly focal?: FocalTermOptions | undefined
}

/** The definition behind `generalizedDiceFocalLoss` and `GeneralizedDiceFocalLoss`. */
export const generalizedDiceFocal: Loss<GeneralizedDiceFocalLossOptions, 'generalizedDice' | 'focal'> = compound(
  'generalizedDiceFocalLoss',
  { generalizedDice: GENERALIZED_DICE, focal: FOCAL },
)
