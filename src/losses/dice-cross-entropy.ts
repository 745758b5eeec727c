import type { Loss } from '../loss.ts'
import { FINITE, OptionNames, type OptionKind, type OptionValues } from '../options.ts'
import { CRITERION_TABLE, parseCriterion, type CriterionOptions } from './common.ts'
import { CATEGORICAL, ENTROPY_TABLE, parseCrossEntropy, USE_BINARY, type EntropyOptions } from './cross-entropy.ts'
import { DICE } from './dice.ts'
import { parseRegion, REGION_TABLE, type RegionOptions } from './region.ts'

/** Factor of a term in a compound. */
export interface TermOptions {
  /** Factor of this term in the loss; finite. Default 1. */
  readonly weight?: number | undefined
  /** From the term's values to the term. A compound is one number, so there is no `'none'`. Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | undefined
}

/** The Dice term of a compound. */
export interface DiceTermOptions extends Omit<RegionOptions, 'reduction'>, TermOptions {}

/** The cross-entropy term of a compound. */
export interface CrossEntropyTermOptions extends Omit<EntropyOptions, 'reduction'>, TermOptions {}

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

const DICE_TABLE: Readonly<Record<keyof DiceTermOptions, OptionKind>> = { ...REGION_TABLE, weight: 'value' }
const CROSS_ENTROPY_TABLE: Readonly<Record<keyof CrossEntropyTermOptions, OptionKind>> = {
  ...ENTROPY_TABLE,
  weight: 'value',
}
const DICE_NAMES = new OptionNames('dice', DICE_TABLE)
const CROSS_ENTROPY_NAMES = new OptionNames('crossEntropy', CROSS_ENTROPY_TABLE)

/** The definition behind `diceCrossEntropyLoss` and `DiceCrossEntropyLoss`. */
export const diceCrossEntropy: Loss<DiceCrossEntropyLossOptions, 'dice' | 'crossEntropy'> = {
  name: 'diceCrossEntropyLoss',
  table: { ...CRITERION_TABLE, dice: DICE_NAMES, crossEntropy: CROSS_ENTROPY_NAMES },
  terms: ['dice', 'crossEntropy'],
  parse: (options) => {
    const dice = termOptions(options, 'dice', DICE_NAMES)
    const crossEntropy = termOptions(options, 'crossEntropy', CROSS_ENTROPY_NAMES)
    return parseCriterion(options, CATEGORICAL, USE_BINARY, [
      parseRegion(dice.options, DICE, 'dice', dice.weight, false),
      parseCrossEntropy(crossEntropy.options, options.raw('activation'), crossEntropy.weight),
    ])
  },
}

function termOptions(
  parent: OptionValues,
  name: string,
  names: OptionNames,
): { readonly options: OptionValues; readonly weight: number } {
  const options = parent.nested(name, names)
  if (options.raw('reduction') === 'none') {
    throw options.conflict(
      'reduction',
      "'mean' or 'sum'",
      "'none'",
      'a compound is one number: evaluate the losses apart',
    )
  }
  return { options, weight: options.number('weight', FINITE) ?? 1 }
}
