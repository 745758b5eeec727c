import { LossCriterion, lossFunction, type LossFunction } from './criterion.ts'
import { dice, type DiceLossOptions } from './losses/dice.ts'
import { native } from './native.ts'

/** {@inheritDoc DiceLossOptions} */
export const diceLoss: LossFunction<DiceLossOptions> = lossFunction(dice, native)
/** {@inheritDoc DiceLossOptions} */
export class DiceLoss extends LossCriterion<DiceLossOptions> {
  constructor(options: DiceLossOptions) {
    super(dice, options, native)
  }
}
