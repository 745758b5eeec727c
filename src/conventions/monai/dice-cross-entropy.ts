/** MONAI's Dice with cross-entropy. */
import type { Term } from '../../engine.ts'
import { NON_NEGATIVE, SHARE } from '../../options.ts'
import { hasWeight, oneAClass } from '../arrange.ts'
import { convention, together, type Convention, type Job } from '../convention.ts'
import { number, numbers, orNull, word } from '../reader.ts'
import { binaryCrossEntropy, criterion, crossEntropy } from '../terms.ts'
import { activate, checkActivations, tensorsOf } from './common.ts'
import { DICE, diceTerm, type MonaiDiceOptions } from './dice.ts'

/**
 * `DiceCELoss` of MONAI 1.5: `lambdaDice·DiceLoss + lambdaCe·CE`. CE is PyTorch's cross-entropy from logits, whatever activation the Dice
 * loss has, with labels or with planes as probabilities; of one channel its binary cross-entropy, with `weight` as the weight of the
 * positive part. CE takes all classes, Dice those that `includeBackground` leaves. Labels that all weigh 0 have the mean NaN, as in PyTorch.
 */
export interface DiceCELossOptions extends Omit<MonaiDiceOptions, 'reduction' | 'weight'> {
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | undefined
  /** One number ≥ 0 a class, with background: CE's class weights, and Dice's. Default `null`: 1. */
  readonly weight?: ArrayLike<number> | null | undefined
  /** Default 1. */
  readonly lambdaDice?: number | undefined
  /** Default 1. */
  readonly lambdaCe?: number | undefined
  /** ε in [0, 1] of CE; nothing for one channel, as in MONAI. Default 0. */
  readonly labelSmoothing?: number | undefined
}

/** {@inheritDoc DiceCELossOptions} */
export const DiceCELoss: Convention<DiceCELossOptions> = convention(
  'monai.DiceCELoss',
  {
    ...DICE,
    reduction: word(['mean', 'sum'], 'mean'),
    weight: orNull(numbers(NON_NEGATIVE)),
    lambdaDice: number(1, NON_NEGATIVE),
    lambdaCe: number(1, NON_NEGATIVE),
    labelSmoothing: number(0, SHARE),
  },
  (options, name) => {
    checkActivations(options, name)
    const { reduction, labelSmoothing, lambdaDice, lambdaCe } = options
    return (inputs) => {
      const { grid, target, pixelWeights } = tensorsOf(inputs, options.toOnehotY)
      const { classes } = grid
      const weight = options.weight === undefined ? undefined : oneAClass(options.weight, classes, 'weight')
      const activated = activate(grid, options)
      const foreground = options.includeBackground ? weight : weight?.slice(1)
      const dice = diceTerm({ ...options, weight: foreground }, grid)
      const logits = { weight: lambdaCe, reduction } as const
      // PyTorch divides by the weights of labels, but by the number of pixels where targets are probabilities.
      const entropy: Term =
        classes === 1
          ? binaryCrossEntropy({ ...logits, positiveWeights: weight })
          : crossEntropy({
              ...logits,
              classWeights: weight,
              labelSmoothing,
              meanOver: target.perClass ? 'pixels' : 'weights',
            })
      const job: Job = {
        spec: criterion({ activation: activated.activation, classes, terms: [{ ...dice, weight: lambdaDice }] }),
        grid: activated.grid,
        ...target,
        pixelWeights,
        names: [['dice', 1]],
      }
      const activation = classes === 1 ? 'sigmoid' : 'softmax'
      const spec = criterion({ activation, classes, terms: [entropy] })
      const isMean = classes > 1 && !target.perClass && reduction === 'mean'
      const undefinedMean = isMean && !hasWeight(target.target, undefined, weight, pixelWeights)
      return {
        jobs: together(job, { ...job, spec, grid, names: [['crossEntropy', 1]] }),
        undefinedTerm: undefinedMean ? 1 : undefined,
      }
    }
  },
)
