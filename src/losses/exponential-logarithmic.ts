import type { Loss, LossTerm } from '../loss.ts'
import { POSITIVE } from '../options.ts'
import type { CriterionOptions } from './common.ts'
import { compound, type TermOptions } from './compound.ts'
import { CROSS_ENTROPY } from './cross-entropy.ts'
import type { CrossEntropyTermOptions } from './dice-cross-entropy.ts'
import { regionTerm, type RegionOptions } from './region.ts'

/** The Dice part of an exponential-logarithmic loss. */
export interface LogDicePowerOptions {
  /** γ > 0 of (−log s)^γ. Default 0.3, the paper's. */
  readonly gamma?: number | undefined
}

/** The Dice term of an exponential-logarithmic loss; its `weight` is 0.8 by default. */
export interface LogDiceTermOptions extends Omit<RegionOptions, 'reduction'>, LogDicePowerOptions, TermOptions {}

/**
 * Exponential-logarithmic loss
 *
 *     loss = logDice.weight · mean((−log(max(s, floor)))^γ) + crossEntropy.weight · CE,   weights 0.8 and 0.2
 *
 * with the Dice score s of a cell and `floor` of `logDice.smooth` (default 0: none). At s = 1 the slope of the power is taken as 0.
 * The paper takes the logarithm of the pixels to the power γ too; here, as in SegLoss, the second term is cross-entropy, of
 * exponent 1, whose slope is finite where a pixel is right. `crossEntropy.classWeights` are the paper's label weights, the
 * square roots of all pixels over those of the class. `terms` holds both before their weights.
 *
 * Source: Wong et al., "3D segmentation with exponential logarithmic loss for highly unbalanced object sizes" (2018).
 */
export interface ExponentialLogarithmicLossOptions extends CriterionOptions<'softmax' | 'none'> {
  /** The Dice term: γ, and the options of `logDiceLoss` that say how it scores. */
  readonly logDice?: LogDiceTermOptions | undefined
  /** The cross-entropy term: the options of `crossEntropyLoss` that say how it averages; its `weight` is 0.2 by default. */
  readonly crossEntropy?: CrossEntropyTermOptions | undefined
}

const DEFAULT_GAMMA = 0.3
const DEFAULT_WEIGHTS = { logDice: 0.8, crossEntropy: 0.2 } as const

const LOG_DICE_POWER: LossTerm<RegionOptions & LogDicePowerOptions> = regionTerm(
  'logDice',
  { gamma: 'value' },
  (options) => ({
    alpha: 0.5,
    beta: 0.5,
    transform: 'log-power',
    gamma: options.number('gamma', POSITIVE) ?? DEFAULT_GAMMA,
  }),
)

/** The definition behind `exponentialLogarithmicLoss` and `ExponentialLogarithmicLoss`. */
export const exponentialLogarithmic: Loss<ExponentialLogarithmicLossOptions, 'logDice' | 'crossEntropy'> = compound(
  'exponentialLogarithmicLoss',
  { logDice: LOG_DICE_POWER, crossEntropy: CROSS_ENTROPY },
  DEFAULT_WEIGHTS,
)
